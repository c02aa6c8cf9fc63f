"""Muscle MRI against the truth of the phantom: compartments, groups, oedema, change, speed.

Rules were made on bodies of other seeds (31 to 34, 451 to 460) than those that are counted; both are drawn from the
same ranges of size, fat, noise and coil. Maps have rows of their own (``muscle_maps``).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ctreview.muscle.carried_groups import GroupedLimbs, carry_groups, mirror_groups
from ctreview.muscle.groups import GROUP_SCHEME, GROUPS, fill_groups
from ctreview.muscle.segment import LimbTissue, find_tissue
from ctreview.phantom.muscle import (
    ADULT_LEGS,
    CHILD_LEGS,
    Course,
    FattyMuscle,
    Legs,
    LegsSettings,
    MrScanner,
    OedemaPatch,
    later_legs,
    make_legs,
    scan_dixon,
    scan_stir,
    scan_t1,
)
from ctreview.recipes.muscle_mri import MuscleChange, MuscleMriResult, compare_muscle, measure_muscle
from ctreview.volume.contrasts import examination
from ctreview.volume.labels import LabelMap
from tests.drawn_groups import on_five_slices

Row = dict[str, Any]

SEEDS = (301, 302, 303)
PAIRS = tuple(range(401, 421))
COMPARED = {
    "muscle_ml": "muscle volume",
    "lean_ml": "lean volume",
    "fat_fraction_mean": "fat fraction",
    "hot_ml": "hot voxels",
}
SIDES = ("right", "left")
LARGE = (60, 320, 320)


def run() -> list[Row]:
    """Every row."""
    rows = list(_speed())
    for child in (False, True):
        rows += [*_compartments(child), *_compartments(child, lower_legs=True), *_groups(child), *_oedema(child)]
    return [*rows, *_changes()]


def _body(seed: int, child: bool) -> tuple[LegsSettings, MrScanner]:
    """A body of its own, and a scanner of its own."""
    rng = np.random.default_rng(seed)

    def between(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    scale = 0.56 if child else 1.0
    settings = replace(
        CHILD_LEGS if child else ADULT_LEGS,
        anatomy_seed=seed,
        thigh_radius_mm=scale * between(60, 82),
        subcutaneous_mm=scale * between(5, 20),
        fat_fraction=between(0.02, 0.1),
        muscle_area=(between(0.8, 1.0), between(0.8, 1.0)),
        septum_mm=scale * between(1.2, 2.4),
        pelvis=False,
        spacing=(8.0, 1.0, 1.0) if child else (14.0, 1.4, 1.4),
    )
    scanner = MrScanner(seed=seed, coil_bias=between(0.2, 0.5), signal_to_noise=between(30, 80))
    return settings, scanner


def _tissue(legs: Legs, scanner: MrScanner, contrast: str) -> LimbTissue:
    if contrast == "T1":
        return find_tissue(scan_t1(legs, scanner), fat_signal="bright")
    scan = scan_dixon(legs, scanner)
    return find_tissue(scan.water, fat=scan.fat)


def _inside(labels: LabelMap, side: str) -> np.ndarray:
    return labels.mask(f"{side}_muscle", f"{side}_intermuscular_fat")


def _dice(one: np.ndarray, other: np.ndarray) -> float:
    return float(2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other)))


def _row(case: str, ours: float, unit: str, goal: str, note: str = "") -> Row:
    return {"stage": "muscle", "case": case, "ours": float(ours), "unit": unit, "goal": goal, "note": note}


def _compartments(child: bool, *, lower_legs: bool = False) -> Iterator[Row]:
    who = ("child" if child else "adult") + (", lower legs" if lower_legs else "")
    bodies = [_body(seed, child) for seed in SEEDS]
    made = [(make_legs(replace(settings, lower_legs=lower_legs)), scanner) for settings, scanner in bodies]
    noise = " and ".join(f"{end(s.signal_to_noise for _, s in bodies):.0f}" for end in (min, max))
    note = f"{len(SEEDS)} bodies, both sides, signal to noise between {noise}, uneven coil"
    for contrast in ("water and fat", "T1"):
        dice, volume, muscle = [], [], []
        for legs, scanner in made:
            labels = _tissue(legs, scanner, contrast).labels
            for side in SIDES:
                found, true = _inside(labels, side), _inside(legs.compartments, side)
                dice.append(_dice(found, true))
                volume.append(100 * (found.sum() / true.sum() - 1))
                key = f"{side}_muscle"
                muscle.append(100 * (labels.volume_ml(key) / legs.compartments.volume_ml(key) - 1))
        case = f"{who}, {contrast}"
        yield _row(f"{case}: Dice of the compartment, worst", min(dice), "", "ours >= 0.97", note)
        worst = max(volume, key=abs)
        told = f"mean {np.mean(volume):+.1f} %, worst {worst:+.1f} %"
        yield _row(f"{case}: volume of the compartment, worst error", abs(worst), "%", "ours <= 2", told)
        told = f"mean {np.mean(muscle):+.1f} %"
        yield _row(f"{case}: volume of muscle, worst error", max(abs(one) for one in muscle), "%", "ours <= 2", told)


def _true_groups(legs: Legs) -> LabelMap:
    array = np.zeros(legs.geometry.shape, np.uint8)
    for label in legs.groups.scheme:
        if label.key.partition("_")[2] in GROUPS:
            array[legs.groups.mask(label.key)] = GROUP_SCHEME[label.key].value
    return LabelMap(array, legs.geometry, GROUP_SCHEME)


def _group_dice(found: LabelMap, legs: Legs, limbs: GroupedLimbs, sides: tuple[str, ...] = SIDES) -> dict[str, float]:
    true, muscle = _true_groups(legs), limbs.tissue.labels.mask("right_muscle", "left_muscle")
    keys = [label.key for label in true.scheme if true.mask(label.key).any() and label.key.startswith(sides)]
    return {key: _dice(found.mask(key) & muscle, true.mask(key)) for key in keys}


def _groups(child: bool) -> Iterator[Row]:
    who = "child" if child else "adult"
    settings, scanner = _body(SEEDS[0], child)
    settings = replace(settings, spacing=(settings.spacing[0] * 0.6, *settings.spacing[1:]), pelvis=True)
    legs = make_legs(settings)
    image = scan_t1(legs, scanner)
    limbs = GroupedLimbs(image, find_tissue(image, fat_signal="bright"))
    whole = fill_groups(image, limbs.tissue.labels, on_five_slices(_true_groups(legs)))
    yield _worst(f"{who} with pelvis, T1: groups drawn on 5 slices", _group_dice(whole, legs, limbs), ">= 0.92")
    other = mirror_groups(limbs, whole, drawn_on="right")
    yield _worst(f"{who}: groups carried to the left", _group_dice(other, legs, limbs, ("left",)), "")
    later = make_legs(later_legs(settings, Course(growth=1.02, muscle_area=(0.9, 1.0))))
    there = scan_t1(later, replace(scanner, seed=scanner.seed + 1))
    new = GroupedLimbs(there, find_tissue(there, fat_signal="bright"))
    yield _worst(
        f"{who}: groups carried to the follow-up", _group_dice(carry_groups(limbs, whole, new), later, new), ""
    )


def _worst(case: str, dice: dict[str, float], goal: str) -> Row:
    key = min(dice, key=lambda one: dice[one])
    note = f"worst: {key.replace('_', ' ')}; mean {np.mean(list(dice.values())):.3f}"
    return _row(f"{case}: Dice, worst", dice[key], "", f"ours {goal}" if goal else "", note)


def _oedema(child: bool) -> Iterator[Row]:
    settings, scanner = _body(SEEDS[1], child)
    patch = OedemaPatch("left", "quadriceps", 0.5, 0.35 * settings.thigh_radius_mm)
    for ill in (True, False):
        legs = make_legs(replace(settings, oedema=(patch,) if ill else ()))
        scan = scan_dixon(legs, scanner)
        found = measure_muscle(examination([scan.water, scan.fat, scan_stir(legs, scanner)]))
        hot = {side: found.found.value(f"{side}_thigh", "hot_ml") or 0.0 for side in SIDES}
        true = float(legs.oedema.sum()) * legs.geometry.voxel_ml
        who = "child" if child else "adult"
        note = f"planted on the left {true:.0f} mL; found right {hot['right']:.1f}, left {hot['left']:.1f} mL"
        if ill:
            yield _row(f"{who}, STIR: share of a patch of oedema found", hot["left"] / true, "", "ours >= 0.5", note)
        else:
            share = 100 * sum(hot.values()) / sum(found.found.value(f"{s}_thigh", "muscle_ml") or 1 for s in SIDES)
            yield _row(f"{who}, STIR: hot voxels where there is none", share, "% of muscle", "ours <= 1", note)


@dataclass(frozen=True)
class _Thigh:
    """What changed in one thigh: the true change, and what was found."""

    key: str
    changed: bool
    true: float
    found: MuscleChange

    @property
    def held(self) -> bool:
        """Whether the interval holds the true change."""
        return self.found.change.low <= self.true <= self.found.change.high


def _changes() -> Iterator[Row]:
    """Half of the pairs change but for position and scanner; in half both femurs are stated."""
    found = [one for number, seed in enumerate(PAIRS) for one in _compared(number, seed)]
    for key, words in COMPARED.items():
        of = [one for one in found if one.key == key]
        held = sum(one.held for one in of)
        note = f"{held} of {len(of)} thighs with a verdict, of {2 * len(PAIRS)}"
        half = np.median([one.found.change.high - one.found.change.low for one in of]) / 2 if of else np.nan
        told = f"{note}; half width {half:.2g} {of[0].found.unit if of else ''} (median)"
        yield _row(f"change of {words}: intervals that hold it", 100 * held / max(1, len(of)), "%", "ours >= 93", told)
        still = [one for one in of if not one.changed]
        called = sum(one.found.verdict in ("decreased", "increased") for one in still)
        zero = sum(one.found.verdict == "unchanged" for one in still)
        told = f"of {len(still)}; {zero} are called unchanged"
        yield _row(f"zero change of {words} that is called one", called, "thighs", "ours <= 0", told)


def _compared(number: int, seed: int) -> Iterator[_Thigh]:
    """Both thighs of one pair: the right one loses or gains muscle, gets fat, or its oedema goes, or nothing does."""
    rng = np.random.default_rng(seed)
    settings, scanner = _body(seed, child=number % 2 == 1)
    spacing = tuple(1.4 * size for size in settings.spacing)
    patch = OedemaPatch("right", "quadriceps", 0.5, 0.35 * settings.thigh_radius_mm)
    settings = replace(settings, spacing=spacing, oedema=(patch,))
    event = number % 4
    area = (float(rng.uniform(0.8, 1.15)) if event == 0 else 1.0, 1.0)
    ill = (FattyMuscle("right", "hamstrings", float(rng.uniform(0.15, 0.4))),) if event == 2 else ()
    course = Course(muscle_area=area, fatty=ill, oedema=() if event == 2 else None)
    later = later_legs(settings, course)
    noise = scanner.signal_to_noise * float(rng.uniform(0.8, 1.25))
    other = replace(scanner, seed=seed + 1000, signal_to_noise=noise, coil_bias=float(rng.uniform(0.2, 0.5)))
    stated = number % 4 in (0, 3)
    legs, before = _measured(settings, scanner, stated)
    new_legs, after = _measured(later, other, stated)
    compared = compare_muscle(before, after)
    for part in compared.shared:
        low, high = (course.offset[2] + height for height in part.baseline_mm)
        true = _truths(legs, part.side, part.baseline_mm), _truths(new_legs, part.side, (low, high))
        for key in COMPARED:
            change = compared[part.region, key]
            if change.verdict != "not_interpretable":
                changed = part.side == "right" and event in (0, 2)
                yield _Thigh(key, changed, true[1][key] - true[0][key], change)


def _measured(settings: LegsSettings, scanner: MrScanner, stated: bool) -> tuple[Legs, MuscleMriResult]:
    legs = make_legs(settings)
    scan = scan_dixon(legs, scanner)
    hip = settings.offset[2]
    ends = dict.fromkeys(SIDES, (hip - settings.femur_length_mm, hip)) if stated else None
    return legs, measure_muscle(examination([scan.water, scan.fat, scan_stir(legs, scanner)]), femur_mm=ends)


def _truths(legs: Legs, side: str, heights: tuple[float, float]) -> dict[str, float]:
    """True numbers between two heights."""
    muscle, between = (legs.compartments.mask(f"{side}_{tissue}") for tissue in ("muscle", "intermuscular_fat"))
    inside = muscle | between
    fat = np.where(inside, legs.fat_fraction.array, 0.0)
    weight, ml = _weights(legs, heights), legs.geometry.voxel_ml

    def total(values: np.ndarray) -> float:
        return float(weight @ values.sum(axis=(1, 2), dtype=np.float64))

    return {
        "muscle_ml": total(muscle) * ml,
        "lean_ml": (total(inside) - total(fat)) * ml,
        "fat_fraction_mean": 100 * total(fat) / total(inside),
        "hot_ml": total(legs.oedema & muscle) * ml,
    }


def _weights(legs: Legs, heights: tuple[float, float]) -> np.ndarray:
    """How much of each slice lies between two heights."""
    grid = legs.geometry
    z = grid.to_lps([(level, 0, 0) for level in range(grid.shape[0])])[:, 2]
    half = grid.spacing[0] / 2
    return np.clip((np.minimum(z + half, heights[1]) - np.maximum(z - half, heights[0])) / (2 * half), 0, 1)


def _speed() -> Iterator[Row]:
    legs = make_legs(replace(ADULT_LEGS, pelvis=False, spacing=(6.0, 1.3, 1.3), shape=LARGE))
    size = f"{LARGE[1]} × {LARGE[2]} × {LARGE[0]}"
    for contrast in ("T1", "water and fat"):
        scan = scan_dixon(legs)
        image, fat = (scan_t1(legs), None) if contrast == "T1" else (scan.water, scan.fat)
        start = time.perf_counter()
        find_tissue(image, fat=fat, fat_signal="bright" if contrast == "T1" else None)
        taken = time.perf_counter() - start
        yield _row(f"tissues of both thighs, {contrast}, {size}", taken, "s", "ours <= 10")

"""Lobes against what is known: fissures placed by hand, phantoms with gaps; real scans are in ``bench_lobes_real``.

``CTREVIEW_BENCH_LOBES`` says how many random phantoms (4); of those with further fissures a quarter, and two at least.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import edt
import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from ctreview.anatomy import LOBES, LobeMap, divide_lungs, find_lobes
from ctreview.anatomy.lobes.frame import SIDES, lung_ends
from ctreview.anatomy.lobes.learn_prior import learn, read_points, template_lungs
from ctreview.anatomy.lobes.partition import BESIDE
from ctreview.anatomy.lobes.prior import FISSURES, FissureName, FissurePrior
from ctreview.anatomy.lobes.surface import fit_surface
from ctreview.change.measure import measure
from ctreview.change.residual import find_residual, residual_places
from ctreview.phantom import Lesion, Phantom, ThoraxSettings, make_thorax
from ctreview.phantom.lesions import Pattern
from ctreview.recipes.chest_ct import ChestCtSettings, segment
from ctreview.volume.geometry import FloatArray
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume
from tests.real_scans import DATA

PHANTOMS = int(os.environ.get("CTREVIEW_BENCH_LOBES", "4"))

Row = dict[str, Any]
Mask = npt.NDArray[np.bool_]

FOLDS = 6
"""Scans are left out in so many groups: each is judged by what the others taught."""

POINTS_ERR_MM = 1.5


def run() -> list[Row]:
    """Rows of the prior, where points are at hand, and of phantoms."""
    rows = list(_left_out()) if DATA.is_dir() else []
    return [*rows, *_phantoms(), *_missing_lobes(), *_sentences()]


def _left_out() -> Iterator[Row]:
    """How far the surface lies off points of scans that taught nothing."""
    folder = DATA / "fissure_points"
    points, lungs = read_points(folder), template_lungs(folder)
    random = np.random.default_rng(0)
    goals = {"nothing": "", "40 %": "ours <= 6", "80 %": "ours <= 3", "5 clicks": "ours <= 3"}
    for name in FISSURES:
        ends = lung_ends(lungs, SIDES[name.startswith("left")])
        errors: dict[str, list[float]] = {case: [] for case in goals}
        held: list[float] = []
        for fold in range(FOLDS):
            prior = learn(name, [one for k, one in enumerate(points[name]) if k % FOLDS != fold], ends)
            for scan in points[name][fold::FOLDS]:
                _judge_left_out(prior, _in_lung(scan, ends), random, errors, held)
        for case, goal in goals.items():
            yield {
                "stage": "prior",
                "case": f"{words_of(name)} fissure, {case} seen: mean error of the rest",
                "ours": float(np.mean(errors[case])),
                "unit": "mm",
                "goal": goal,
                "note": f"{len(errors[case])} scans left out; worst tenth {np.quantile(errors[case], 0.9):.1f} mm; "
                f"stated spread holds {100 * np.mean(held):.0f} % of the points",
            }


def _in_lung(scan: FloatArray, ends: FloatArray) -> FloatArray:
    beside = 0.25 * np.ptp(ends, axis=0)
    return scan[np.all((scan > ends[0] - beside) & (scan < ends[1] + beside), axis=1)]


def _judge_left_out(
    prior: FissurePrior,
    scan: FloatArray,
    random: np.random.Generator,
    errors: Mapping[str, list[float]],
    held: list[float],
) -> None:
    if len(scan) < 12:
        return
    places = prior.plane.coordinates(scan)
    everything = np.arange(len(places))
    near = np.argsort(((places[:, :2] - places[random.integers(len(places)), :2]) ** 2).sum(axis=1))
    spread = [int(random.integers(len(places)))]
    while len(spread) < 5:
        apart = ((places[:, None, :2] - places[None, spread, :2]) ** 2).sum(axis=2).min(axis=1)
        spread.append(int(np.argmax(apart)))
    mixed = random.permutation(len(places))
    seen = {
        "nothing": everything[:0],
        "40 %": near[: int(0.4 * len(places))],
        "80 %": mixed[len(places) // 5 :],
        "5 clicks": np.array(spread),
    }
    for case, own in seen.items():
        rest = np.setdiff1d(everything, own)
        height, deviation = fit_surface(prior, places[own], POINTS_ERR_MM).at(places[rest, :2])
        off = np.abs(height - places[rest, 2])
        errors[case].append(float(off.mean()))
        held.append(float((off < 1.96 * np.hypot(deviation, POINTS_ERR_MM)).mean()))


Gaps = Literal["none", "third", "slab"]
"""What is erased of fissures: nothing; of each a third, as a stripe in any direction; all of them over a third of the
height of the lungs, which is more than half of what an oblique one is, and now and then all of the minor one."""

NEAR_MM = 8.0
"""What a phantom without fissures lacks within so far of a border of lobes is the fissure there."""


@dataclass(frozen=True, eq=False)
class _Stripe:
    """Places between two parallel planes, in LPS millimetres along their normal."""

    normal: FloatArray
    low: float
    high: float

    def holds(self, points: FloatArray) -> Mask:
        along = points @ self.normal
        return np.asarray((along >= self.low) & (along <= self.high))


@dataclass(frozen=True, eq=False)
class _Case:
    """A phantom and where its fissures were erased."""

    phantom: Phantom
    volume: Volume
    erased: Mapping[FissureName, _Stripe]


@dataclass(frozen=True)
class _Judged:
    """What was found of one phantom, beside the truth."""

    dice: Mapping[str, float]
    border_mm: float
    held: float
    told: float
    erased: float
    seconds: float


def _phantoms() -> Iterator[Row]:
    """Dice, distance of borders, what is told of erased stretches, and what the stated spread holds."""
    few = max(2, PHANTOMS // 4)
    kinds: tuple[tuple[str, Gaps, bool, int], ...] = (
        ("whole fissures", "none", False, PHANTOMS),
        ("a third of each fissure erased", "third", False, PHANTOMS),
        ("fissures erased over a third of the height", "slab", False, few),
        ("a left minor and an azygos fissure, whole fissures", "none", True, few),
        ("a left minor and an azygos fissure, a third of each other one erased", "third", True, few),
    )
    for age, words in ((4.5, "child"), (40.0, "adult")):
        for case, gaps, extra, count in kinds:
            judged = [_judge_phantom(age, seed, gaps=gaps, extra=extra) for seed in range(count)]
            yield from _phantom_rows(f"{words}, {case}", judged, promised=gaps != "slab")


def _judge_phantom(age: float, seed: int, *, gaps: Gaps, extra: bool) -> _Judged:
    case = _random_case(age, seed, gaps=gaps, extra=extra)
    begun = time.process_time()
    found = find_lobes(case.volume, case.phantom.lungs, case.phantom.vessels)
    seconds = time.process_time() - begun
    dice = {lobe: dice_of(found.mask(lobe), case.phantom.lobes.mask(lobe)) for lobe in LOBES}
    return _Judged(dice, *_border(case, found), seconds)


def _phantom_rows(stage: str, judged: list[_Judged], *, promised: bool) -> Iterator[Row]:
    for row in _all_phantom_rows(stage, judged):
        yield row if promised else {**row, "goal": ""}


def _all_phantom_rows(stage: str, judged: list[_Judged]) -> Iterator[Row]:
    note = f"{len(judged)} phantoms, half of them ill; {np.mean([one.seconds for one in judged]):.1f} s of CPU each"
    erased = 100 * np.array([one.erased for one in judged])
    if erased.any():
        note += f"; {erased.min():.0f} to {erased.max():.0f} % of the fissures of one erased"
    worst = {lobe: min(one.dice[lobe] for one in judged) for lobe in LOBES}
    middle = worst.pop("right_middle_lobe")
    told = float(np.mean([one.told for one in judged]))
    limits = (0.98, 0.955) if np.isnan(told) else (0.965, 0.92)
    yield _row(stage, "lowest Dice of a lobe but the middle one", min(worst.values()), "", limits[0], note)
    yield _row(stage, "lowest Dice of the middle lobe", middle, "", limits[1], note)
    border = float(np.mean([one.border_mm for one in judged]))
    yield {**_row(stage, "mean distance of borders", border, "mm", 0, note), "goal": "ours <= 1.5"}
    held = 100 * float(np.mean([one.held for one in judged]))
    yield _row(stage, "share of the border that the stated spread holds", held, "%", 90, note)
    if not np.isnan(told):
        yield _row(stage, "area under the curve of erased stretches", told, "", 0.9, note)


def _row(case: str, what: str, value: float, unit: str, least: float, note: str) -> Row:
    return {
        "stage": "phantom",
        "case": f"{case}: {what}",
        "ours": value,
        "unit": unit,
        "goal": f"ours >= {least:g}",
        "note": note,
    }


def _random_body(age: float, seed: int) -> tuple[np.random.Generator, ThoraxSettings]:
    """A random body, and the generator of random numbers that it was drawn from."""
    random = np.random.default_rng(seed)
    plain = ThoraxSettings(age_years=age)
    body = replace(
        plain.body,
        oblique_right=float(48 + random.uniform(-12, 12)),
        oblique_left=float(54 + random.uniform(-12, 12)),
        minor=float(-12 + random.uniform(-10, 10)),
        fissure_bend=float(random.uniform(1, 9)),
    )
    settings = replace(
        plain,
        shape=body,
        breath_depth=float(random.uniform(0.75, 1.0)),
        spacing=(1.5, 0.9, 0.9) if age < 10 else (2.0, 1.1, 1.1),
        anatomy_seed=seed + 1,
        seed=seed + 50,
    )
    return random, settings


def _random_case(age: float, seed: int, *, gaps: Gaps, extra: bool = False) -> _Case:
    """A random phantom, with gaps in its fissures, or with further fissures that part no lobes."""
    random, settings = _random_body(age, seed)
    if extra:
        chance = np.random.default_rng([seed, 5])
        more = {"left_minor": float(chance.uniform(0.5, 1.0)), "azygos": float(chance.uniform(35.0, 60.0))}
        settings = replace(settings, shape=replace(settings.body, **more))
    lesions = (
        (
            Lesion("ground_glass", "right_upper_lobe", "ventral", 40.0, 230.0, seed=seed),
            Lesion("ground_glass", "left_lower_lobe", "dorsal", 30.0, 230.0, seed=seed + 9),
        )
        if seed % 2
        else ()
    )
    phantom = make_thorax(lesions, settings=settings)
    if gaps == "none":
        return _Case(phantom, phantom.volume, {})
    bare = make_thorax(lesions, settings=replace(settings, fissure_mm=0.0)).volume
    borders = {name: _border_places(phantom.lobes, name) for name in FISSURES}
    erased = {name: _third(places, random) for name, places in borders.items()}
    if gaps == "slab":
        erased = dict.fromkeys(FISSURES, _slab(phantom, random))
    return _Case(phantom, _without(phantom.volume, bare, borders, erased), erased)


def _border_places(lobes: LabelMap, name: FissureName) -> FloatArray:
    """Places of the voxels below a fissure that touch those above it."""
    above, below = BESIDE[name]
    touching = ndimage.binary_dilation(lobes.mask(*above)) & lobes.mask(*below)
    return lobes.geometry.to_lps(np.argwhere(touching))


def _third(places: FloatArray, random: np.random.Generator) -> _Stripe:
    """A stripe across a fissure, in a random direction along it, that holds a third of it."""
    along = np.linalg.svd(places[::7] - places.mean(axis=0), full_matrices=False)[2][:2]
    turn = float(random.uniform(0.0, 2.0 * np.pi))
    normal = np.array([np.cos(turn), np.sin(turn)]) @ along
    start = float(random.uniform(0.0, 2.0 / 3.0))
    low, high = np.quantile(places @ normal, [start, start + 1.0 / 3.0])
    return _Stripe(normal, float(low), float(high))


def _slab(phantom: Phantom, random: np.random.Generator) -> _Stripe:
    """Between two axial planes, a third of the height of the lungs apart."""
    low, high = phantom.lungs.geometry.to_lps(np.argwhere(phantom.lungs.array > 0))[[0, -1], 2]
    start = float(random.uniform(low, high - (high - low) / 3.0))
    return _Stripe(np.array([0.0, 0.0, 1.0]), start, start + (high - low) / 3.0)


def _without(
    whole: Volume, bare: Volume, borders: Mapping[FissureName, FloatArray], erased: Mapping[FissureName, _Stripe]
) -> Volume:
    """An image whose fissures are erased in stripes; each voxel of a fissure is one of the nearest border of lobes."""
    index = np.argwhere(whole.array != bare.array)
    points = whole.geometry.to_lps(index)
    away = np.stack([cKDTree(borders[name]).query(points, distance_upper_bound=NEAR_MM)[0] for name in erased])
    inside = np.stack([stripe.holds(points) for stripe in erased.values()])
    nearest = np.argmin(away, axis=0)[None]
    gone = np.take_along_axis(inside, nearest, axis=0)[0] & np.isfinite(np.take_along_axis(away, nearest, axis=0)[0])
    array = whole.array.copy()
    array[tuple(index[gone].T)] = bare.array[tuple(index[gone].T)]
    return replace(whole, array=array)


def _border(case: _Case, found: LobeMap) -> tuple[float, float, float, float]:
    """How far surfaces lie off the true border on average, and what is known of them.

    Also the share that the stated spread holds, the area under the curve of erased stretches, and their share.
    """
    distances, held, scores, gone = [], [], [], []
    geometry = case.phantom.lobes.geometry
    for name, fissure in found.fissures.items():
        heights, deviation = fissure.surface.at(fissure.position[fissure.inside])
        plane = fissure.surface.prior.plane
        points = fissure.frame.to_patient(plane.points(np.column_stack([fissure.position[fissure.inside], heights])))
        off = _true_distance(case.phantom.lobes, name, points)
        distances.append(off)
        held.append(off <= 1.96 * deviation / fissure.template_per_patient + 0.5 * max(geometry.spacing))
        gone.append(case.erased[name].holds(points) if name in case.erased else np.zeros(len(points), dtype=bool))
        scores.append(fissure.seen[fissure.inside])
    lost, seen = np.concatenate(gone), np.concatenate(scores)
    curve = 0.5 + 0.5 * (np.mean(seen[~lost]) - np.mean(seen[lost])) if lost.any() else float("nan")
    mean, share = float(np.concatenate(distances).mean()), float(np.concatenate(held).mean())
    return mean, share, float(curve), float(lost.mean())


def _true_distance(lobes: LabelMap, name: FissureName, points: FloatArray) -> FloatArray:
    """Millimetres from places to the border between the true lobes that a fissure parts."""
    above, below = BESIDE[name]
    upper, lower = lobes.mask(*above), lobes.mask(*below)
    to_upper, to_lower = (edt.edt(~mask, anisotropy=lobes.geometry.spacing, parallel=1) for mask in (upper, lower))
    index = lobes.geometry.to_index(points).T
    there = [ndimage.map_coordinates(one, index, order=1, mode="nearest") for one in (to_upper, to_lower)]
    return np.asarray(np.maximum(*there) - 0.5 * min(lobes.geometry.spacing)).clip(0.0)


MISSING: Mapping[str, tuple[Mapping[str, float], FissureName]] = {
    "right upper lobe": ({"minor": 400.0}, "right_minor"),
    "right middle lobe": ({"minor": -400.0}, "right_minor"),
    "right lower lobe": ({"oblique_right": -400.0}, "right_oblique"),
    "left upper lobe": ({"oblique_left": 500.0}, "left_oblique"),
    "left lower lobe": ({"oblique_left": -400.0}, "left_oblique"),
}
"""Fissures that lie outside the lung, so that what they part is one lobe, and which they are."""


def _missing_lobes() -> Iterator[Row]:
    """Whether lungs with a lobe less, as after surgery or grown together, are divided into lobes that get a verdict."""
    told, wrong = [], []
    for lobe, (place, fissure) in MISSING.items():
        settings = replace(ThoraxSettings(), spacing=(2.0, 1.1, 1.1), anatomy_seed=3, seed=5)
        phantom = make_thorax(settings=replace(settings, shape=replace(settings.body, **place)))
        checks = find_lobes(phantom.volume, phantom.lungs, phantom.vessels).checks
        stopped = {region for check in checks if check.stops for region in check.regions}
        around = {name for names in BESIDE[fissure] for name in names}
        told.append(around <= stopped)
        wrong += [f"{words_of(one)} stopped for a missing {lobe}" for one in stopped if one[:4] != lobe[:4]]
    yield {
        "stage": "phantom",
        "case": "adult without one of the lobes: lobes that its fissure would part get no verdict",
        "ours": 100 * float(np.mean(told)),
        "unit": "%",
        "goal": "ours >= 100",
        "note": "; ".join([f"{len(told)} bodies, each without another lobe", *wrong]),
    }


def _sentences() -> Iterator[Row]:
    """In how many random scans with opacity in one or two lobes the sentence about it is true.

    It is where it names the lobes that hold most of the opacity and no other, and where each part of a lobe that it
    names (a third of its height, a half of its depth) holds most of what is in that lobe.
    """
    count = 2 * PHANTOMS
    wrong = [said for seed in range(count) if (said := _wrong_sentence(seed))]
    yield {
        "stage": "sentence",
        "case": "random scans of children and adults: where the opacity lies is named as it is true",
        "ours": 100 * (1 - len(wrong) / count),
        "unit": "%",
        "goal": "ours >= 95",
        "note": f"{count} scans" + "".join(f"; {said}" for said in wrong),
    }


def _wrong_sentence(seed: int) -> str:
    """What was said of a random scan instead of what is true; empty where it is right."""
    phantom = _with_lesions(seed)
    point = segment(phantom.volume, settings=ChestCtSettings(lobes=True)).timepoint
    said = find_residual(measure(point.volume, point.regions, point.opacity), point.regions)
    regions = divide_lungs(phantom.lungs, lobes=phantom.lobes)
    truth = measure(phantom.volume, regions, phantom.opacity)
    true = find_residual(truth, regions)
    same_lobes = {one.region for one in said.places} == {one.region for one in true.places}
    if same_lobes and all(
        truth[f"{one.region}/{part}"].opacity_ml >= 0.5 * truth[one.region].opacity_ml
        for one in said.places
        for part, _ in one.parts
    ):
        return ""
    return f"seed {seed}: {residual_places(said)} instead of {residual_places(true)}"


def _with_lesions(seed: int) -> Phantom:
    """A random body with opacity in one or two lobes."""
    random = np.random.default_rng(1000 + seed)
    age = 4.5 if seed % 2 else 40.0
    lobes = random.permutation(LOBES)[: random.integers(1, 3)]
    ml = float(random.uniform(8, 30)) * (1.0 if age < 10 else 3.0)
    patterns: list[Pattern] = [("ventral", "dorsal", "basal", "patches")[k] for k in random.integers(0, 4, len(lobes))]
    lesions = tuple(
        Lesion("ground_glass", str(lobe), pattern, ml * share, 230.0, seed=seed)
        for lobe, pattern, share in zip(lobes, patterns, (1.0, 0.6), strict=False)
    )
    return make_thorax(lesions, settings=_random_body(age, seed)[1])


def dice_of(one: Mask, other: Mask) -> float:
    """Overlap of two masks, 0 … 1."""
    return 2.0 * np.count_nonzero(one & other) / max(1, np.count_nonzero(one) + np.count_nonzero(other))


def words_of(name: str) -> str:
    """A key as it is read."""
    return name.replace("_", " ")

"""Checks of two examinations: whether numbers of their muscles may be compared, all of them or those of one subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ctreview.change import check_order
from ctreview.checks import Check
from ctreview.muscle.maps.stir import comparable_stir
from ctreview.muscle.maps.tissue_map import TissueMap
from ctreview.muscle.measures import FAT_FRACTIONS
from ctreview.recipes.muscle_mri.changes import Subject
from ctreview.recipes.muscle_mri.maps import fat_suppressed
from ctreview.recipes.muscle_mri.measured import MuscleMriResult
from ctreview.recipes.muscle_mri.shared_part import SharedPart, place_groups
from ctreview.volume.volume import Volume

__all__ = [
    "LEAST_SHARED",
    "MOST_AT_EDGE",
    "NOISE_RATIO",
    "VOXEL_RATIO",
    "check_examinations",
    "check_subjects",
    "stopping_checks",
]

VOXEL_RATIO = 1.25
"""Voxels that differ by more than this along an axis blur borders unlike."""

LEAST_SHARED = 0.5
"""Share of a limb, as far as either examination shows it, that both must show."""

NOISE_RATIO = 1.5
"""Fat fractions whose noise differs by more than this do not compare."""

MOST_AT_EDGE = 0.005
"""Share of muscle that may lie at the edge of the slices."""

Pair = tuple[MuscleMriResult, MuscleMriResult]


def check_examinations(pair: Pair, days: int | None, shared: Sequence[SharedPart]) -> tuple[Check, ...]:
    """What concerns every number."""
    return (
        check_order(days),
        _same_contrast(pair),
        _same_sides(pair),
        _same_voxels(pair),
        _told_apart(pair),
        *_shared_parts(pair, shared),
        *_shared_groups(pair, shared),
        *(_cut_in_plane(scan, when) for scan, when in zip(pair, ("baseline", "follow-up"), strict=True)),
    )


def stopping_checks(pair: Pair) -> tuple[Check, ...]:
    """Checks of each examination alone that leave nothing to compare."""
    return tuple(
        replace(check, name=f"{when}_{check.name}")
        for when, scan in zip(("baseline", "followup"), pair, strict=True)
        for check in scan.checks
        if check.stops
    )


def check_subjects(pair: Pair, shared: Sequence[SharedPart] = ()) -> dict[Subject, tuple[Check, ...]]:
    """What concerns numbers of one subject alone."""
    fat = (*_alike_maps(pair, FAT_FRACTIONS, "fat_fraction_protocol", "fat fractions"), *_alike_noise(pair))
    t2 = _alike_maps(pair, ("water_t2", "mono_exponential_t2"), "t2_protocol", "T2 maps")
    stir = [fat_suppressed(scan.images) for scan in pair]
    protocol = () if stir[0] is None or stir[1] is None else (comparable_stir(stir[0], stir[1]), *_partial_stir(pair))
    ratio = (*protocol, *_same_reference(pair, shared))
    return {"size": (), "fat": fat, "stir": protocol, "stir_ratio": ratio, "t2": t2}


def _same_reference(pair: Pair, shared: Sequence[SharedPart]) -> list[Check]:
    """Whether both ratios are over one muscle: the balls must touch once limbs lie middle on middle."""
    before, after = (scan.stir_reference for scan in pair)
    if before is None or after is None:
        return []
    (region, there), (other, here) = (_place_of_reference(scan) for scan in pair)
    part = next((one for one in shared if one.region == region == other), None)
    away = None
    if part is not None:
        there[2] = np.interp(there[2], part.baseline_mm, part.followup_mm)
        away = round(float(np.linalg.norm(here - there)), 1)
    limit = before.ball.radius_mm + after.ball.radius_mm
    same = away is not None and away <= limit
    message = (
        "The references of STIR lie in the same place of one limb."
        if same
        else "The references of STIR do not lie in the same place of one limb: ratios over other muscle differ."
    )
    return [Check("stir_reference_place", away, limit, same, message, effect="stops")]


def _place_of_reference(scan: MuscleMriResult) -> tuple[str, npt.NDArray[np.float64]]:
    """Which limb it lies in, and where: millimetres from the limb's middle in its slice, and LPS z."""
    assert scan.stir_reference is not None
    grid, limbs = scan.labels.geometry, scan.tissue.limbs
    centre = np.array(scan.stir_reference.ball.centre_mm)
    level, row, column = np.clip(np.rint(grid.to_index(centre)), 0, np.array(grid.shape) - 1).astype(int)
    number = int(limbs.number[level, row, column])
    if not number:
        return "", centre
    middle = grid.to_lps((level, *np.argwhere(limbs.number[level] == number).mean(axis=0)))
    return scan.tissue.region(scan.tissue.sides[number - 1]), np.array([*(centre - middle)[:2], centre[2]])


def _partial_stir(pair: Pair) -> list[Check]:
    """Oedema of a part of the muscle does not compare with that of all, or of another part."""
    return [
        replace(check, name=f"{when}_{check.name}", effect="stops")
        for when, scan in zip(("baseline", "followup"), pair, strict=True)
        for check in scan.checks
        if check.name == "stir_coverage" and not check.ok
    ]


def _same_contrast(pair: Pair) -> Check:
    before, after = (scan.tissue_told_by for scan in pair)
    same = before == after
    message = (
        f"Muscle is told from fat by the same contrast in both ({before})."
        if same
        else f"Muscle is told from fat by {before} at baseline and by {after} at follow-up."
    )
    return Check("same_contrast", after, before, same, message, effect="stops")


def _same_sides(pair: Pair) -> Check:
    before, after = (f"{'+'.join(scan.tissue.sides)} {scan.tissue.segment.replace('_', ' ')}" for scan in pair)
    message = (
        "Both examinations show the same limbs."
        if before == after
        else f"The baseline shows {before.replace('+', ' and ')}, the follow-up {after.replace('+', ' and ')}."
    )
    return Check("same_limbs", after, before, before == after, message, effect="stops")


def _same_voxels(pair: Pair) -> Check:
    before, after = (np.array(scan.labels.geometry.spacing) for scan in pair)
    ratio = float(np.max(np.maximum(before / after, after / before)))
    same = ratio <= VOXEL_RATIO
    message = (
        "Voxels are alike in both."
        if same
        else f"Voxels differ by a factor of {ratio:.1f}: fine fat is seen in one and not in the other."
    )
    return Check("voxel_size", round(ratio, 2), VOXEL_RATIO, same, message)


def _told_apart(pair: Pair) -> Check:
    """Whether muscle was told from fat in every slice: what is missing in one would count as lost."""
    without = sum(int(np.count_nonzero(~scan.tissue.levels.parted)) for scan in pair)
    message = (
        f"In {without} slices muscle and fat are equally bright, so that muscle is missing there."
        if without
        else "Muscle is told from fat in every slice of both."
    )
    return Check("told_apart", without, 0, not without, message, effect="stops")


def _shared_parts(pair: Pair, shared: Sequence[SharedPart]) -> list[Check]:
    by_region = {one.region: one for one in shared}
    regions = [pair[0].tissue.region(side) for side in pair[0].tissue.sides if side in pair[1].tissue.sides]
    return [_shared_part(region, by_region.get(region)) for region in regions]


def _shared_part(region: str, part: SharedPart | None) -> Check:
    words = region.replace("_", " ")
    if part is None:
        message = (
            f"Which part of the {words} both examinations show is not known: neither femur nor registration tells. "
            "State both ends of each femur."
        )
        return Check("shared_part", None, LEAST_SHARED, ok=False, message=message, effect="stops", regions=(region,))
    share = min(part.shares)
    of_femur = ""
    if part.femur_shares is not None:
        low, high = (100 * end for end in part.femur_shares)
        of_femur = f", from {low:.0f} to {high:.0f} % of the femur's length"
    message = (
        f"Of the {words} both show {part.baseline_mm[1] - part.baseline_mm[0]:.0f} mm{of_femur}: "
        f"{100 * part.shares[0]:.0f} % of what the baseline shows, {100 * part.shares[1]:.0f} % of the follow-up's. "
        f"Heights are matched by the {part.matched_by}."
    )
    ok = share >= LEAST_SHARED
    return Check("shared_part", round(share, 3), LEAST_SHARED, ok, message, effect="stops", regions=(region,))


def _shared_groups(pair: Pair, shared: Sequence[SharedPart]) -> list[Check]:
    """Drawn groups of which too little lies in the shared part, or whose limb is stopped itself."""
    before = place_groups(pair[0], {one.region: one.baseline_mm for one in shared})
    after = place_groups(pair[1], {one.region: one.followup_mm for one in shared})
    stopped = {check.regions[0] for check in _shared_parts(pair, shared) if check.stops}
    found = []
    for group in (key for key in before if key in after):
        within, share = {*before[group][0], *after[group][0]}, min(before[group][1], after[group][1])
        if share >= LEAST_SHARED and not within & stopped:
            continue
        message = (
            f"Of the {group.replace('_', ' ')} {100 * share:.0f} % lies in the part that both examinations show, "
            "or too little of its limb is shown by both."
        )
        limits = round(share, 3), LEAST_SHARED
        found.append(Check("group_shared_part", *limits, False, message, "stops", regions=(group,), parts_only=True))
    return found


def _cut_in_plane(scan: MuscleMriResult, when: str) -> Check:
    """Whether muscle reaches the edge of the slices, beyond which it goes on."""
    muscle = scan.labels.mask(*(label.key for label in scan.labels.scheme.counted))
    edge = sum(int(np.count_nonzero(part)) for part in _faces(muscle))
    cut = edge > MOST_AT_EDGE * max(1, int(np.count_nonzero(muscle)))
    message = (
        f"Muscle at {when} goes on beyond the edge of the slices: a shift of the patient is a change of volume."
        if cut
        else f"No muscle is cut by the edge of the slices at {when}."
    )
    return Check(f"{when.replace('-', '')}_cut_in_plane", edge, None, not cut, message, effect="stops")


def _faces(mask: npt.NDArray[np.bool_]) -> list[npt.NDArray[np.bool_]]:
    return [mask[:, 0], mask[:, -1], mask[:, :, 0], mask[:, :, -1]]


def _alike_maps(pair: Pair, kinds: tuple[str, ...], name: str, words: str) -> tuple[Check, ...]:
    """Whether two maps of a kind were made alike, by field strength and times; nothing where one is missing."""
    maps = [next((one for one in scan.maps if one.kind in kinds), None) for scan in pair]
    if maps[0] is None or maps[1] is None:
        return ()
    apart = _apart(maps[0], maps[1])
    if apart:
        message = f"The {words} of both examinations differ in {', '.join(apart)}: they do not compare."
        return (Check(name, ", ".join(apart), None, ok=False, message=message, effect="stops"),)
    return (Check(name, None, None, ok=True, message=f"The {words} of both examinations were made alike."),)


def _alike_noise(pair: Pair) -> tuple[Check, ...]:
    """Whether noise, which passes for fat where there is little, is alike in both; nothing where it is not known."""
    floors = [next((one.noise_floor for one in scan.maps if one.kind in FAT_FRACTIONS), None) for scan in pair]
    if not floors[0] or not floors[1]:
        return ()
    ratio = max(floors[0] / floors[1], floors[1] / floors[0])
    alike = ratio <= NOISE_RATIO
    message = (
        "Noise of the fat fractions is alike in both."
        if alike
        else f"Noise of the fat fractions differs by a factor of {ratio:.1f}, and noise passes for fat."
    )
    return (Check("fat_fraction_noise_ratio", round(ratio, 2), NOISE_RATIO, alike, message, effect="stops"),)


def _apart(one: TissueMap, other: TissueMap) -> list[str]:
    found = ["kind"] if one.kind != other.kind else []
    return found + [name for name, a, b in _times(one.volume, other.volume) if a and b and abs(a - b) > 0.1 * max(a, b)]


def _times(one: Volume, other: Volume) -> list[tuple[str, float | None, float | None]]:
    a, b = one.acquisition.sequence, other.acquisition.sequence
    return [
        ("field strength", a.field_strength_t, b.field_strength_t),
        ("TE", a.echo_time_ms, b.echo_time_ms),
        ("TR", a.repetition_time_ms, b.repetition_time_ms),
        ("flip angle", a.flip_angle_degrees, b.flip_angle_degrees),
    ]

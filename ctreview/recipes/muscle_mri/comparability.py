"""Checks of two examinations: whether their muscle may be compared at all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ctreview.change import check_order
from ctreview.checks import Check
from ctreview.recipes.muscle_mri.measured import MuscleMriResult

__all__ = ["check_examinations"]

PIXEL_RATIO = 1.25
"""Voxels that differ by more than this along an axis blur borders unlike."""

LEAST_SHARED = 0.5
"""Share of the slices of either examination that both must show."""

Pair = tuple[MuscleMriResult, MuscleMriResult]


def check_examinations(
    pair: Pair, days: int | None, shared: tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]], *, registered: bool
) -> tuple[Check, ...]:
    """Everything that is looked at before a verdict."""
    return (
        check_order(days),
        _same_contrast(pair),
        _same_sides(pair),
        _same_voxels(pair),
        _told_apart(pair),
        _shared_part(shared, registered=registered),
        *(_cut_in_plane(scan, when) for scan, when in zip(pair, ("baseline", "follow-up"), strict=True)),
    )


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
    before, after = ("+".join(scan.tissue.sides) for scan in pair)
    message = (
        "Both examinations show the same limbs."
        if before == after
        else f"The baseline shows {before.replace('+', ' and ')}, the follow-up {after.replace('+', ' and ')}."
    )
    return Check("same_limbs", after, before, before == after, message, effect="stops")


def _same_voxels(pair: Pair) -> Check:
    before, after = (np.array(scan.labels.geometry.spacing) for scan in pair)
    ratio = float(np.max(np.maximum(before / after, after / before)))
    same = ratio <= PIXEL_RATIO
    message = (
        "Voxels are alike in both."
        if same
        else f"Voxels differ by a factor of {ratio:.1f}: fine fat is seen in one and not in the other."
    )
    return Check("voxel_size", round(ratio, 2), PIXEL_RATIO, same, message)


def _told_apart(pair: Pair) -> Check:
    """Whether muscle was told from fat in every slice: what is missing in one would count as lost."""
    without = sum(int(np.count_nonzero(~scan.tissue.levels.parted)) for scan in pair)
    message = (
        f"In {without} slices muscle and fat are equally bright, so that muscle is missing there."
        if without
        else "Muscle is told from fat in every slice of both."
    )
    return Check("told_apart", without, 0, not without, message, effect="stops")


def _shared_part(shared: tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]], *, registered: bool) -> Check:
    if not registered:
        message = "The two examinations could not be laid over each other, so what both show is not known."
        return Check("shared_part", None, LEAST_SHARED, ok=False, message=message, effect="stops")
    share = min(float(levels.mean()) for levels in shared)
    message = f"Both show {100 * share:.0f} % of the slices of the other at least; muscle is compared there."
    return Check("shared_part", round(share, 3), LEAST_SHARED, share >= LEAST_SHARED, message, effect="stops")


def _cut_in_plane(scan: MuscleMriResult, when: str) -> Check:
    """Whether muscle reaches the edge of the slices, beyond which it goes on."""
    muscle = scan.labels.mask(*(label.key for label in scan.labels.scheme.counted))
    edge = sum(int(np.count_nonzero(part)) for part in _faces(muscle))
    cut = edge > 0.005 * max(1, int(np.count_nonzero(muscle)))
    message = (
        f"Muscle at {when} goes on beyond the edge of the slices: a shift of the patient is a change of volume."
        if cut
        else f"No muscle is cut by the edge of the slices at {when}."
    )
    return Check(f"{when.replace('-', '')}_cut_in_plane", edge, None, not cut, message, effect="stops")


def _faces(mask: npt.NDArray[np.bool_]) -> list[npt.NDArray[np.bool_]]:
    return [mask[:, 0], mask[:, -1], mask[:, :, 0], mask[:, :, -1]]

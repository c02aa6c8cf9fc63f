"""Which levels of the body to show, and where the same level lies in the other scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d

from ctreview.report.planes import AXIS_OF, FieldOfView, View
from ctreview.volume.geometry import FloatArray, Geometry
from ctreview.volume.transform import Transform

__all__ = ["Level", "OrganAndFinding", "levels_of_course", "matched_levels", "pick", "shared_field_of_view"]

Mask = npt.NDArray[np.bool_]

MARGIN_MM = 12.0
"""Shown around the organ."""

SAMPLE = 4000
"""Points of an organ or a finding that are carried through the transform to find its level."""

APART = 0.15
"""Two levels shown lie at least this share of the organ's extent apart."""


@dataclass(frozen=True, eq=False)
class OrganAndFinding:
    """What of one scan decides what is shown: the organ and the finding in it, on one grid."""

    geometry: Geometry
    organ: Mask
    finding: Mask

    def extent(self, axis: int) -> tuple[int, int]:
        """First and last index of the organ along an array axis."""
        others = tuple(a for a in range(3) if a != axis)
        there = np.flatnonzero(self.organ.any(axis=others))
        return (int(there[0]), int(there[-1])) if there.size else (0, self.geometry.shape[axis] - 1)

    def middle(self) -> FloatArray:
        """Middle of the organ's box as a fractional index, shape (3,)."""
        return np.array([0.5 * sum(self.extent(axis)) for axis in range(3)])

    def box_mm(self, axis: int) -> float:
        """Length of the organ's box along an array axis."""
        low, high = self.extent(axis)
        return (high - low + 1) * self.geometry.spacing[axis]

    def profile(self, axis: int) -> FloatArray:
        """Area of the finding on each slice along an array axis, smoothed over a few millimetres, in mm²."""
        others = tuple(a for a in range(3) if a != axis)
        spacing = self.geometry.spacing
        area = self.finding.sum(axis=others) * float(np.prod([spacing[a] for a in others]))
        return np.asarray(gaussian_filter1d(area.astype(np.float64), 4.0 / spacing[axis], mode="constant"))


@dataclass(frozen=True, eq=False)
class Level:
    """One level of the body in both scans.

    Attributes
    ----------
    view : {"axial", "coronal"}
        Which way it faces.
    baseline, followup : ndarray, shape (3,)
        Middle of the picture in each scan, LPS millimetres.
    slices : tuple of int
        Number of the slice in each scan, 1 at the head (axial) or at the front (coronal).
    of : tuple of int
        How many slices each scan has in that direction.
    share : float
        0 at the upper or front end of the organ at baseline, 1 at the lower or back end.
    covered : bool
        Whether the follow-up reaches this level.
    """

    view: View
    baseline: FloatArray
    followup: FloatArray
    slices: tuple[int, int]
    of: tuple[int, int]
    share: float
    covered: bool = True


def shared_field_of_view(view: View, *scans: OrganAndFinding) -> FieldOfView:
    """The rectangle that holds the organ of each scan in this view."""
    width = max(scan.box_mm(2) for scan in scans)
    upright = 1 if view == "axial" else 0
    height = max(scan.box_mm(upright) for scan in scans)
    return FieldOfView(width + 2 * MARGIN_MM, height + 2 * MARGIN_MM)


def matched_levels(
    view: View, baseline: OrganAndFinding, followup: OrganAndFinding, transform: Transform | None, *, count: int
) -> tuple[Level, ...]:
    """Choose levels and find them in the follow-up.

    The first level is where most of the finding is at baseline, the second where most of it is at follow-up, the rest
    fill the gaps. A level is found in the follow-up by carrying the organ's points of that slice through
    ``transform`` and taking their median; without a transform, by its share of the organ's extent.

    Parameters
    ----------
    view : {"axial", "coronal"}
        Which way the levels face.
    baseline, followup : OrganAndFinding
        Both in canonical axes.
    transform : Transform or None
        Baseline to follow-up points.
    count : int
        How many levels.

    Returns
    -------
    tuple of Level
        From the head down, or from the front to the back.
    """
    return tuple(level for (level,) in levels_of_course(view, baseline, ((followup, transform),), count=count))


def levels_of_course(
    view: View,
    baseline: OrganAndFinding,
    later: Sequence[tuple[OrganAndFinding, Transform | None]],
    *,
    count: int,
) -> tuple[tuple[Level, ...], ...]:
    """Choose levels as `matched_levels` does, and find them in each of several later scans.

    The second level is where most of the finding is in any later scan.

    Parameters
    ----------
    view : {"axial", "coronal"}
    baseline : OrganAndFinding
    later : sequence of (OrganAndFinding, Transform or None)
        Each with what carries points of the baseline to it.
    count : int

    Returns
    -------
    tuple of tuple of Level
        For each level one `Level` for each later scan; from the head down, or from the front to the back.
    """
    axis = AXIS_OF[view]
    after = np.max([_carried_profile(scan, baseline, transform, axis) for scan, transform in later], axis=0)
    chosen = pick(baseline.profile(axis), after, baseline.extent(axis), count)
    levels = [tuple(_match(view, index, baseline, scan, transform) for scan, transform in later) for index in chosen]
    return tuple(sorted(levels, key=lambda one: one[0].share))


def pick(before: FloatArray, after: FloatArray, extent: tuple[int, int], count: int) -> tuple[int, ...]:
    """Choose slices: the peak before, the peak after, the peak of both, then even steps through the organ.

    Parameters
    ----------
    before, after : ndarray, shape (slices,)
        How much there is to see on each slice.
    extent : tuple of int
        First and last slice of the organ.
    count : int
        How many are wanted; fewer are given where the organ has fewer slices.
    """
    low, high = extent
    inside = np.zeros(len(before), dtype=bool)
    inside[low : high + 1] = True
    apart = max(1.0, APART * (high - low))
    chosen: list[int] = []

    def add(score: FloatArray) -> None:
        free = inside.copy()
        for other in chosen:
            free[np.abs(np.arange(len(free)) - other) < apart] = False
        best = np.where(free, score, 0.0)
        if len(chosen) < count and best.max(initial=0.0) > 0:
            chosen.append(int(np.argmax(best)))

    add(before)
    add(after)
    for _ in range(count):
        add(before / max(before.max(), 1e-9) + after / max(after.max(), 1e-9))
    along = np.clip((np.arange(len(before)) - low) / max(high - low, 1), 0.0, 1.0)
    for wanted in (0.5, 0.3, 0.7, 0.15, 0.85):
        add(1.0 - np.abs(along - wanted))
    return tuple(chosen)


def _some(mask: Mask) -> npt.NDArray[np.int64]:
    """Indices of at most about `SAMPLE` voxels of a mask, evenly taken; shape (n, 3)."""
    flat = np.flatnonzero(mask)
    flat = flat[:: max(1, len(flat) // SAMPLE)]
    return np.stack(np.unravel_index(flat, mask.shape), axis=-1)


def _carried_profile(
    followup: OrganAndFinding, baseline: OrganAndFinding, transform: Transform | None, axis: int
) -> FloatArray:
    """Area profile of the follow-up's finding along the baseline's slices."""
    size = baseline.geometry.shape[axis]
    total = float(np.count_nonzero(followup.finding)) * followup.geometry.voxel_ml * 1000.0
    index = _some(followup.finding)
    if not len(index):
        return np.zeros(size)
    if transform is None:
        at = _share_to_index(_shares(index[:, axis], followup.extent(axis)), baseline.extent(axis))
    else:
        points = transform.to_fixed(followup.geometry.to_lps(index), tolerance_mm=0.5, iterations=15)
        at = baseline.geometry.to_index(points)[:, axis]
    spacing = baseline.geometry.spacing[axis]
    area, _ = np.histogram(at, bins=size, range=(-0.5, size - 0.5))
    return np.asarray(gaussian_filter1d(area * (total / len(index) / spacing), 4.0 / spacing, mode="constant"))


def _shares(index: npt.ArrayLike, extent: tuple[int, int]) -> FloatArray:
    low, high = extent
    return np.asarray((np.asarray(index, dtype=np.float64) - low) / max(high - low, 1))


def _share_to_index(share: npt.ArrayLike, extent: tuple[int, int]) -> FloatArray:
    low, high = extent
    return np.asarray(low + np.asarray(share, dtype=np.float64) * (high - low))


def _match(
    view: View, index: int, baseline: OrganAndFinding, followup: OrganAndFinding, transform: Transform | None
) -> Level:
    axis = AXIS_OF[view]
    here = baseline.middle()
    here[axis] = index
    there = followup.middle()
    share = float(_shares(index, baseline.extent(axis)))
    slab = np.take(baseline.organ, index, axis=axis)
    if transform is None or not slab.any():
        there[axis] = _share_to_index(share, followup.extent(axis))
    else:
        on_slice = np.insert(_some(slab), axis, index, axis=1)
        moved = followup.geometry.to_index(transform.to_moving(baseline.geometry.to_lps(on_slice)))
        # The same offset from the organ's middle on both sides keeps the body from jumping between the pictures.
        offset = np.median(on_slice, axis=0) - here
        scale = np.array(baseline.geometry.spacing) / np.array(followup.geometry.spacing)
        there = np.median(moved, axis=0) - offset * scale
        there[axis] = np.median(moved[:, axis])
    size = followup.geometry.shape[axis]
    covered = bool(-0.5 <= there[axis] <= size - 0.5)
    there[axis] = np.clip(np.round(there[axis]), 0, size - 1)  # a slice of its own, not a blend of two
    return Level(
        view=view,
        baseline=baseline.geometry.to_lps(here),
        followup=followup.geometry.to_lps(there),
        slices=(_number(index, baseline, axis), _number(int(there[axis]), followup, axis)),
        of=(baseline.geometry.shape[axis], size),
        share=1.0 - share if view == "axial" else share,
        covered=covered,
    )


def _number(index: int, scan: OrganAndFinding, axis: int) -> int:
    return scan.geometry.shape[axis] - index if axis == 0 else index + 1

"""Lung that holds no air and borders on the chest wall: consolidation, told from the wall by the ribs.

Seen from the middle of one half of the chest, lung reaches out to the ribs in every direction in which there is lung
at all; heart, liver and spleen lie inward of it. Where a wide gap of soft tissue lies between aerated lung and rib
cage, the gap is dense lung, or fluid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import cc3d
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.coarse import Box, Coarse, Mask, Spacing, box_of, closed, opened
from ctreview.compiled import compiled

__all__ = ["DenseLung", "dense_lung"]

Labels = npt.NDArray[np.uint8]
Rays = npt.NDArray[np.float32]

ANGLES = 144
BONE_HU = 150.0
FLUID_HU = 18.0
"""Pleural fluid measures about 0–20 HU, consolidated or collapsed lung 30 and more without contrast."""


TAPER = 1.4
"""How many millimetres a dense crescent over the diaphragm gets thinner per millimetre down, if nothing is known."""


@dataclass(frozen=True)
class DenseLung:
    """What was recovered.

    Attributes
    ----------
    lung : ndarray of uint8
        Blocks of dense lung: 1 right, 2 left.
    fluid : ndarray of bool
        Blocks between lung and ribs whose density is that of fluid; no part of the lung.
    """

    lung: Labels
    fluid: Mask

    @classmethod
    def none(cls, shape: tuple[int, ...]) -> Self:
        """Nothing was looked for."""
        return cls(np.zeros(shape, dtype=np.uint8), np.zeros(shape, dtype=bool))


def dense_lung(coarse: Coarse, lungs: Labels, midline: float, size: float, prior: Labels | None = None) -> DenseLung:
    """Find dense lung and fluid between aerated lung and rib cage.

    Parameters
    ----------
    coarse : Coarse
        In HU.
    lungs : ndarray of uint8
        Aerated lung with its vessels, 1 right and 2 left.
    midline : float
        Index of the spine along axis 2.
    size : float
        Size of the lungs, 1 for those of an adult of 5 L (a length's ratio).
    prior : ndarray of uint8, optional
        The lungs of another timepoint, carried over onto this grid. Where they are wider than aerated lung by more
        than a few millimetres, and the image shows soft tissue, they are believed.

    Notes
    -----
    Below the last aerated lung a dense base is a crescent between diaphragm and ribs that the image does not show; it
    is taken to be as thick as that of the other lung at the same height and mirrored direction.
    """
    lung = np.zeros(lungs.shape, dtype=np.uint8)
    fluid = np.zeros(lungs.shape, dtype=bool)
    views = {side: _view(coarse, lungs == side, midline, size) for side in (1, 2) if (lungs == side).any()}
    for side, view in views.items():
        found = _gap(coarse, lungs, view, views.get(3 - side), midline, size)
        if prior is not None:
            carried = (prior[view.box] == side) & (lungs[view.box] == 0) & (coarse.array[view.box] < BONE_HU)
            found |= opened(carried, 4.0 * size, coarse.spacing)
        gap = _solid(coarse, lungs, found, view, size)
        if not gap.any():
            continue
        hu = coarse.array[view.box]
        smooth = _smooth_within(hu, gap, coarse.spacing)
        wet = opened(gap & (smooth < FLUID_HU) & (smooth > -25.0), 3.0 * size, coarse.spacing) & gap
        fluid[view.box] |= wet
        part = lung[view.box]
        part[gap & ~wet & (part == 0)] = side
    return DenseLung(lung, fluid)


@dataclass(frozen=True)
class _View:
    """One half of the chest as seen from its middle, in rays by slice and angle.

    ``outer`` is where lung ends (−1 without lung), ``thick`` how deep the outermost stretch of lung is, ``cage`` where
    the ribs begin (infinite where there are none), ``usual`` how far apart these two usually are, and ``reach`` up to
    where dense lung is added (−1 where none is).
    """

    box: Box
    middle: tuple[float, float]
    outer: Rays
    thick: Rays
    cage: Rays
    reach: Rays
    usual: float


def _view(coarse: Coarse, part: Mask, midline: float, size: float) -> _View:
    tight = box_of(part)
    room = [int(25.0 / s) + 1 for s in coarse.spacing]
    box = (
        slice(max(0, tight[0].start - int(50.0 * size / coarse.spacing[0])), tight[0].stop),
        slice(max(0, tight[1].start - room[1]), tight[1].stop + room[1]),
        slice(max(0, tight[2].start - room[2]), tight[2].stop + room[2]),
    )
    middle = (
        0.5 * (tight[1].start + tight[1].stop) - box[1].start,
        0.5 * (tight[2].start + tight[2].stop) - box[2].start,
    )
    _, sy, sx = coarse.spacing
    rib, outer, thick = _cast(_bone(coarse.array[box], coarse.voxel_ml), part[box], middle[0], middle[1], sy, sx)
    cage = _cage(rib, coarse.spacing, size)
    cage[:, ~_towards_ribs(middle[1] + box[2].start > midline)] = np.inf
    known = np.isfinite(cage) & (outer > 0)
    usual = float(np.clip(np.percentile((cage - outer)[known], 30), 0.0, 6.0)) if known.any() else 0.0
    gap = np.where(known, cage - outer - usual, 0.0)
    wide = known & (gap > max(5.0 * size, 2.0 * sx)) & (gap < 90.0 * size)
    # beside the apex muscle lies between lung and the first bone, which may be the scapula
    wide[tight[0].stop - box[0].start - (tight[0].stop - tight[0].start) // 5 :] = False
    begin, end = np.where(wide, outer, 0.0), np.where(wide, cage, 0.0)
    wide &= _share_soft(coarse.array[box], begin, end, middle, coarse.spacing) > 0.5
    reach = np.where(wide, cage - usual, -1.0).astype(np.float32)
    return _View(box, middle, outer, thick, cage, reach, usual)


def _towards_ribs(is_left: bool) -> npt.NDArray[np.bool_]:
    """Angles at which one looks at ribs, not at heart, great vessels or spine."""
    angle = 2.0 * np.pi * np.arange(ANGLES) / ANGLES
    lateral = np.cos(angle) * (1.0 if is_left else -1.0)
    return np.asarray(np.where(np.sin(angle) > 0, lateral > -0.5, lateral > 0.15))


def _gap(coarse: Coarse, lungs: Labels, view: _View, other: _View | None, midline: float, size: float) -> Mask:
    """Blocks between lung and ribs that ought to be lung."""
    begin, end = view.outer.copy(), view.reach.copy()
    _continue_down(begin, end, view, other, coarse.spacing[0])
    hu = coarse.array[view.box]
    found = _painted(begin, end, hu.shape, view.middle, coarse.spacing)
    across = np.arange(hu.shape[2]) + view.box[2].start
    found &= (np.abs(across - midline) * coarse.spacing[2] > 18.0 * size)[None, None, :]
    found &= (lungs[view.box] == 0) & (hu < BONE_HU)
    return np.asarray(found)


def _continue_down(begin: Rays, end: Rays, view: _View, other: _View | None, step_mm: float) -> None:
    """Below a ray on which dense lung was found, go on as far down as the other lung does.

    Without another lung the crescent tapers by `TAPER`.
    """
    mirror = (ANGLES // 2 - np.arange(ANGLES)) % ANGLES
    thick = np.where(end > 0, end - begin, 0.0)
    for i in range(len(end) - 2, -1, -1):
        # a crescent widens to both sides as it goes down, by about 2 rays a slice
        above = ndimage.maximum_filter1d(thick[i + 1], 5, mode="wrap")
        empty = (view.outer[i] < 0) & (above > 0) & np.isfinite(view.cage[i])
        if other is None:
            wanted = above - TAPER * step_mm
        else:
            level = i + view.box[0].start - other.box[0].start
            if not 0 <= level < len(other.outer):
                continue
            wanted = np.where(other.outer[level] > 0, other.thick[level], 0.0)[mirror]
        empty &= wanted > 2.0
        end[i] = np.where(empty, view.cage[i] - view.usual, end[i])
        begin[i] = np.where(empty, end[i] - wanted, begin[i])
        thick[i] = np.where(empty, wanted, thick[i])


def _solid(coarse: Coarse, lungs: Labels, found: Mask, view: _View, size: float) -> Mask:
    """Without thin slivers, joined to the lung, in pieces worth having."""
    lung, hu = lungs[view.box] > 0, coarse.array[view.box]
    found = opened(found, 2.5 * size, coarse.spacing) & found
    if not found.any():
        return found
    whole = closed(np.pad(found | lung, 4), 5.0 * size, coarse.spacing)[4:-4, 4:-4, 4:-4]
    near = ndimage.binary_dilation(found, iterations=3)
    gap = whole & ~lung & near & (hu < BONE_HU)
    least = max(1, int(1.5 * size**3 / coarse.voxel_ml))
    return np.asarray(cc3d.dust(gap, threshold=least, connectivity=6) > 0)


@compiled()
def _cast(bone: Any, lung: Any, y0: float, x0: float, sy: float, sx: float) -> Any:  # pragma: no cover - compiled
    """Rays in each slice: where the first bone beyond the lung is, where the lung ends, and what lies between."""
    n0, n1, n2 = bone.shape
    rib = np.full((n0, ANGLES), np.inf, dtype=np.float32)
    outer = np.full((n0, ANGLES), -1.0, dtype=np.float32)
    thick = np.zeros((n0, ANGLES), dtype=np.float32)
    for i in range(n0):
        for a in range(ANGLES):
            angle = 2.0 * np.pi * a / ANGLES
            dy, dx = np.sin(angle) / sy, np.cos(angle) / sx
            r = 0.0
            inner_end, inner_thick, hidden = -1.0, 0.0, 0.0
            while True:
                y, x = int(np.round(y0 + r * dy)), int(np.round(x0 + r * dx))
                if y < 0 or x < 0 or y >= n1 or x >= n2:
                    break
                if lung[i, y, x]:
                    if outer[i, a] < r - 6.0:
                        inner_end, inner_thick, hidden = outer[i, a], thick[i, a], r - outer[i, a]
                        thick[i, a] = 0.0
                    thick[i, a] += 1.0
                    outer[i, a] = r
                    rib[i, a] = np.inf
                elif rib[i, a] == np.inf and bone[i, y, x]:
                    rib[i, a] = r
                r += 1.0
            # a thin rim of aerated lung may be left under the pleura; in front it may also cover the diaphragm
            if dy > 0.1 / sy and thick[i, a] <= 6.0 and inner_thick >= 10.0 and hidden >= 8.0:
                outer[i, a], thick[i, a] = inner_end, inner_thick
    return rib, outer, thick


@compiled()
def _count_soft(
    hu: Any, begin: Any, end: Any, y0: float, x0: float, sy: float, sx: float
) -> Any:  # pragma: no cover - compiled
    """How much of each ray between two radii is soft tissue or fluid, neither fat nor bone nor air, and of how much."""
    n0, n1, n2 = hu.shape
    fitting = np.zeros((n0, ANGLES), dtype=np.float32)
    counted = np.zeros((n0, ANGLES), dtype=np.float32)
    for i in range(n0):
        for a in range(ANGLES):
            angle = 2.0 * np.pi * a / ANGLES
            dy, dx = np.sin(angle) / sy, np.cos(angle) / sx
            fits, count = 0, 0
            r = begin[i, a] + 1.0
            while r < end[i, a]:
                y, x = int(np.round(y0 + r * dy)), int(np.round(x0 + r * dx))
                if 0 <= y < n1 and 0 <= x < n2:
                    count += 1
                    if -20.0 < hu[i, y, x] < 120.0:
                        fits += 1
                r += 1.0
            fitting[i, a], counted[i, a] = fits, count
    return fitting, counted


def _bone(hu: npt.NDArray[np.float32], voxel_ml: float) -> Mask:
    """Ribs and vertebrae; a calcified node or a speck of noise is no wall of the chest."""
    return np.asarray(cc3d.dust(hu > BONE_HU, threshold=max(2, int(1.0 / voxel_ml)), connectivity=26) > 0)


def _cage(rib: Rays, spacing: Spacing, size: float) -> Rays:
    """The inner surface of the rib cage: the nearest rib within about an intercostal space."""
    high = 2 * max(1, round(12.0 * size / spacing[0])) + 1
    return np.asarray(ndimage.minimum_filter(rib, size=(high, 7), mode=("nearest", "wrap")))


def _share_soft(
    hu: npt.NDArray[np.float32], begin: Rays, end: Rays, middle: tuple[float, float], spacing: Spacing
) -> Rays:
    """Which part of a ray and its neighbours is soft tissue: bronchi in dense lung thin out single rays."""
    fits, count = _count_soft(hu, begin, end, middle[0], middle[1], spacing[1], spacing[2])
    near = (5, 7)
    fits = ndimage.uniform_filter(fits, near, mode=("nearest", "wrap"))
    count = ndimage.uniform_filter(count, near, mode=("nearest", "wrap"))
    return np.asarray(fits / np.maximum(count, 1e-3), dtype=np.float32)


def _painted(
    begin: Rays, end: Rays, shape: tuple[int, int, int], middle: tuple[float, float], spacing: Spacing
) -> Mask:
    y = (np.arange(shape[1]) - middle[0])[:, None] * spacing[1]
    x = (np.arange(shape[2]) - middle[1])[None, :] * spacing[2]
    radius = np.hypot(y, x)
    angle = np.round(np.arctan2(y, x) / (2 * np.pi) * ANGLES).astype(int) % ANGLES
    return np.asarray((radius > begin[:, angle]) & (radius <= end[:, angle]))


def _smooth_within(hu: npt.NDArray[np.float32], mask: Mask, spacing: Spacing) -> npt.NDArray[np.float32]:
    """Mean over some millimetres of what lies in a mask; bronchi that hold air do not count."""
    use = (mask & (hu > -60)).astype(np.float32)
    sigma = [3.5 / s for s in spacing]
    weight = ndimage.gaussian_filter(use, sigma, truncate=2.5)
    total = ndimage.gaussian_filter(np.where(use > 0, hu, 0).astype(np.float32), sigma, truncate=2.5)
    return np.asarray(total / np.maximum(weight, 1e-3), dtype=np.float32)

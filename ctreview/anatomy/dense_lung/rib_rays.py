"""Dense lung beside the chest wall, distinguished from it by the ribs.

Seen from the middle of one half of the chest, lung reaches out to the ribs in every direction in which there is lung
at all; heart, liver and spleen lie inward of it. Where a wide gap of soft tissue lies between aerated lung and rib
cage, the gap is dense lung, or fluid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cc3d
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.body import BONE_HU
from ctreview.anatomy.coarse import CoarseImage, Mask, Spacing
from ctreview.compiled import compiled
from ctreview.volume.box import Box, bounding_box

__all__ = ["RibRays", "cast_rib_rays", "soft_tissue_inside_ribs"]

Labels = npt.NDArray[np.uint8]
Rays = npt.NDArray[np.float32]

ANGLES = 144

CARTILAGE_ABOVE_HU = 50.0
"""Rib cartilage exceeds blood without contrast (40 HU) by more than this, muscle (60 HU) does not."""

NEAR_MM = 4.0
"""Lung that ends this close to a rib, in lungs of 5 L, lies at it; in a healthy adult 95 % of it is within 3 mm."""

BRIDGED_RAYS = 25
"""Dense lung up to this wide (60 degrees) is recognised by lung that lies at the ribs on both of its sides."""

TYPICAL_GAP_HEIGHT_MM = 120.0
"""Height over which the distance of lung and ribs is taken to be alike beside sternum and spine, in lungs of 5 L."""

STERNUM_MM, SPINE_MM = 28.0, 18.0
"""Up to so far from the midline, in lungs of 5 L, there is no lung at the wall in front and behind: behind the
sternum lie fat, thymus and vessels, beside the spine muscle."""

APEX_SHARE = 0.25
"""Of the height of a lung, in which its apex is not compared with ribs."""

TAPER_PER_MM = 1.1
"""By how many millimetres a dense crescent over the diaphragm gets thinner per millimetre down. The domes may stand
some centimetres apart, so that the other lung alone gives it far too much."""


@dataclass(frozen=True)
class RibRays:
    """One half of the chest as seen from its middle, in rays by slice and angle.

    ``outer`` is where lung ends (−1 without lung), ``thick`` how deep the outermost stretch of lung is, ``cage`` where
    the lung should end by the ribs (infinite where there are none), and ``reach`` up to where dense lung is added (−1
    where none is).
    """

    box: Box
    middle: tuple[float, float]
    outer: Rays
    thick: Rays
    cage: Rays
    reach: Rays


def cast_rib_rays(coarse: CoarseImage, part: Mask, midline: float, size: float) -> RibRays:
    """Look from the middle of one lung outwards.

    Parameters
    ----------
    coarse : CoarseImage
        In HU.
    part : ndarray of bool
        Blocks of one lung, aerated and with its vessels.
    midline : float
        Index of the spine along axis 2.
    size : float
        Size of the lungs, 1 for those of an adult of 5 L (a length's ratio).
    """
    tight = bounding_box(part)
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
    wall = _chest_wall(coarse, box, _cartilage_hu(coarse, tight, midline, size), size)
    rib, outer, thick = _cast_rays(wall, part[box], middle[0], middle[1], sy, sx)
    cage = _rib_cage(rib, coarse.spacing, size)
    off_midline = middle[1] + box[2].start - midline
    lateral = _facing_ribs(off_midline > 0)
    costal = _costal(cage - outer, outer > 0, lateral, size)
    costal &= ~_past_sternum(cage, off_midline * sx, size)
    cage[~costal] = np.inf
    known = np.isfinite(cage) & (outer > 0)
    usual = _typical_gap(np.where(known, cage - outer, np.nan), lateral, coarse.spacing, size)
    gap = np.where(known, cage - outer - usual, 0.0)
    wide = known & (gap > max(4.0 * size, 1.5 * sx)) & (gap < 90.0 * size)
    begin, end = np.where(wide, outer, 0.0), np.where(wide, cage - usual, 0.0)
    wide &= _soft_fraction(coarse.array[box], begin, end, middle, coarse.spacing) > 0.5
    reach = np.where(wide, cage - usual, -1.0).astype(np.float32)
    return RibRays(box, middle, outer, thick, cage - usual, reach)


def _outwards_and_back(is_left: bool) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """How far each ray goes to its own side of the body, and towards the back, in parts of its length."""
    angle = 2.0 * np.pi * np.arange(ANGLES) / ANGLES
    return np.cos(angle) * (1.0 if is_left else -1.0), np.sin(angle)


def _facing_ribs(is_left: bool) -> npt.NDArray[np.bool_]:
    """Angles at which one looks at ribs, not at heart, great vessels or spine."""
    outwards, back = _outwards_and_back(is_left)
    return np.asarray(np.where(back > 0, outwards > -0.5, outwards > 0.15))


def _costal(gap: Rays, lung: Mask, lateral: npt.NDArray[np.bool_], size: float) -> Mask:
    """Rays that meet ribs behind the lung: those that nearly do, and those between them.

    Towards heart, vessels and shoulder the lung ends long before the next bone, and over wider angles.
    """
    near = lung & (gap < NEAR_MM * size)
    wrapped = np.concatenate([near, near, near], axis=1)
    between = ndimage.binary_closing(wrapped, np.ones((1, BRIDGED_RAYS), dtype=bool))[:, ANGLES : 2 * ANGLES]
    levels = np.flatnonzero(lung.any(axis=1))
    # beside the apex muscle lies between lung and the first bone, which may be the scapula
    below_apex = np.arange(len(gap)) < levels[-1] - (levels[-1] - levels[0]) * APEX_SHARE
    return np.asarray((between | lateral) & below_apex[:, None])


def _past_sternum(cage: Rays, off_midline_mm: float, size: float) -> Mask:
    """Rays that go on past heart and great vessels and meet the wall in front behind the sternum, or beyond it."""
    outwards, back = _outwards_and_back(off_midline_mm > 0)
    known = np.isfinite(cage)
    end = abs(off_midline_mm) + outwards * np.where(known, cage, 0.0)
    return np.asarray(known & (back < 0) & (end < STERNUM_MM * size))


def _typical_gap(gap: Rays, lateral: npt.NDArray[np.bool_], spacing: Spacing, size: float) -> Rays:
    """How far lung and ribs usually are apart: less than nothing where the nearest rib of several bends inwards.

    Beside sternum and spine fat and muscle lie between them, about as much above as below.
    """
    seen = gap[np.isfinite(gap)]
    overall = float(np.clip(np.median(seen), -4.0 * size, 4.0 * size)) if len(seen) else 0.0
    usual = np.full(gap.shape, overall, dtype=np.float32)
    high = max(1, int(0.5 * TYPICAL_GAP_HEIGHT_MM * size / spacing[0]))
    for i in range(len(gap)):
        around = gap[max(0, i - high) : i + high + 1, ~lateral]
        known = np.isfinite(around).sum(axis=0) >= high
        middle = np.nanmedian(np.where(known, around, overall), axis=0)
        usual[i, ~lateral] = np.clip(middle, overall, overall + 10.0 * size)
    return usual


def soft_tissue_inside_ribs(
    coarse: CoarseImage, lungs: Labels, view: RibRays, other: RibRays | None, midline: float, size: float
) -> Mask:
    """Find soft tissue between lung and ribs that ought to be lung.

    Parameters
    ----------
    coarse : CoarseImage
        In HU.
    lungs : ndarray of uint8
        Blocks of aerated lung, 1 right and 2 left.
    view : RibRays
        Of the lung in question.
    other : RibRays or None
        Of the other lung, whose height and thickness a dense base is given; None where there is one lung.
    midline, size : float
        As for `cast_rib_rays`.

    Returns
    -------
    ndarray of bool, in ``view.box``
    """
    begin, end = view.outer.copy(), view.reach.copy()
    _continue_down(begin, end, view, other, coarse.spacing[0])
    hu = coarse.array[view.box]
    found = _fill_rays(begin, end, hu.shape, view.middle, coarse.spacing)
    off_midline = np.abs(np.arange(hu.shape[2]) + view.box[2].start - midline) * coarse.spacing[2]
    in_front = np.arange(hu.shape[1]) < view.middle[0]
    found &= off_midline[None, :] > np.where(in_front, STERNUM_MM, SPINE_MM)[:, None] * size
    found &= (lungs[view.box] == 0) & (hu < BONE_HU)
    return np.asarray(found)


def _continue_down(begin: Rays, end: Rays, view: RibRays, other: RibRays | None, step_mm: float) -> None:
    """Below a ray on which dense lung was found, go on as far down as the other lung does.

    The crescent tapers by `TAPER_PER_MM`, and is never thicker than the other lung at this height.
    """
    mirror = (ANGLES // 2 - np.arange(ANGLES)) % ANGLES
    thick = np.where(end > 0, end - begin, 0.0)
    for i in range(len(end) - 2, -1, -1):
        # a crescent widens to both sides as it goes down, by about 2 rays a slice
        above = ndimage.maximum_filter1d(thick[i + 1], 5, mode="wrap")
        empty = (view.outer[i] < 0) & (above > 0) & np.isfinite(view.cage[i])
        wanted = above - TAPER_PER_MM * step_mm
        if other is not None:
            level = i + view.box[0].start - other.box[0].start
            if not 0 <= level < len(other.outer):
                continue
            wanted = np.minimum(wanted, np.where(other.outer[level] > 0, other.thick[level], 0.0)[mirror])
        empty &= wanted > 2.0
        end[i] = np.where(empty, view.cage[i], end[i])
        begin[i] = np.where(empty, end[i] - wanted, begin[i])
        thick[i] = np.where(empty, wanted, thick[i])


@compiled()
def _cast_rays(bone: Any, lung: Any, y0: float, x0: float, sy: float, sx: float) -> Any:  # pragma: no cover - compiled
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
            # the lung's own border is partial volume
            r = begin[i, a] + min(3.0, 0.5 * (end[i, a] - begin[i, a]))
            while r < end[i, a]:
                y, x = int(np.round(y0 + r * dy)), int(np.round(x0 + r * dx))
                if 0 <= y < n1 and 0 <= x < n2:
                    count += 1
                    if -20.0 < hu[i, y, x] < 120.0:
                        fits += 1
                r += 1.0
            fitting[i, a], counted[i, a] = fits, count
    return fitting, counted


def _chest_wall(coarse: CoarseImage, box: Box, cartilage_hu: float, size: float) -> Mask:
    """Ribs, their cartilage and vertebrae; a calcified node or a speck of noise is no wall of the chest."""
    hu = coarse.array[box]
    smooth = ndimage.gaussian_filter(hu, [1.2 * size / mm for mm in coarse.spacing], truncate=3.0)
    hard = (hu > BONE_HU) | (smooth > cartilage_hu)
    return np.asarray(cc3d.dust(hard, threshold=max(2, int(1.0 / coarse.voxel_ml)), connectivity=26) > 0)


def _cartilage_hu(coarse: CoarseImage, lung: Box, midline: float, size: float) -> float:
    """Above this lies cartilage of ribs (about 100 HU and more): denser than the blood between the lungs.

    Contrast makes dense lung as dense as cartilage; then only bone counts.
    """
    half = int(15.0 * size / coarse.spacing[2])
    rows = slice(lung[1].start, (lung[1].start + lung[1].stop) // 2)
    between = coarse.array[lung[0], rows, max(0, int(midline) - half) : int(midline) + half + 1]
    soft = between[(between > 0.0) & (between < 400.0)]
    return float(np.clip(np.median(soft) + CARTILAGE_ABOVE_HU, 90.0, BONE_HU)) if soft.size else BONE_HU


def _rib_cage(rib: Rays, spacing: Spacing, size: float) -> Rays:
    """The inner surface of the rib cage: the nearest rib within about an intercostal space."""
    high = 2 * max(1, round(12.0 * size / spacing[0])) + 1
    return np.asarray(ndimage.minimum_filter(rib, size=(high, 7), mode=("nearest", "wrap")))


def _soft_fraction(
    hu: npt.NDArray[np.float32], begin: Rays, end: Rays, middle: tuple[float, float], spacing: Spacing
) -> Rays:
    """Which part of a ray and its neighbours is soft tissue: bronchi in dense lung thin out single rays."""
    fits, count = _count_soft(hu, begin, end, middle[0], middle[1], spacing[1], spacing[2])
    near = (5, 7)
    fits = ndimage.uniform_filter(fits, near, mode=("nearest", "wrap"))
    count = ndimage.uniform_filter(count, near, mode=("nearest", "wrap"))
    return np.asarray(fits / np.maximum(count, 1e-3), dtype=np.float32)


def _fill_rays(
    begin: Rays, end: Rays, shape: tuple[int, int, int], middle: tuple[float, float], spacing: Spacing
) -> Mask:
    y = (np.arange(shape[1]) - middle[0])[:, None] * spacing[1]
    x = (np.arange(shape[2]) - middle[1])[None, :] * spacing[2]
    radius = np.hypot(y, x)
    angle = np.round(np.arctan2(y, x) / (2 * np.pi) * ANGLES).astype(int) % ANGLES
    return np.asarray((radius > begin[:, angle]) & (radius <= end[:, angle]))

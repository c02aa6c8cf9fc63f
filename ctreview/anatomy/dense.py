"""Lung that holds no air, recovered where the image shows by its place or its shape that it is lung."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import cc3d
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.body import BONE_HU
from ctreview.anatomy.bulges import find_bulges
from ctreview.anatomy.coarse import CoarseImage, Mask, Spacing, closed, opened
from ctreview.anatomy.rib_rays import RibRays, cast_rib_rays, soft_tissue_inside_ribs

__all__ = ["DenseLung", "find_dense_lung"]

Labels = npt.NDArray[np.uint8]

FLUID_HU = 18.0
"""Pleural fluid measures about 0–20 HU, consolidated or collapsed lung 30 and more without contrast."""

SMALLEST_ML = 5.0
"""Smaller pieces, in lungs of 5 L, are fat and muscle of the wall as often as lung: healthy scans hold some."""


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


def find_dense_lung(
    coarse: CoarseImage, lungs: Labels, midline: float, size: float, prior: Labels | None = None
) -> DenseLung:
    """Find dense lung and fluid between aerated lung and rib cage, and dense lung that bulges into aerated lung.

    Parameters
    ----------
    coarse : CoarseImage
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
    tapers downwards, and is no thicker than the other lung at the same height and mirrored direction.
    """
    lung = np.zeros(lungs.shape, dtype=np.uint8)
    fluid = np.zeros(lungs.shape, dtype=bool)
    views = {side: cast_rib_rays(coarse, lungs == side, midline, size) for side in (1, 2) if (lungs == side).any()}
    for side, view in views.items():
        found = soft_tissue_inside_ribs(coarse, lungs, view, views.get(3 - side), midline, size)
        if prior is not None:
            carried = (prior[view.box] == side) & (lungs[view.box] == 0) & (coarse.array[view.box] < BONE_HU)
            found |= opened(carried, 4.0 * size, coarse.spacing)
        gap = _solid(coarse, lungs, found, view, size)
        if not gap.any():
            continue
        wet = _fluid(coarse.array[view.box], gap, lungs[view.box] > 0, coarse.spacing, size)
        fluid[view.box] |= wet
        part = lung[view.box]
        part[gap & ~wet & (part == 0)] = side
    bulging = find_bulges(coarse, np.where(lungs == 0, lung, lungs), fluid, midline, size)
    # what bulges may be a pocket of fluid as well
    wet = _fluid(coarse.array, bulging > 0, lungs > 0, coarse.spacing, size)
    lung[(bulging > 0) & ~wet] = bulging[(bulging > 0) & ~wet]
    return DenseLung(lung, fluid | wet)


def _solid(coarse: CoarseImage, lungs: Labels, found: Mask, view: RibRays, size: float) -> Mask:
    """Without thin slivers and small pieces, joined to the lung."""
    lung, hu = lungs[view.box] > 0, coarse.array[view.box]
    found = opened(found, 2.5 * size, coarse.spacing) & found
    if not found.any():
        return found
    whole = closed(np.pad(found | lung, 4), 5.0 * size, coarse.spacing)[4:-4, 4:-4, 4:-4]
    near = ndimage.binary_dilation(found, iterations=3)
    gap = whole & ~lung & near & (hu < BONE_HU)
    least = max(1, int(SMALLEST_ML * size**3 / coarse.voxel_ml))
    return np.asarray(cc3d.dust(gap, threshold=least, connectivity=6) > 0)


def _fluid(hu: npt.NDArray[np.float32], gap: Mask, lung: Mask, spacing: Spacing, size: float) -> Mask:
    """The part of a gap that is fluid and no lung."""
    if not gap.any():
        return gap.copy()
    beside_air = ndimage.binary_dilation(lung, np.ones((3, 3, 3), dtype=bool))
    smooth = _smooth_within(hu, gap & ~beside_air, spacing)
    return np.asarray(opened(gap & (smooth < FLUID_HU) & (smooth > -25.0), 3.0 * size, spacing) & gap)


def _smooth_within(hu: npt.NDArray[np.float32], mask: Mask, spacing: Spacing) -> npt.NDArray[np.float32]:
    """Mean over some millimetres of what lies in a mask, infinite far from it; bronchi that hold air do not count."""
    use = (mask & (hu > -60)).astype(np.float32)
    sigma = [3.5 / s for s in spacing]
    weight = ndimage.gaussian_filter(use, sigma, truncate=2.5)
    total = ndimage.gaussian_filter(np.where(use > 0, hu, 0).astype(np.float32), sigma, truncate=2.5)
    # nothing is known where hardly any of the mask is near, and what is not known is no fluid
    return np.where(weight > 0.02, total / np.maximum(weight, 0.02), np.inf).astype(np.float32)

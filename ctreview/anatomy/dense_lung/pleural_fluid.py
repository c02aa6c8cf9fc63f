"""Pleural fluid: what of a gap between lung and ribs has the density of fluid, and is fluid."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.body import BONE_HU
from ctreview.anatomy.coarse import Mask, Spacing, opened
from ctreview.anatomy.dense_lung.local_mean import mean_within

__all__ = ["fluid_in_gap", "is_other_tissue", "is_uniform"]

Floats32 = npt.NDArray[np.float32]

FLUID_HU = 18.0
"""Pleural fluid measures about 0–20 HU, consolidated or collapsed lung 30 and more without contrast."""

FAT_HU = -25.0
UNIFORM_SHARE = 2.0
"""Within fluid density varies by no more than this many times the noise of the scan: by 0.7 in an effusion, and by 2.4
to 2.9 in food and in tissue that holds some air."""

LEAST_NOISE_HU = 5.0
"""However little noise there is, fluid and the border's partial volume vary by as much."""

OTHER_TISSUE_HU = 12.0
"""Fluid differs from the tissue behind it by more; a fatty liver, which is as light as fluid, does not."""


def fluid_in_gap(hu: Floats32, gap: Mask, lung: Mask, spacing: Spacing, size: float) -> Mask:
    """The part of a gap that is fluid and no lung."""
    if not gap.any():
        return gap.copy()
    beside_air = ndimage.binary_dilation(lung, np.ones((3, 3, 3), dtype=bool))
    smooth = _smooth_within(hu, gap & ~beside_air, spacing)
    return np.asarray(opened(gap & (smooth < FLUID_HU) & (smooth > FAT_HU), 3.0 * size, spacing) & gap)


def is_uniform(hu: Floats32, wet: Mask, lung: Mask, noise: float) -> bool:
    """Whether fluid has one density but for noise, and not that of fat: food in a stomach varies with its gas."""
    inner = hu[wet & ~ndimage.binary_dilation(lung, np.ones((3, 3, 3), dtype=bool))]
    if not inner.size:
        return True
    median = float(np.median(inner))
    spread = 1.4826 * float(np.median(np.abs(inner - median)))
    return median > FAT_HU and spread < UNIFORM_SHARE * max(noise, LEAST_NOISE_HU)


def is_other_tissue(hu: Floats32, piece: Mask, wet: Mask, lung: Mask) -> bool:
    """Whether fluid differs in density from the soft tissue around its piece."""
    around = ndimage.binary_dilation(piece, iterations=4) & ~ndimage.binary_dilation(piece)
    around &= ~ndimage.binary_dilation(lung, iterations=2) & (hu > -30.0) & (hu < BONE_HU)
    if not around.any():
        return True
    return bool(np.median(hu[around]) - np.median(hu[wet]) > OTHER_TISSUE_HU)


def _smooth_within(hu: Floats32, mask: Mask, spacing: Spacing) -> Floats32:
    """Mean over some millimetres of what lies in a mask, infinite far from it; bronchi that hold air do not count."""
    mean = mean_within(hu, mask & (hu > -30), 3.5, spacing, truncate=2.5, least_weight=0.02)
    # nothing is known where hardly any of the mask is near, and what is not known is no fluid
    return np.where(np.isnan(mean), np.float32(np.inf), mean)

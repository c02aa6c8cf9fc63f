"""Mean density around each block, of some of the blocks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.coarse import Mask, Spacing

__all__ = ["mean_within"]

Floats32 = npt.NDArray[np.float32]


def mean_within(
    hu: Floats32, use: Mask, sigma_mm: float, spacing: Spacing, *, truncate: float = 3.0, least_weight: float = 1e-3
) -> Floats32:
    """Means around each block of the blocks in use, weighted by a Gaussian; NaN where hardly any is near.

    Parameters
    ----------
    hu : ndarray of float32
    use : ndarray of bool
    sigma_mm : float
        Standard deviation of the Gaussian.
    spacing : tuple of float
        Size of a block in millimetres.
    truncate : float
        After so many standard deviations the Gaussian ends.
    least_weight : float
        Blocks in use have at least this share of the weights where there is a mean.
    """
    sigma = [sigma_mm / mm for mm in spacing]
    weight = ndimage.gaussian_filter(use.astype(np.float32), sigma, truncate=truncate)
    total = ndimage.gaussian_filter(np.where(use, hu, 0).astype(np.float32), sigma, truncate=truncate)
    return np.where(weight > least_weight, total / np.maximum(weight, least_weight), np.nan).astype(np.float32)

"""Noise of a magnitude image, from the air around the body."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_dilation
from skimage.filters import threshold_otsu

__all__ = ["body_mask", "noise_sd"]

_RAYLEIGH_MEDIAN = float(np.sqrt(2 * np.log(2)))
"""Median of the magnitude of noise in two channels, over its standard deviation in each."""
_LEAST_AIR = 500
_MARGIN_VOXELS = 3


def body_mask(image: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Where an image is brighter than air: a share of the threshold that parts bright from dark (Otsu)."""
    sample = image[::2, ::3, ::3] if image.size > 100_000 else image
    if float(sample.min()) == float(sample.max()):
        return np.zeros(image.shape, bool)
    return np.asarray(image > np.float32(0.35 * threshold_otsu(sample)))


def noise_sd(image: npt.NDArray[np.float32]) -> float | None:
    """Standard deviation of the noise in each channel.

    Returns
    -------
    float or None
        None where there is too little air, or a program has set the air to zero: then nothing tells.
    """
    body = body_mask(image)
    near = np.stack([binary_dilation(layer, iterations=_MARGIN_VOXELS) for layer in body])
    air = image[~near]
    if air.size < _LEAST_AIR or np.mean(air == 0) > 0.5:
        return None
    return float(np.median(air)) / _RAYLEIGH_MEDIAN

"""How noisy an image is, and how fine its grain, measured in soft tissue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctreview.image_quality.slices import evenly_spaced
from ctreview.volume.volume import Volume

__all__ = ["Noise", "measure_noise"]

Floats = npt.NDArray[np.float64]

PATCH_MM = 9.0
"""Side of the patches: several grains of noise, and soft tissue that is uniform over it is common."""
TISSUE_HU = (-20.0, 120.0)
"""Means of patches of muscle, liver and blood, enhanced or not; fat lies lower and is streaked by vessels and septa."""
SLICES = 24
QUIETEST = 0.25
"""The noise is that of the quartile of quietest patches: structure only adds to it."""
LEAST_PATCHES = 40


@dataclass(frozen=True)
class Noise:
    """Noise of an image.

    Attributes
    ----------
    sd_hu : float
        Standard deviation in uniform soft tissue, within slices.
    grain_mm : float
        Standard deviation of the Gaussian that would give white noise the correlation of neighbouring voxels.
    patches : int
        How many patches of soft tissue there were.
    """

    sd_hu: float
    grain_mm: float
    patches: int


def measure_noise(volume: Volume) -> Noise | None:
    """Measure noise in patches of soft tissue, a plane fitted to each taken off.

    Parameters
    ----------
    volume : Volume
        CT in HU, in canonical axes.

    Returns
    -------
    Noise or None
        None where there are fewer than `LEAST_PATCHES` patches of soft tissue.

    Raises
    ------
    WrongUse
        The volume is not in HU.
    """
    volume.require_hu("noise is measured in")
    chosen = evenly_spaced(0, volume.array.shape[0] - 1, SLICES)
    pixel = volume.geometry.spacing[1:]
    patches = np.concatenate([_patches(volume.array[number], pixel) for number in chosen])
    mean = patches.mean(axis=(1, 2))
    patches = patches[(mean > TISSUE_HU[0]) & (mean < TISSUE_HU[1])]
    if len(patches) < LEAST_PATCHES:
        return None
    rest = _without_plane(patches)
    lost = 3 / rest[0].size
    variance = (rest**2).mean(axis=(1, 2)) / (1 - lost)
    limit = np.quantile(variance, QUIETEST)
    quiet = rest[variance <= limit]
    along = (quiet[:, :, 1:] * quiet[:, :, :-1]).mean() + (quiet[:, 1:] * quiet[:, :-1]).mean()
    correlation = float(np.clip(0.5 * along / max(float((quiet**2).mean()), 1e-9), 1e-3, 0.999))
    step = float(np.mean(pixel))
    # the correlation of white noise blurred by s falls off as exp(−d² / 4s²)
    return Noise(float(np.sqrt(limit)), step / (2.0 * float(np.sqrt(-np.log(correlation)))), len(patches))


def _patches(image: npt.NDArray[np.generic], pixel: tuple[float, ...]) -> Floats:
    a, b = (max(5, round(PATCH_MM / step)) for step in pixel)
    rows, columns = image.shape[0] // a, image.shape[1] // b
    cut = image[: rows * a, : columns * b].astype(np.float64)
    return cut.reshape(rows, a, columns, b).swapaxes(1, 2).reshape(rows * columns, a, b)


def _without_plane(patches: Floats) -> Floats:
    """Each patch without the plane fitted to it by least squares."""
    _, a, b = patches.shape
    rows, columns = np.arange(a) - (a - 1) / 2, np.arange(b) - (b - 1) / 2
    rest = patches - patches.mean(axis=(1, 2), keepdims=True)
    down = (rest * rows[:, None]).sum(axis=(1, 2)) / (b * (rows**2).sum())
    right = (rest * columns).sum(axis=(1, 2)) / (a * (columns**2).sum())
    rest -= down[:, None, None] * rows[:, None] + right[:, None, None] * columns
    return np.asarray(rest)

"""What a scanner does to an image: blur, a kernel's edge enhancement, noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from ctreview.volume.geometry import Geometry

__all__ = ["KERNELS", "Kernel", "blurred", "noise"]

Floats32 = npt.NDArray[np.float32]
KernelName = Literal["soft", "sharp"]


@dataclass(frozen=True)
class Kernel:
    """A reconstruction kernel in three numbers.

    Attributes
    ----------
    blur_mm : float
        Standard deviation of the point spread in the plane.
    sharpening, sharpening_mm : float
        Unsharp mask: how much of the difference to a further blur of this width is added.
    noise_factor : float
        Noise at the same dose, over that of the soft kernel.
    name : str
        What a header would call it.
    """

    blur_mm: float
    sharpening: float
    sharpening_mm: float
    noise_factor: float
    name: str


KERNELS: dict[str, Kernel] = {
    "soft": Kernel(0.55, 0.0, 1.0, 1.0, "SOFT"),
    "sharp": Kernel(0.32, 0.7, 1.0, 2.6, "SHARP"),
}
"""By the name that `ThoraxSettings.kernel` uses."""


def blurred(image: Floats32, geometry: Geometry, kernel: Kernel) -> Floats32:
    """The image as the scanner resolves it; across slices the profile of a slice (0.35 of the spacing)."""
    spacing = np.array(geometry.spacing)
    across = 0.35 * spacing[0]
    sigma = np.array([across, kernel.blur_mm, kernel.blur_mm]) / spacing
    out = gaussian_filter(image, sigma, truncate=3.0)
    if kernel.sharpening > 0:
        wide = np.array([0.0, kernel.sharpening_mm, kernel.sharpening_mm]) / spacing
        out += np.float32(kernel.sharpening) * (out - gaussian_filter(out, wide, truncate=3.0))
    return np.asarray(out, dtype=np.float32)


def noise(geometry: Geometry, kernel: Kernel, sd_hu: float, rng: np.random.Generator) -> Floats32:
    """Noise of the grid's shape: most as fine as the kernel, a tenth of its variance in patches of some millimetres."""
    if sd_hu <= 0:
        return np.zeros(geometry.shape, np.float32)
    white = rng.standard_normal(geometry.shape, dtype=np.float32)
    spacing = np.array(geometry.spacing)
    fine = gaussian_filter(white, np.array([0.0, kernel.blur_mm, kernel.blur_mm]) / spacing, truncate=3.0)
    if kernel.sharpening > 0:
        fine -= 0.6 * gaussian_filter(fine, np.array([0.0, 1.2, 1.2]) / spacing, truncate=3.0)
    fine /= fine.std()
    coarse_shape = tuple(max(2, int(np.ceil(n * s / 5.0))) for n, s in zip(geometry.shape, spacing, strict=True))
    coarse = rng.standard_normal(coarse_shape).astype(np.float32)
    coarse = _upsampled(coarse, geometry.shape)
    coarse /= coarse.std()
    total = np.float32(0.96) * fine + np.float32(0.28) * coarse
    return np.asarray(total * np.float32(sd_hu * kernel.noise_factor), dtype=np.float32)


def _upsampled(coarse: Floats32, shape: tuple[int, ...]) -> Floats32:
    """A small array drawn out linearly to a larger shape, one axis after the other."""
    for axis, n in enumerate(shape):
        at = np.linspace(0, coarse.shape[axis] - 1, n)
        left = np.minimum(at.astype(int), coarse.shape[axis] - 2)
        weight_shape = [1] * coarse.ndim
        weight_shape[axis] = n
        weight = (at - left).astype(np.float32).reshape(weight_shape)
        coarse = np.take(coarse, left, axis) * (1 - weight) + np.take(coarse, left + 1, axis) * weight
    return coarse

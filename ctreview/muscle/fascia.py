"""How far inside the border between fat and dark the muscle begins, where fat is bright: the fascia has no signal."""

from __future__ import annotations

from collections.abc import Sequence
from math import erf, sqrt

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, uniform_filter1d

from ctreview.muscle.morphology import distance_in_slices, near_in_slices

__all__ = ["fascia_depth_mm", "without_rim"]

Mask = npt.NDArray[np.bool_]
Image = npt.NDArray[np.float32]

_THICKEST_MM = 2.0
_STEP_MM = 0.02
_FEWEST = 200
"""Voxels of a rim from which its mean is taken."""


def fascia_depth_mm(
    corrected: Image, lean: Mask, compartment: Mask, fat_ratio: float, spacing: Sequence[float]
) -> float:
    """Distance from where signal is half-way between fat and muscle to where muscle begins.

    Fascia is thinner than a voxel and dark, so a threshold between bright fat and muscle finds its outer side, and a
    little more. What its darkness takes from the signal of the two outermost voxels says how thick it is: a step from
    fat over nothing to muscle, as wide as a voxel is blurred, is compared with their mean. Fascia that has some signal
    is thicker than that, so this is the least that it can be.

    Parameters
    ----------
    corrected : ndarray
        Signal without the coil's sensitivity, 1 at the level of muscle.
    lean, compartment : ndarray of bool
        What is no fat; what the threshold takes for the inside of the fascia.
    fat_ratio : float
        Level of fat, above 1.
    spacing : sequence of float
        Voxels in millimetres.

    Returns
    -------
    float
        Millimetres; 0 where the rim is too small to tell.
    """
    pixel = float(np.sqrt(spacing[1] * spacing[2]))
    depth = distance_in_slices(compartment, spacing) / pixel
    rims = [corrected[lean & (depth > low) & (depth <= high)] for low, high in ((0.0, 1.2), (1.2, 2.3), (2.3, 4.5))]
    if min(len(rim) for rim in rims) < _FEWEST:
        return 0.0
    level = float(np.median(rims[2]))
    seen = (float(rims[0].mean()) + float(rims[1].mean())) / level
    thicknesses = np.arange(0.0, _THICKEST_MM, 0.05)
    expected = [_rim_of(float(thickness), fat_ratio, pixel) for thickness in thicknesses]
    best = int(np.argmin([abs(signal - seen) for signal, _ in expected]))
    return float(thicknesses[best] - expected[best][1]) if best else 0.0


def _rim_of(thickness_mm: float, fat_ratio: float, pixel_mm: float) -> tuple[float, float]:
    """Mean signals of the two outermost voxels together, and where the border is found, of a fascia without signal."""
    x = np.arange(-3 * pixel_mm, 3 * pixel_mm + _THICKEST_MM, _STEP_MM)
    sharp = np.where(x < 0, fat_ratio, np.where(x < thickness_mm, 0.0, 1.0))
    seen = uniform_filter1d(sharp, max(1, round(pixel_mm / _STEP_MM)), mode="nearest")
    border = float(x[np.flatnonzero(seen > 0.5 * (1 + fat_ratio))[-1]])
    first, second = (
        float(seen[(x >= border + n * pixel_mm) & (x < border + (n + 1) * pixel_mm)].mean()) for n in (0, 1)
    )
    return first + second, border


def without_rim(compartment: Mask, outside: Mask, mm: float, spacing: Sequence[float]) -> Mask:
    """The compartment without a rim, thinner than a voxel or thicker, where it meets what is outside.

    The mask is blurred, and its border is where the blurred edge of a half-plane is that lies so much farther in.
    """
    pixel = float(np.sqrt(spacing[1] * spacing[2]))
    soft = gaussian_filter(
        compartment.astype(np.float32), (0.0, pixel / spacing[1], pixel / spacing[2]), mode="nearest"
    )
    kept = soft >= 0.5 * (1 + erf(mm / pixel / sqrt(2)))
    return np.asarray(compartment & (kept | ~near_in_slices(outside, spacing, mm + 1.5 * pixel)))

"""Bodies of known sharpness: a lung in soft tissue, with air around if need be, blurred without sampling."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.special import ndtr

from ctreview.volume.geometry import Geometry
from ctreview.volume.volume import Volume

Spacing = tuple[float, float, float]


@cache
def ellipsoid(
    spread_mm: tuple[float, float],
    spacing: Spacing = (2.0, 0.8, 0.8),
    *,
    noise_hu: float = 0.0,
    air_hu: float = -1000.0,
) -> Volume:
    """A lung of −850 HU in a body of 40 HU in air; edges are those of a Gaussian of (in plane, through plane)."""
    half = np.array([40.0, 80.0, 80.0])
    shape = tuple(int(n) for n in np.ceil(2 * half / spacing))
    grid = np.meshgrid(
        *((np.arange(n) - (n - 1) / 2) * s for n, s in zip(shape, spacing, strict=True)), indexing="ij", sparse=True
    )
    hu = air_hu + (40.0 - air_hu) * _inside(grid, (120.0, 66.0, 66.0), spread_mm)
    hu -= 890.0 * _inside(grid, (45.0, 40.0, 35.0), spread_mm)
    hu += np.random.default_rng(3).normal(0.0, noise_hu, hu.shape) if noise_hu else 0.0
    affine = np.array([[0, 0, spacing[2], 0], [0, spacing[1], 0, 0], [spacing[0], 0, 0, 0], [0, 0, 0, 1]], dtype=float)
    return Volume(np.rint(hu).astype(np.int16), Geometry(shape, affine, "1.2.3"))


def _inside(grid: list[np.ndarray], radii: Spacing, spread_mm: tuple[float, float]) -> np.ndarray:
    """Share of an ellipsoid in each voxel: its border is flat beside the blur."""
    value = np.sqrt(sum((x / r) ** 2 for x, r in zip(grid, radii, strict=True)))
    slope = [x / r**2 / np.maximum(value, 1e-3) for x, r in zip(grid, radii, strict=True)]
    steep = np.sqrt(sum(part**2 for part in slope))
    across = (slope[0] / steep) ** 2
    sigma = np.sqrt(spread_mm[0] ** 2 * (1 - across) + spread_mm[1] ** 2 * across)
    return ndtr((1.0 - value) / steep / sigma)

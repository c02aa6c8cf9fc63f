"""What dense neighbours put into the lung beside them: their density above lung, spread by the scan's own blur.

Vessels, airway walls, fissures, chest wall and mediastinum are sharp in the body and blurred in the image. Around each
lies a rim of the density of ground glass, the wider the softer the kernel and the thicker the slices. The rim is
predicted from the measured point spread, and taken off before any threshold is used.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.compiled import compiled
from ctreview.opacity.blocks import FAR_HU, THREADS, Size, block_means, opened, stands_out_from
from ctreview.opacity.borders import shared_with_moving
from ctreview.opacity.settings import OpacitySettings
from ctreview.volume.smoothing import gaussian

__all__ = ["partial_volume"]

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
Spacing = tuple[float, float, float]

LEAST_HU, GREATEST_HU = -150.0, 1200.0
"""Clamp of what a neighbour may be denser than the lung beside it: air in an airway, and bone."""
ROUNDS = 3
"""So many times what the blurred sources leave unexplained at the sources is added to them."""
LEVEL_MM = 4.0
"""Width (standard deviation) of the Gaussian that carries the lung's level to where there is no lung."""


def partial_volume(
    hu: npt.NDArray[Any],
    lung: npt.NDArray[np.uint8],
    vessel: npt.NDArray[np.uint8],
    *,
    spacing: Spacing,
    spread_mm: Spacing,
    factors: Size,
    margin: Size,
    settings: OpacitySettings,
) -> tuple[Floats, npt.NDArray[np.uint8]]:
    """Predict the partial volume of dense neighbours in each voxel of the lung.

    Parameters
    ----------
    hu, lung, vessel : ndarray
        Image in HU and masks over the lungs' box.
    spacing, spread_mm : tuple of float
        Voxel size and standard deviation of the point spread along each axis.
    factors, margin : tuple of int
        As `block_means` takes them.
    settings : OpacitySettings

    Returns
    -------
    partial_hu : ndarray of float32
        To be taken off the image.
    excluded : ndarray of uint8
        1 in lung that is a dense structure itself, or holds so much of one that nothing is to be usable.
    """
    size = structure_size(spread_mm, spacing, factors, settings)
    level, thin = _lung_level(hu, lung, vessel, spacing, factors, margin, size, settings)
    excess, source = np.empty(hu.shape, dtype=np.float32), np.empty(hu.shape, dtype=bool)
    shared = shared_with_moving(lung > 0, spacing[0], settings.resolution_mm)
    thin_hu = np.float32(settings.thin_hu)
    _find_sources(
        hu, lung, vessel, shared, level, thin, np.array(factors), thin_hu, LEAST_HU, GREATEST_HU, excess, source
    )
    # a voxel averages over itself: the mean of a Gaussian over a box has the variance of both
    sigma = [
        float(np.hypot(blur, settings.blur_voxels * step / 12**0.5)) / step
        for blur, step in zip(spread_mm, spacing, strict=True)
    ]
    density = np.where(source, excess, np.float32(0.0))
    for _ in range(ROUNDS):
        _explain(density, excess, source, _blurred(density, sigma), LEAST_HU, GREATEST_HU)
    partial = _blurred(density, sigma)
    _exclude(source, partial, lung, np.float32(settings.greatest_partial_hu))
    return partial, source.view(np.uint8)


def structure_size(spread_mm: Spacing, spacing: Spacing, factors: Size, settings: OpacitySettings) -> Size:
    """Blocks along each axis that a thin structure does not fill: its own width, and two spreads to either side."""
    a, b, c = (
        max(3, round((settings.thin_mm + 4.0 * blur) / (step * n)))
        for blur, step, n in zip(spread_mm, spacing, factors, strict=True)
    )
    return a, b, c


def _lung_level(
    hu: npt.NDArray[Any],
    lung: npt.NDArray[np.uint8],
    vessel: npt.NDArray[np.uint8],
    spacing: Spacing,
    factors: Size,
    margin: Size,
    size: Size,
    settings: OpacitySettings,
) -> tuple[Floats, Bools]:
    """Density of the tissue around each block without what is thin (also of ground glass), and which blocks are."""
    total, weight, share = block_means(hu, lung, vessel, np.array(factors), np.array(margin))
    valued = weight > 0
    mean = np.full(total.shape, FAR_HU, dtype=np.float32)
    np.divide(total, weight, out=mean, where=valued)
    floor = opened(mean, size)
    usable = valued & (share > 0.99)
    if not usable.any():
        return np.full(total.shape, -850.0, dtype=np.float32), np.zeros(total.shape, dtype=bool)
    above = np.where(valued, mean - floor, np.float32(0.0))
    usual = np.float32(np.median(above[usable]))
    width = [LEVEL_MM / (step * n) for step, n in zip(spacing, factors, strict=True)]
    values = np.where(valued, floor + usual, np.float32(0.0))
    with ThreadPoolExecutor(THREADS) as pool:
        sums, norms = pool.map(
            lambda part: gaussian(part, width, mode="constant", truncate=3.0),
            (values, valued.astype(np.float32)),
        )
    typical = np.float32(np.median(values[usable]))
    trace = np.float32(1e-3)
    carried = (sums + trace * typical) / (norms + trace)
    limit = stands_out_from(above[usable], settings.thin_hu)
    return np.where(valued, values, carried).astype(np.float32), above > limit


@compiled()
def _find_sources(
    hu: npt.NDArray[Any],
    lung: npt.NDArray[Any],
    vessel: npt.NDArray[Any],
    shared: npt.NDArray[Any],
    level: npt.NDArray[Any],
    thin: npt.NDArray[Any],
    factors: npt.NDArray[Any],
    thin_hu: np.float32,
    least: float,
    greatest: float,
    excess: npt.NDArray[Any],
    source: npt.NDArray[Any],
) -> None:  # pragma: no cover - compiled
    """Density above the lung around (clamped), and where dense structures are."""
    nz, ny, nx = hu.shape
    mz, my, mx = level.shape
    for z in range(nz):
        wz = (z + 0.5) / factors[0] - 0.5
        az = max(0, min(int(np.floor(wz)), mz - 1))
        bz = min(az + 1, mz - 1)
        tz = np.float32(min(max(wz - az, 0.0), 1.0))
        for y in range(ny):
            wy = (y + 0.5) / factors[1] - 0.5
            ay = max(0, min(int(np.floor(wy)), my - 1))
            by = min(ay + 1, my - 1)
            ty = np.float32(min(max(wy - ay, 0.0), 1.0))
            for x in range(nx):
                wx = (x + 0.5) / factors[2] - 0.5
                ax = max(0, min(int(np.floor(wx)), mx - 1))
                bx = min(ax + 1, mx - 1)
                tx = np.float32(min(max(wx - ax, 0.0), 1.0))
                low = (1 - ty) * ((1 - tx) * level[az, ay, ax] + tx * level[az, ay, bx]) + ty * (
                    (1 - tx) * level[az, by, ax] + tx * level[az, by, bx]
                )
                high = (1 - ty) * ((1 - tx) * level[bz, ay, ax] + tx * level[bz, ay, bx]) + ty * (
                    (1 - tx) * level[bz, by, ax] + tx * level[bz, by, bx]
                )
                above = hu[z, y, x] - ((1 - tz) * low + tz * high)
                excess[z, y, x] = min(max(above, least), greatest)
                source[z, y, x] = (
                    lung[z, y, x] == 0
                    or vessel[z, y, x] != 0
                    or (
                        above > thin_hu and (shared[z, y, x] or thin[z // factors[0], y // factors[1], x // factors[2]])
                    )
                )


@compiled()
def _explain(
    density: npt.NDArray[Any],
    excess: npt.NDArray[Any],
    source: npt.NDArray[Any],
    blurred: npt.NDArray[Any],
    least: float,
    greatest: float,
) -> None:  # pragma: no cover - compiled
    """Add, in place, to the sources what they do not explain of the image there (Landweber's iteration)."""
    for z in range(density.shape[0]):
        for y in range(density.shape[1]):
            for x in range(density.shape[2]):
                if source[z, y, x]:
                    more = density[z, y, x] + excess[z, y, x] - blurred[z, y, x]
                    density[z, y, x] = min(max(more, least), greatest)


@compiled()
def _exclude(
    source: npt.NDArray[Any], partial: npt.NDArray[Any], lung: npt.NDArray[Any], greatest: np.float32
) -> None:  # pragma: no cover - compiled
    """Keep, in place, the sources within the lung, and add what holds too much of them."""
    for z in range(source.shape[0]):
        for y in range(source.shape[1]):
            for x in range(source.shape[2]):
                source[z, y, x] = (source[z, y, x] or abs(partial[z, y, x]) > greatest) and lung[z, y, x] != 0


def _blurred(values: Floats, sigma: list[float]) -> Floats:
    return gaussian(values, sigma, mode="nearest", truncate=3.0, threads=THREADS)

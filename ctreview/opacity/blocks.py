"""Means of blocks of voxels, and which of them are thin structures."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.compiled import compiled
from ctreview.volume.box_filters import highest_within, lowest_within

__all__ = ["FAR_HU", "THREADS", "block_means", "opened", "stands_out_from", "thin_structures"]

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
Size = tuple[int, int, int]

FAR_HU = np.float32(1e6)
"""Stands for no value where the least of some values is sought."""
NOISE_FACTOR = 3.0
"""So many standard deviations beyond what noise does everywhere is a structure."""
THREADS = max(1, min(2, os.cpu_count() or 1))
"""Filters let go of the interpreter's lock; more than two gain little here. The answer does not depend on it."""


def thin_structures(total: Floats, weight: Floats, share: Floats, size: Size, thin_hu: float) -> Bools:
    """Blocks that stand out by ``thin_hu`` and are too thin to hold a box of ``size`` blocks (top-hats).

    Bright ones are vessels, walls and fissures, dark ones are lumina. Both sides are cut alike, for to cut noise off
    on one side would bias every mean.
    """
    valued = weight > 0
    usable = valued & (share > 0.99)
    if not usable.any():
        return np.zeros(total.shape, dtype=bool)
    step = max(1, int(usable.sum()) // 200_000)
    mean = np.zeros(total.shape, dtype=np.float32)
    np.divide(total, weight, out=mean, where=valued)

    def standing_out(sign: int) -> Bools:
        signed = np.where(valued, sign * mean, FAR_HU)
        above = signed - opened(signed, size)
        return np.asarray(valued & (above > stands_out_from(above[usable][::step], thin_hu)))

    with ThreadPoolExecutor(THREADS) as pool:
        bright, dark = pool.map(standing_out, (1, -1))
    return np.asarray(bright | dark)


def stands_out_from(above: npt.NDArray[np.floating], thin_hu: float) -> float:
    """By how much a block must stand out of the opened image to be a structure and no noise.

    Pure noise stands out by about two of its standard deviations everywhere. Structures are the upper part of the
    distribution, so its lower part tells how far noise scatters about that.
    """
    low, usual = (float(q) for q in np.quantile(above, (0.16, 0.5)))
    return usual + max(thin_hu, NOISE_FACTOR * (usual - low))


def opened(values: Floats, size: Size) -> Floats:
    """Grey opening by a box; `FAR_HU` stands for no value, and gives none of itself."""
    (a, b, c), (d, e, f) = (n // 2 for n in size), (n - n // 2 - 1 for n in size)
    low = lowest_within(values, (a, b, c), (d, e, f))
    low[low == FAR_HU] = -FAR_HU
    # a box of even size lies off its middle by half a block; the second filter moves it back
    return highest_within(low, (d, e, f), (a, b, c))


@compiled()
def _near_vessel(
    vessel: npt.NDArray[Any], at: tuple[int, int, int], margin: npt.NDArray[Any]
) -> bool:  # pragma: no cover - compiled
    """Whether a vessel, or its blurred rim, covers a voxel."""
    z, y, x = at
    b, c = margin[1], margin[2]
    for step in range(-b, b + 1):
        for side in range(abs(step) - c, c + 1 - abs(step)):
            if vessel[z, y + step, x + side] != 0:
                return True
    return False


@compiled()
def _near_border(
    lung: npt.NDArray[Any], at: tuple[int, int, int], margin: npt.NDArray[Any]
) -> bool:  # pragma: no cover - compiled
    """Whether the lung ends within the margin, along any axis."""
    z, y, x = at
    for step in range(1, margin[0] + 1):
        if lung[z - step, y, x] == 0 or lung[z + step, y, x] == 0:
            return True
    for step in range(1, margin[1] + 1):
        if lung[z, y - step, x] == 0 or lung[z, y + step, x] == 0:
            return True
    for step in range(1, margin[2] + 1):  # noqa: SIM110 - compiled
        if lung[z, y, x - step] == 0 or lung[z, y, x + step] == 0:
            return True
    return False


def block_means(
    hu: npt.NDArray[Any],
    lung: npt.NDArray[np.uint8],
    vessel: npt.NDArray[np.uint8],
    factors: npt.NDArray[Any],
    margin: npt.NDArray[Any],
) -> tuple[Floats, Floats, Floats]:
    """Sum of HU and of weights over the usable voxels of each block, and the block's share of lung.

    A voxel is used where the lung goes on for ``margin`` voxels along each axis and no vessel is as near.
    """
    # some slices on each thread; each answers for its own blocks and reads a margin around them
    fz, pad, n = int(factors[0]), int(margin[0]), hu.shape[0]
    rows = -(-n // fz)
    cuts = np.linspace(0, rows, THREADS + 1).astype(int)

    def slab(first: int, last: int) -> tuple[Floats, Floats, Floats]:
        low, high = max(0, first * fz - pad * fz), min(n, last * fz + pad * fz)
        found = _block_means(np.ascontiguousarray(hu[low:high]), lung[low:high], vessel[low:high], factors, margin)
        skipped = first - low // fz
        total, weight, share = (part[skipped : skipped + last - first] for part in found)
        return total, weight, share

    with ThreadPoolExecutor(THREADS) as pool:
        parts = list(pool.map(slab, cuts[:-1], cuts[1:]))
    total, weight, share = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return total, weight, share


@compiled()
def _block_means(
    hu: npt.NDArray[Any],
    lung: npt.NDArray[Any],
    vessel: npt.NDArray[Any],
    factors: npt.NDArray[Any],
    margin: npt.NDArray[Any],
) -> tuple[Floats, Floats, Floats]:  # pragma: no cover - compiled
    """Sum of HU and of weights over the usable voxels of each block, and the block's share of lung."""
    nz, ny, nx = hu.shape
    fz, fy, fx = factors[0], factors[1], factors[2]
    shape = ((nz + fz - 1) // fz, (ny + fy - 1) // fy, (nx + fx - 1) // fx)
    total = np.zeros(shape, np.float32)
    weight = np.zeros(shape, np.float32)
    share = np.zeros(shape, np.float32)
    one = np.float32(1.0 / (fz * fy * fx))
    a, b, c = margin[0], margin[1], margin[2]
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                if lung[z, y, x] == 0:
                    continue
                at = (z // fz, y // fy, x // fx)
                share[at] += one
                if z < a or z + a >= nz or y < b or y + b >= ny or x < c or x + c >= nx:
                    continue
                spot = (z, y, x)
                if not _near_border(lung, spot, margin) and not _near_vessel(vessel, spot, margin):
                    total[at] += hu[z, y, x] * one
                    weight[at] += one
    return total, weight, share

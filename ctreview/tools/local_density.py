"""Density and spread around each voxel, averaged over an organ only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from ctreview.compiled import compiled, compiled_in_parallel
from ctreview.tools.canvas import Canvas, Mask
from ctreview.tools.cells import Cells
from ctreview.volume.box import Box

__all__ = ["Scales", "Stack", "densities", "slabs", "smoothed"]

Stack = npt.NDArray[np.float32]
Index = npt.NDArray[np.int64]

_MIDDLE_HU = np.float32(-700.0)
"""Squares are taken from here, where single precision loses least."""

_VOXELS_PER_SLAB = 2**21
"""About so many voxels at once, so that a whole lung needs little memory."""

_TRUNCATE_SD = 2.5
"""A Gaussian ends so many standard deviations out."""


@dataclass(frozen=True)
class Scales:
    """Gaussian standard deviations: density and curvature are seen at the fine, density and spread at the coarse."""

    fine_mm: float = 1.0
    coarse_mm: float = 2.5


def densities(canvas: Canvas, box: Box, scales: Scales, cells: Cells) -> tuple[Stack, Stack, Stack]:
    """Fine density of a box of cells and one cell around it, coarse density and spread of the box; HU.

    Only ``canvas.within`` is averaged over, so that the chest wall does not colour what lies beside it.
    """
    spacing, shape = np.array(cells.spacing(canvas.geometry)), cells.shape(canvas.geometry)
    fine_taps, coarse_taps = (_taps(sigma / spacing) for sigma in (scales.fine_mm, scales.coarse_mm))
    halo = [max(len(a) // 2 + 1, len(b) // 2) for a, b in zip(fine_taps, coarse_taps, strict=True)]
    wide = [slice(max(0, s.start - h), min(n, s.stop + h)) for s, h, n in zip(box, halo, shape, strict=True)]
    hu, organ = cells.densities(canvas, (wide[0], wide[1], wide[2]))
    start = np.array([s.start - w.start for s, w in zip(box, wide, strict=True)])
    size = np.array([s.stop - s.start for s in box])
    fine, _ = _smooth(hu, organ, fine_taps, start - 1, size + 2, _MIDDLE_HU, fields=2)
    coarse, spread = _smooth(hu, organ, coarse_taps, start, size, _MIDDLE_HU, fields=3)
    return fine, coarse, spread


def smoothed(values: Stack, where: Mask, sigma_mm: float, spacing: tuple[float, float, float]) -> Stack:
    """Gaussian mean of values over a mask, at each voxel of the array."""
    taps, size = _taps(sigma_mm / np.array(spacing)), np.array(values.shape)
    out = np.empty(values.shape, np.float32)
    for slab in slabs(values.shape):
        size[0] = slab.stop - slab.start
        out[slab], _ = _smooth(values, where, taps, np.array([slab.start, 0, 0]), size, np.float32(0), fields=2)
    return out


def slabs(shape: tuple[int, ...]) -> Iterator[slice]:
    """Slices of a box that are worked on together."""
    depth = max(1, _VOXELS_PER_SLAB // max(1, shape[1] * shape[2]))
    for start in range(0, shape[0], depth):
        yield slice(start, min(start + depth, shape[0]))


def _taps(sigma: npt.NDArray[Any]) -> list[Stack]:
    """A sampled Gaussian for each axis; sigma in voxels."""
    found = []
    for width in sigma:
        steps = np.arange(-int(_TRUNCATE_SD * width + 0.5), int(_TRUNCATE_SD * width + 0.5) + 1)
        weights = np.exp(-0.5 * (steps / width) ** 2)
        found.append((weights / weights.sum()).astype(np.float32))
    return found


@compiled()
def _add(total: Stack, tap: np.float32, source: Stack) -> None:
    """``total += tap * source`` of rows, which the compiler turns into vector instructions."""
    for k in range(len(total)):
        total[k] += tap * source[k]


def _smooth(
    image: npt.NDArray[Any],
    organ: Mask,
    taps: list[Stack],
    start: Index,
    size: Index,
    middle: np.float32,
    *,
    fields: int,
) -> tuple[Stack, Stack]:
    """Gaussian mean over the organ of the voxels from ``start`` on; with three fields its standard deviation too."""
    first = max(0, int(start[0]) - len(taps[0]) // 2)
    last = min(len(image), int(start[0] + size[0]) + len(taps[0]) // 2)
    flat = np.zeros((last - first, size[1], fields, size[2]), np.float32)
    _within_slices(image[first:last], organ[first:last], taps[1], taps[2], start, middle, flat)
    mean = np.zeros((size[0], size[1], size[2]), np.float32)
    spread = np.zeros(mean.shape if fields == 3 else (1, 1, 1), np.float32)
    _across_slices(flat, taps[0], int(start[0]) - first, middle, mean, spread)
    return mean, spread


# No fast mathematics in what follows: each output adds its terms in the order of the taps, wherever it lies in the box.


@compiled_in_parallel()
def _within_slices(
    image: npt.NDArray[Any],
    organ: Mask,
    taps1: Stack,
    taps2: Stack,
    start: Index,
    middle: np.float32,
    out: npt.NDArray[np.float32],
) -> None:
    """Sums of weight, weighted density and (for a third field) its square along axes 2 and 1."""
    depth, rows, fields, columns = out.shape
    half = len(taps1) // 2
    for i in numba.prange(depth):
        first = max(0, start[1] - half)
        along = np.zeros((min(image.shape[1], start[1] + rows + half) - first, fields, columns), np.float32)
        some = np.zeros(len(along), np.bool_)
        line = np.zeros((fields, image.shape[2]), np.float32)
        for j in range(len(along)):
            some[j] = _read(image[i, first + j], organ[i, first + j], middle, line)
            if some[j]:  # a row without organ would add 0
                _along_row(line, taps2, start[2] - len(taps2) // 2, along[j])
        for j in range(rows):
            for t in range(len(taps1)):
                at = start[1] + j + t - half - first
                if 0 <= at < len(along) and some[at]:
                    _add(out[i, j].reshape(-1), taps1[t], along[at].reshape(-1))


@compiled_in_parallel()
def _across_slices(
    flat: npt.NDArray[np.float32], taps0: Stack, start: int, middle: np.float32, mean: Stack, spread: Stack
) -> None:
    """The sums along axis 0 too, divided by that of the weights."""
    depth, rows, columns = mean.shape
    for i in numba.prange(depth):
        total = np.empty((flat.shape[2], columns), np.float32)
        for j in range(rows):
            total[:] = 0
            for t in range(len(taps0)):
                at = start + i + t - len(taps0) // 2
                if 0 <= at < len(flat):
                    _add(total.reshape(-1), taps0[t], flat[at, j].reshape(-1))
            for k in range(columns):
                weight = max(total[0, k], np.float32(1e-3))
                value = total[1, k] / weight
                mean[i, j, k] = value + middle
                if len(total) == 3:
                    spread[i, j, k] = np.sqrt(max(total[2, k] / weight - value * value, np.float32(0)))


@compiled()
def _along_row(line: Stack, taps: Stack, start: int, out: Stack) -> None:
    """Weighted sums of each field along a row; what lies outside counts as 0."""
    for field in range(len(out)):
        for t in range(len(taps)):
            first, last = max(0, -start - t), min(out.shape[1], line.shape[1] - start - t)
            _add(out[field, first:last], taps[t], line[field, first + start + t : last + start + t])


@compiled()
def _read(image: npt.NDArray[Any], organ: Mask, middle: np.float32, rows: Stack) -> bool:
    """Weight, weighted density and its square of one row of voxels; whether any of it is organ."""
    some = False
    for k in range(len(image)):
        some |= organ[k]
        weight = np.float32(1) if organ[k] else np.float32(0)
        value = weight * (np.float32(image[k]) - middle)
        rows[0, k], rows[1, k] = weight, value
        if len(rows) > 2:
            rows[2, k] = value * value
    return some

"""Gaussian smoothing as in `scipy.ndimage`, to the last bit, plane by plane: one new array instead of three."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ctreview.compiled import compiled
from ctreview.volume.parallel import in_chunks

__all__ = ["gaussian"]

Floats = npt.NDArray[np.float32]
Mode = Literal["reflect", "nearest", "constant"]


def gaussian(
    values: Floats, sigma: Sequence[float], *, truncate: float = 4.0, mode: Mode = "reflect", threads: int = 1
) -> Floats:
    """Smooth an image of three axes with a Gaussian.

    Parameters
    ----------
    values : ndarray of float32, three axes
    sigma : sequence of float
        Standard deviation along each axis, in voxels.
    truncate : float
        After so many standard deviations the Gaussian ends.
    mode : {"reflect", "nearest", "constant"}
        Whether the image is mirrored at its ends, its last values go on beyond, or it is 0 there.
    threads : int
        At most so many at once.

    Returns
    -------
    ndarray of float32
    """
    found = np.empty(values.shape, dtype=np.float32)
    kernels = tuple(_weights(width, int(truncate * width + 0.5)) for width in sigma)
    places = tuple(_places(n, len(weights) - 1, mode) for n, weights in zip(values.shape, kernels, strict=True))
    source = np.ascontiguousarray(values, dtype=np.float32)
    in_chunks(lambda first, last: _smooth(source, kernels, places, first, last, found), len(source), threads)
    return found


def _weights(sigma: float, reach: int) -> npt.NDArray[np.float64]:
    """Weights at distances 0 to ``reach``."""
    if sigma <= 1e-15:
        return np.ones(1)
    at = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 / (sigma * sigma) * at**2)
    return np.ascontiguousarray((weights / weights.sum())[reach:])


def _places(size: int, reach: int, mode: Mode) -> npt.NDArray[np.int64]:
    """Which voxel stands at each place from ``reach`` before the first to ``reach`` behind the last; −1 for 0."""
    at = np.arange(-reach, size + reach)
    if mode == "constant":
        return np.where((at >= 0) & (at < size), at, -1)
    if mode == "nearest":
        return np.clip(at, 0, size - 1)
    at = at % (2 * size)
    return np.where(at < size, at, 2 * size - 1 - at)


@compiled()
def _sum_rows(plane: Any, weights: Any, places: Any, at: int, nothing: Any, total: Any) -> None:  # pragma: no cover
    """Weighted sum of rows around one, in double precision."""
    reach = len(weights) - 1
    here, weight = plane[places[at + reach]], weights[0]
    for k in range(len(total)):
        total[k] = np.float64(here[k]) * weight
    for apart in range(reach, 0, -1):
        low, high = places[at + reach - apart], places[at + reach + apart]
        before = nothing if low < 0 else plane[low]
        behind = nothing if high < 0 else plane[high]
        weight = weights[apart]
        for k in range(len(total)):
            total[k] += (np.float64(before[k]) + np.float64(behind[k])) * weight


@compiled()
def _sum_along(row: Any, weights: Any, places: Any, line: Any, total: Any) -> None:  # pragma: no cover - compiled
    """The same along a row; ``line`` holds it with what stands beyond its ends."""
    reach = len(weights) - 1
    for k in range(len(places)):
        line[k] = row[places[k]] if places[k] >= 0 else 0.0
    weight, here = weights[0], line[reach:]
    for k in range(len(total)):
        total[k] = here[k] * weight
    for apart in range(reach, 0, -1):
        weight, before, behind = weights[apart], line[reach - apart :], line[reach + apart :]
        for k in range(len(total)):
            total[k] += (before[k] + behind[k]) * weight


@compiled()
def _smooth(
    values: Any, kernels: Any, places: Any, begin: int, end: int, found: Any
) -> None:  # pragma: no cover - compiled
    n1, n2 = values.shape[1:]
    nothing, total = np.zeros(n2, dtype=np.float32), np.empty(n2)
    first, second = np.empty((n1, n2), dtype=np.float32), np.empty(n2, dtype=np.float32)
    line = np.empty(len(places[2]))
    for i in range(begin, end):
        for j in range(n1):
            _sum_rows(values[:, j], kernels[0], places[0], i, nothing, total)
            first[j] = total
        for j in range(n1):
            _sum_rows(first, kernels[1], places[1], j, nothing, total)
            second[:] = total
            _sum_along(second, kernels[2], places[2], line, total)
            found[i, j] = total

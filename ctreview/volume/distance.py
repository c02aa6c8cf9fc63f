"""Distances to the border of a mask, in compiled loops that leave Python's lock to the other scan of a pair."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.compiled import compiled
from ctreview.volume.box import bounding_box

__all__ = ["beside", "dilated", "distance", "eroded"]

Mask = npt.NDArray[np.bool_]
Spacing = tuple[float, float, float]

_INFINITE = np.float32(np.inf)

FAR_VOXELS = 40
"""Farther than this it is faster to work out the distances."""


def distance(mask: Mask, spacing: Spacing) -> npt.NDArray[np.float32]:
    """Millimetres from each voxel inside a mask to the nearest outside; the end of the grid is no border.

    Exact, by the lower envelope of parabolas along each axis (Felzenszwalb and Huttenlocher, Theory of Computing 2012).
    Infinite where nothing lies outside.
    """
    found = np.empty(mask.shape, dtype=np.float32)
    _distances(np.ascontiguousarray(mask), np.asarray(spacing, dtype=np.float32), found)
    return found


def dilated(mask: Mask, radius: float, spacing: Spacing) -> Mask:
    """All within ``radius`` millimetres of a mask."""
    found = np.zeros(mask.shape, dtype=bool)
    if mask.any():
        reach = _reach(radius, spacing)
        box = bounding_box(mask, reach)
        found[box] = _near(mask[box], True, radius, reach, spacing)
    return found


def eroded(mask: Mask, radius: float, spacing: Spacing) -> Mask:
    """What lies more than ``radius`` millimetres inside a mask; the end of the grid is no border."""
    found = np.zeros(mask.shape, dtype=bool)
    if mask.any():
        box = bounding_box(mask, 1)
        found[box] = ~_near(mask[box], False, radius, _reach(radius, spacing), spacing)
    return found


def beside(mask: Mask) -> Mask:
    """A mask and the six neighbours of each of its voxels."""
    found = mask.copy()
    for axis in range(3):
        first, rest = [slice(None)] * 3, [slice(None)] * 3
        first[axis], rest[axis] = slice(0, -1), slice(1, None)
        found[tuple(first)] |= mask[tuple(rest)]
        found[tuple(rest)] |= mask[tuple(first)]
    return found


def _reach(radius: float, spacing: Spacing) -> tuple[int, int, int]:
    a, b, c = (int(radius / mm) + 1 for mm in spacing)
    return a, b, c


def _near(mask: Mask, inside: bool, radius: float, reach: tuple[int, int, int], spacing: Spacing) -> Mask:
    """Where a voxel of the mask, or one that is not in it, lies no more than a radius away."""
    if reach[0] + reach[1] > FAR_VOXELS:
        return np.asarray(distance(~mask if inside else mask, spacing) <= radius)
    found, planes = np.zeros(mask.shape, dtype=bool), np.empty(mask.shape, dtype=np.float32)
    steps = np.asarray(spacing, dtype=np.float32)
    _look_around(np.ascontiguousarray(mask), inside, np.float32(radius), reach, steps, planes, found)
    return found


@compiled()
def _along_rows(mask: Any, source: bool, step: Any, rows: Any) -> None:  # pragma: no cover - compiled
    """Squared distance of each voxel of a plane to the nearest source in its row."""
    n1, n2 = mask.shape
    for j in range(n1):
        far = _INFINITE
        for k in range(n2):
            far = np.float32(0.0) if mask[j, k] == source else far + step
            rows[j, k] = far
        far = _INFINITE
        for k in range(n2 - 1, -1, -1):
            far = np.float32(0.0) if mask[j, k] == source else far + step
            near = min(far, rows[j, k])
            rows[j, k] = near * near


@compiled()
def _envelope(lines: Any, step: Any) -> None:  # pragma: no cover - compiled
    """In place, along each line: the least of the values there, each with the squared distance added."""
    n = lines.shape[1]
    squared = step * step
    place = np.empty(n, dtype=np.int64)
    value = np.empty(n, dtype=np.float32)
    begin = np.empty(n + 1, dtype=np.float64)
    for line in lines:
        last = -1
        for i in range(n):
            here = line[i]
            if here == _INFINITE:
                continue
            crossing = -np.inf
            while last >= 0:
                apart = np.float64(i - place[last]) * squared
                crossing = (np.float64(here) - value[last] + apart * (i + place[last])) / (2.0 * apart)
                if crossing > begin[last]:
                    break
                last -= 1
                crossing = -np.inf
            last += 1
            place[last], value[last], begin[last] = i, here, crossing
        if last < 0:
            continue
        begin[last + 1] = np.inf
        at = 0
        for i in range(n):
            while begin[at + 1] < i:
                at += 1
            apart = np.float64(i - place[at])
            line[i] = np.float64(squared) * (apart * apart) + value[at]


@compiled()
def _distances(mask: Any, spacing: Any, found: Any) -> None:  # pragma: no cover - compiled
    n0, n1, n2 = mask.shape
    lines = np.empty((n2, n1), dtype=np.float32)
    for i in range(n0):
        _along_rows(mask[i], False, spacing[2], found[i])
        lines[:] = found[i].T
        _envelope(lines, spacing[1])
        found[i] = lines.T
    lines = np.empty((n2, n0), dtype=np.float32)
    for j in range(n1):
        lines[:] = found[:, j].T
        _envelope(lines, spacing[0])
        found[:, j] = np.sqrt(lines.T)


@compiled()
def _lowest(values: Any, known: Any, at: int, reach: int, step: Any, found: Any) -> bool:  # pragma: no cover - compiled
    """The least of some rows around one, each with the squared distance added; whether there is any."""
    squared, any_known = step * step, False
    for other in range(max(0, at - reach), min(len(values), at + reach + 1)):
        if not known[other]:
            continue
        apart = np.float64(other - at)
        more, row = np.float64(squared) * (apart * apart), values[other]
        if not any_known:
            any_known = True
            for k in range(len(found)):
                found[k] = np.float32(row[k] + more)
        else:
            for k in range(len(found)):
                found[k] = min(found[k], np.float32(row[k] + more))
    return any_known


@compiled()
def _look_around(
    mask: Any, source: bool, radius: Any, reach: Any, spacing: Any, planes: Any, found: Any
) -> None:  # pragma: no cover - compiled
    n0, n1, n2 = mask.shape
    known = np.zeros((n0, n1), dtype=np.bool_)
    rows, row = np.empty((n1, n2), dtype=np.float32), np.empty(n2, dtype=np.float32)
    here = np.zeros(n1, dtype=np.bool_)
    for i in range(n0):
        _along_rows(mask[i], source, spacing[2], rows)
        for j in range(n1):
            here[j] = rows[j, 0] < _INFINITE
        for j in range(n1):
            known[i, j] = _lowest(rows, here, j, reach[1], spacing[1], planes[i, j])
    for j in range(n1):
        for i in range(n0):
            if _lowest(planes[:, j], known[:, j], i, reach[0], spacing[0], row):
                for k in range(n2):
                    found[i, j, k] = np.sqrt(row[k]) <= radius

"""Neighbourhoods of masks on the working grid, faster than general filters: every try of a threshold looks at them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["closed_box", "near_box", "within"]

Bools = npt.NDArray[np.bool_]
Halves = tuple[int, int, int]


def within(mask: Bools, reach_mm: float, spacing: tuple[float, float, float]) -> Bools:
    """Where a mask is no further off than a distance along each axis, and one voxel at least."""
    a, b, c = (max(1, round(reach_mm / step)) for step in spacing)
    return near_box(mask, (a, b, c))


def near_box(mask: Bools, halves: Halves) -> Bools:
    """Where a mask is within so many voxels along each axis."""
    for axis, half in enumerate(halves):
        mask = _near_along(mask, axis, half)
    return mask


def closed_box(mask: Bools, halves: Halves) -> Bools:
    """A mask with what lies between its parts, within so many voxels along each axis; beyond the grid all is in it."""
    return ~near_box(~near_box(mask, halves), halves)


def _near_along(mask: Bools, axis: int, half: int) -> Bools:
    """The same along one axis, by stretches of doubling length."""
    n = mask.shape[axis]
    shape = list(mask.shape)
    shape[axis] = n + half
    reached = np.zeros(shape, dtype=bool)  # at each place whether the mask is there or in so many places before it
    reached[_part(axis, 0, n)] = mask
    length, wanted = 1, 2 * half + 1
    while length < wanted:
        step = min(length, wanted - length)
        further = reached.copy()
        further[_part(axis, step, n + half)] |= reached[_part(axis, 0, n + half - step)]
        reached, length = further, length + step
    return np.ascontiguousarray(reached[_part(axis, half, n + half)])


def _part(axis: int, start: int, stop: int) -> tuple[slice, ...]:
    return (slice(None),) * axis + (slice(start, max(start, stop)),)

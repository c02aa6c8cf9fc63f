"""The highest and the lowest value within a box around each voxel, plane by plane."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.compiled import compiled

__all__ = ["highest_within", "lowest_within"]

Floats = npt.NDArray[np.float32]
Size = tuple[int, int, int]


def highest_within(values: Floats, before: Size, behind: Size) -> Floats:
    """The highest value from so many voxels before to so many behind along each axis, where the image has any."""
    return _extreme(values, before, behind, highest=True)


def lowest_within(values: Floats, before: Size, behind: Size) -> Floats:
    """The lowest value from so many voxels before to so many behind along each axis, where the image has any."""
    return _extreme(values, before, behind, highest=False)


def _extreme(values: Floats, before: Size, behind: Size, *, highest: bool) -> Floats:
    found = np.empty(values.shape, dtype=np.float32)
    _find_extreme(np.ascontiguousarray(values, dtype=np.float32), before, behind, highest, found)
    return found


@compiled()
def _take_more_extreme(values: Any, highest: bool, found: Any) -> None:  # pragma: no cover - compiled
    if highest:
        for k in range(len(found)):
            found[k] = values[k] if values[k] > found[k] else found[k]
    else:
        for k in range(len(found)):
            found[k] = values[k] if values[k] < found[k] else found[k]


@compiled()
def _across(rows: Any, at: int, before: int, behind: int, highest: bool, found: Any) -> None:  # pragma: no cover
    first, last = max(0, at - before), min(len(rows) - 1, at + behind)
    found[:] = rows[first]
    for other in range(first + 1, last + 1):
        _take_more_extreme(rows[other], highest, found)


@compiled()
def _along(row: Any, before: int, behind: int, highest: bool, found: Any) -> None:  # pragma: no cover - compiled
    found[:] = row
    for step in range(-min(before, len(row) - 1), min(behind, len(row) - 1) + 1):
        begin, end = max(0, -step), min(len(row), len(row) - step)
        _take_more_extreme(row[begin + step : end + step], highest, found[begin:end])


@compiled()
def _find_extreme(
    values: Any, before: Any, behind: Any, highest: bool, found: Any
) -> None:  # pragma: no cover - compiled
    n0, n1, n2 = values.shape
    first, second = np.empty((n1, n2), dtype=np.float32), np.empty(n2, dtype=np.float32)
    for i in range(n0):
        for j in range(n1):
            _across(values[:, j], i, before[0], behind[0], highest, first[j])
        for j in range(n1):
            _across(first, j, before[1], behind[1], highest, second)
            _along(second, before[2], behind[2], highest, found[i, j])

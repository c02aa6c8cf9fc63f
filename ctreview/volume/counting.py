"""Counts, sums and new values of numbered voxels, in one pass that makes no array of indices as large as the image."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.compiled import compiled

__all__ = ["count_in_cells", "look_up", "sum_in_cells"]


def count_in_cells(
    cells: npt.NDArray[Any], labels: npt.NDArray[Any], cell_count: int, label_count: int
) -> npt.NDArray[np.int64]:
    """Voxels of each label value in each cell but cell 0, which is outside.

    Parameters
    ----------
    cells, labels : ndarray of unsigned integers, one shape
        Below ``cell_count`` and ``label_count``.

    Returns
    -------
    ndarray, shape (cell_count, label_count)

    Raises
    ------
    IndexError
        A value is not below its count.
    """
    table = np.zeros((cell_count, label_count), dtype=np.int64)
    _count(cells.ravel(), labels.ravel(), table)
    return table


def sum_in_cells(cells: npt.NDArray[Any], values: npt.NDArray[Any], cell_count: int) -> npt.NDArray[np.float64]:
    """Sum of values in each cell but cell 0, shape (cell_count,)."""
    sums = np.zeros(cell_count, dtype=np.float64)
    _sum(cells.ravel(), values.ravel(), sums)
    return sums


def look_up(table: npt.NDArray[Any], numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What a table holds under the number of each voxel.

    Parameters
    ----------
    table : ndarray, one axis
    numbers : ndarray of unsigned integers, three axes
        All below the length of the table.
    """
    found = np.empty(numbers.shape, dtype=table.dtype)
    _look_up(table, numbers, found)
    return found


@compiled()
def _look_up(table: Any, numbers: Any, found: Any) -> None:  # pragma: no cover - compiled
    for i in range(numbers.shape[0]):
        for j in range(numbers.shape[1]):
            for k in range(numbers.shape[2]):
                found[i, j, k] = table[numbers[i, j, k]]


@compiled()
def _count(cells: Any, labels: Any, table: Any) -> None:  # pragma: no cover - compiled
    cell_count, label_count = table.shape
    for n in range(cells.size):
        if cells[n] != 0:
            if cells[n] >= cell_count or labels[n] >= label_count:
                raise IndexError("a cell or a label is not among those that are counted")
            table[cells[n], labels[n]] += 1


@compiled()
def _sum(cells: Any, values: Any, sums: Any) -> None:  # pragma: no cover - compiled
    for n in range(cells.size):
        if cells[n] != 0:
            if cells[n] >= sums.size:
                raise IndexError("a cell is not among those that are counted")
            sums[cells[n]] += values[n]

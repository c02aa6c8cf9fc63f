"""Counts per region that follow a correction at once, without counting the scan again."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.volume.geometry import require_same_grid
from ctreview.volume.labels import LabelMap
from ctreview.volume.regions import Regions

__all__ = ["Tally"]


class Tally:
    """Millilitres of each label in each region, kept up to date box by box.

    Parameters
    ----------
    regions : Regions
    labels : LabelMap
        Of the same grid.
    """

    def __init__(self, regions: Regions, labels: LabelMap) -> None:
        require_same_grid(regions, labels)
        self.regions = regions
        self._keys = {label.key: label.value for label in labels.scheme}
        self._size = 1 + max(self._keys.values())
        self._tables = [np.zeros((partition.size, self._size), dtype=np.int64) for partition in regions.partitions]
        nothing = np.zeros(labels.geometry.shape, dtype=labels.array.dtype)
        self.follow((0, 0, 0), nothing, labels.array)

    def follow(self, start: tuple[int, int, int], before: npt.NDArray[Any], after: npt.NDArray[Any]) -> None:
        """Take note that a box changed.

        Parameters
        ----------
        start : tuple of int
            Index of its first voxel.
        before, after : ndarray of unsigned integers
            Its labels.
        """
        changed = np.nonzero(before != after)
        old, new = before[changed].astype(np.int64), after[changed].astype(np.int64)
        place = tuple(index + offset for index, offset in zip(changed, start, strict=True))
        for partition, table in zip(self.regions.partitions, self._tables, strict=True):
            cells = partition.cells[place].astype(np.int64)
            known = cells < len(table)
            flat = len(table) * self._size
            won = np.bincount((cells * self._size + new)[known], minlength=flat)
            lost = np.bincount((cells * self._size + old)[known], minlength=flat)
            np.add(table, (won - lost).reshape(table.shape), out=table)

    @cached_property
    def volumes_ml(self) -> dict[str, float]:
        """Millilitres of each whole region, which no correction of its labels changes."""
        found = self.regions.count(np.zeros(self.regions.geometry.shape, dtype=np.uint8), 1)
        return {name: float(row[0]) * self.regions.geometry.voxel_ml for name, row in found.items()}

    def ml(self) -> dict[str, dict[str, float]]:
        """Millilitres by region and by key of the label."""
        voxel_ml = self.regions.geometry.voxel_ml
        found = {}
        for partition, table in zip(self.regions.partitions, self._tables, strict=True):
            for name, cells in partition.regions.items():
                row = table[[cell for cell in cells if cell < len(table)]].sum(axis=0)
                found[name] = {key: float(row[value]) * voxel_ml for key, value in self._keys.items()}
        return found

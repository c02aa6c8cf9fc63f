"""How the numbers of regions move with a border between them that is not certain, such as a fissure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.volume.geometry import FloatArray
from ctreview.volume.labels import LabelMap
from ctreview.volume.regions import BorderShift, Regions

__all__ = ["BorderSensitivity", "border_sensitivities"]


@dataclass(frozen=True, eq=False)
class BorderSensitivity:
    """What each region wins where one border moves upwards by its standard deviation.

    Attributes
    ----------
    volume_ml : ndarray, shape (regions,)
    opacity_ml : ndarray, shape (regions, columns)
        Of each counted class and of all together.
    """

    volume_ml: FloatArray
    opacity_ml: FloatArray

    def rows(self, rows: Sequence[int]) -> BorderSensitivity:
        """Those of some regions."""
        return BorderSensitivity(self.volume_ml[list(rows)], self.opacity_ml[list(rows)])


def border_sensitivities(regions: Regions, opacity: LabelMap) -> dict[str, BorderSensitivity]:
    """By border: half of the difference that it makes whether it is moved to the one side or to the other.

    Parameters
    ----------
    regions : Regions
        With the shifts of their borders.
    opacity : LabelMap
        On the same grid.
    """
    table = np.zeros(256, dtype=np.int64)
    for place, label in enumerate(opacity.scheme.counted, 1):
        table[label.value] = place
    size = len(opacity.scheme.counted) + 1
    won: dict[str, FloatArray] = {}
    for shift in regions.shifts:
        classes = table[opacity.array.ravel()[shift.where]]
        moved = 0.5 * shift.direction * _won(regions, shift, classes, size) * regions.geometry.voxel_ml
        won[shift.border] = won.get(shift.border, 0.0) + moved
    return {
        border: BorderSensitivity(counts.sum(axis=1), np.column_stack([counts[:, 1:], counts[:, 1:].sum(axis=1)]))
        for border, counts in won.items()
    }


def _won(regions: Regions, shift: BorderShift, classes: npt.NDArray[np.int64], size: int) -> FloatArray:
    """Voxels of each class (0 for none) that each region wins by a shift, shape (regions, size)."""
    partition = regions.partitions[shift.partition]
    before = partition.cells.ravel()[shift.where].astype(np.int64)
    cells = max(partition.size, 1 + int(shift.cells.max(initial=0)))

    def counted(numbers: npt.NDArray[Any]) -> FloatArray:
        found = np.bincount(numbers.astype(np.int64) * size + classes, minlength=cells * size)
        return np.asarray(found.reshape(-1, size), dtype=np.float64)

    by_cell = counted(shift.cells) - counted(before)
    rows = [partition.regions.get(name, ()) for name in regions.names]
    return np.stack([by_cell[list(own)].sum(axis=0) for own in rows])

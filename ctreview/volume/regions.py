"""Parts of an organ that are counted, such as lobes and their thirds, without a mask for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.errors import WrongUse
from ctreview.volume.counting import count_in_cells, look_up, sum_in_cells
from ctreview.volume.geometry import Geometry

__all__ = ["BorderShift", "Division", "Partition", "Regions"]


@dataclass(frozen=True)
class Division:
    """One way in which every place of an organ is divided, such as into thirds of its height.

    Attributes
    ----------
    parts : tuple of str
        What follows the slash in the names of regions: ``"apical"`` in ``"right_lung/apical"``.
    noun : str
        What one part is called after its key: ``"third"``.
    locates : bool
        Whether it says where a finding lies; core and rim do not.
    """

    parts: tuple[str, ...]
    noun: str
    locates: bool = True

    def called(self, part: str) -> str:
        """A part in words: ``"apical third"``."""
        return f"{part} {self.noun}"


@dataclass(frozen=True, eq=False)
class Partition:
    """Cells that do not overlap, and the regions that are made of them.

    Attributes
    ----------
    cells : ndarray of unsigned integers
        The number of each voxel's cell, 0 outside the organ; read-only.
    regions : mapping of str to tuple of int
        Which cells make up each region, by the region's name.
    """

    cells: npt.NDArray[Any]
    regions: Mapping[str, tuple[int, ...]]

    def __post_init__(self) -> None:
        view = self.cells.view()
        view.flags.writeable = False
        object.__setattr__(self, "cells", view)

    @property
    def size(self) -> int:
        """One more than the highest cell number that a region uses."""
        return 1 + max((max(cells, default=0) for cells in self.regions.values()), default=0)


@dataclass(frozen=True, eq=False)
class BorderShift:
    """Which voxels change their cell where a border between regions moves by its standard deviation.

    Attributes
    ----------
    border : str
        What moves, such as a fissure.
    direction : {-1, 1}
        To which side.
    partition : int
        Which of the partitions its cells belong to.
    where : ndarray of int64
        Flat index of the voxels.
    cells : ndarray of unsigned integers
        Their cells after that.
    """

    border: str
    direction: int
    partition: int
    where: npt.NDArray[np.int64]
    cells: npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Regions:
    """Every named region of an organ on one grid.

    A region may lie in several others (``right_lung`` in ``lungs``), so that one label array cannot hold them.
    Thirds and halves belong to their own part (the basal third of a lobe is not that of the lung), hence several
    partitions: one each for the whole organ, its sides and its lobes. Counting passes once over each.

    Attributes
    ----------
    geometry : Geometry
        Where the voxels lie.
    partitions : tuple of Partition
        Together they hold every region once.
    divisions : tuple of Division
        How places are divided into parts.
    shifts : tuple of BorderShift
        Borders between regions that are not certain, each moved to either side.
    """

    geometry: Geometry
    partitions: tuple[Partition, ...]
    divisions: tuple[Division, ...] = ()
    shifts: tuple[BorderShift, ...] = ()

    def __post_init__(self) -> None:
        names = [name for partition in self.partitions for name in partition.regions]
        if len(set(names)) < len(names):
            raise WrongUse("a region stands in two partitions")
        if any(partition.cells.shape != self.geometry.shape for partition in self.partitions):
            raise WrongUse("the cells of a partition do not fill the grid")

    @property
    def names(self) -> tuple[str, ...]:
        """Every region's name, the largest parts first."""
        return tuple(name for partition in self.partitions for name in partition.regions)

    def mask(self, name: str) -> npt.NDArray[np.bool_]:
        """Where a region is, shape ``geometry.shape``."""
        for partition in self.partitions:
            if name in partition.regions:
                table = np.zeros(int(partition.cells.max()) + 1, dtype=bool)
                table[[cell for cell in partition.regions[name] if cell < len(table)]] = True
                return look_up(table, partition.cells)
        raise WrongUse(f"no region is called {name!r}", remedy=f"Known here: {', '.join(self.names)}.")

    def count(self, labels: npt.NDArray[Any], size: int) -> dict[str, npt.NDArray[np.int64]]:
        """Voxels of each label value 0 … ``size`` − 1 in each region.

        Parameters
        ----------
        labels : ndarray of unsigned integers, shape ``geometry.shape``
            Values below ``size``.
        size : int
            How many values are counted.

        Returns
        -------
        dict of str to ndarray, shape (size,)
            By region name.
        """
        self._require_shape(labels)
        found: dict[str, npt.NDArray[np.int64]] = {}
        for partition in self.partitions:
            table = count_in_cells(partition.cells, labels, partition.size, size)
            found |= {name: table[list(cells)].sum(axis=0) for name, cells in partition.regions.items()}
        return found

    def total(self, values: npt.NDArray[Any]) -> dict[str, float]:
        """Sum of ``values`` (shape ``geometry.shape``) over each region, by its name."""
        self._require_shape(values)
        found: dict[str, float] = {}
        for partition in self.partitions:
            sums = sum_in_cells(partition.cells, values, partition.size)
            found |= {name: float(sums[list(cells)].sum()) for name, cells in partition.regions.items()}
        return found

    def _require_shape(self, values: npt.NDArray[Any]) -> None:
        if values.shape != self.geometry.shape:
            raise WrongUse(f"values of {values.shape} do not fill a grid of {self.geometry.shape}")

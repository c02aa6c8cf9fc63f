"""A smaller copy of a grid, on which shapes are found before their borders are drawn at full resolution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import edt
import numpy as np
import numpy.typing as npt

from ctreview.volume.geometry import Geometry

__all__ = ["Coarse", "closed", "dilated", "eroded", "opened"]

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Coarse:
    """Means over blocks of a whole number of voxels along each axis.

    The last block of an axis may reach over the end of the grid; it holds the mean of what there is.

    Attributes
    ----------
    array : ndarray of float32
        The means.
    step : tuple of int
        Voxels in a block along each axis.
    spacing : tuple of float
        Size of a block in millimetres.
    shape : tuple of int
        Of the grid it was made from.
    """

    array: npt.NDArray[np.float32]
    step: tuple[int, int, int]
    spacing: tuple[float, float, float]
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, array: npt.NDArray[Any], geometry: Geometry, target_mm: float) -> Self:
        """Blocks as large as fit into ``target_mm``; axes that are coarser already stay as they are."""
        a, b, c = (max(1, int(target_mm / s + 0.25)) for s in geometry.spacing)
        spacing = geometry.spacing[0] * a, geometry.spacing[1] * b, geometry.spacing[2] * c
        return cls(_means(array, (a, b, c)), (a, b, c), spacing, geometry.shape)

    @property
    def voxel_ml(self) -> float:
        """Volume of a block."""
        return float(np.prod(self.spacing)) / 1000.0

    def share(self, mask: Mask) -> npt.NDArray[np.float32]:
        """Which part of each block lies in a mask of the full grid."""
        return _means(mask, self.step)

    def full(self, small: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Values of blocks spread over the voxels of the full grid."""
        for axis, (step, size) in enumerate(zip(self.step, self.shape, strict=True)):
            if step > 1:
                small = np.repeat(small, step, axis=axis)
            small = small[tuple(slice(size) if k == axis else slice(None) for k in range(3))]
        return np.ascontiguousarray(small)


def _means(array: npt.NDArray[Any], step: tuple[int, int, int]) -> npt.NDArray[np.float32]:
    starts = [np.arange(0, n, s) for n, s in zip(array.shape, step, strict=True)]
    sums: npt.NDArray[np.float32] = np.empty((len(starts[0]), len(starts[1]), len(starts[2])), dtype=np.float32)
    for i, first in enumerate(starts[0]):
        slab = array[first : first + step[0]].sum(axis=0, dtype=np.float32)
        slab = np.add.reduceat(np.add.reduceat(slab, starts[1], axis=0), starts[2], axis=1)
        sums[i] = slab
    for axis, (start, size) in enumerate(zip(starts, array.shape, strict=True)):
        count = np.diff(np.append(start, size)).astype(np.float32)
        sums /= count.reshape([-1 if k == axis else 1 for k in range(3)])
    return sums


def dilated(mask: Mask, radius: float, spacing: tuple[float, float, float]) -> Mask:
    """All within ``radius`` millimetres of a mask."""
    return np.asarray(edt.edt(~mask, anisotropy=spacing, black_border=False, parallel=1) <= radius)


def eroded(mask: Mask, radius: float, spacing: tuple[float, float, float]) -> Mask:
    """What lies more than ``radius`` millimetres inside a mask; the end of the grid is no border."""
    return np.asarray(edt.edt(mask, anisotropy=spacing, black_border=False, parallel=1) > radius)


def opened(mask: Mask, radius: float, spacing: tuple[float, float, float]) -> Mask:
    """What a ball of ``radius`` millimetres reaches from inside a mask."""
    return dilated(eroded(mask, radius, spacing), radius, spacing)


def closed(mask: Mask, radius: float, spacing: tuple[float, float, float]) -> Mask:
    """A mask without the gaps that a ball of ``radius`` millimetres does not enter from outside."""
    return eroded(dilated(mask, radius, spacing), radius, spacing)

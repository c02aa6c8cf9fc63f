"""A smaller copy of a grid, on which shapes are found before their borders are drawn at full resolution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ctreview.compiled import compiled
from ctreview.volume.box import Box
from ctreview.volume.distance import dilated, eroded
from ctreview.volume.geometry import Geometry

__all__ = [
    "CoarseImage",
    "Mask",
    "Spacing",
    "closed",
    "opened",
    "upsampled",
]

Mask = npt.NDArray[np.bool_]
Spacing = tuple[float, float, float]


@dataclass(frozen=True)
class CoarseImage:
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
    spacing: Spacing
    shape: tuple[int, int, int]

    @classmethod
    def from_array(cls, array: npt.NDArray[Any], geometry: Geometry, target_mm: float) -> Self:
        """Blocks as large as fit into ``target_mm`` and a quarter; axes that are coarser stay as they are."""
        a, b, c = (max(1, int(target_mm / s + 0.25)) for s in geometry.spacing)
        spacing = geometry.spacing[0] * a, geometry.spacing[1] * b, geometry.spacing[2] * c
        return cls(_block_means(array, a, b, c), (a, b, c), spacing, geometry.shape)

    @property
    def voxel_ml(self) -> float:
        """Volume of a block."""
        return self.spacing[0] * self.spacing[1] * self.spacing[2] / 1000.0

    def volume_ml(self, mask: Mask) -> float:
        """Volume of a mask of blocks."""
        return int(np.count_nonzero(mask)) * self.voxel_ml

    def fraction(self, mask: Mask) -> npt.NDArray[np.float32]:
        """Which part of each block lies in a mask of the full grid."""
        return np.asarray(_block_means(mask, *self.step), dtype=np.float32)

    def full_box(self, box: Box) -> Box:
        """The part of the full grid that a box of blocks covers."""
        a, b, c = (
            slice(part.start * step, min(part.stop * step, size))
            for part, step, size in zip(box, self.step, self.shape, strict=True)
        )
        return a, b, c


@compiled()
def _block_means(array: Any, a: int, b: int, c: int) -> Any:  # pragma: no cover - compiled
    n0, n1, n2 = array.shape
    m0, m1, m2 = (n0 + a - 1) // a, (n1 + b - 1) // b, (n2 + c - 1) // c
    means = np.zeros((m0, m1, m2), dtype=np.float32)
    row = np.zeros(m2, dtype=np.float32)
    for i in range(m0):
        for j in range(m1):
            row[:] = 0.0
            rows = 0
            for p in range(i * a, min(n0, i * a + a)):
                for q in range(j * b, min(n1, j * b + b)):
                    rows += 1
                    for k in range(m2):
                        total = np.float32(0.0)
                        for r in range(k * c, min(n2, k * c + c)):
                            total += array[p, q, r]
                        row[k] += total
            for k in range(m2):
                means[i, j, k] = row[k] / (rows * (min(n2, k * c + c) - k * c))
    return means


def opened(mask: Mask, radius: float, spacing: Spacing) -> Mask:
    """What a ball of ``radius`` millimetres reaches from inside a mask."""
    return dilated(eroded(mask, radius, spacing), radius, spacing)


def closed(mask: Mask, radius: float, spacing: Spacing) -> Mask:
    """A mask without the gaps that a ball of ``radius`` millimetres does not enter from outside."""
    return eroded(dilated(mask, radius, spacing), radius, spacing)


def upsampled(blocks: npt.NDArray[Any], step: tuple[int, ...], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """From blocks to the voxels of a grid; where they do not reach its end, the last ones go on."""
    for axis, (voxels, size) in enumerate(zip(step, shape, strict=True)):
        nearest = np.minimum(np.arange(size) // voxels, blocks.shape[axis] - 1)
        blocks = np.take(blocks, nearest, axis=axis)
    return blocks

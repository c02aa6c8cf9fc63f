"""Cells of a few voxels each: as finely as a classifier need look where voxels are smaller than what it sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from ctreview.compiled import compiled_in_parallel
from ctreview.tools.canvas import Canvas, Mask
from ctreview.volume.box import Box
from ctreview.volume.geometry import Geometry

__all__ = ["EACH_VOXEL", "Cells"]


@dataclass(frozen=True)
class Cells:
    """A grid parted from its first voxel on; the last cells of an axis may hold fewer voxels.

    Attributes
    ----------
    steps : tuple of int
        Voxels of a cell along each axis.
    """

    steps: tuple[int, int, int]

    @classmethod
    def from_geometry(cls, geometry: Geometry, most_mm: float) -> Cells:
        """As many voxels as fit into a length, and at least one."""
        # spacings of headers carry rounding: two voxels of 0.75 mm are 1.5 mm
        a, b, c = (max(1, int(most_mm / s + 1e-6)) for s in geometry.spacing)
        return cls((a, b, c))

    def shape(self, geometry: Geometry) -> tuple[int, int, int]:
        """How many cells there are along each axis."""
        a, b, c = (-(-n // s) for n, s in zip(geometry.shape, self.steps, strict=True))
        return a, b, c

    def spacing(self, geometry: Geometry) -> tuple[float, float, float]:
        """Millimetres from one to the next."""
        a, b, c = (w * s for w, s in zip(geometry.spacing, self.steps, strict=True))
        return a, b, c

    def around(self, box: Box) -> Box:
        """The cells that hold a box of voxels."""
        a, b, c = (slice(t.start // s, -(-t.stop // s)) for t, s in zip(box, self.steps, strict=True))
        return a, b, c

    def voxels(self, box: Box, geometry: Geometry) -> Box:
        """The voxels that a box of cells holds."""
        a, b, c = (
            slice(t.start * s, min(t.stop * s, n)) for t, s, n in zip(box, self.steps, geometry.shape, strict=True)
        )
        return a, b, c

    def allowed(self, canvas: Canvas, box: Box) -> Mask:
        """The cells of a box with a voxel where labels may be set."""
        found = canvas.allowed(self.voxels(box, canvas.geometry))
        for axis, step in enumerate(self.steps):
            if step > 1:
                starts = np.arange(0, found.shape[axis], step)
                found = np.logical_or.reduceat(found, starts, axis=axis)
        return found

    def densities(self, canvas: Canvas, box: Box) -> tuple[npt.NDArray[Any], Mask]:
        """The mean density of each cell over ``canvas.within``, and which cells hold any of it."""
        voxels = self.voxels(box, canvas.geometry)
        hu = np.ascontiguousarray(canvas.volume.array[voxels])
        organ = np.ones(hu.shape, bool) if canvas.within is None else canvas.within.array[voxels] > 0
        if self == EACH_VOXEL:
            return hu, organ
        a, b, c = (t.stop - t.start for t in box)
        mean, there = np.zeros((a, b, c), np.float32), np.zeros((a, b, c), bool)
        _average(hu, organ, np.array(self.steps), mean, there)
        return mean, there


EACH_VOXEL = Cells((1, 1, 1))
"""Every voxel is looked at by itself."""


@compiled_in_parallel()
def _average(
    hu: npt.NDArray[Any], organ: Mask, steps: npt.NDArray[np.int64], mean: npt.NDArray[np.float32], there: Mask
) -> None:
    for i in numba.prange(mean.shape[0]):
        count = np.empty(mean.shape[2], np.int64)
        for j in range(mean.shape[1]):
            count[:] = 0
            for z in range(i * steps[0], min((i + 1) * steps[0], hu.shape[0])):
                for y in range(j * steps[1], min((j + 1) * steps[1], hu.shape[1])):
                    for x in range(hu.shape[2]):
                        if organ[z, y, x]:
                            k = x // steps[2]
                            mean[i, j, k] += np.float32(hu[z, y, x])
                            count[k] += 1
            for k in range(len(count)):
                if count[k]:
                    mean[i, j, k] /= np.float32(count[k])
                    there[i, j, k] = True

"""Distances, angles and regions that a reader measures on a slice; no window needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ctreview.errors import WrongUse
from ctreview.volume.geometry import FloatArray, Geometry
from ctreview.volume.volume import Unit, Volume

__all__ = ["Angle", "Caliper", "RegionOfInterest", "Statistics"]

RoiShape = Literal["ellipse", "rectangle"]

_ON_A_CENTRE = 1e-6


@dataclass(frozen=True, eq=False)
class Caliper:
    """A distance between two places.

    Attributes
    ----------
    points : ndarray, shape (2, 3)
        LPS millimetres.
    """

    points: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", _points(self.points, 2))

    @property
    def length_mm(self) -> float:
        """How far apart the ends are in space, in millimetres."""
        return float(np.linalg.norm(self.points[1] - self.points[0]))

    def __str__(self) -> str:
        return f"{self.length_mm:.1f} mm"


@dataclass(frozen=True, eq=False)
class Angle:
    """An angle at the second of three places.

    Attributes
    ----------
    points : ndarray, shape (3, 3)
        End of one leg, corner, end of the other leg; LPS millimetres.
    """

    points: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", _points(self.points, 3))

    @property
    def degrees(self) -> float:
        """From 0 to 180; 0 where a leg has no length."""
        one, other = self.points[0] - self.points[1], self.points[2] - self.points[1]
        # the arctangent keeps its precision near 0 and 180, where the arccosine loses it
        return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(one, other)), one @ other)))

    def __str__(self) -> str:
        return f"{self.degrees:.1f}°"


@dataclass(frozen=True)
class Statistics:
    """What the voxels of a region of interest are like.

    Attributes
    ----------
    mean, sd, low, high : float
        Mean, standard deviation (of the sample, n − 1; 0 for one voxel), lowest and highest value.
    voxels : int
        How many voxel centres lie inside.
    area_mm2 : float
        Their area in the plane.
    unit : str
        That of the image.
    """

    mean: float
    sd: float
    low: float
    high: float
    voxels: int
    area_mm2: float
    unit: Unit

    def __str__(self) -> str:
        unit = {"HU": " HU", "ms": " ms"}.get(self.unit, "")
        digits = 3 if self.unit == "fraction" else 0 if self.unit == "HU" else 1
        return f"{self.mean:.{digits}f} ± {self.sd:.{digits}f}{unit}, {self.area_mm2:.0f} mm²".replace("-", "−")


@dataclass(frozen=True, eq=False)
class RegionOfInterest:
    """An ellipse or rectangle on one slice.

    Attributes
    ----------
    corners : ndarray, shape (2, 3)
        Opposite corners of the box around it, in LPS millimetres.
    geometry : Geometry
        The grid of the image it was drawn on; its sides run along that grid's axes.
    across : int
        The array axis across the slice.
    shape : {"ellipse", "rectangle"}
        What fills the box.
    """

    corners: FloatArray
    geometry: Geometry
    across: int
    shape: RoiShape = "ellipse"

    def __post_init__(self) -> None:
        object.__setattr__(self, "corners", _points(self.corners, 2))

    @property
    def slice_number(self) -> int:
        """The slice that it lies on, an index of the axis across."""
        return round(float(self.geometry.to_index(self.corners[0])[self.across]))

    def outline(self, steps: int = 48) -> FloatArray:
        """Points (n, 3) along its border in LPS millimetres, in order."""
        first, second = self.geometry.to_index(self.corners)
        middle, half = (first + second) / 2, (second - first) / 2
        if self.shape == "rectangle":
            turns = np.array([(-1.0, -1.0), (-1.0, 1.0), (1.0, 1.0), (1.0, -1.0)])
        else:
            angle = np.linspace(0, 2 * np.pi, steps, endpoint=False)
            turns = np.stack([np.sin(angle), np.cos(angle)], axis=1)
        index = np.tile(middle, (len(turns), 1))
        for column, axis in enumerate(self._within):
            index[:, axis] += turns[:, column] * half[axis]
        return self.geometry.to_lps(index)

    def statistics(self, volume: Volume) -> Statistics | None:
        """Of the voxels of its slice whose centres lie inside; None if there is none.

        Raises
        ------
        WrongUse
            The image lies on another grid.
        """
        if not self.geometry.same_grid(volume.geometry):
            raise WrongUse("a region of interest belongs to the image it was drawn on")
        if not 0 <= self.slice_number < self.geometry.shape[self.across]:
            return None
        box, inside = self._inside()
        values = np.asarray(volume.array[box], dtype=float)[inside]
        if not values.size:
            return None
        spacing = self.geometry.spacing
        return Statistics(
            mean=float(values.mean()),
            sd=float(values.std(ddof=1)) if values.size > 1 else 0.0,
            low=float(values.min()),
            high=float(values.max()),
            voxels=int(values.size),
            area_mm2=values.size * spacing[self._within[0]] * spacing[self._within[1]],
            unit=volume.unit,
        )

    @property
    def _within(self) -> tuple[int, int]:
        first, second = (axis for axis in range(3) if axis != self.across)
        return first, second

    def _inside(self) -> tuple[tuple[slice | int, ...], npt.NDArray[np.bool_]]:
        """The box of voxels around it, and which of them lie inside."""
        ends = np.sort(self.geometry.to_index(self.corners), axis=0)
        box: list[slice | int] = [self.slice_number] * 3
        far = []
        for axis in self._within:
            # a corner on a voxel's centre takes that voxel, whatever the last bit of its coordinate says
            start = max(int(np.ceil(ends[0, axis] - _ON_A_CENTRE)), 0)
            stop = min(int(np.floor(ends[1, axis] + _ON_A_CENTRE)) + 1, self.geometry.shape[axis])
            box[axis] = slice(start, max(start, stop))
            half = max(float(ends[1, axis] - ends[0, axis]) / 2, 1e-9)
            far.append((np.arange(start, max(start, stop)) - ends[:, axis].mean()) / half)
        if self.shape == "rectangle":
            return tuple(box), np.ones((len(far[0]), len(far[1])), dtype=bool)
        return tuple(box), far[0][:, None] ** 2 + far[1][None, :] ** 2 <= 1.0 + _ON_A_CENTRE


def _points(points: npt.ArrayLike, count: int) -> FloatArray:
    array = np.array(points, dtype=np.float64)
    if array.shape != (count, 3):
        raise WrongUse(f"{count} places of three coordinates are needed, not {array.shape}")
    array.flags.writeable = False
    return array

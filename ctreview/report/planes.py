"""Flat pictures of a volume: planes parallel to the patient's axes, and which of them to show.

A plane is laid in the patient, not in the array, so that oblique acquisitions are resampled, pixels are square and
the picture has the aspect of the body. Radiological convention: the patient's right is on the left of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates

from ctreview.volume.geometry import FloatArray, Geometry

__all__ = ["AXIS_OF", "FINEST_MM", "Cut", "FieldOfView", "ImagePlane", "View", "plane_through"]

View = Literal["axial", "coronal"]

AXIS_OF: dict[View, int] = {"axial": 0, "coronal": 1}
"""The array axis (canonical order) that a view looks along."""

FINEST_MM = 0.6
"""Pixels are not made smaller than this, unless asked for."""

_DOWN: dict[View, tuple[float, float, float]] = {"axial": (0.0, 1.0, 0.0), "coronal": (0.0, 0.0, -1.0)}
_NORMAL: dict[View, int] = {"axial": 2, "coronal": 1}
_LETTERS: dict[View, tuple[str, str, str, str]] = {"axial": ("R", "L", "A", "P"), "coronal": ("R", "L", "H", "F")}


@dataclass(frozen=True)
class FieldOfView:
    """The rectangle that all pictures of one view share, so that they have one scale."""

    width_mm: float
    height_mm: float


@dataclass(frozen=True, eq=False)
class ImagePlane:
    """Square pixels on a rectangle in the patient.

    Attributes
    ----------
    view : {"axial", "coronal"}
        Rows run to the posterior (axial) or to the feet (coronal), columns to the patient's left.
    corner : ndarray, shape (3,)
        Outer corner at the top left of the picture, LPS millimetres.
    pixel_mm : float
        Side of a pixel.
    shape : tuple of int
        Rows and columns.
    """

    view: View
    corner: FloatArray
    pixel_mm: float
    shape: tuple[int, int]

    @property
    def letters(self) -> tuple[str, str, str, str]:
        """What lies at the left, right, upper and lower edge of the picture."""
        return _LETTERS[self.view]

    @property
    def width_mm(self) -> float:
        """Width of the picture."""
        return self.shape[1] * self.pixel_mm

    @property
    def height_mm(self) -> float:
        """Height of the picture."""
        return self.shape[0] * self.pixel_mm

    def points(self) -> FloatArray:
        """Centres of the pixels, shape (rows, columns, 3), LPS millimetres."""
        rows = (np.arange(self.shape[0]) + 0.5) * self.pixel_mm
        columns = (np.arange(self.shape[1]) + 0.5) * self.pixel_mm
        down, right = np.array(_DOWN[self.view]), np.array((1.0, 0.0, 0.0))
        return np.asarray(self.corner + rows[:, None, None] * down + columns[None, :, None] * right)


def plane_through(
    view: View, centre: FloatArray, field: FieldOfView, geometry: Geometry, *, finest_mm: float = FINEST_MM
) -> ImagePlane:
    """Lay a plane through a point.

    Parameters
    ----------
    view : {"axial", "coronal"}
        Which way it faces.
    centre : ndarray, shape (3,)
        Middle of the picture, LPS millimetres. Along the normal it is taken as it is.
    field : FieldOfView
        How much is shown. The picture is at most one pixel smaller or larger.
    geometry : Geometry
        The grid that will be sampled: its spacing gives the size of pixels, and where it is parallel to the patient,
        pixels are laid on its voxel centres, so that an axial picture is not blurred.
    finest_mm : float
        Pixels are not made smaller than this.
    """
    pixel = max(geometry.spacing[2], finest_mm)
    rows, columns = round(field.height_mm / pixel), round(field.width_mm / pixel)
    down = np.array(_DOWN[view])
    corner = np.asarray(centre) - 0.5 * rows * pixel * down - np.array((0.5 * columns * pixel, 0.0, 0.0))
    if geometry.is_axis_aligned and pixel == geometry.spacing[2]:
        corner = _on_voxels(corner, view, pixel, geometry)
    return ImagePlane(view, corner, pixel, (rows, columns))


def _on_voxels(corner: FloatArray, view: View, pixel: float, geometry: Geometry) -> FloatArray:
    """Move a corner by less than a voxel, within the plane, so that the first pixel's centre is a voxel's centre."""
    half = 0.5 * pixel * (np.array(_DOWN[view]) + np.array((1.0, 0.0, 0.0)))
    snapped = geometry.to_lps(np.round(geometry.to_index(corner + half))) - half
    snapped[_NORMAL[view]] = corner[_NORMAL[view]]
    return np.asarray(snapped)


class Cut:
    """A plane through one grid, worked out once for all that is sampled on it.

    Parameters
    ----------
    geometry : Geometry
        The grid that is cut.
    plane : ImagePlane
        Where.
    """

    def __init__(self, geometry: Geometry, plane: ImagePlane) -> None:
        index = np.moveaxis(geometry.to_index(plane.points()), -1, 0)
        size = np.array(geometry.shape)[:, None, None]
        self.plane = plane
        self._inside = np.asarray(np.all((index > -0.5) & (index < size - 0.5), axis=0))
        # Only the slab that the plane cuts is touched: a plane of a scan of 100 million voxels costs milliseconds.
        within = np.clip(index, 0, size - 1)
        low = np.floor(within.min(axis=(1, 2))).astype(int)
        high = np.ceil(within.max(axis=(1, 2))).astype(int) + 1
        self._slab = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        self._index = index - low[:, None, None]

    def values(self, array: npt.NDArray[Any], *, fill: float) -> npt.NDArray[np.float32]:
        """Values of the grid, linear between voxels; ``fill`` outside the grid. Shape ``plane.shape``."""
        return self._interpolate(array[self._slab], fill)

    def share(self, labels: npt.NDArray[Any], value: int) -> npt.NDArray[np.float32]:
        """How much of each pixel is the label ``value``, 0-1 and linear between voxels. Shape ``plane.shape``."""
        there = labels[self._slab] == value
        if not there.any():
            return np.zeros(self.plane.shape, dtype=np.float32)
        return self._interpolate(there.astype(np.float32), 0.0)

    def _interpolate(self, slab: npt.NDArray[Any], fill: float) -> npt.NDArray[np.float32]:
        found = map_coordinates(slab, self._index, output=np.float32, order=1, mode="nearest", prefilter=False)
        return np.where(self._inside, found, np.float32(fill)).astype(np.float32)

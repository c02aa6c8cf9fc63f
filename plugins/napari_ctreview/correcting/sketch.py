"""What tools draw over a slice, in places of the patient; turned into pixels when the slice is painted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QRectF
from qtpy.QtGui import QColor, QImage
from scipy.ndimage import binary_erosion

from ctreview.volume.geometry import FloatArray
from napari_ctreview.annotations import Drawing, Picture
from napari_ctreview.pane import Pane

__all__ = ["Line", "Ring", "Sketch", "Tint", "colours", "level_of"]

_ROUND = np.linspace(0, 2 * np.pi, 49)


@dataclass(frozen=True, eq=False)
class Line:
    """A polyline on one slice.

    Attributes
    ----------
    points : ndarray, shape (n, 3)
        LPS millimetres.
    colour : str
        As Qt writes it.
    width : float
        In pixels, or in millimetres where ``in_mm``.
    """

    points: FloatArray
    colour: str
    width: float = 2.0
    in_mm: bool = False
    closed: bool = False
    dashed: bool = False
    text: str = ""

    def on(self, pane: Pane) -> Drawing | None:
        """In pixels; None on another slice."""
        pixels, off = pane.pixels_of(np.atleast_2d(np.asarray(self.points, dtype=float)))
        if np.abs(off).max() > pane.geometry.spacing[pane.across] * 0.51 + pane.slab.thickness_mm / 2:
            return None
        width = self.width * pane.model.scene.camera.zoom if self.in_mm else self.width
        points = tuple((float(x), float(y)) for x, y in pixels)
        return Drawing(points, self.closed, self.text, self.colour, float(width), self.dashed)


@dataclass(frozen=True, eq=False)
class Ring:
    """The circle that a tool would touch."""

    centre: FloatArray
    radius_mm: float
    colour: str
    text: str = ""

    def on(self, pane: Pane) -> Drawing | None:
        """In pixels; None on another slice."""
        (x, y), off = pane.pixels_of(np.asarray(self.centre, dtype=float))
        if abs(off) > pane.geometry.spacing[pane.across] * 0.51:
            return None
        radius = self.radius_mm * pane.model.scene.camera.zoom
        points = tuple((float(x + radius * np.cos(a)), float(y + radius * np.sin(a))) for a in _ROUND)
        return Drawing(points, True, self.text, self.colour, 1.2)


@dataclass(frozen=True, eq=False)
class Tint:
    """Voxels coloured by their value, over a box of the grid.

    Attributes
    ----------
    start : tuple of int
        Index of the box's first voxel.
    values : ndarray of uint8, shape of the box
        0 stays clear.
    table : ndarray of uint32, shape (256,)
        The colour of each value; see `colours`.
    edges : bool
        Whether the border of what is coloured is drawn stronger.
    """

    start: tuple[int, int, int]
    values: npt.NDArray[np.uint8]
    table: npt.NDArray[np.uint32]
    edges: bool = False
    _kept: dict[tuple[int, int], QImage] = field(default_factory=dict, init=False)

    def on(self, pane: Pane) -> Picture | None:
        """Over the slice on screen; None where that does not cut the box."""
        across, level = pane.across, level_of(pane)
        if not 0 <= level - self.start[across] < self.values.shape[across]:
            return None
        ends = np.array([self.start, np.add(self.start, self.values.shape)], dtype=float) - 0.5
        ends[:, across] = level
        (left, top), (right, bottom) = pane.pixels_of(pane.geometry.to_lps(ends))[0]
        image = self._kept.get((across, level))
        if image is None:
            values = np.take(self.values, level - self.start[across], axis=across)
            # coronal and sagittal slices are shown with the head up: their first row is the lowest
            image = self._image(values if bottom >= top else values[::-1])
            self._kept.clear()  # the slice on screen is asked for again and again, no other
            self._kept[across, level] = image
        return Picture(image, QRectF(left, min(top, bottom), right - left, abs(bottom - top)))

    def _image(self, values: npt.NDArray[np.uint8]) -> QImage:
        pixels = np.ascontiguousarray(self.table[values])
        if self.edges:
            there = values > 0
            border = there & ~np.asarray(binary_erosion(there), dtype=bool)
            pixels[border] = _stronger(self.table)[values[border]]
        height, width = pixels.shape
        # copied, since Qt does not keep the array alive
        return QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied).copy()


Sketch = Line | Ring | Tint


def level_of(pane: Pane) -> int:
    """The number of the slice on screen."""
    return round(float(pane.geometry.to_index(pane.centre)[pane.across]))


def colours(table: Mapping[int, str | tuple[int, int, int]], alpha: float) -> npt.NDArray[np.uint32]:
    """A colour for each value, all equally transparent, as Qt's premultiplied pixels; values not named are clear."""
    found = np.zeros(256, np.uint32)
    for value, colour in table.items():
        shade = QColor(colour) if isinstance(colour, str) else QColor(*colour)
        red, green, blue = (round(c * alpha) for c in (shade.red(), shade.green(), shade.blue()))
        found[value] = (round(255 * alpha) << 24) | (red << 16) | (green << 8) | blue
    return found


def _stronger(table: npt.NDArray[np.uint32]) -> npt.NDArray[Any]:
    """The same colours, nearly opaque."""
    parts = table.view(np.uint8).reshape(-1, 4).astype(float)
    scale = np.where(parts[:, 3:] > 0, 235 / np.maximum(parts[:, 3:], 1), 0)
    return np.ascontiguousarray(np.rint(np.minimum(parts * scale, 255)).astype(np.uint8)).view(np.uint32).ravel()

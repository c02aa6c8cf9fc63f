"""What tools draw over a slice, in places of the patient; turned into pixels when the slice is painted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QRectF
from qtpy.QtGui import QColor, QImage, QTransform
from skimage.measure import find_contours

from ctreview.volume.box import Box
from ctreview.volume.geometry import FloatArray, Geometry
from napari_ctreview.viewer.annotations import Drawing, ImageDrawing
from napari_ctreview.viewer.mouse_gestures import CursorPosition
from napari_ctreview.viewer.pane import Pane

__all__ = [
    "REMOVED",
    "CircleSketch",
    "MaskSketch",
    "PolylineSketch",
    "Sketch",
    "StrokeTint",
    "colours",
    "level_of",
    "piece_sketch",
]

REMOVED = "#ffffff"
"""What a preview removes; no class has this colour."""

_UPSIDE_DOWN = QTransform.fromScale(1, -1)

_MOST_OUTLINES = 200
"""Noise has thousands of outlines, which nobody can see and which take long to draw."""

_ROUND = np.linspace(0, 2 * np.pi, 49)


@dataclass(frozen=True, eq=False)
class PolylineSketch:
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

    def on(self, pane: Pane) -> Sequence[Drawing]:
        """In pixels; nothing on another slice."""
        pixels, off = pane.pixels_of(np.atleast_2d(np.asarray(self.points, dtype=float)))
        if np.abs(off).max() > pane.geometry.spacing[pane.across] * 0.51 + pane.slab.thickness_mm / 2:
            return ()
        width = self.width * pane.model.scene.camera.zoom if self.in_mm else self.width
        points = tuple((float(x), float(y)) for x, y in pixels)
        return (Drawing(points, self.closed, self.text, self.colour, float(width), self.dashed),)


@dataclass(frozen=True, eq=False)
class CircleSketch:
    """The circle that a tool would touch."""

    centre: FloatArray
    radius_mm: float
    colour: str
    text: str = ""

    def on(self, pane: Pane) -> Sequence[Drawing]:
        """In pixels; nothing on another slice."""
        (x, y), off = pane.pixels_of(np.asarray(self.centre, dtype=float))
        if abs(off) > pane.geometry.spacing[pane.across] * 0.51:
            return ()
        radius = self.radius_mm * pane.model.scene.camera.zoom
        points = tuple((float(x + radius * np.cos(a)), float(y + radius * np.sin(a))) for a in _ROUND)
        return (Drawing(points, True, self.text, self.colour, 1.2),)


@dataclass(frozen=True, eq=False)
class MaskSketch:
    """Voxels coloured by their value, over a box of the grid.

    Attributes
    ----------
    start : tuple of int
        Index of the box's first voxel.
    values : ndarray of uint8, shape of the box
        0 stays clear.
    table : ndarray of uint32, shape (256,)
        The colour of each value; see `colours`.
    outlines : mapping of int to str
        The values whose outline is drawn too, and in which colour.
    grid : Geometry or None
        What the indices are of; the pane's own if None. Contrasts of one examination may have other grids.
    """

    start: tuple[int, int, int]
    values: npt.NDArray[np.uint8]
    table: npt.NDArray[np.uint32]
    outlines: Mapping[int, str] = field(default_factory=dict)
    grid: Geometry | None = None
    _kept: dict[tuple[int, int], tuple[QImage, list[tuple[FloatArray, str]]]] = field(default_factory=dict, init=False)

    def on(self, pane: Pane) -> Sequence[Drawing | ImageDrawing]:
        """Over the slice on screen; nothing where that does not cut the box."""
        grid = self.grid or pane.geometry
        across, level = pane.across, level_of(pane, grid)
        if not 0 <= level - self.start[across] < self.values.shape[across]:
            return ()
        if (across, level) not in self._kept:
            values = np.take(self.values, level - self.start[across], axis=across)
            self._kept.clear()  # the slice on screen is asked for again and again, no other
            self._kept[across, level] = _image(self.table[values]), self._outlined(values, across, level)
        image, lines = self._kept[across, level]
        ends = np.array([self.start, np.add(self.start, self.values.shape)], dtype=float) - 0.5
        ends[:, across] = level
        (left, top), (right, bottom) = pane.pixels_of(grid.to_lps(ends))[0]
        if bottom < top:  # coronal and sagittal slices are shown with the head up: their first row is the lowest
            image, top, bottom = image.transformed(_UPSIDE_DOWN), bottom, top
        shown: list[Drawing | ImageDrawing] = [ImageDrawing(image, QRectF(left, top, right - left, bottom - top))]
        for index, colour in lines:
            pixels, _ = pane.pixels_of(grid.to_lps(index))
            shown.append(Drawing(tuple((float(x), float(y)) for x, y in pixels), colour=colour, width=1.3))
        return shown

    def _outlined(self, values: npt.NDArray[np.uint8], across: int, level: int) -> list[tuple[FloatArray, str]]:
        """The outlines of the values in a slice, as voxel indices."""
        corner = np.delete(np.array(self.start, dtype=float), across) - 1  # of the border that is put around
        found = [
            (line, colour)
            for value, colour in self.outlines.items()
            for line in find_contours(np.pad(values == value, 1).astype(np.float32), 0.5)
        ]
        longest = sorted(found, key=lambda one: -len(one[0]))[:_MOST_OUTLINES]
        return [(np.insert(line + corner, across, level, axis=1), colour) for line, colour in longest]


class StrokeTint:
    """A stroke under way and the voxels of its slice that it changes.

    Attributes
    ----------
    points : list
        The stroke so far, in LPS millimetres.
    plane, level : int
        The array axis across the slice, and its index.
    """

    def __init__(self, grid: Geometry, plane: int, level: int, colour: str) -> None:
        self.points: list[list[float]] = []
        self.plane, self.level = plane, level
        self._grid = grid
        self._apart = 0.4 * min(grid.spacing)
        shape = tuple(1 if axis == plane else size for axis, size in enumerate(grid.shape))
        self._changed = np.zeros(shape, np.uint8)
        self._low, self._high = np.array(shape), np.zeros(3, int)
        self._table = colours({1: colour}, 0.55)

    @property
    def empty(self) -> bool:
        """Whether nothing of its slice changes."""
        return not self._changed.any()

    def goes_on(self, cursor: CursorPosition) -> bool:
        """Take in a place; False where it is too close to the last one."""
        point = [float(v) for v in cursor.lps]
        if self.points and np.linalg.norm(np.subtract(point, self.points[-1])) < self._apart:
            return False
        self.points.append(point)
        return True

    def add(self, box: Box, changes: npt.NDArray[np.bool_]) -> None:
        """Take in what changes in a box of the slice."""
        low = np.array([s.start for s in box])
        low[self.plane] = 0
        high = low + changes.shape
        a, b, c = (slice(int(s), int(e)) for s, e in zip(low, high, strict=True))
        self._changed[a, b, c] |= changes
        self._low, self._high = np.minimum(self._low, low), np.maximum(self._high, high)

    @property
    def tint(self) -> MaskSketch:
        """What it has painted so far."""
        box = tuple(slice(a, max(a, b)) for a, b in zip(self._low, self._high, strict=True))
        a, b, c = (self.level if axis == self.plane else int(n) for axis, n in enumerate(self._low))
        return MaskSketch((a, b, c), self._changed[box], self._table, grid=self._grid)


Sketch = PolylineSketch | CircleSketch | MaskSketch


def piece_sketch(box: Box, mask: npt.NDArray[np.bool_], grid: Geometry, colour: str, alpha: float) -> MaskSketch:
    """A piece that is offered: outlined in a colour, and filled with it as opaque as said."""
    a, b, c = (span.start for span in box)
    return MaskSketch((a, b, c), mask.astype(np.uint8), colours({1: colour}, alpha), {1: colour}, grid)


def level_of(pane: Pane, grid: Geometry | None = None) -> int:
    """The number of the slice on screen, in the pane's own image or on another grid."""
    return round(float((grid or pane.geometry).to_index(pane.centre)[pane.across]))


def colours(table: Mapping[int, str], alpha: float) -> npt.NDArray[np.uint32]:
    """A colour for each value, all equally transparent, as Qt's premultiplied pixels; values not named are clear."""
    found = np.zeros(256, np.uint32)
    for value, colour in table.items():
        shade = QColor(colour)
        red, green, blue = (round(c * alpha) for c in (shade.red(), shade.green(), shade.blue()))
        found[value] = (round(255 * alpha) << 24) | (red << 16) | (green << 8) | blue
    return found


def _image(pixels: npt.NDArray[np.uint32]) -> QImage:
    height, width = pixels.shape
    # copied, since Qt does not keep the array alive
    return QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied).copy()

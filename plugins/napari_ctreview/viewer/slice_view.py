"""Where a slice on screen lies in the patient: places in millimetres and pixels of the canvas."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtWidgets import QWidget

from ctreview.volume.geometry import FloatArray, Geometry
from ctreview.volume.volume import Volume
from napari_ctreview.viewer.annotations import Crosshair
from napari_ctreview.viewer.layers import to_lps, to_world
from napari_ctreview.viewer.planes import Plane, centre_of, centre_on
from napari_ctreview.viewer.slabs import THIN

__all__ = ["SliceView"]

_TOWARDS = {
    Plane.AXIAL: ("headwards", "footwards"),
    Plane.CORONAL: ("dorsal", "ventral"),
    Plane.SAGITTAL: ("to the left", "to the right"),
}


class SliceView:
    """The slice of a volume that a canvas shows.

    Parameters
    ----------
    model : ViewerModel
        Its dims say which slice, its camera which part of it.
    surface : QWidget
        What the image is drawn on: the canvas without its sliders.

    Attributes
    ----------
    volume : Volume or None
    plane : Plane
    slab : Slab
    """

    def __init__(self, model: Any, surface: QWidget) -> None:
        self.model = model
        self.surface = surface
        self.volume: Volume | None = None
        self.plane = Plane.AXIAL
        self.slab = THIN

    @property
    def geometry(self) -> Geometry:
        """The grid of what is shown."""
        assert self.volume is not None
        return self.volume.geometry

    @property
    def across(self) -> int:
        """The array axis across the plane on screen."""
        return int(self.model.dims.not_displayed[0])

    @property
    def centre(self) -> FloatArray:
        """The place in the middle of the screen, LPS millimetres."""
        return to_lps(self.geometry, centre_of(self.model))

    def go_to(self, lps: FloatArray) -> None:
        """Show the slice through a place, with the place in the middle of the screen."""
        head, back, left = (float(v) for v in to_world(self.geometry, lps))
        centre_on(self.model, (head, back, left))

    def show_slice(self, lps: FloatArray) -> None:
        """Show the slice through a place; the image moves only where the place would be out of view."""
        world = to_world(self.geometry, lps)
        self.model.dims.set_point(self.across, float(world[self.across]))
        (x, y), _ = self.pixels_of(lps)
        if not (0 <= x < self.surface.width() and 0 <= y < self.surface.height()):
            self.go_to(lps)

    def centre_whole(self) -> None:
        """Bring the middle of the image to that of the screen, where all of it fits there."""
        geometry, displayed = self.geometry, self.model.dims.displayed
        size = [geometry.shape[axis] * geometry.spacing[axis] * self.model.scene.camera.zoom for axis in displayed]
        if size[0] <= 1.1 * self.surface.height() and size[1] <= 1.1 * self.surface.width():
            middle = to_world(geometry, geometry.to_lps((np.array(geometry.shape) - 1) / 2))
            self.model.scene.camera.center = (0.0, *(float(middle[axis]) for axis in displayed))

    def step(self, slices: int) -> bool:
        """Go some slices on towards head, back or left; False at the end of the scan."""
        axis = self.across
        spacing = self.geometry.spacing[axis]
        before = self.model.dims.point[axis]
        self.model.dims.set_point(axis, before + slices * spacing)
        return bool(abs(self.model.dims.point[axis] - before) > 0.01 * spacing)

    def contains_slice_of(self, lps: FloatArray) -> bool:
        """Whether the slice through a place is one of this scan's."""
        index = float(self.geometry.to_index(lps)[self.across])
        return -0.5 <= index <= self.geometry.shape[self.across] - 0.5

    def pixels_of(self, lps: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Where on the canvas places lie, and how far off the slice on screen.

        Parameters
        ----------
        lps : ndarray, shape (…, 3)
            LPS millimetres.

        Returns
        -------
        pixels : ndarray, shape (…, 2)
            To the right and down from the upper left corner of the canvas, in Qt's pixels.
        off : ndarray, shape (…)
            Millimetres from the slice on screen, along the array axis across it.
        """
        world = to_world(self.geometry, lps)
        widget, camera = self.surface, self.model.scene.camera
        vertical, horizontal = self.model.dims.displayed
        down = -1.0 if str(camera.orientation2d[0].value) == "up" else 1.0
        x = widget.width() / 2 + (world[..., horizontal] - camera.center[2]) * camera.zoom
        y = widget.height() / 2 + down * (world[..., vertical] - camera.center[1]) * camera.zoom
        return np.stack([x, y], axis=-1), world[..., self.across] - self.model.dims.point[self.across]

    def line_at(self, axis: int, world: float) -> tuple[tuple[float, float], tuple[float, float]]:
        """Ends, in pixels, of the line across the canvas at a world coordinate of a displayed axis."""
        place = np.array(centre_of(self.model))
        place[axis] = world
        (x, y), _ = self.pixels_of(to_lps(self.geometry, place))
        if axis == self.model.dims.displayed[0]:
            return (0.0, float(y)), (float(self.surface.width()), float(y))
        return (float(x), 0.0), (float(x), float(self.surface.height()))

    def place_at(self, pixels: FloatArray) -> FloatArray:
        """The place on the slice on screen under pixels of the canvas; the inverse of `pixels_of`."""
        widget, camera = self.surface, self.model.scene.camera
        vertical, horizontal = self.model.dims.displayed
        down = -1.0 if str(camera.orientation2d[0].value) == "up" else 1.0
        world = np.array([float(v) for v in self.model.dims.point])
        world[horizontal] = camera.center[2] + (pixels[0] - widget.width() / 2) / camera.zoom
        world[vertical] = camera.center[1] + down * (pixels[1] - widget.height() / 2) / camera.zoom
        return to_lps(self.geometry, world)

    def crosshair_at(self, lps: FloatArray) -> Crosshair:
        """The linked cursor at a place; one off this slice says how far."""
        (x, y), off = self.pixels_of(lps)
        half = max(self.geometry.spacing[self.across], self.slab.thickness_mm) / 2
        away = "" if abs(off) <= half + 1e-6 else f"{abs(off):.0f} mm {_TOWARDS[self.plane][int(off < 0)]}"
        return Crosshair(float(x), float(y), away)

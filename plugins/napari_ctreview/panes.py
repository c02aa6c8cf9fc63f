"""The linked views of baseline and follow-up, and of what became of the opacity."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.qt import QtViewer
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QSplitter

from ctreview.volume.geometry import FloatArray, Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume
from napari_ctreview.annotations import Annotations, Corners
from napari_ctreview.layers import WINDOWS, image_layer, labels_layer, to_lps, to_world
from napari_ctreview.planes import Plane, centre_of, centre_on, letters, show

__all__ = ["Link", "Mapping", "Pane", "Panes"]

Mapping = Callable[[FloatArray], FloatArray]
"""From points (…, 3) of one image to those of another, in LPS millimetres."""


class Pane:
    """One canvas with one timepoint.

    Parameters
    ----------
    model : ViewerModel
        napari's own for the first pane, one of our own for the others.
    canvas : QtViewer
        What shows it.
    """

    def __init__(self, model: Any, canvas: QtViewer) -> None:
        self.model = model
        self.canvas = canvas
        self.volume: Volume | None = None
        self.image: Any = None
        self.labels: dict[str, Any] = {}
        self.annotations = Annotations(canvas.canvas.native)
        self.plane = Plane.AXIAL

    @property
    def geometry(self) -> Geometry:
        """The grid of what is shown."""
        assert self.volume is not None
        return self.volume.geometry

    def show_volume(self, volume: Volume, *, name: str) -> None:
        """Show an image instead of whatever the pane showed."""
        self.clear()
        data, options, _ = image_layer(volume, name=name)
        self.volume = volume
        self.image = self.model.add_image(data, **options)
        self.turn(self.plane)
        self.model.reset_view()

    def show_labels(self, labels: LabelMap, *, name: str, array: Any = None) -> Any:
        """Show a label map over the image, or replace the one of that name; gives the layer."""
        data, options, _ = labels_layer(labels, name=name, array=array)
        if name in self.labels and self.labels[name] in self.model.layers:
            layer = self.labels[name]
            layer.data = data
            layer.metadata = options["metadata"]
        else:
            layer = self.model.add_labels(data, **options)
            layer.editable = False  # edits go through the tools, so that each becomes a record
            self.labels[name] = layer
        return layer

    def clear(self) -> None:
        """Take away what this pane put on its canvas."""
        for layer in [*self.labels.values(), self.image]:
            if layer is not None and layer in self.model.layers:
                self.model.layers.remove(layer)
        self.labels, self.image, self.volume = {}, None, None

    def turn(self, plane: Plane) -> None:
        """Show another plane through the same place."""
        self.plane = plane
        show(self.model, plane)
        self.annotations.say(letters=letters(plane))

    def window(self, level: float, width: float) -> None:
        """Set the window; `Link` sets it in every pane."""
        if self.image is not None:
            self.image.contrast_limits = (level - width / 2, level + width / 2)

    def pixel_of(self, lps: FloatArray) -> tuple[float, float] | None:
        """Where on the canvas a point lies, in pixels; None if its slice is not on screen."""
        world = to_world(self.geometry, lps)
        (across,) = self.model.dims.not_displayed
        if abs(world[across] - self.model.dims.point[across]) > self.geometry.spacing[across]:
            return None
        widget = self.canvas.canvas.native
        camera = self.model.scene.camera
        vertical, horizontal = (float(world[axis]) for axis in self.model.dims.displayed)
        direction = -1.0 if str(camera.orientation2d[0].value) == "up" else 1.0
        x = widget.width() / 2 + (horizontal - camera.center[2]) * camera.zoom
        y = widget.height() / 2 + direction * (vertical - camera.center[1]) * camera.zoom
        return x, y


class Link:
    """Keeps panes at one place of the body, in one plane, at one zoom and in one window.

    Parameters
    ----------
    panes : sequence of Pane
        All with a volume.
    mapping : callable
        ``mapping(i, j)`` gives the `Mapping` from pane i's points to pane j's.
    """

    def __init__(self, panes: Sequence[Pane], mapping: Callable[[int, int], Mapping]) -> None:
        self.panes = list(panes)
        self.mapping = mapping
        self.on = True
        self._busy = False
        self._connections: list[tuple[Any, Any]] = []
        for number, pane in enumerate(self.panes):
            self._connect(pane.model.dims.events.point, self._follower(number))
            self._connect(pane.model.scene.camera.events.center, self._follower(number))
            self._connect(pane.model.scene.camera.events.zoom, self._follower(number))
            self._connect(pane.image.events.contrast_limits, self._window_follower(number))

    def break_up(self) -> None:
        """Let go of the panes for good."""
        for event, callback in self._connections:
            event.disconnect(callback)
        self._connections = []

    def turn(self, plane: Plane) -> None:
        """Show another plane in every pane, through the place of the first."""
        with self._alone():
            for pane in self.panes:
                pane.turn(plane)
        self.follow(0)

    def follow(self, leader: int) -> None:
        """Bring every other pane to where one of them is."""
        if self._busy or not self.on:
            return
        with self._alone():
            here = self.panes[leader]
            place = to_lps(here.geometry, centre_of(here.model))
            for number, pane in enumerate(self.panes):
                if number != leader:
                    there = to_world(pane.geometry, self.mapping(leader, number)(place))
                    centre_on(pane.model, (float(there[0]), float(there[1]), float(there[2])))
                    pane.model.scene.camera.zoom = here.model.scene.camera.zoom

    def cursor(self, leader: int, lps: FloatArray | None) -> None:
        """Show in every other pane where the cursor of one of them is in the body."""
        for number, pane in enumerate(self.panes):
            if number == leader or lps is None or not self.on:
                pane.annotations.point_at(None)
            else:
                pane.annotations.point_at(pane.pixel_of(self.mapping(leader, number)(np.asarray(lps))))

    def _follower(self, number: int) -> Callable[[Any], None]:
        return lambda _event=None: self.follow(number)

    def _window_follower(self, number: int) -> Callable[[Any], None]:
        def same_window(_event: Any = None) -> None:
            # windows stay the same even while the places are unlinked: two windows make two impressions
            if self._busy:
                return
            with self._alone():
                for pane in self.panes:
                    pane.image.contrast_limits = self.panes[number].image.contrast_limits

        return same_window

    def _connect(self, event: Any, callback: Callable[[Any], None]) -> None:
        event.connect(callback)
        self._connections.append((event, callback))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Do not answer the events that our own changes cause."""
        before, self._busy = self._busy, True
        try:
            yield
        finally:
            self._busy = before


class Panes(QSplitter):  # type: ignore[misc,unused-ignore]
    """napari's own canvas and the further ones beside it.

    Parameters
    ----------
    viewer : napari.Viewer
        Its canvas becomes the first pane.
    count : int
        How many panes there are: 2, or 3 with the map of fate.
    """

    def __init__(self, viewer: Any, count: int = 2) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.viewer = viewer
        own = viewer.window._qt_viewer  # napari 0.9 has no public way to its canvas
        layout = viewer.window._qt_window.centralWidget().layout()
        layout.removeWidget(own)
        self.addWidget(own)
        self.panes = [Pane(viewer, own)]
        for _ in range(count - 1):
            model = ViewerModel()
            canvas = QtViewer(model)
            self.addWidget(canvas)
            self.panes.append(Pane(model, canvas))
        layout.addWidget(self)
        self.show()
        # a canvas that is moved to another parent makes its drawing context anew when it is shown; layers that are
        # added before that fail
        QApplication.processEvents()
        self.setSizes([1000] * count)
        self.link: Link | None = None

    def show_volumes(self, volumes: Sequence[Volume], names: Sequence[str], corners: Sequence[Corners]) -> None:
        """Show an image in each pane."""
        self.unlink()
        for pane, volume, name, text in zip(self.panes, volumes, names, corners, strict=False):
            pane.show_volume(volume, name=name)
            pane.annotations.say(corners=text)

    def link_by(self, mapping: Callable[[int, int], Mapping]) -> None:
        """Link the panes that show something."""
        self.unlink()
        self.link = Link([pane for pane in self.panes if pane.volume is not None], mapping)
        self.link.follow(0)

    def unlink(self) -> None:
        """Let every pane go its own way."""
        if self.link is not None:
            self.link.break_up()
            self.link = None

    def turn(self, plane: Plane) -> None:
        """Show a plane in every pane."""
        if self.link is not None:
            self.link.turn(plane)
        else:
            for pane in self.panes:
                pane.turn(plane)

    def window(self, name: str) -> None:
        """Set a window preset in every pane."""
        for pane in self.panes:
            pane.window(*WINDOWS[name])

    def give_back(self) -> None:
        """Put napari's canvas back where it was and close the others."""
        self.unlink()
        own = self.panes[0].canvas
        layout = self.viewer.window._qt_window.centralWidget().layout()
        for pane in self.panes[1:]:
            pane.canvas.close()
        layout.removeWidget(self)
        layout.addWidget(own)
        self.deleteLater()

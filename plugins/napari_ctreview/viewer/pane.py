"""One canvas with one timepoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.volume.geometry import FloatArray
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume
from napari_ctreview.napari_adapter import QtViewer, bare_slider, drawing_surface, stop_playing
from napari_ctreview.viewer.annotations import Annotations, Drawing, ImageDrawing
from napari_ctreview.viewer.corner_layout import CornerTexts
from napari_ctreview.viewer.corner_text import ScanTiming, facts, slice_text
from napari_ctreview.viewer.correspondence import ROLES, TimepointRole
from napari_ctreview.viewer.layer_guard import LayerGuard
from napari_ctreview.viewer.layers import image_layer, labels_layer
from napari_ctreview.viewer.measurements import Angle, Caliper, RegionOfInterest
from napari_ctreview.viewer.planes import (
    OBLIQUE_DEGREES,
    Plane,
    letters,
    obliqueness,
    show,
    view_of,
)
from napari_ctreview.viewer.presets import Window, limits, window_name, windows_for
from napari_ctreview.viewer.readout import Readout, ReadoutSource, read
from napari_ctreview.viewer.slabs import Slab, apply
from napari_ctreview.viewer.slice_view import SliceView

__all__ = ["OVERLAYS", "Pane", "SliceMeasurement"]

SliceMeasurement = Caliper | Angle | RegionOfInterest
"""What a reader measures on a slice."""

OVERLAYS = ("filled", "outlined", "hidden")
"""How label maps are laid over the image, in the order that a key walks through."""


class Pane(SliceView):
    """One canvas with one timepoint.

    Parameters
    ----------
    model : ViewerModel
        napari's own for the first pane, one of our own for the others.
    canvas : QtViewer
        What shows it.

    Attributes
    ----------
    role : {"baseline", "followup"}
        Which scan it shows.
    known : ReadoutSource
        Label maps, regions and fate that the crosshair reads out.
    marks : list of Caliper, Angle or RegionOfInterest
        Measurements; each is drawn on its own slice.
    sketches : list of callable
        What else is drawn over the slice: each is asked at every painting, as tools and findings change with the mouse.
    in_every_plane : list of callable
        What is drawn over the slice before that, whatever plane it is of: each is asked with the pane that is painted,
        and the further planes of this pane ask the same.
    watchers : list of callable
        Called without arguments after what is shown became otherwise: image, labels, slab.
    redrawn : list of callable
        Called without arguments where what is drawn in every plane became otherwise.
    relabelled : list of callable
        Called with the name of a label map and the box of it that was changed.
    """

    def __init__(self, model: Any, canvas: QtViewer) -> None:
        super().__init__(model, drawing_surface(canvas))
        self.canvas = canvas
        bare_slider(canvas)
        self.role: TimepointRole = "baseline"
        self.name = ""
        self.image: Any = None
        self.labels: dict[str, Any] = {}
        self.known = ReadoutSource()
        self.marks: list[SliceMeasurement] = []
        self.sketches: list[Callable[[], Sequence[Drawing | ImageDrawing]]] = []
        self.in_every_plane: list[Callable[[Pane], Sequence[Drawing | ImageDrawing]]] = []
        self.redrawn: list[Callable[[], None]] = []
        self.watchers: list[Callable[[], None]] = []
        self.relabelled: list[Callable[[str, tuple[slice, slice, slice]], None]] = []
        self.overlay = OVERLAYS[0]
        self.link_text = self.blend_text = ""
        self.windows: dict[str, Window] = {}
        self._opacities: dict[str, float] = {}
        self.annotations = Annotations(self.surface)
        self.annotations.drawings = self._drawings
        self._place: tuple[FloatArray, float] | None = None
        self.guard = LayerGuard(model, lambda: view_of(self.plane), self._show_again)
        self.annotations.pixels_per_mm = lambda: 0.0 if self.volume is None else float(model.scene.camera.zoom)
        for event in (model.scene.camera.events.center, model.scene.camera.events.zoom):
            event.connect(self._moved)
        model.dims.events.point.connect(self._moved)
        model.layers.events.removing.connect(self._removing)

    @property
    def timepoint(self) -> int:
        """The study's number of the scan that is shown, from 1."""
        return ROLES.index(self.role) + 1

    # --- what is shown

    def show_volume(self, volume: Volume, *, name: str, timing: ScanTiming | None = None) -> None:
        """Show an image instead of whatever the pane showed, with its facts in the corners."""
        self.clear()
        data, options, _ = image_layer(volume, name=name)
        self.volume, self.windows, self.name = volume, windows_for(volume), name
        self.image = self.model.add_image(data, **options)
        bare_slider(self.canvas)
        self.guard.keep(self.image)
        self.image.events.contrast_limits.connect(self._moved)
        self.describe(timing or ScanTiming(name))
        self.set_plane(self.plane)
        self.model.reset_view()
        self._tell()

    def replace_image(self, volume: Volume, *, name: str) -> None:
        """Show another contrast of the same examination at the same place; labels and measurements stay."""
        assert self.image is not None
        place, window = self.centre, window_name(self.image.contrast_limits, self.windows)
        shown, old = image_layer(volume, name=name), self.image
        old.events.contrast_limits.disconnect(self._moved)
        self.image = self.model.add_image(shown[0], **shown[1])
        self.guard.keep(self.image)
        self._take_off(old)
        self.image.events.contrast_limits.connect(self._moved)
        self.model.layers.move(self.model.layers.index(self.image), 0)
        self.volume, self.windows = volume, windows_for(volume)
        self.set_window(self.windows.get(window, next(iter(self.windows.values()))))
        self.set_slab(self.slab)
        self.go_to(place)
        self._tell()

    def show_labels(self, labels: LabelMap, *, name: str, array: npt.NDArray[Any] | None = None) -> Any:
        """Show a label map over the image, or replace the one of that name; gives the layer.

        Parameters
        ----------
        labels : LabelMap
            The regions, with names and colours.
        name : str
            What the layer is called.
        array : ndarray, optional
            A writable array to show instead of the frozen one; call ``layer.refresh()`` after a change.
        """
        data, options, _ = labels_layer(labels, name=name, array=array)
        layer = self.labels.get(name)
        if layer is not None and layer in self.model.layers:
            layer.data = data
            layer.colormap = options["colormap"]
            layer.metadata = options["metadata"]
            self._tell()
            return layer
        layer = self.model.add_labels(data, **options)
        self.guard.keep(layer)
        self.labels[name] = layer
        self._opacities[name] = float(layer.opacity)
        self.set_overlay(self.overlay)
        self._tell()
        return layer

    def refresh_labels(self, name: str, box: tuple[slice, slice, slice]) -> None:
        """Draw a box of a label map's array again after a change; nothing where the slice on screen does not cut it."""
        for tell in self.relabelled:
            tell(name, box)
        layer = self.labels.get(name)
        if layer is None:
            return
        # another contrast may lie on a grid of its own
        level = round(float(layer.metadata["ctreview"].geometry.to_index(self.centre)[self.across]))
        if box[self.across].start <= level < box[self.across].stop:
            layer.refresh(extent=False, thumbnail=False, highlight=False)

    def remove_labels(self, name: str) -> None:
        """Take a label map away; nothing where none of that name is shown."""
        layer = self.labels.pop(name, None)
        if layer is not None:
            self._take_off(layer)

    def _take_off(self, layer: Any) -> None:
        """Take a layer off the canvas for good."""
        self.guard.release(layer)
        if layer in self.model.layers:
            self.model.layers.remove(layer)

    def clear(self) -> None:
        """Take away what this pane put on its canvas."""
        if self.image is not None:
            self.image.events.contrast_limits.disconnect(self._moved)
        layers = [*self.labels.values(), self.image]
        # first of all, so that what the model tells of layers going away finds nothing to write about
        self.labels, self.image, self.volume = {}, None, None
        for layer in layers:
            if layer is not None:
                self._take_off(layer)
        self.marks, self.known = [], ReadoutSource()
        self.annotations.set_texts(letters=("", "", "", ""), corners=CornerTexts(), warnings=())
        self._tell()

    def describe(self, timing: ScanTiming, *, blinded: bool = False, contrast: str = "") -> None:
        """Say in the upper corners which scan this is and how it was made; only its title where blinded."""
        assert self.volume is not None
        angle = obliqueness(self.geometry)
        oblique = (f"oblique {angle:.0f}°",) if angle >= OBLIQUE_DEGREES else ()
        made = () if blinded else facts(self.volume)
        title = (timing.title.upper(),) if blinded else timing.lines
        title = (*title, contrast) if contrast else title
        self.annotations.set_corner(top_left=title, top_right=made + oblique)

    # --- how it is shown

    def set_plane(self, plane: Plane) -> None:
        """Show another plane through the same place."""
        self.plane = plane
        show(self.model, plane)
        self.annotations.set_texts(letters=letters(plane))
        self.set_slab(self.slab)

    def set_slab(self, slab: Slab) -> None:
        """Show thin slices or a slab."""
        self.slab = slab
        if self.image is not None:
            apply(self.model, self.image, slab, self.geometry.spacing)
        self._moved()
        self._tell()

    def set_window(self, window: Window) -> None:
        """Set level and width; a link sets it in every pane."""
        if self.image is not None:
            self.image.contrast_limits = limits(window)

    def set_overlay(self, overlay: str) -> None:
        """Show label maps filled, as outlines, or not at all."""
        self.overlay = overlay
        for name, layer in self.labels.items():
            layer.visible = overlay != "hidden"
            layer.contour = 1 if overlay == "outlined" else 0
            layer.opacity = 1.0 if overlay == "outlined" else self._opacities[name]
        self._tell()

    # --- what is written

    def read(self, lps: FloatArray) -> Readout:
        """Value, region, class and fate at a place."""
        assert self.volume is not None
        return read(lps, self.volume, self.known)

    def _moved(self, _event: Any = None) -> None:
        """Write where this slice lies and how it is shown."""
        if self.volume is None or self.image is None or self.guard.disturbed:
            return
        self._place = self.centre, float(self.model.scene.camera.zoom)
        low, high = self.image.contrast_limits
        name = window_name((low, high), self.windows)
        digits = 0 if high - low > 20 else 2
        window = f"W {high - low:.{digits}f}  L {(low + high) / 2:.{digits}f}".replace("-", "−")
        spacing = self.geometry.spacing[self.across]
        thick = f"{self.slab}".split(" ", maxsplit=1)[0]
        lines = (
            *((f"SLAB {thick} {self.slab.shown_mm(spacing):.1f} mm",) if self.slab.thickness_mm else ()),
            slice_text(self.volume, self.plane, self.centre),
            f"{window}  {name}".rstrip(),
        )
        above = tuple(text for text in (self.blend_text, self.link_text) if text)
        self.annotations.set_corner(bottom_right=(*above, *lines))
        if self.marks or self.sketches or self.in_every_plane:
            self.annotations.update()

    def _show_again(self) -> None:
        """Show the place that was shown before something else turned the axes or took layers away."""
        if self._place is not None and self.volume is not None and not self.guard.disturbed:
            place, zoom = self._place
            self.set_plane(self.plane)
            self.go_to(place)
            self.model.scene.camera.zoom = zoom

    def _removing(self, event: Any) -> None:
        """Forget a layer that goes with the window; any other one is put back."""
        layer = self.model.layers[event.index]
        if self.guard.on and self.guard.keeps(layer):
            return
        if layer is self.image:
            self.image, self.volume = None, None
            self.annotations.set_texts(corners=CornerTexts(), warnings=())
        self.labels = {name: one for name, one in self.labels.items() if one is not layer}
        self._tell()

    def stop(self) -> None:
        """Detach from models that outlive the window."""
        stop_playing(self.canvas)
        self.guard.stop()
        self.annotations.drawings = tuple

    def _tell(self) -> None:
        for watch in self.watchers:
            watch()

    def set_link_text(self, text: str) -> None:
        """Write how this pane is linked."""
        self.link_text = text
        self._moved()

    def set_blend_text(self, text: str) -> None:
        """Write what of another scan is laid over this one."""
        self.blend_text = text
        self._moved()

    def changed_in_every_plane(self) -> None:
        """Paint anew, here and in the further planes, what is drawn in every plane."""
        self.annotations.update()
        for tell in self.redrawn:
            tell()

    def _drawings(self) -> Sequence[Drawing | ImageDrawing]:
        if self.volume is None or self.guard.disturbed:  # until layers are back no place of the canvas is known
            return ()
        found = [self._drawing(mark) for mark in self.marks]
        sketched: list[Drawing | ImageDrawing] = [one for drawn in self.in_every_plane for one in drawn(self)]
        sketched += [one for sketch in self.sketches for one in sketch()]
        return [*sketched, *(drawing for drawing in found if drawing is not None)]

    def _drawing(self, mark: SliceMeasurement) -> Drawing | None:
        """A measurement in pixels, or None where it lies on another slice."""
        region = isinstance(mark, RegionOfInterest)
        pixels, off = self.pixels_of(mark.outline() if isinstance(mark, RegionOfInterest) else mark.points)
        if np.abs(off).max() > self.geometry.spacing[self.across] * 0.51 + self.slab.thickness_mm / 2:
            return None
        text = str(mark) if not isinstance(mark, RegionOfInterest) else ""
        if isinstance(mark, RegionOfInterest) and self.volume is not None:
            # another contrast of the examination may lie on a grid of its own
            here = replace(mark, geometry=self.volume.geometry)
            text = str(here.statistics(self.volume) or "")
        return Drawing(tuple((float(x), float(y)) for x, y in pixels), region, text)

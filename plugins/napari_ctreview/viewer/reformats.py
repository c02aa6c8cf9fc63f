"""The two other planes of a pane, beside it: at one place, with lines where each cuts the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from qtpy.QtCore import QObject, QTimer
from qtpy.QtWidgets import QSplitter

from ctreview.volume.geometry import FloatArray
from napari_ctreview.napari_adapter import hide_slider, new_canvas
from napari_ctreview.viewer.annotations import Drawing
from napari_ctreview.viewer.layers import to_lps
from napari_ctreview.viewer.mouse_gestures import CursorPosition, MouseGestures
from napari_ctreview.viewer.pane import Pane
from napari_ctreview.viewer.planes import Plane

__all__ = ["Reformats"]

_LINES = {Plane.AXIAL: "#b0ff6b5e", Plane.CORONAL: "#b058c26d", Plane.SAGITTAL: "#b0f2c12e"}
"""The colour of the line at which each plane cuts the others."""

Report = Callable[[Pane, str, CursorPosition], object]
"""Told which of the two panes, what the mouse did ("moved", "clicked", "doubled") and where."""


class Reformats(QObject):
    """The two planes that a pane does not show; they show what it shows, and no tool draws on them.

    Parameters
    ----------
    number : int
        Of the pane.
    main : Pane
        What they belong to.
    holder : QSplitter
        Where their canvases go when they are first asked for.
    report : callable
        See `Report`.
    moved : callable
        ``moved()`` after the reader went to another slice of either.
    """

    def __init__(self, number: int, main: Pane, holder: QSplitter, report: Report, moved: Callable[[], object]) -> None:
        super().__init__(holder)
        self.number, self.main, self.holder = number, main, holder
        self.panes: list[Pane] = []
        self.shown = False
        self._report, self._moved = report, moved
        self._busy = self._windowing = False
        self._image: Any = None
        self._gestures: list[MouseGestures] = []
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self.mirror)
        holder.hide()
        main.watchers.append(self._changed)
        main.relabelled.append(self._relabelled)
        main.redrawn.append(self._redraw)
        main.model.dims.events.order.connect(self._changed)
        main.model.dims.events.point.connect(self._redraw)
        main.sketches.insert(0, partial(self._lines, main))

    def show(self, shown: bool) -> None:
        """Show both, or put them away."""
        self.shown = shown
        if shown and not self.panes:
            self._make()
        self.holder.setVisible(shown)
        self._redraw()

    def _make(self) -> None:
        for _ in range(2):
            model, canvas = new_canvas()
            hide_slider(canvas)
            self.holder.addWidget(canvas)
            pane = Pane(model, canvas)
            pane.sketches.append(partial(self._lines, pane))
            pane.in_every_plane = self.main.in_every_plane
            model.dims.events.point.connect(self._stepped)
            report = partial(self._tell, pane)
            self._gestures.append(MouseGestures(self.number, pane, report, lambda: False))
            self.panes.append(pane)

    # --- what they show

    def mirror(self) -> None:
        """Show what the pane shows now, in the two other planes."""
        main = self.main
        if not self.shown:
            return
        if main.volume is None or main.image is None:
            for pane in self.panes:
                pane.clear()
            return
        planes = [plane for plane in Plane if plane is not main.plane]
        place = self.place if self._same_volume() else main.centre
        with self._quietly():
            for pane, plane in zip(self.panes, planes, strict=True):
                self._mirror_in(pane, plane)
            self._follow_window()
        self.go_to(place)

    def _same_volume(self) -> bool:
        return all(pane.volume is self.main.volume for pane in self.panes)

    def _mirror_in(self, pane: Pane, plane: Plane) -> None:
        main = self.main
        assert main.volume is not None
        pane.role = main.role
        if pane.volume is not main.volume:
            pane.show_volume(main.volume, name=plane.name.lower())
            pane.image.events.contrast_limits.connect(partial(self._take_window, pane))
            pane.annotations.set_corner(top_left=(), top_right=())  # the pane says whose this is, as far as it may
        if pane.plane is not plane:
            pane.set_plane(plane)
            pane.model.reset_view()
        if pane.slab != main.slab:
            pane.set_slab(main.slab)
        for name in [name for name in pane.labels if name not in main.labels]:
            pane.remove_labels(name)
        for name, layer in main.labels.items():
            shown = pane.show_labels(layer.metadata["ctreview"], name=name, array=layer.data)
            shown.contour, shown.visible, shown.opacity = layer.contour, layer.visible, layer.opacity

    def _changed(self, _event: Any = None) -> None:
        """Mirror once, after all of what changes together."""
        if self.shown:
            self._later.start()

    def _relabelled(self, name: str, box: tuple[slice, slice, slice]) -> None:
        if self.shown:
            for pane in self.panes:
                if pane.volume is not None:
                    pane.refresh_labels(name, box)

    def _follow_window(self, _event: Any = None) -> None:
        main = self.main
        if main.image is not self._image:
            self._image = main.image
            main.image.events.contrast_limits.connect(self._follow_window)
        self._share_window(main)

    def _take_window(self, pane: Pane, _event: Any = None) -> None:
        if not self._windowing:
            self._share_window(pane)

    def _share_window(self, leader: Pane) -> None:
        """Give all three the window of one of them."""
        if self._windowing or leader.image is None:
            return
        self._windowing = True
        for pane in (self.main, *self.panes):
            if pane is not leader and pane.image is not None:
                pane.image.contrast_limits = leader.image.contrast_limits
        self._windowing = False

    # --- where they are

    @property
    def place(self) -> FloatArray:
        """Where all three planes meet, LPS millimetres."""
        point = [float(v) for v in self.main.model.dims.point]
        for pane in self.panes:
            if pane.across != self.main.across:  # not before it has followed the pane to other planes
                point[pane.across] = float(pane.model.dims.point[pane.across])
        return to_lps(self.main.geometry, point)

    def go_to(self, lps: FloatArray) -> None:
        """Show the slices of both through a place."""
        if not self.shown or not self._same_volume() or self.main.volume is None:
            return
        with self._quietly():
            for pane in self.panes:
                pane.show_slice(lps)
        self._redraw()

    def reset_view(self) -> None:
        """Show whole slices."""
        for pane in self.panes:
            if pane.volume is not None:
                pane.model.reset_view()

    def show_cursor(self, lps: FloatArray | None) -> None:
        """Show where in both the mouse over the pane is."""
        for pane in self.panes if self.shown else ():
            there = lps is not None and pane.volume is not None
            pane.annotations.show_linked_cursor(pane.crosshair_at(lps) if there and lps is not None else None)

    def _stepped(self, _event: Any = None) -> None:
        if not self._busy:
            self._redraw()
            self._moved()

    def _tell(self, pane: Pane, what: str, cursor: CursorPosition, _steps: int) -> None:
        self._report(pane, what, cursor)

    def _lines(self, here: Pane) -> Sequence[Drawing]:
        """Where the other planes cut this one."""
        if not self.shown or not self._same_volume() or here.volume is None:
            return ()
        others = [pane for pane in (self.main, *self.panes) if pane is not here]
        return [
            Drawing(
                here.line_at(pane.across, float(pane.model.dims.point[pane.across])),
                colour=_LINES[pane.plane],
                width=1.0,
                shadow=False,
            )
            for pane in others
            if pane.across != here.across
        ]

    def _redraw(self, _event: Any = None) -> None:
        for pane in (self.main, *self.panes):
            pane.annotations.update()

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """Do not answer the events that our own changes cause."""
        before, self._busy = self._busy, True
        try:
            yield
        finally:
            self._busy = before

    # --- the end

    def stop(self) -> None:
        """Detach from models that outlive the window."""
        self._later.stop()
        for gestures in self._gestures:
            gestures.detach()
        for pane in self.panes:
            pane.stop()

    def close(self) -> None:
        """Close the canvases, where the window stays."""
        for pane in self.panes:
            pane.canvas.close()

"""Measuring with the mouse: caliper, angle, region of interest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

import numpy as np
from qtpy.QtCore import QObject, Signal

from ctreview.volume.geometry import FloatArray
from napari_ctreview.viewer.measurements import Angle, Caliper, RegionOfInterest
from napari_ctreview.viewer.mouse_gestures import CursorPosition
from napari_ctreview.viewer.pane import Pane, SliceMeasurement

__all__ = ["RulerKind", "Rulers"]

RulerKind = Literal["distance", "angle", "region"]

_POINTS = {"distance": 2, "angle": 3, "region": 2}


class RulerSurface(Protocol):
    """What is measured on: panes with signals of the mouse, whose left button belongs to one tool at a time.

    Attributes
    ----------
    panes : sequence of Pane
    under_cursor : Pane or None
    pressed, dragged, moved, released : Signal
        Each with a `CursorPosition`.
    """

    under_cursor: Pane | None
    pressed: Any
    dragged: Any
    moved: Any
    released: Any

    @property
    def panes(self) -> Sequence[Pane]:
        """What shows the scans."""

    def grab_mouse(self, tool: Any) -> None:
        """Give the left button to a tool, until it lets go."""

    def release_mouse(self, tool: object) -> None:
        """A tool gives the left button back."""


class Rulers(QObject):
    """Draws measurements on the panes.

    A distance and a region are drawn by dragging; an angle by dragging its first leg and clicking the end of the
    second. The ruler is put down after one measurement, so that the next drag moves the image again.

    Parameters
    ----------
    surface : RulerSurface
        What is measured on.

    Attributes
    ----------
    done : Signal(int, object)
        A measurement was finished: number of the pane, and the `Caliper`, `Angle` or `RegionOfInterest`.
    changed : Signal()
        Another ruler is in the hand, or a measurement came or went.
    """

    done = Signal(int, object)
    changed = Signal()

    def __init__(self, surface: RulerSurface, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._panes = surface
        self.ruler: RulerKind | None = None
        self._pane: Pane | None = None
        self._points: list[FloatArray] = []
        self._shown: SliceMeasurement | None = None
        surface.pressed.connect(self._press)
        surface.dragged.connect(self._drag)
        surface.moved.connect(self._move)
        surface.released.connect(self._release)

    def select(self, ruler: RulerKind) -> None:
        """Measure with the next drag."""
        self.deactivate()
        self.ruler = ruler
        self._panes.grab_mouse(self)
        self.changed.emit()

    def deactivate(self) -> None:
        """Give the mouse back; an unfinished measurement is forgotten."""
        self._forget()
        self.ruler = None
        self._panes.release_mouse(self)
        self.changed.emit()

    def remove_last(self) -> None:
        """Take the last measurement off the pane that has the cursor, else off any."""
        for pane in (self._panes.under_cursor, *self._panes.panes):
            if pane is not None and pane.marks:
                self.remove(pane, pane.marks[-1])
                return

    def remove(self, pane: Pane, mark: SliceMeasurement) -> None:
        """Take a measurement off a pane."""
        pane.marks.remove(mark)
        pane.annotations.update()
        self.changed.emit()

    def _press(self, cursor: CursorPosition) -> None:
        if self.ruler is None or cursor.button != "left":
            return
        pane = self._panes.panes[cursor.pane]
        if self._pane is not None and pane is not self._pane:
            self._forget()
        if self._pane is None:
            self._pane = pane
            self._points = [cursor.lps, cursor.lps]
            self._show()

    def _drag(self, cursor: CursorPosition) -> None:
        if self._pane is self._panes.panes[cursor.pane] and cursor.button == "left":
            self._points[-1] = cursor.lps
            self._show()

    def _move(self, cursor: CursorPosition) -> None:
        if self.ruler == "angle" and len(self._points) == 3 and self._pane is self._panes.panes[cursor.pane]:
            self._points[-1] = cursor.lps
            self._show()

    def _release(self, cursor: CursorPosition) -> None:
        if self.ruler is None or self._pane is None or cursor.button != "left":
            return
        if np.linalg.norm(self._points[-1] - self._points[-2]) < 0.1:
            return  # a click without a drag: the end still follows the mouse
        if len(self._points) < _POINTS[self.ruler]:
            self._points.append(cursor.lps)
            return
        number, mark = cursor.pane, self._shown
        self._pane, self._points, self._shown = None, [], None
        self.deactivate()
        self.done.emit(number, mark)

    def _show(self) -> None:
        """Draw what there is so far."""
        assert self._pane is not None
        if self._shown is not None and self._shown in self._pane.marks:
            self._pane.marks.remove(self._shown)
        points = np.array(self._points)
        if self.ruler == "region":
            self._shown = RegionOfInterest(points[:2], self._pane.geometry, self._pane.across)
        elif len(points) == 3:
            self._shown = Angle(points)
        else:
            self._shown = Caliper(points[:2])
        self._pane.marks.append(self._shown)
        self._pane.annotations.update()

    def _forget(self) -> None:
        if self._pane is not None and self._shown is not None and self._shown in self._pane.marks:
            self._pane.marks.remove(self._shown)
            self._pane.annotations.update()
        self._pane, self._points, self._shown = None, [], None

"""Measuring with the mouse: caliper, angle, region of interest."""

from __future__ import annotations

from typing import Literal

import numpy as np
from qtpy.QtCore import QObject, Signal

from ctreview.volume.geometry import FloatArray
from napari_ctreview.viewer.measurements import Angle, Caliper, RegionOfInterest
from napari_ctreview.viewer.mouse_gestures import CursorPosition
from napari_ctreview.viewer.pane import Pane, SliceMeasurement
from napari_ctreview.viewer.pane_mouse import PaneMouse

__all__ = ["RulerKind", "Rulers"]

RulerKind = Literal["distance", "angle", "region"]

_POINTS = {"distance": 2, "angle": 3, "region": 2}


class Rulers(QObject):
    """Draws measurements on the panes.

    A distance and a region are drawn by dragging; an angle by dragging its first leg and clicking the end of the
    second. The ruler is put down after one measurement, so that the next drag moves the image again.

    Parameters
    ----------
    mouse : PaneMouse
        What measures, over the panes that are measured on.

    Attributes
    ----------
    done : Signal(int, object)
        A measurement was finished: number of the pane, and the `Caliper`, `Angle` or `RegionOfInterest`.
    changed : Signal()
        Another ruler is in the hand, or a measurement came or went.
    """

    done = Signal(int, object)
    changed = Signal()

    def __init__(self, mouse: PaneMouse, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mouse = mouse
        self.ruler: RulerKind | None = None
        self._pane: Pane | None = None
        self._points: list[FloatArray] = []
        self._shown: SliceMeasurement | None = None
        mouse.pressed.connect(self._press)
        mouse.dragged.connect(self._drag)
        mouse.moved.connect(self._move)
        mouse.released.connect(self._release)

    def select(self, ruler: RulerKind) -> None:
        """Measure with the next drag."""
        self.deactivate()
        self.ruler = ruler
        self._mouse.grab(self)
        self.changed.emit()

    def deactivate(self) -> None:
        """Give the mouse back; an unfinished measurement is forgotten."""
        self._forget()
        self.ruler = None
        self._mouse.release(self)
        self.changed.emit()

    def remove_last(self) -> None:
        """Take the last measurement off the pane that has the cursor, else off any."""
        for pane in (self._mouse.under_cursor, *self._mouse.panes):
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
        pane = self._mouse.panes[cursor.pane]
        if self._pane is not None and pane is not self._pane:
            self._forget()
        if self._pane is None:
            self._pane = pane
            self._points = [cursor.lps, cursor.lps]
            self._show()

    def _drag(self, cursor: CursorPosition) -> None:
        if self._pane is self._mouse.panes[cursor.pane] and cursor.button == "left":
            self._points[-1] = cursor.lps
            self._show()

    def _move(self, cursor: CursorPosition) -> None:
        if self.ruler == "angle" and len(self._points) == 3 and self._pane is self._mouse.panes[cursor.pane]:
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

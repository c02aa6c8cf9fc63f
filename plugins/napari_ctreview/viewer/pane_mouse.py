"""The mouse over the panes: where it is in the patient, what is read out there, and whose the left button is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from qtpy.QtCore import QObject, Qt, QTimer, Signal

from ctreview.volume.geometry import FloatArray
from napari_ctreview.viewer.link_controller import LinkController
from napari_ctreview.viewer.mouse_gestures import CursorPosition, MouseGestures, voxel_at
from napari_ctreview.viewer.pane import Pane

__all__ = ["MouseGrabber", "PaneMouse"]


class MouseGrabber(Protocol):
    """A tool that may hold the left mouse button."""

    def deactivate(self) -> None:
        """Give it back, and forget what was begun."""


class PaneMouse(QObject):
    """Tells of the mouse over any pane, and lets each pane read out the place under it, whatever slice comes.

    Parameters
    ----------
    panes : sequence of Pane
    link : LinkController
        Carries a place of one scan to the others.

    Attributes
    ----------
    moved, pressed, dragged, released, clicked, doubled : Signal(CursorPosition)
        What the mouse does over a pane, and where in the patient that is; "doubled" is a double click.
    wheeled : Signal(CursorPosition, int)
        The wheel with Shift or Alt held: up is positive.
    left : Signal()
        The mouse left the panes.
    cursor : CursorPosition or None
        Where it is now.
    under_cursor : Pane or None
        The pane, or further plane of one, that it was over last.
    grabber : MouseGrabber or None
        The tool that the left button belongs to.
    fate_hidden : bool
        Whether a blinded reader looks.
    """

    moved = Signal(object)
    pressed = Signal(object)
    dragged = Signal(object)
    released = Signal(object)
    clicked = Signal(object)
    doubled = Signal(object)
    wheeled = Signal(object, int)
    left = Signal()

    def __init__(self, panes: Sequence[Pane], link: LinkController, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.panes, self._link = panes, link
        self.cursor: CursorPosition | None = None
        self.under_cursor: Pane | None = None
        self.grabber: MouseGrabber | None = None
        self.fate_hidden = False
        self._pointed: tuple[int, FloatArray | None] | None = None
        self._held = False
        self._gestures = [
            MouseGestures(number, pane, self._tell, lambda: self.grabber is not None)
            for number, pane in enumerate(panes)
        ]
        self._follow = QTimer(self, singleShot=True, interval=0)
        self._follow.timeout.connect(self._read_again)
        for pane in panes:
            camera, dims = pane.model.scene.camera.events, pane.model.dims.events
            for event in (dims.point, dims.order, camera.center, camera.zoom):
                event.connect(self._view_moved)

    # --- whose the left button is

    def grab(self, tool: MouseGrabber) -> None:
        """Give the left button to a tool, until it lets go; whichever tool had it before loses it."""
        self.grabber = tool
        self._set_shape(Qt.CursorShape.CrossCursor)

    def release(self, tool: object) -> None:
        """A tool gives the left button back; nothing happens if it does not hold it."""
        if self.grabber is tool:
            self.grabber = None
            self._set_shape(Qt.CursorShape.ArrowCursor)

    def deactivate(self) -> None:
        """Leave whatever tool holds the left button."""
        if self.grabber is not None:
            self.grabber.deactivate()

    def _set_shape(self, shape: Qt.CursorShape) -> None:
        for pane in self.panes:
            pane.surface.setCursor(shape)

    # --- where it is

    def _tell(self, what: str, cursor: CursorPosition, steps: int) -> None:
        pane = self.under_cursor = self.panes[cursor.pane]
        self._held = what in ("pressed", "dragged")
        self._pointed = (cursor.pane, pane.pixels_of(cursor.lps)[0])
        self.cursor = cursor
        if what in ("moved", "dragged"):
            self.hover(cursor.pane, cursor.lps)
        if what == "wheeled":
            self.wheeled.emit(cursor, steps)
        else:
            getattr(self, what).emit(cursor)

    def hover(self, here: int, lps: FloatArray) -> None:
        """Write what lies at a place of a pane, and at the linked ones."""
        places = {here: lps, **self._link.show_linked_cursor(self.panes[here], lps)}
        for number, pane in enumerate(self.panes):
            if pane.volume is None:
                continue
            found = pane.read(places[number]) if number in places else None
            if found is not None and self.fate_hidden:
                found = replace(found, fate="")
            pane.annotations.set_corner(bottom_left=() if found is None else found.lines)

    def read_middle(self, number: int) -> None:
        """Read out the middle of a pane that is gone to, unless the mouse is over one, until it moves."""
        if self._pointed is None or self._pointed[1] is None:
            self._pointed = (number, None)
        self._follow.start()

    def _view_moved(self, _event: Any = None) -> None:
        """Another slice, plane or place is shown: what lies under the cursor is read anew once all panes are there."""
        if self._pointed is not None:
            self._follow.start()

    def _read_again(self) -> None:
        """Read what lies under a mouse that has not moved, or in the middle of the place that was gone to."""
        if self._pointed is None:
            return
        number, pixels = self._pointed
        pane = self.panes[number]
        if pane.volume is None or pane.guard.disturbed:
            return
        lps = pane.centre if pixels is None else pane.place_at(pixels)
        cursor = CursorPosition(number, np.asarray(lps), voxel_at(pane.geometry, lps))
        self.hover(number, lps)
        if pixels is not None and not self._held:
            self.cursor = cursor
            self.moved.emit(cursor)

    def forget(self) -> None:
        """Read nothing out until it moves again: other scans are shown."""
        self._pointed = None

    def leave(self) -> None:
        """It is over no pane."""
        self.cursor = self._pointed = None
        for pane in self.panes:
            if pane.volume is not None:
                pane.annotations.set_corner(bottom_left=())
                pane.annotations.show_linked_cursor(None)
        self.left.emit()

    def stop(self) -> None:
        """Detach from napari's models, which outlive the window."""
        self._follow.stop()
        self._pointed = None
        for gestures in self._gestures:
            gestures.detach()

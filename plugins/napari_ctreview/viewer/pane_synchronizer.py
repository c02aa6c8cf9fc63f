"""What keeps panes together: one place of the body, one plane, one zoom, one window."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ctreview.volume.geometry import FloatArray
from napari_ctreview.viewer.correspondence import PointMapping
from napari_ctreview.viewer.pane import Pane
from napari_ctreview.viewer.planes import Plane
from napari_ctreview.viewer.presets import limits

__all__ = ["PaneSynchronizer"]

_OUTSIDE = "this level lies outside the scan"


class PaneSynchronizer:
    """Keeps panes at one place of the body, in one plane, at one zoom and in one window.

    Parameters
    ----------
    panes : sequence of Pane
        All with a volume.
    mapping : callable
        ``mapping(i, j)`` gives the `PointMapping` from pane i's points to pane j's.

    Attributes
    ----------
    on : bool
        Whether places, plane and zoom are kept together; windows always are: two windows make two impressions.
    """

    def __init__(self, panes: Sequence[Pane], mapping: Callable[[int, int], PointMapping]) -> None:
        self.panes = list(panes)
        self.mapping = mapping
        self.on = True
        self._busy = False
        self._connections: list[tuple[Any, Callable[[Any], None]]] = []
        for number, pane in enumerate(self.panes):
            camera = pane.model.scene.camera
            for event in (pane.model.dims.events.point, camera.events.center, camera.events.zoom):
                self._connect(event, self._follower(number))
            self._connect(pane.image.events.contrast_limits, self._window_follower(number))

    def disconnect(self) -> None:
        """Let go of the panes for good."""
        for event, callback in self._connections:
            event.disconnect(callback)
        self._connections = []

    def set_plane(self, plane: Plane) -> None:
        """Show another plane in every pane, through the place of the first."""
        with self.events_blocked():
            for pane in self.panes:
                pane.set_plane(plane)
        self.follow(0)

    def follow(self, leader: int) -> None:
        """Bring every other pane to where one of them is."""
        if self._busy or not self.on or any(pane.volume is None or pane.guard.disturbed for pane in self.panes):
            return
        with self.events_blocked():
            here = self.panes[leader]
            place, zoom = here.centre, here.model.scene.camera.zoom
            self._say_outside(leader, outside=False)
            for number, pane in enumerate(self.panes):
                if number != leader:
                    there = self.mapping(leader, number)(place)
                    pane.go_to(there)
                    pane.model.scene.camera.zoom = zoom
                    self._say_outside(number, outside=not pane.contains_slice_of(there))

    def show_cursor(self, leader: int, lps: FloatArray | None) -> None:
        """Show in every other pane where the cursor of one of them is in the body."""
        for number, pane in enumerate(self.panes):
            if number == leader or lps is None or not self.on or pane.volume is None or pane.guard.disturbed:
                pane.annotations.show_linked_cursor(None)
            else:
                pane.annotations.show_linked_cursor(pane.crosshair_at(self.mapping(leader, number)(np.asarray(lps))))

    def _say_outside(self, number: int, *, outside: bool) -> None:
        # napari stops at the last slice, which then looks as if it belonged here
        warnings = self.panes[number].annotations.warnings
        if outside != (_OUTSIDE in warnings):
            rest = tuple(text for text in warnings if text != _OUTSIDE)
            self.panes[number].annotations.set_texts(warnings=(*rest, _OUTSIDE) if outside else rest)

    def _follower(self, number: int) -> Callable[[Any], None]:
        def follow(_event: Any = None) -> None:
            self.follow(number)

        return follow

    def _window_follower(self, number: int) -> Callable[[Any], None]:
        def same_window(_event: Any = None) -> None:
            if self._busy or any(pane.image is None for pane in self.panes):
                return
            with self.events_blocked():
                for pane in self.panes:
                    if pane is not self.panes[number]:
                        pane.image.contrast_limits = _same_window(self.panes[number], pane)

        return same_window

    def _connect(self, event: Any, callback: Callable[[Any], None]) -> None:
        event.connect(callback)
        self._connections.append((event, callback))

    @contextmanager
    def events_blocked(self) -> Iterator[None]:
        """Do not answer the events that our own changes cause."""
        before, self._busy = self._busy, True
        try:
            yield
        finally:
            self._busy = before


def _same_window(leader: Pane, follower: Pane) -> tuple[float, float]:
    """The leader's window in the follower's values.

    Values with a unit mean the same in both. Those without one are compared by the first preset, which is made from
    each image's own values.
    """
    low, high = (float(v) for v in leader.image.contrast_limits)
    assert leader.volume is not None
    assert follower.volume is not None
    if leader.volume.unit == follower.volume.unit != "arbitrary":
        return low, high
    ours, theirs = (limits(next(iter(pane.windows.values()))) for pane in (leader, follower))
    factor = (theirs[1] - theirs[0]) / (ours[1] - ours[0])
    return theirs[0] + (low - ours[0]) * factor, theirs[0] + (high - ours[0]) * factor

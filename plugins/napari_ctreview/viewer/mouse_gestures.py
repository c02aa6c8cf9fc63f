"""The mouse over a pane: places in the patient for tools, and the gestures of a viewing station.

Wheel: slices. Ctrl+wheel: zoom around the cursor. What a drag does goes by `MOUSE_BUTTONS`, except that the left button
is a tool's while one is held. A drag to the right makes the window wider, one downwards darker, as with most stations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ctreview.volume.geometry import FloatArray, Geometry
from napari_ctreview.viewer.layers import to_lps
from napari_ctreview.viewer.mouse_buttons import MouseDrag, mouse_buttons
from napari_ctreview.viewer.pane import Pane

__all__ = ["CursorPosition", "MouseGestures", "voxel_at"]

LEFT, RIGHT, MIDDLE = 1, 2, 3
_ZOOM_PER_STEP = 1.15
_ZOOM_PER_PIXEL = 1.006
_SHORTEST_SCROLL = 3.0
"""Pixels of a drag for a slice, where the whole stack would take less."""
_STILL_PIXELS = 3.0
_WINDOW_SHARE_PER_PIXEL = 1 / 300


@dataclass(frozen=True, eq=False)
class CursorPosition:
    """Where the mouse is.

    Attributes
    ----------
    pane : int
        Number of the pane.
    lps : ndarray, shape (3,)
        LPS millimetres on the slice on screen.
    voxel : tuple of int or None
        Index into the pane's volume; None outside it.
    button : str
        "left", "right", "middle", or "" where none is held.
    modifiers : frozenset of str
        Any of "Shift", "Control", "Alt".
    """

    pane: int
    lps: FloatArray
    voxel: tuple[int, int, int] | None
    button: str = ""
    modifiers: frozenset[str] = frozenset()


class MouseGestures:
    """Turns napari's mouse events on one pane into cursor positions.

    Parameters
    ----------
    number : int
        Of the pane.
    pane : Pane
        What it is over.
    report : callable
        ``report(kind, cursor, steps)`` with kind "moved", "pressed", "dragged", "released", "clicked", "doubled" (a
        double click) or "wheeled".
    grabbed : callable
        Whether a tool holds the left button, so that a drag does not move the image.
    """

    def __init__(
        self, number: int, pane: Pane, report: Callable[[str, CursorPosition, int], None], grabbed: Callable[[], bool]
    ) -> None:
        self.number, self.pane, self.report, self.grabbed = number, pane, report, grabbed
        model = pane.model
        self._zoomed_by_napari = model.scene.camera.mouse_zoom
        model.scene.camera.mouse_zoom = False
        self._wheel_before = list(model.mouse_wheel_callbacks)
        model.mouse_wheel_callbacks[:] = [self._wheel]
        model.mouse_move_callbacks.append(self._move)
        model.mouse_drag_callbacks.append(self._drag)
        self._double_before = list(model.mouse_double_click_callbacks)
        model.mouse_double_click_callbacks[:] = [self._double]
        self._buttons = mouse_buttons()

    def detach(self) -> None:
        """Give napari's own gestures back."""
        model = self.pane.model
        model.scene.camera.mouse_zoom = self._zoomed_by_napari
        model.mouse_wheel_callbacks[:] = self._wheel_before
        model.mouse_double_click_callbacks[:] = self._double_before
        for callbacks, ours in ((model.mouse_move_callbacks, self._move), (model.mouse_drag_callbacks, self._drag)):
            if ours in callbacks:
                callbacks.remove(ours)

    def position_of(self, event: Any) -> CursorPosition | None:
        """Where an event of napari happened, or None where the pane shows nothing."""
        if self.pane.volume is None:
            return None
        geometry = self.pane.geometry
        lps = to_lps(geometry, np.asarray(event.position[-3:], dtype=float))
        button = {LEFT: "left", RIGHT: "right", MIDDLE: "middle"}.get(event.button, "")
        modifiers = frozenset(str(getattr(one, "name", one)) for one in event.modifiers)
        return CursorPosition(self.number, lps, voxel_at(geometry, lps), button, modifiers)

    def _move(self, _model: Any, event: Any) -> None:
        cursor = self.position_of(event)
        if cursor is not None:
            self.report("moved", cursor, 0)

    def _wheel(self, _model: Any, event: Any) -> None:
        steps = int(np.sign(event.delta[1])) if event.delta[1] else int(np.sign(event.delta[0]))
        cursor = self.position_of(event)
        if cursor is None or not steps:
            return
        event.handled = True
        if "Control" in cursor.modifiers:
            self._zoom(cursor, _ZOOM_PER_STEP**steps)
        elif cursor.modifiers:
            self.report("wheeled", cursor, steps)  # with Shift or Alt the wheel is a tool's
        else:
            # wheel down is the next image: a series runs from head to feet, from front to back, from left to right
            self.report("moved", cursor, 0)  # where the mouse is; the panes read there again on the slice that comes
            self.pane.step(steps if self.pane.across != 1 else -steps)

    def _again(self, cursor: CursorPosition) -> CursorPosition:
        """The place under a cursor that has not moved, on the slice that is now shown."""
        geometry, model = self.pane.geometry, self.pane.model
        index = geometry.to_index(cursor.lps)
        here = geometry.to_index(to_lps(geometry, np.asarray(model.dims.point, dtype=float)))
        index[self.pane.across] = here[self.pane.across]
        lps = geometry.to_lps(index)
        return CursorPosition(self.number, lps, voxel_at(geometry, lps))

    def _zoom(self, cursor: CursorPosition, factor: float) -> None:
        """Zoom so that the place under the cursor stays there."""
        camera = self.pane.model.scene.camera
        here = self.pane.centre
        self.pane.go_to(cursor.lps + (here - cursor.lps) / factor)
        camera.zoom = camera.zoom * factor

    def _double(self, _model: Any, event: Any) -> None:
        cursor = self.position_of(event)
        event.handled = True
        if cursor is not None and cursor.button == "left":
            self.report("doubled", cursor, 0)

    def _drag(self, _model: Any, event: Any) -> Iterator[None]:
        cursor = self.position_of(event)
        if cursor is None:
            return
        tools = cursor.button == "left" and self.grabbed()
        drag = None if tools else self._buttons.get("+".join((*sorted(cursor.modifiers), cursor.button)))
        start, moved = np.asarray(event.pos, dtype=float), False
        follow = self._following(drag, cursor)
        event.handled = True  # napari moves and zooms by buttons of its own
        self.report("pressed", cursor, 0)
        yield
        while True:
            event.handled = True
            shift = np.asarray(event.pos, dtype=float) - start
            moved = moved or bool(np.linalg.norm(shift) > _STILL_PIXELS)
            if moved:
                follow(shift)
            now = self.position_of(event)
            # of a fast hand not every move is told: the release has the place of the last one
            if now is not None and (moved or event.type == "mouse_move"):
                now = self._again(now) if drag == "scroll" else now
                cursor = CursorPosition(now.pane, now.lps, now.voxel, cursor.button, now.modifiers)
                self.report("dragged", cursor, 0)
            if event.type != "mouse_move":
                break
            yield
        self.report("released", cursor, 0)
        if not moved:
            self.report("clicked", cursor, 0)

    def _following(self, drag: MouseDrag | None, cursor: CursorPosition) -> Callable[[FloatArray], None]:
        """What a drag of so many pixels to the right and down does, from what is shown now."""
        pane, camera = self.pane, self.pane.model.scene.camera
        limits, zoom, centre = pane.image.contrast_limits, camera.zoom, tuple(camera.center)
        down = -1.0 if str(camera.orientation2d[0].value) == "up" else 1.0
        gone = 0

        def window(shift: FloatArray) -> None:
            pane.image.contrast_limits = _rewindowed(limits, shift)

        def pan(shift: FloatArray) -> None:
            camera.center = (0.0, centre[1] - down * shift[1] / camera.zoom, centre[2] - shift[0] / camera.zoom)

        def enlarge(shift: FloatArray) -> None:
            self._zoom(cursor, zoom * _ZOOM_PER_PIXEL ** -float(shift[1]) / camera.zoom)

        def scroll(shift: FloatArray) -> None:
            nonlocal gone
            each = max(0.8 * pane.surface.height() / pane.geometry.shape[pane.across], _SHORTEST_SCROLL)
            steps = int(shift[1] / each) - gone
            gone += steps
            if steps:
                pane.step(-steps if pane.across != 1 else steps)

        return {"window": window, "pan": pan, "zoom": enlarge, "scroll": scroll}.get(drag or "", lambda _shift: None)


def voxel_at(geometry: Geometry, lps: FloatArray) -> tuple[int, int, int] | None:
    """The voxel at a place in LPS millimetres; None outside the grid."""
    a, b, c = (int(v) for v in np.rint(geometry.to_index(lps)))
    inside = all(0 <= i < n for i, n in zip((a, b, c), geometry.shape, strict=True))
    return (a, b, c) if inside else None


def _rewindowed(limits: tuple[float, float], shift: FloatArray) -> tuple[float, float]:
    """Limits after a drag of ``shift`` pixels to the right and down."""
    width = limits[1] - limits[0]
    wider = max(width * (1 + float(shift[0]) * _WINDOW_SHARE_PER_PIXEL), 1e-3 * width)
    level = (limits[0] + limits[1]) / 2 - float(shift[1]) * _WINDOW_SHARE_PER_PIXEL * width
    return level - wider / 2, level + wider / 2

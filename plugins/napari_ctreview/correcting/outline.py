"""Outlines in one slice: a live wire between clicks, and a lasso drawn by hand."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ctreview.tools import wire
from ctreview.volume.geometry import FloatArray
from napari_ctreview.correcting.sketches import PolylineSketch, Sketch, level_of
from napari_ctreview.correcting.tool import MouseTool
from napari_ctreview.viewer.mouse_gestures import CursorPosition

__all__ = ["LassoSettings", "LassoTool", "LiveWireTool"]

_CLOSES_PIXELS = 9.0
"""A click this close to the first one closes the outline."""


@dataclass(frozen=True)
class LassoSettings:
    """What a lasso changes.

    Attributes
    ----------
    depth_mm : float
        How far to either side of the slice it reaches.
    only_labelled : bool
        Whether it changes only what has a class already, say from ground glass to consolidation.
    """

    depth_mm: float = 0.0
    only_labelled: bool = False


class LassoTool(MouseTool):
    """What a free outline encloses becomes the class."""

    name = "lasso"
    title = "Lasso"
    hint = "Drag around what shall become the class; Ctrl or Alt takes labels away."
    settings_of = "lasso"

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self._pane, self._points = 0, list[list[float]]()
        self._label: str | None = None

    def pressed(self, cursor: CursorPosition) -> None:
        """Begin an outline."""
        self._pane, self._points, self._label = cursor.pane, [_point(cursor)], self.label_for(cursor)

    def dragged(self, cursor: CursorPosition) -> None:
        """Draw on."""
        if self._points and cursor.pane == self._pane:
            self._points.append(_point(cursor))
            self.context.redraw(cursor.pane)

    def released(self, cursor: CursorPosition) -> None:
        """Close the outline."""
        points, self._points = self._points, []
        self.context.redraw(cursor.pane)
        if len(points) < 3:
            return
        settings: LassoSettings = self.context.settings["lasso"]
        payload: dict[str, Any] = {
            "points": points,
            "label": self._label,
            "plane": self.context.panes.panes[self._pane].across,
            "depth_mm": settings.depth_mm,
        }
        if settings.only_labelled:
            payload["only"] = [label.key for label in self.context.scheme]
        self.context.act(self._pane, "lasso", payload)

    def drop(self) -> None:
        """Forget it."""
        self._points = []

    def sketches(self, number: int) -> Sequence[Sketch]:
        """The outline so far."""
        if number != self._pane or len(self._points) < 2:
            return ()
        return (PolylineSketch(np.asarray(self._points), self.context.colour(self._label), closed=True),)


class LiveWireTool(MouseTool):
    """An outline that clings to edges between clicks."""

    name = "wire"
    title = "Live wire"
    hint = "Click along an edge. Return, or a click on the first point, closes it; Delete takes the last click back."
    settings_of = "wire"

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self._pane = self._plane = self._level = 0
        self._clicks: list[list[float]] = []
        self._legs: dict[int, FloatArray] = {}
        self._leg: FloatArray | None = None
        self._label: str | None = None

    def clicked(self, cursor: CursorPosition) -> None:
        """Set a point, or close the outline at its first."""
        pane = self.context.panes.panes[cursor.pane]
        if not self._clicks:
            self._pane, self._plane, self._level = cursor.pane, pane.across, level_of(pane)
        if (cursor.pane, pane.across, level_of(pane)) != (self._pane, self._plane, self._level):
            self.context.notice.emit("The outline begun lies on another slice: Return closes it, Escape drops it.")
            return
        self._label = self.label_for(cursor)
        if len(self._clicks) > 2 and self._is_first(cursor):
            self.finish()
            return
        self._clicks.append(_point(cursor))
        self._leg = None
        number = len(self._clicks) - 1
        if number:
            self._find(self._clicks[-2:], f"leg {number}", lambda found: self._legs.__setitem__(number, found))
        self.context.redraw(cursor.pane)

    def moved(self, cursor: CursorPosition) -> None:
        """Show the way along the edge to the mouse."""
        if self._clicks and cursor.pane == self._pane and cursor.voxel is not None and self._is_on_screen():
            self._find([self._clicks[-1], _point(cursor)], "leg", self._take_leg)

    def finish(self, *, everywhere: bool = False) -> None:
        """Close the outline and label what it encloses."""
        del everywhere
        clicks = self._clicks
        if len(clicks) < 3:
            self.context.notice.emit("An outline needs at least three clicks.")
            return
        settings = asdict(self.context.settings["wire"])
        payload = {"points": clicks, "label": self._label, "plane": self._plane, "settings": settings}
        self.drop()
        self.context.act_in_background(self._pane, "live_wire", payload, description="Following the edge")

    def back(self) -> bool:
        """Take the last click back."""
        if not self._clicks:
            return False
        self._clicks.pop()
        self._legs.pop(len(self._clicks), None)
        self._leg = None
        self.context.redraw(self._pane)
        return True

    def drop(self) -> None:
        """Forget the outline."""
        self._clicks, self._legs, self._leg = [], {}, None
        self.context.redraw()

    def sketches(self, number: int) -> Sequence[Sketch]:
        """The points, and the way between them."""
        if number != self._pane or not self._clicks or not self._is_on_screen():
            return ()
        colour = self.context.colour(self._label)
        straight = [np.asarray(ends) for ends in itertools.pairwise(self._clicks)]
        shown: list[Sketch] = [
            PolylineSketch(self._legs.get(leg, ends), colour) for leg, ends in enumerate(straight, start=1)
        ]
        if self._leg is not None:
            shown.append(PolylineSketch(self._leg, colour, 1.4, dashed=True))
        # a line of no length is a dot
        shown.extend(PolylineSketch(np.asarray([click, click]), colour, 6.0) for click in self._clicks)
        return shown

    def _is_on_screen(self) -> bool:
        pane = self.context.panes.panes[self._pane]
        return (pane.across, level_of(pane)) == (self._plane, self._level)

    def _is_first(self, cursor: CursorPosition) -> bool:
        pane = self.context.panes.panes[cursor.pane]
        pixels, _ = pane.pixels_of(np.asarray([cursor.lps, self._clicks[0]]))
        return bool(np.linalg.norm(pixels[1] - pixels[0]) < _CLOSES_PIXELS)

    def _find(self, ends: Sequence[Sequence[float]], name: str, take: Any) -> None:
        canvas, plane, clicks = self.context.editor.canvas(self._pane), self._plane, len(self._clicks)
        settings = self.context.settings["wire"]
        if canvas is None:
            return

        def follow() -> FloatArray:
            return wire(canvas, points=ends, plane=plane, closed=False, settings=settings)

        def show(found: FloatArray) -> None:
            if len(self._clicks) >= clicks:
                take(found)
                self.context.redraw(self._pane)

        self.context.run_in_background(name, follow, show, quiet=True)

    def _take_leg(self, found: FloatArray) -> None:
        self._leg = found


def _point(cursor: CursorPosition) -> list[float]:
    return [float(v) for v in cursor.lps]

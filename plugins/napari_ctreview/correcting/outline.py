"""Outlines in one slice: a live wire between clicks, and a lasso drawn by hand."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ctreview.tools import wire
from ctreview.volume.geometry import FloatArray
from napari_ctreview.correcting.sketch import Line, Sketch, level_of
from napari_ctreview.correcting.tool import Tool
from napari_ctreview.pointer import Place

__all__ = ["Lasso", "LassoSettings", "Wire"]

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


class Lasso(Tool):
    """What a free outline encloses becomes the class."""

    name = "lasso"
    title = "Lasso"
    hint = "Drag around what shall become the class; Ctrl or Alt takes labels away."
    settings_of = "lasso"

    def __init__(self, hand: Any) -> None:
        super().__init__(hand)
        self._pane, self._points = 0, list[list[float]]()
        self._label: str | None = None

    def pressed(self, place: Place) -> None:
        """Begin an outline."""
        self._pane, self._points, self._label = place.pane, [_point(place)], self.label_for(place)

    def dragged(self, place: Place) -> None:
        """Draw on."""
        if self._points and place.pane == self._pane:
            self._points.append(_point(place))
            self.hand.redraw(place.pane)

    def released(self, place: Place) -> None:
        """Close the outline."""
        points, self._points = self._points, []
        self.hand.redraw(place.pane)
        if len(points) < 3:
            return
        settings: LassoSettings = self.hand.settings["lasso"]
        payload: dict[str, Any] = {
            "points": points,
            "label": self._label,
            "plane": self.hand.panes.panes[self._pane].across,
            "depth_mm": settings.depth_mm,
        }
        if settings.only_labelled:
            payload["only"] = [label.key for label in self.hand.scheme]
        self.hand.act(self._pane, "lasso", payload)

    def drop(self) -> None:
        """Forget it."""
        self._points = []

    def sketches(self, number: int) -> Sequence[Sketch]:
        """The outline so far."""
        if number != self._pane or len(self._points) < 2:
            return ()
        return (Line(np.asarray(self._points), self.hand.colour(self._label), closed=True),)


class Wire(Tool):
    """An outline that clings to edges between clicks."""

    name = "wire"
    title = "Live wire"
    hint = "Click along an edge. Return, or a click on the first point, closes it; Delete takes the last click back."
    settings_of = "wire"

    def __init__(self, hand: Any) -> None:
        super().__init__(hand)
        self._pane = self._plane = self._level = 0
        self._clicks: list[list[float]] = []
        self._legs: dict[int, FloatArray] = {}
        self._leg: FloatArray | None = None
        self._label: str | None = None

    def clicked(self, place: Place) -> None:
        """Set a point, or close the outline at its first."""
        pane = self.hand.panes.panes[place.pane]
        if not self._clicks:
            self._pane, self._plane, self._level = place.pane, pane.across, level_of(pane)
        if (place.pane, pane.across, level_of(pane)) != (self._pane, self._plane, self._level):
            self.hand.said.emit("The outline begun lies on another slice: Return closes it, Escape drops it.")
            return
        self._label = self.label_for(place)
        if len(self._clicks) > 2 and self._is_first(place):
            self.finish()
            return
        self._clicks.append(_point(place))
        self._leg = None
        number = len(self._clicks) - 1
        if number:
            self._find(self._clicks[-2:], f"leg {number}", lambda found: self._legs.__setitem__(number, found))
        self.hand.redraw(place.pane)

    def moved(self, place: Place) -> None:
        """Show the way along the edge to the mouse."""
        if self._clicks and place.pane == self._pane and place.voxel is not None and self._is_on_screen():
            self._find([self._clicks[-1], _point(place)], "leg", self._take_leg)

    def finish(self, *, everywhere: bool = False) -> None:
        """Close the outline and label what it encloses."""
        del everywhere
        clicks = self._clicks
        if len(clicks) < 3:
            self.hand.said.emit("An outline needs at least three clicks.")
            return
        settings = asdict(self.hand.settings["wire"])
        payload = {"points": clicks, "label": self._label, "plane": self._plane, "settings": settings}
        self.drop()
        self.hand.act_later(self._pane, "live_wire", payload, says="Following the edge")

    def back(self) -> bool:
        """Take the last click back."""
        if not self._clicks:
            return False
        self._clicks.pop()
        self._legs.pop(len(self._clicks), None)
        self._leg = None
        self.hand.redraw(self._pane)
        return True

    def drop(self) -> None:
        """Forget the outline."""
        self._clicks, self._legs, self._leg = [], {}, None
        self.hand.redraw()

    def sketches(self, number: int) -> Sequence[Sketch]:
        """The points, and the way between them."""
        if number != self._pane or not self._clicks or not self._is_on_screen():
            return ()
        colour = self.hand.colour(self._label)
        straight = [np.asarray(ends) for ends in itertools.pairwise(self._clicks)]
        shown: list[Sketch] = [Line(self._legs.get(leg, ends), colour) for leg, ends in enumerate(straight, start=1)]
        if self._leg is not None:
            shown.append(Line(self._leg, colour, 1.4, dashed=True))
        # a line of no length is a dot
        shown.extend(Line(np.asarray([click, click]), colour, 6.0) for click in self._clicks)
        return shown

    def _is_on_screen(self) -> bool:
        pane = self.hand.panes.panes[self._pane]
        return (pane.across, level_of(pane)) == (self._plane, self._level)

    def _is_first(self, place: Place) -> bool:
        pane = self.hand.panes.panes[place.pane]
        pixels, _ = pane.pixels_of(np.asarray([place.lps, self._clicks[0]]))
        return bool(np.linalg.norm(pixels[1] - pixels[0]) < _CLOSES_PIXELS)

    def _find(self, ends: Sequence[Sequence[float]], name: str, take: Any) -> None:
        canvas, plane, clicks = self.hand.bench.canvas(self._pane), self._plane, len(self._clicks)
        settings = self.hand.settings["wire"]
        if canvas is None:
            return

        def follow() -> FloatArray:
            return wire(canvas, points=ends, plane=plane, closed=False, settings=settings)

        def show(found: FloatArray) -> None:
            if len(self._clicks) >= clicks:
                take(found)
                self.hand.redraw(self._pane)

        self.hand.think(name, follow, show, quiet=True)

    def _take_leg(self, found: FloatArray) -> None:
        self._leg = found


def _point(place: Place) -> list[float]:
    return [float(v) for v in place.lps]

"""Brush: paints while the mouse is dragged, and becomes one edit when it is let go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from qtpy.QtGui import QColor

from ctreview.errors import EditDoesNotApply
from ctreview.tools import Canvas
from ctreview.tools import brush as paint
from napari_ctreview.correcting.sketch import Ring, Sketch, Tint, colours, level_of
from napari_ctreview.correcting.tool import Tool
from napari_ctreview.pointer import Place

__all__ = ["Brush"]

_ERASED = "#ff5a4f"
_STEP = 1.15
"""One step of the wheel makes the brush so much wider."""


class Brush(Tool):
    """Paints a disc or a ball inside a range of densities and the organ."""

    name = "brush"
    title = "Brush"
    hint = "Drag paints inside the gate; Ctrl or Alt erases. Shift+wheel changes the radius."
    settings_of = "brush"

    def __init__(self, hand: Any) -> None:
        super().__init__(hand)
        self._place: Place | None = None
        self._stroke: _Stroke | None = None

    def pressed(self, place: Place) -> None:
        """Begin a stroke."""
        canvas = self.hand.bench.canvas(place.pane)
        if canvas is None:
            return
        pane = self.hand.panes.panes[place.pane]
        label = self.label_for(place)
        level = level_of(pane, canvas.geometry)
        self._stroke = _Stroke(place.pane, canvas, pane.across, level, label, self.hand.settings["brush"])
        self._stroke.to(place)
        self._follow(place)

    def dragged(self, place: Place) -> None:
        """Paint on."""
        if self._stroke is None or place.pane != self._stroke.pane:
            return
        if level_of(self.hand.panes.panes[place.pane], self._stroke.canvas.geometry) != self._stroke.level:
            # the wheel was turned while painting: what was painted belongs to the slice it was painted on
            self.released(place)
            self.pressed(place)
            return
        self._stroke.to(place)
        self._follow(place)

    def released(self, place: Place) -> None:
        """Make the stroke an edit."""
        stroke, self._stroke = self._stroke, None
        if stroke is not None and stroke.idle:
            self.hand.said.emit("Nothing there lies inside organ and gate.")
        elif stroke is not None:
            self.hand.act(stroke.pane, "brush", stroke.payload)
        self._follow(place)

    def moved(self, place: Place) -> None:
        """Let the circle follow."""
        self._follow(place)

    def wheeled(self, place: Place, steps: int) -> None:
        """Make the brush wider or narrower."""
        now = self.hand.settings["brush"]
        radius = min(max(now.radius_mm * _STEP**steps, 0.3), 60.0)
        self.hand.set("brush", replace(now, radius_mm=round(radius, 2)))
        self._follow(place)

    def left(self) -> None:
        """Take the circle away."""
        self._place = None
        self.hand.redraw()

    def drop(self) -> None:
        """Forget the stroke."""
        self._stroke = None
        self.left()

    def sketches(self, number: int) -> Sequence[Sketch]:
        """What is painted so far, and the circle."""
        found: list[Sketch] = []
        if self._stroke is not None and self._stroke.pane == number:
            found.append(self._stroke.tint)
        if self._place is not None and self._place.pane == number:
            settings = self.hand.settings["brush"]
            colour = self.hand.colour(self.label_for(self._place))
            found.append(Ring(self._place.lps, settings.radius_mm, colour, _gate(settings, self.hand.unit)))
        return found

    def _follow(self, place: Place) -> None:
        self._place = place
        self.hand.redraw(place.pane)


class _Stroke:
    """A stroke under way, and the voxels of its slice that it will change."""

    def __init__(self, pane: int, canvas: Canvas, plane: int, level: int, label: str | None, settings: Any) -> None:
        self.pane, self.canvas, self.plane, self.level = pane, canvas, plane, level
        self.label, self.settings = label, settings
        self.points: list[list[float]] = []
        self._apart = 0.4 * min(canvas.geometry.spacing)
        shape = tuple(1 if axis == plane else size for axis, size in enumerate(canvas.geometry.shape))
        self._changed = np.zeros(shape, np.uint8)
        self._low, self._high = np.array(shape), np.zeros(3, int)
        colour = _ERASED if label is None else QColor(*canvas.labels.scheme[label].colour).name()
        self._table = colours({1: colour}, 0.55)

    @property
    def payload(self) -> dict[str, Any]:
        """The stroke as an edit."""
        return {"points": self.points, "label": self.label, "plane": self.plane, "settings": asdict(self.settings)}

    @property
    def idle(self) -> bool:
        """Whether it changes nothing; a ball may, beside its own slice."""
        return self.settings.shape == "disc" and not self._changed.any()

    @property
    def tint(self) -> Tint:
        """What it has painted so far."""
        box = tuple(slice(a, max(a, b)) for a, b in zip(self._low, self._high, strict=True))
        a, b, c = (self.level if axis == self.plane else int(n) for axis, n in enumerate(self._low))
        return Tint((a, b, c), self._changed[box], self._table, grid=self.canvas.geometry)

    def to(self, place: Place) -> None:
        """Go on to a place; only the new leg is looked at."""
        point = [float(v) for v in place.lps]
        if self.points and np.linalg.norm(np.subtract(point, self.points[-1])) < self._apart:
            return
        self.points.append(point)
        # a ball's cut through its own slice is the disc
        flat = replace(self.settings, shape="disc")
        try:
            patch = paint(self.canvas, points=self.points[-2:], label=self.label, plane=self.plane, settings=flat)
        except EditDoesNotApply:
            return  # this leg lies beside the image; the next may not
        there = patch.labels != self.canvas.labels.array[patch.box]
        low = np.array(patch.start)
        low[self.plane] = 0
        high = low + patch.labels.shape
        a, b, c = (slice(int(s), int(e)) for s, e in zip(low, high, strict=True))
        self._changed[a, b, c] |= there
        self._low, self._high = np.minimum(self._low, low), np.maximum(self._high, high)


def _gate(settings: Any, unit: str) -> str:
    """The gate beside the circle, where there is one."""
    if settings.low_hu is None and settings.high_hu is None:
        return ""
    low, high = (f"{v:.0f}".replace("-", "−") if v is not None else "" for v in (settings.low_hu, settings.high_hu))
    return f"{low} … {high} {unit}".rstrip()

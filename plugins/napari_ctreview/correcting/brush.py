"""Brush: paints while the mouse is dragged, and becomes one edit when the button is released."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from qtpy.QtGui import QColor

from ctreview.errors import EditDoesNotApply
from ctreview.tools import BrushSettings, Canvas
from ctreview.tools import brush as paint
from ctreview.volume.box import Box
from napari_ctreview.correcting.brush_stroke import BrushStroke
from napari_ctreview.correcting.sketches import REMOVED, CircleSketch, Sketch
from napari_ctreview.correcting.tool import MouseTool
from napari_ctreview.viewer.mouse_gestures import CursorPosition
from napari_ctreview.viewer.pane import Pane

__all__ = ["BrushTool"]


class BrushTool(MouseTool):
    """Paints a disc or a ball inside a range of densities and the organ."""

    name = "brush"
    title = "Brush"
    hint = "Drag paints inside the gate; Ctrl or Alt erases. Shift+wheel changes the radius."
    settings_of = "brush"

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self._cursor: CursorPosition | None = None
        self._stroke: _Stroke | None = None

    def pressed(self, cursor: CursorPosition) -> None:
        """Begin a stroke."""
        canvas = self.context.editor.canvas(cursor.pane)
        if canvas is None:
            return
        pane = self.context.panes.panes[cursor.pane]
        self._stroke = _Stroke(cursor.pane, pane, canvas, self.context.settings["brush"], self.label_for(cursor))
        self._stroke.to(cursor)
        self._follow(cursor)

    def dragged(self, cursor: CursorPosition) -> None:
        """Paint on."""
        if self._stroke is None or cursor.pane != self._stroke.pane:
            return
        if not self._stroke.in_its_slice:
            # the wheel was turned while painting: what was painted belongs to the slice it was painted on
            self.released(cursor)
            self.pressed(cursor)
            return
        self._stroke.to(cursor)
        self._follow(cursor)

    def released(self, cursor: CursorPosition) -> None:
        """Make the stroke an edit."""
        stroke, self._stroke = self._stroke, None
        if stroke is not None and stroke.idle:
            self.context.say_outside("Nothing was painted", stroke.outside_ml, stroke.pane)
        elif stroke is not None:
            self.context.act(stroke.pane, "brush", stroke.payload)
        self._follow(cursor)

    def moved(self, cursor: CursorPosition) -> None:
        """Let the circle follow."""
        self._follow(cursor)

    def wheeled(self, cursor: CursorPosition, steps: int) -> None:
        """Make the brush wider or narrower."""
        self.widen(steps, least_mm=0.3)
        self._follow(cursor)

    def left(self) -> None:
        """Take the circle away."""
        self._cursor = None
        self.context.redraw()

    def drop(self) -> None:
        """Forget the stroke."""
        self._stroke = None
        self.left()

    def sketches(self, number: int) -> Sequence[Sketch]:
        """What is painted so far, and the circle."""
        found: list[Sketch] = []
        if self._stroke is not None and self._stroke.pane == number:
            found.append(self._stroke.tint)
        if self._cursor is not None and self._cursor.pane == number:
            settings = self.context.settings["brush"]
            colour = self.context.colour(self.label_for(self._cursor))
            found.append(CircleSketch(self._cursor.lps, settings.radius_mm, colour, _gate(settings, self.context.unit)))
        return found

    def _follow(self, cursor: CursorPosition) -> None:
        self._cursor = cursor
        self.context.redraw(cursor.pane)


class _Stroke(BrushStroke):
    """A stroke that sets a label, or takes labels away."""

    def __init__(self, number: int, shown: Pane, canvas: Canvas, settings: BrushSettings, label: str | None) -> None:
        colour = REMOVED if label is None else QColor(*canvas.labels.scheme[label].colour).name()
        super().__init__(number, shown, canvas, settings, colour)
        self.label = label
        self._part = 0

    @property
    def payload(self) -> dict[str, Any]:
        """The stroke as an edit."""
        return {**super().payload, "label": self.label}

    @property
    def idle(self) -> bool:
        """Whether it changes nothing; a ball may, beside its own slice."""
        return self.settings.shape == "disc" and self.empty

    @property
    def outside_ml(self) -> float:
        """How much of it lies outside the organ."""
        try:
            patch = paint(self.canvas, points=self.points, label=self.label, plane=self.plane, settings=self.settings)
        except EditDoesNotApply:
            return 0.0
        return patch.outside * self.canvas.geometry.voxel_ml

    def changed(self, box: Box, where: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """The voxels that get another label."""
        self._part = self._part or self.canvas.part_of(self.points, box, where)
        patch = self.canvas.patch(box, where, self.label, part=self._part)
        return np.asarray(patch.labels != self.canvas.labels.array[patch.box])


def _gate(settings: Any, unit: str) -> str:
    """The gate beside the circle, where there is one."""
    if settings.low_hu is None and settings.high_hu is None:
        return ""
    low, high = (f"{v:.0f}".replace("-", "−") if v is not None else "" for v in (settings.low_hu, settings.high_hu))
    return f"{low} … {high} {unit}".rstrip()

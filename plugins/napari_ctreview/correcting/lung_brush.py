"""Lung brush: adds to the lung, or removes from it; a key takes the dense piece under the cursor for lung."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ctreview.errors import EditDoesNotApply
from ctreview.recipes.chest_ct.candidates import acceptance
from ctreview.tools import BrushSettings, Canvas
from ctreview.tools.candidate import ACCEPT, CandidateClass, OfferedPiece
from ctreview.tools.organ_brush import ORGAN_BRUSH
from ctreview.volume.box import Box
from napari_ctreview.correcting.brush_stroke import BrushStroke
from napari_ctreview.correcting.sketches import (
    REMOVED,
    CircleSketch,
    MaskSketch,
    Sketch,
    colours,
    piece_sketch,
)
from napari_ctreview.correcting.tool import ERASING, RestingBrushTool
from napari_ctreview.viewer.mouse_gestures import CursorPosition
from napari_ctreview.viewer.pane import Pane

__all__ = ["LungBrushSettings", "LungBrushTool"]

_LUNG = "#7de8ff"
"""The colour of the outline of the lungs, and of what is added to them."""


@dataclass(frozen=True)
class LungBrushSettings:
    """How the lung brush works.

    Attributes
    ----------
    radius_mm : float
        Half the width of the stroke, and about half of that of a piece that is taken for lung.
    shape : {"ball", "disc"}
        Whether it works in depth too, or in the plane on screen only.
    low_hu, high_hu : float or None
        Only voxels between these densities are added or removed.
    side : {"nearest", "right", "left"}
        The lung that is added to.
    """

    radius_mm: float = 8.0
    shape: Literal["ball", "disc"] = "ball"
    low_hu: float | None = None
    high_hu: float | None = None
    side: Literal["nearest", "right", "left"] = "nearest"

    @property
    def brush(self) -> BrushSettings:
        """Width, depth and gate."""
        return BrushSettings(self.radius_mm, self.shape, self.low_hu, self.high_hu)

    @property
    def part(self) -> Literal["right_lung", "left_lung"] | None:
        """The lung that is named; None for the nearest."""
        if self.side == "nearest":
            return None
        return "right_lung" if self.side == "right" else "left_lung"


class LungBrushTool(RestingBrushTool):
    """Changes which voxels are lung; opacity can be set there from then on."""

    name = "lung"
    title = "Lung brush"
    hint = (
        "Drag adds to the lung; Ctrl or Alt removes from it. Ctrl+8 takes the piece under the cursor for lung that is"
        " consolidated, Ctrl+7 for collapsed lung. Shift+wheel changes the radius."
    )
    settings_of = "lung"
    rest_ms = 120

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self._stroke: _Stroke | None = None
        self._piece: tuple[int, OfferedPiece] | None = None
        self._outline: tuple[object, MaskSketch] | None = None

    # --- strokes

    def pressed(self, cursor: CursorPosition) -> None:
        """Begin a stroke."""
        self._hide()
        canvas = self.context.editor.canvas(cursor.pane)
        if canvas is None or canvas.within is None:
            self.context.notice.emit("There are no lungs to change yet: run the steps first.")
            return
        pane, settings = self.context.panes.panes[cursor.pane], self.context.settings["lung"]
        adds = not cursor.modifiers & ERASING
        self._stroke = _Stroke(cursor.pane, pane, canvas, settings, adds)
        self._stroke.to(cursor)
        self._follow(cursor)

    def dragged(self, cursor: CursorPosition) -> None:
        """Go on."""
        if self._stroke is None or cursor.pane != self._stroke.pane:
            return
        if not self._stroke.in_its_slice:
            self.released(cursor)  # what was painted belongs to the slice it was painted on
            self.pressed(cursor)
            return
        self._stroke.to(cursor)
        self._follow(cursor)

    def released(self, cursor: CursorPosition) -> None:
        """Make the stroke an edit."""
        stroke, self._stroke = self._stroke, None
        if stroke is not None:
            self.context.act(stroke.pane, ORGAN_BRUSH, stroke.payload)
        self._follow(cursor)

    # --- a piece that is taken for lung

    def take(self, label: CandidateClass) -> bool:
        """Take the piece that is shown for lung of a class; False, and a message, where none is shown."""
        if self._piece is None:
            self.context.notice.emit("Rest the mouse on dense tissue outside the lungs first; its piece is then shown.")
            return False
        (number, piece), self._piece = self._piece, None
        return self.context.act(number, ACCEPT, acceptance(piece, label)) is not None

    def drop(self) -> None:
        """Forget the stroke."""
        self._stroke = self._outline = None
        self.left()

    def _look(self) -> None:
        cursor, settings = self._cursor, self.context.settings["lung"]
        canvas = None if cursor is None else self.context.editor.canvas(cursor.pane)
        if cursor is None or canvas is None or canvas.within is None or cursor.voxel is None or self._stroke:
            return
        place = [float(v) for v in self.context.panes.panes[cursor.pane].geometry.to_lps(cursor.voxel)]
        if canvas.within.array[canvas.voxel_at(place)]:
            return  # within the lungs there is nothing to be taken for lung
        editor, size = self.context.editor, 2.0 * settings.radius_mm

        def look() -> OfferedPiece | str:
            try:
                return editor.piece_beside(cursor.pane, place, size_mm=size, side=settings.part)
            except EditDoesNotApply as reason:
                return reason.found

        def show(found: OfferedPiece | str) -> None:
            if cursor is not self._cursor:
                return
            if isinstance(found, str):
                self.context.notice.emit(f"No piece is offered here: {found}.")
                return
            self._piece = (cursor.pane, found)
            side = found.side.replace("_", " ")
            self.context.notice.emit(
                f"{found.ml:.1f} mL beside the {side}. Ctrl+8: it is lung, consolidated. Ctrl+7: collapsed."
            )
            self.context.redraw(cursor.pane)

        self.context.run_in_background("look", look, show, quiet=True)

    def _hide(self) -> None:
        if self._piece is not None:
            self._piece = None
            self.context.redraw()

    # --- what is drawn

    def sketches(self, number: int) -> Sequence[Sketch]:
        """The outline of the lungs, what is painted so far, the piece, and the circle."""
        found: list[Sketch] = []
        canvas = self.context.editor.canvas(number)
        if canvas is not None and canvas.within is not None:
            found.append(self._lungs(number, canvas))
        if self._stroke is not None and self._stroke.pane == number:
            found.append(self._stroke.tint)
        if self._piece is not None and self._piece[0] == number and canvas is not None:
            piece = self._piece[1]
            found.append(piece_sketch(piece.box, piece.mask, canvas.geometry, _LUNG, 0.25))
        if self._cursor is not None and self._cursor.pane == number:
            colour = REMOVED if self._cursor.modifiers & ERASING else _LUNG
            found.append(CircleSketch(self._cursor.lps, self.context.settings["lung"].radius_mm, colour))
        return found

    def _lungs(self, number: int, canvas: Canvas) -> MaskSketch:
        assert canvas.within is not None
        key = (number, id(canvas.within.array))
        if self._outline is None or self._outline[0] != key:
            outlines = {label.value: _LUNG for label in canvas.within.scheme}
            shown = MaskSketch((0, 0, 0), canvas.within.array, colours({}, 0.0), outlines, canvas.geometry)
            self._outline = (key, shown)
        return self._outline[1]


class _Stroke(BrushStroke):
    """A stroke that adds to the lung, or removes from it."""

    def __init__(self, number: int, shown: Pane, canvas: Canvas, settings: LungBrushSettings, adds: bool) -> None:
        super().__init__(number, shown, canvas, settings.brush, _LUNG if adds else REMOVED)
        self.adds, self.part = adds, settings.part

    @property
    def payload(self) -> dict[str, Any]:
        """The stroke as an edit; what is not named, the review fills in."""
        named = {} if self.part is None else {"part": self.part}
        return {**super().payload, "adds": self.adds, **named}

    def changed(self, box: Box, where: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """The voxels that become lung, or are none any more."""
        assert self.canvas.within is not None
        lung = self.canvas.within.array[box] > 0
        return np.asarray(where & ~lung if self.adds else where & lung)

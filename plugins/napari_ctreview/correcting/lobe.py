"""Lobe: a stroke takes lung into the lobe that it began in, a click gives a piece of opacity to another lobe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ctreview.errors import EditDoesNotApply
from ctreview.recipes.chest_ct.lobe_piece import OfferedLobePiece, lobe_at, offered_lobe_piece
from ctreview.tools import BrushSettings, Canvas
from ctreview.tools.parts import PART_BRUSH, PART_PIECE
from ctreview.volume.box import Box
from napari_ctreview.correcting.brush_stroke import BrushStroke
from napari_ctreview.correcting.fissure import NO_LOBES
from napari_ctreview.correcting.sketches import CircleSketch, Sketch, piece_sketch
from napari_ctreview.correcting.tool import RestingBrushTool
from napari_ctreview.viewer.mouse_gestures import CursorPosition
from napari_ctreview.viewer.pane import Pane

__all__ = ["LobeTool", "LobeToolSettings"]

_GIVEN = "#ffe36e"
"""The colour of the borders of lobes, and of what is given to one."""


@dataclass(frozen=True)
class LobeToolSettings:
    """How lung and opacity are given to a lobe.

    Attributes
    ----------
    radius_mm : float
        Half the width of the stroke.
    shape : {"ball", "disc"}
        Whether it works in depth too, or in the plane on screen only.
    lobe : {"automatic", "right_upper_lobe", …}
        The lobe that takes; automatic: of a stroke the one that it began in, of a piece of opacity the other lobe that
        has most of it, else the nearest one.
    """

    radius_mm: float = 8.0
    shape: Literal["ball", "disc"] = "ball"
    lobe: Literal[
        "automatic",
        "right_upper_lobe",
        "right_middle_lobe",
        "right_lower_lobe",
        "left_upper_lobe",
        "left_lower_lobe",
    ] = "automatic"

    @property
    def brush(self) -> BrushSettings:
        """Width and depth."""
        return BrushSettings(self.radius_mm, self.shape)

    @property
    def part(self) -> str | None:
        """The lobe that is named; None where the gesture tells it."""
        return None if self.lobe == "automatic" else self.lobe


class LobeTool(RestingBrushTool):
    """Changes which lobe lung and opacity belong to, whatever the fissures say."""

    name = "lobe"
    title = "Lobe"
    hint = (
        "Drag from one lobe over lung of another to take it into the first. Rest on opacity and click to give the piece"
        " to another lobe. Shift+wheel changes the radius."
    )
    settings_of = "lobe"
    rest_ms = 120

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self._stroke: _Stroke | None = None
        self._drew = False
        self._piece: tuple[int, OfferedLobePiece] | None = None

    def taken(self) -> None:
        """Show the borders."""
        self.context.panes.lobe_lines.need(True)

    # --- strokes

    def pressed(self, cursor: CursorPosition) -> None:
        """Begin a stroke."""
        canvas, borders = self.context.editor.canvas(cursor.pane), self.context.editor.lobe_borders(cursor.pane)
        if canvas is None or borders is None:
            self.context.notice.emit(NO_LOBES)
            return
        settings: LobeToolSettings = self.context.settings["lobe"]
        lobe = settings.part
        if lobe is None and cursor.voxel is not None:
            lobe = lobe_at(borders, canvas, [float(v) for v in cursor.lps])
        if lobe is None:
            self.context.notice.emit("Begin the stroke in the lobe that takes, or choose it in the field of the tool.")
            return
        pane = self.context.panes.panes[cursor.pane]
        self._stroke = _Stroke(cursor.pane, pane, canvas, settings, lobe)
        self._stroke.to(cursor)
        self._follow(cursor)

    def dragged(self, cursor: CursorPosition) -> None:
        """Go on."""
        stroke = self._stroke
        if stroke is None or cursor.pane != stroke.pane:
            return
        if stroke.in_its_slice:
            stroke.to(cursor)
            self._hide()
            self._follow(cursor)

    def released(self, cursor: CursorPosition) -> None:
        """Make the stroke an edit; one place alone is a click."""
        stroke, self._stroke = self._stroke, None
        self._drew = stroke is not None and len(stroke.points) > 1
        if stroke is not None and self._drew:
            self._give(stroke.pane, PART_BRUSH, stroke.payload, stroke.lobe)
        self._follow(cursor)

    # --- a piece of opacity

    def clicked(self, cursor: CursorPosition) -> None:
        """Give the piece that is shown, or else the one that was clicked."""
        if self._drew:
            return  # the hand moved, by less than what tells a drag from a click
        offered = self._piece[1] if self._piece is not None and self._piece[0] == cursor.pane else None
        found = offered or self._offered(cursor)
        if isinstance(found, OfferedLobePiece):
            self._hide()
            self._give(cursor.pane, PART_PIECE, found.payload, found.lobe)
        elif self.context.editor.lobe_borders(cursor.pane) is not None:
            self.context.notice.emit(found or "There is no opacity here; drag to take lung into a lobe.")

    def drop(self) -> None:
        """Forget the stroke, and show the borders no longer than the reader wants."""
        self._stroke = None
        self.left()
        self.context.panes.lobe_lines.need(False)

    def _look(self) -> None:
        cursor = self._cursor
        if cursor is None or self._stroke is not None:
            return

        def show(found: OfferedLobePiece | str | None) -> None:
            now = self._cursor
            there = now is not None and (now.pane, now.voxel) == (cursor.pane, cursor.voxel)
            if not there or not isinstance(found, OfferedLobePiece):
                return
            self._piece = (cursor.pane, found)
            self.context.notice.emit(f"A click gives {found.ml:.1f} mL to the {found.lobe.replace('_', ' ')}.")
            self.context.redraw(cursor.pane)

        self.context.run_in_background("look", lambda: self._offered(cursor), show, quiet=True)

    def _offered(self, cursor: CursorPosition) -> OfferedLobePiece | str | None:
        """The piece under the cursor; why there is none; or nothing where no opacity is."""
        canvas, borders = self.context.editor.canvas(cursor.pane), self.context.editor.lobe_borders(cursor.pane)
        if canvas is None or borders is None or cursor.voxel is None:
            return None
        place = [float(v) for v in self.context.panes.panes[cursor.pane].geometry.to_lps(cursor.voxel)]
        if not canvas.labels.array[canvas.voxel_at(place)]:
            return None
        try:
            return offered_lobe_piece(borders, canvas, place, lobe=self.context.settings["lobe"].part)
        except EditDoesNotApply as reason:
            return f"Nothing is given: {reason.found}."

    def _hide(self) -> None:
        if self._piece is not None:
            self._piece = None
            self.context.redraw()

    def _give(self, number: int, kind: str, payload: dict[str, Any], lobe: str) -> None:
        before = self.context.editor.lobe_borders(number)
        if self.context.act(number, kind, payload) is None or before is None:
            return
        after = self.context.editor.lobe_borders(number)
        assert after is not None
        box = after.pieces[-1].box
        changed = int(np.count_nonzero(before.lobes_in(box).array != after.lobes_in(box).array))
        ml = changed * after.geometry.voxel_ml
        self.context.notice.emit(f"{ml:.2f} mL belong to the {lobe.replace('_', ' ')} now.")

    # --- what is drawn

    def sketches(self, number: int) -> Sequence[Sketch]:
        """What is painted so far, the piece, and the circle."""
        found: list[Sketch] = []
        if self._stroke is not None and self._stroke.pane == number:
            found.append(self._stroke.tint)
        canvas = self.context.editor.canvas(number)
        if self._piece is not None and self._piece[0] == number and canvas is not None:
            piece = self._piece[1]
            found.append(piece_sketch(piece.box, piece.mask, canvas.geometry, _GIVEN, 0.3))
        if self._cursor is not None and self._cursor.pane == number:
            found.append(CircleSketch(self._cursor.lps, self.context.settings["lobe"].radius_mm, _GIVEN))
        return found


class _Stroke(BrushStroke):
    """A stroke that takes lung into a lobe."""

    def __init__(self, number: int, shown: Pane, canvas: Canvas, settings: LobeToolSettings, lobe: str) -> None:
        super().__init__(number, shown, canvas, settings.brush, _GIVEN)
        self.lobe = lobe

    @property
    def payload(self) -> dict[str, Any]:
        """The stroke as an edit."""
        return {**super().payload, "part": self.lobe}

    def changed(self, box: Box, where: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """The lung that is given."""
        assert self.canvas.within is not None
        return np.asarray(where & (self.canvas.within.array[box] > 0))

"""Fissure: clicks on a fissure part the lobes there anew; a key copies it from the other timepoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ctreview.anatomy.lobes import FissureName, nearest_fissure
from ctreview.errors import EditDoesNotApply
from ctreview.tools.parts import BORDER_POINTS, COPY_BORDER
from napari_ctreview.correcting.sketches import CircleSketch, Sketch
from napari_ctreview.correcting.tool import ERASING, MouseTool
from napari_ctreview.correcting.tool_context import ToolContext
from napari_ctreview.viewer.mouse_gestures import CursorPosition

__all__ = ["NO_LOBES", "FissureTool", "FissureToolSettings", "copy_fissure"]

NO_LOBES = "There are no lobes to correct: tick “Lobes” in the settings under “Lungs”, and run the steps."
"""What tools say that need lobes."""

_UNMOVED_MM = 0.02
"""Places are recorded to a hundredth of a millimetre."""

_PLACED = "#ff9d3b"
"""The colour of points that were placed."""

_DOT_MM = 1.2


@dataclass(frozen=True)
class FissureToolSettings:
    """Which fissure clicks are for.

    Attributes
    ----------
    fissure : {"nearest", "right_oblique", "right_minor", "left_oblique"}
        The one that clicks are for, and that is copied.
    """

    fissure: Literal["nearest", "right_oblique", "right_minor", "left_oblique"] = "nearest"

    @property
    def border(self) -> FissureName | None:
        """The fissure that is named; None for the nearest."""
        return None if self.fissure == "nearest" else self.fissure


class FissureTool(MouseTool):
    """Moves the border between lobes to where the reader sees the fissure."""

    name = "fissure"
    title = "Fissure"
    hint = (
        "Click on the fissure: the point goes to the sheet near it (with Ctrl it stays where you click), and the lobes"
        " are parted there. Ctrl+G copies the fissure from the other timepoint. Dashed: not seen."
    )
    settings_of = "fissure"

    def taken(self) -> None:
        """Show the borders."""
        self.context.panes.lobe_lines.need(True)

    def clicked(self, cursor: CursorPosition) -> None:
        """Place a point."""
        if self.context.editor.lobe_borders(cursor.pane) is None:
            self.context.notice.emit(NO_LOBES)
            return
        border = self.context.settings["fissure"].border
        click = [float(v) for v in cursor.lps]
        payload: dict[str, Any] = {"points": [click], "exact": bool(cursor.modifiers & ERASING)}
        if border is not None:
            payload["border"] = border
        if self.context.act(cursor.pane, BORDER_POINTS, payload) is not None:
            self.context.notice.emit(self._said(cursor.pane, click))

    def drop(self) -> None:
        """Show the borders no longer than the reader wants."""
        self.context.panes.lobe_lines.need(False)

    def sketches(self, number: int) -> Sequence[Sketch]:
        """The points that were placed on the slice."""
        session = self.context.editor.session(number)
        placed = () if session is None else [edit for edit in session.applied if edit.kind == BORDER_POINTS]
        return [
            CircleSketch(np.asarray(point, dtype=float), _DOT_MM, _PLACED)
            for edit in placed
            for point in edit.payload["points"]
        ]

    def _said(self, number: int, click: Sequence[float]) -> str:
        session = self.context.editor.session(number)
        assert session is not None
        record = session.applied[-1].payload
        moved = float(np.linalg.norm(np.subtract(record["points"][-1], click)))
        where = (
            "where you clicked: no sheet is seen near it"
            if moved < _UNMOVED_MM
            else f"on the sheet {moved:.1f} mm away"
        )
        return f"{record['border'].replace('_', ' ').capitalize()} fissure: a point {where}."


def copy_fissure(context: ToolContext) -> None:
    """Copy the fissure under the cursor, or the one that is named, from the other timepoint."""
    cursor, border = context.under_cursor, context.settings["fissure"].border
    number = context.active_pane
    borders = context.editor.lobe_borders(number)
    if borders is None:
        context.notice.emit(NO_LOBES)
        return
    if border is None and cursor is not None and cursor.voxel is not None:
        value = int(borders.lungs.array[cursor.voxel])
        side = next((label.key for label in borders.lungs.scheme if label.value == value), "")
        try:
            border = nearest_fissure(borders.fissures, [float(v) for v in cursor.lps], side)
        except EditDoesNotApply:
            border = None
    if border is None:
        context.notice.emit("Rest the mouse near the fissure that is copied, or choose it in the field of the tool.")
    elif context.act(number, COPY_BORDER, {"border": border}) is not None:
        words = border.replace("_", " ")
        context.notice.emit(f"The {words} fissure runs where it runs at the other timepoint.")

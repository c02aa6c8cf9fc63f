"""Pick: the piece under the cursor is shown, a click takes or removes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ctreview.edits import Patch, Session
from ctreview.errors import EditDoesNotApply
from napari_ctreview.correcting.sketches import MaskSketch, Sketch, colours
from napari_ctreview.correcting.tool import ERASING, RestingMouseTool
from napari_ctreview.viewer.mouse_gestures import CursorPosition

__all__ = ["PickTool"]


@dataclass(frozen=True, eq=False)
class _Asked:
    """An act of the pick at one voxel."""

    pane: int
    kind: str
    payload: dict[str, Any]


class PickTool(RestingMouseTool):
    """Takes the connected piece of like density under the cursor, or removes the piece of a label."""

    name = "pick"
    title = "Pick"
    hint = "Click takes the piece shown; Ctrl or Alt with a click removes one. Shift+wheel grows or shrinks it."
    settings_of = "pick"
    rest_ms = 60

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self.steps = 0
        self._asked: _Asked | None = None
        self._shown: tuple[int, MaskSketch] | None = None

    def moved(self, cursor: CursorPosition) -> None:
        """Look for the piece where the mouse comes to rest."""
        before = self._cursor
        if (
            not self._came_to(cursor)
            and before
            and bool(cursor.modifiers & ERASING) != bool(before.modifiers & ERASING)
        ):
            self._rest.start()
        self._cursor = cursor

    def wheeled(self, cursor: CursorPosition, steps: int) -> None:
        """Widen or narrow the gate."""
        # Alt alone would ask for the piece to be removed, which has no gate
        self.steps += steps
        self._cursor = CursorPosition(cursor.pane, cursor.lps, cursor.voxel)
        widened = f"{self.steps:+d}".replace("-", "−")
        whole = self.context.settings["pick"].takes == "piece"
        what, unchanged = ("Gate", "as learned") if whole else ("Size", "as set")
        self.context.notice.emit(f"{what} of the pick: {widened if self.steps else unchanged}")
        self._look()

    def clicked(self, cursor: CursorPosition) -> None:
        """Take the piece, or remove it."""
        asked = self._act_at(cursor)
        self._hide()
        if asked is None:
            self.context.notice.emit("The place clicked lies outside the scan.")
        elif self.context.act(asked.pane, asked.kind, asked.payload) is not None:
            self.steps = 0

    def drop(self) -> None:
        """Show nothing, and learn the gate anew."""
        self.left()
        self.steps = 0

    def sketches(self, number: int) -> Sequence[Sketch]:
        """The piece that a click would change."""
        return (self._shown[1],) if self._shown is not None and self._shown[0] == number else ()

    def _act_at(self, cursor: CursorPosition) -> _Asked | None:
        if cursor.voxel is None:
            return None
        label = self.label_for(cursor)
        # the voxel's centre, so that what was foreseen while the mouse rested is what the click does
        point = [float(v) for v in self.context.panes.panes[cursor.pane].geometry.to_lps(cursor.voxel)]
        if label is None:
            return _Asked(cursor.pane, "remove_piece", {"point": point})
        settings = asdict(self.context.settings["pick"])
        return _Asked(
            cursor.pane, "take_piece", {"point": point, "label": label, "steps": self.steps, "settings": settings}
        )

    def _look(self) -> None:
        """Find the piece in the background, and show it if the mouse is still there."""
        session = None if self._cursor is None else self.context.editor.session(self._cursor.pane)
        self._asked = None if self._cursor is None else self._act_at(self._cursor)
        if session is None or self._asked is None:
            return
        asked = self._asked

        def show(found: MaskSketch | str) -> None:
            if asked is not self._asked:
                return
            if isinstance(found, str):
                self.context.notice.emit(found)
            else:
                self._shown = (asked.pane, found)
                self.context.redraw()

        colour = self.context.colour(asked.payload.get("label"))
        self.context.run_in_background("look", lambda: _difference(session, asked, colour), show, quiet=True)

    def _hide(self) -> None:
        self._asked = None
        if self._shown is not None:
            self._shown = None
            self.context.redraw()


def _difference(session: Session, asked: _Asked, colour: str) -> MaskSketch | str:
    """The voxels that an act would change, faintly; or why there is none."""
    try:
        patch: Patch = session.preview(asked.kind, asked.payload)
    except EditDoesNotApply as reason:
        return f"No piece is offered here: {reason.found}."
    changed = patch.labels != session.array[patch.box]
    if not changed.any():
        return "A click here changes nothing."
    return MaskSketch(
        patch.start, changed.astype(np.uint8), colours({1: colour}, 0.25), {1: colour}, session.base.geometry
    )

"""Scribble: a few strokes, what they would come to at once, and Return to take it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from qtpy.QtGui import QColor

from ctreview.edits import Session
from ctreview.tools import Canvas, Proposal, propose
from napari_ctreview.correcting.sketches import REMOVED, MaskSketch, PolylineSketch, Sketch, colours
from napari_ctreview.correcting.tool import ChangedInput, MouseTool
from napari_ctreview.viewer.mouse_gestures import CursorPosition

__all__ = ["ScribbleTool"]

_NOT = 255
"""Stands for "loses its label" among the values of a preview."""

Strokes = list[dict[str, Any]]


class ScribbleTool(MouseTool):
    """Strokes of a class, or of "not", teach a classifier that labels their surroundings."""

    name = "scribble"
    title = "Scribble"
    hint = (
        "Draw a few strokes of each class (Ctrl: not). Return takes what is shown, Shift+Return labels the whole lung."
    )
    settings_of = "scribble"

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self.unsure = False
        self._pane = 0
        self._strokes: Strokes = []
        self._taken: Strokes = []
        self._begun: dict[str, Any] | None = None
        self._preview: MaskSketch | None = None
        self._doubt: MaskSketch | None = None

    # --- strokes

    def pressed(self, cursor: CursorPosition) -> None:
        """Begin a stroke."""
        if cursor.pane != self._pane:
            self.drop()
            self._pane = cursor.pane
        self._taken = []
        self._begun = {"points": [_point(cursor)], "label": self.label_for(cursor)}
        self.context.redraw(cursor.pane)
        self._look_ahead()

    def dragged(self, cursor: CursorPosition) -> None:
        """Draw on."""
        if self._begun is not None and cursor.pane == self._pane:
            self._begun["points"].append(_point(cursor))
            self.context.redraw(cursor.pane)

    def released(self, cursor: CursorPosition) -> None:
        """End the stroke, and look at what all of them come to."""
        del cursor
        if self._begun is not None:
            self._strokes.append(self._begun)
            self._begun = None
            self._look()

    def back(self) -> bool:
        """Take the last stroke back."""
        if not self._strokes:
            return False
        self._strokes.pop()
        self._look()
        return True

    def drop(self) -> None:
        """Forget all strokes."""
        self._strokes, self._taken, self._begun = [], [], None
        self._preview = self._doubt = None
        self.context.redraw()

    def changed(self, what: ChangedInput) -> None:
        """Look at the strokes anew."""
        if what != "class" and self._strokes:
            self._look()

    # --- what becomes of them

    def finish(self, *, everywhere: bool = False) -> None:
        """Take what the strokes come to, around them or in the whole lung."""
        strokes = self._strokes or (self._taken if everywhere else [])
        if not strokes:
            self.context.notice.emit("Draw a stroke first.")
            return
        description = "Labelling the whole lung" if everywhere else "Labelling around the strokes"
        self._strokes, self._taken, self._preview = [], strokes, None
        self.context.act_in_background(
            self._pane, "scribble", self._payload(strokes, everywhere=everywhere), description=description
        )

    def to_other(self) -> None:
        """Put the same strokes on the other timepoint, through the registration."""
        strokes, other = self._strokes or self._taken, 1 - self._pane
        mapped = [self.context.map_to_other_timepoint(self._pane, one["points"]) for one in strokes]
        if not strokes or None in mapped:
            self.context.notice.emit("There is no stroke to bring over.")
            return
        self.drop()
        self._pane = other
        self._strokes = [{"points": points, "label": one["label"]} for points, one in zip(mapped, strokes, strict=True)]
        self.context.panes.go_to(np.asarray(self._strokes[-1]["points"]).mean(axis=0), pane=other)
        self._look()

    def toggle_doubt(self) -> None:
        """Show where the classifier is unsure, or no longer."""
        self.unsure = not self.unsure
        self._doubt = None
        self.context.redraw()
        self._ask_doubt()

    def _payload(self, strokes: Strokes, *, everywhere: bool = False) -> dict[str, Any]:
        settings = self.context.settings["scribble"]
        if everywhere:
            settings = replace(settings, reach_mm=None)
        return {"strokes": [dict(one) for one in strokes], "settings": asdict(settings)}

    def _look(self) -> None:
        """Show what the strokes would come to."""
        session = self.context.editor.session(self._pane)
        self._preview = None
        self.context.redraw()
        if session is None or not self._strokes:
            return
        payload, asked = self._payload(self._strokes), list(self._strokes)

        def show(found: MaskSketch) -> None:
            if asked == self._strokes:
                self._preview = found
                self.context.redraw(self._pane)

        self.context.run_in_background("Looking at the strokes", lambda: _difference(session, payload), show)
        self._ask_doubt()

    def _look_ahead(self) -> None:
        """While the first stroke is drawn, work out what the classifier sees around it; the tool keeps that."""
        session = self.context.editor.session(self._pane)
        if session is None or self._strokes or self._begun is None:
            return
        payload = self._payload([{**self._begun, "points": self._begun["points"][:1]}])
        self.context.run_in_background(
            "Looking ahead", lambda: session.preview("scribble", payload), lambda _patch: None, quiet=True
        )

    def _ask_doubt(self) -> None:
        canvas, strokes = self.context.editor.canvas(self._pane), self._strokes or self._taken
        if not self.unsure or canvas is None or not strokes:
            return
        settings = self.context.settings["scribble"]

        def show(found: MaskSketch) -> None:
            if self.unsure:
                self._doubt = found
                self.context.redraw(self._pane)

        self.context.run_in_background("Looking for doubt", lambda: _doubt(canvas, list(strokes), settings), show)

    # --- what is drawn

    def sketches(self, number: int) -> Sequence[Sketch]:
        """The strokes, what they come to, and the doubt."""
        if number != self._pane:
            return ()
        width = 2 * self.context.settings["scribble"].stroke_mm
        shown: list[Sketch] = [one for one in (self._doubt if self.unsure else None, self._preview) if one is not None]
        drawn = [*self._strokes, *([self._begun] if self._begun else [])]
        shown += [self._line(one, width, in_mm=True) for one in drawn]
        return [*shown, *(self._line(one, 2.0, dashed=True) for one in self._taken)]

    def _line(self, one: dict[str, Any], width: float, *, in_mm: bool = False, dashed: bool = False) -> PolylineSketch:
        points = np.asarray(one["points"], dtype=float)
        return PolylineSketch(points, self.context.colour(one["label"]), width, in_mm=in_mm, dashed=dashed)


def _point(cursor: CursorPosition) -> list[float]:
    return [float(v) for v in cursor.lps]


def _difference(session: Session, payload: dict[str, Any]) -> MaskSketch:
    """What the strokes would change, in the colours of the classes."""
    patch = session.preview("scribble", payload)
    values = np.where(patch.labels == 0, np.uint8(_NOT), patch.labels).astype(np.uint8)
    values[patch.labels == session.array[patch.box]] = 0
    table = {label.value: QColor(*label.colour).name() for label in session.base.scheme} | {_NOT: REMOVED}
    return MaskSketch(patch.start, values, colours(table, 0.4), table, session.base.geometry)


def _doubt(canvas: Canvas, strokes: Strokes, settings: Any) -> MaskSketch:
    """Where the classifier is unsure: the whiter, the less it knows."""
    found: Proposal = propose(canvas, strokes=strokes, settings=settings)
    values = np.clip(found.uncertainty * 2 * 255, 0, 255).astype(np.uint8)  # of two classes ½ is the most
    return MaskSketch(found.patch.start, values, _whiter(), grid=canvas.geometry)


def _whiter() -> npt.NDArray[np.uint32]:
    shades = [colours({value: "#f0a0ff"}, 0.85 * value / 255)[value] for value in range(1, 255)]
    return np.array([0, *shades, shades[-1]], dtype=np.uint32)

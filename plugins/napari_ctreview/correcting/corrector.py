"""From gestures over the panes to acts of the core's tools."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from qtpy.QtCore import QObject, Signal
from qtpy.QtGui import QColor

from ctreview.edits import LabelChange
from ctreview.errors import CtreviewError, in_words
from ctreview.opacity.scheme import OPACITY_SCHEME
from ctreview.recipes.chest_ct.changed_lobes import LOBE_EDITS
from ctreview.tools import BrushSettings, LiveWireSettings, PickSettings, ScribbleSettings
from ctreview.tools.candidate import ACCEPT, DISMISS
from ctreview.tools.organ_brush import ORGAN_BRUSH
from ctreview.volume.labels import Scheme
from napari_ctreview.correcting.acts import ActSettings, remove_piece
from napari_ctreview.correcting.brush import BrushTool
from napari_ctreview.correcting.change_words import change_words, organ_ml, outside_words
from napari_ctreview.correcting.drawing_history import DrawingHistory
from napari_ctreview.correcting.fissure import FissureTool, FissureToolSettings
from napari_ctreview.correcting.label_editor import LabelEditor
from napari_ctreview.correcting.lobe import LobeTool, LobeToolSettings
from napari_ctreview.correcting.lung_brush import LungBrushSettings, LungBrushTool
from napari_ctreview.correcting.outline import LassoSettings, LassoTool, LiveWireTool
from napari_ctreview.correcting.pick import PickTool
from napari_ctreview.correcting.scale import UNITS, rescaled, scale_of
from napari_ctreview.correcting.scribble import ScribbleTool
from napari_ctreview.correcting.sketches import REMOVED
from napari_ctreview.correcting.tool import ChangedInput, MouseTool
from napari_ctreview.viewer.annotations import Drawing, ImageDrawing
from napari_ctreview.viewer.mouse_gestures import CursorPosition
from napari_ctreview.viewer.panes import Panes
from napari_ctreview.worker import Worker

__all__ = ["TOOLS", "Corrector"]

TOOLS: tuple[type[MouseTool], ...] = (
    PickTool,
    ScribbleTool,
    BrushTool,
    LiveWireTool,
    LassoTool,
    LungBrushTool,
    FissureTool,
    LobeTool,
)
"""Every tool that takes the mouse, in the order of their buttons."""

_ORGAN_ACTS = frozenset({ORGAN_BRUSH, ACCEPT, DISMISS})
"""Acts that change which voxels belong to the organ."""

_SCANS = (0, 1)
"""Panes whose labels can be corrected; a third shows the map of fate."""


class Corrector(QObject):
    """Holds the active tool, the active class, and the settings of each tool.

    Parameters
    ----------
    panes : Panes
        What it works on: whichever pane the mouse is in.
    editor : LabelEditor
        Where acts are done.

    Attributes
    ----------
    notice : Signal(str)
        A short message, such as why an act has no meaning here.
    changed : Signal()
        Another tool, class or setting was chosen.
    busy : Signal(str)
        What is being computed in the background; empty when nothing is.
    tool : MouseTool or None
        The active one.
    label : str or None
        The class that is given; None takes labels away.
    settings : dict
        By tool, the core's own settings objects.
    under_cursor : CursorPosition or None
        Where the mouse was last.
    unit : str
        What stands behind a value of the image; empty where it has no unit.
    stays_in_lobe : bool
        Whether tools stay in the lobe that a gesture began in, instead of in the lung.
    """

    notice = Signal(str)
    changed = Signal()
    busy = Signal(str)

    def __init__(self, panes: Panes, editor: LabelEditor, parent: QObject | None = None) -> None:
        super().__init__(parent or panes)
        self.panes, self.editor = panes, editor
        self.settings: dict[str, Any] = {
            "pick": PickSettings(),
            "scribble": ScribbleSettings(),
            "brush": BrushSettings(),
            "wire": LiveWireSettings(),
            "lasso": LassoSettings(),
            "lung": LungBrushSettings(),
            "fissure": FissureToolSettings(),
            "lobe": LobeToolSettings(),
            "acts": ActSettings(),
        }
        self.label: str | None = next(iter(OPACITY_SCHEME)).key
        self.tool: MouseTool | None = None
        self.tools = {kind.name: kind(self) for kind in TOOLS}
        self.under_cursor: CursorPosition | None = None
        self.unit, self._scale, self._keys = "HU", 1.0, tuple(one.key for one in OPACITY_SCHEME)
        self.drawn = DrawingHistory()
        self.stays_in_lobe = False
        self._worker = Worker(self)
        self._worker.began.connect(self._tell_busy)
        self._worker.ended.connect(self._ended)
        self._quiet: set[str] = set()
        for number in _SCANS[: len(panes.panes)]:
            panes.panes[number].sketches.append(self._sketcher(number))
        for name in ("pressed", "dragged", "released", "clicked", "moved"):
            getattr(panes.mouse, name).connect(self._gesture(name))
        panes.mouse.wheeled.connect(self._wheel)
        panes.mouse.left.connect(self._left)

    # --- the active tool

    @property
    def scheme(self) -> Scheme:
        """The classes that can be given."""
        session = self.editor.session(0)
        return OPACITY_SCHEME if session is None else session.base.scheme

    @property
    def value_resolution(self) -> float:
        """The smallest difference of two values that matters: 1 HU, or as little of another image's range."""
        return self._scale

    def colour(self, label: str | None) -> str:
        """Of a class, as Qt writes it."""
        return REMOVED if label is None else QColor(*self.scheme[label].colour).name()

    def select_tool(self, name: str) -> None:
        """Activate a tool; selected again, it is deactivated."""
        if self.tool is not None and self.tool.name == name:
            self.deactivate()
            return
        self.deactivate()
        self.tool = self.tools[name]
        self.panes.mouse.grab(self)
        self.tool.taken()
        self.notice.emit(self.tool.hint)
        self.changed.emit()

    def deactivate(self) -> None:
        """Leave the tool; a gesture that was begun is forgotten."""
        if self.tool is not None:
            self.tool.drop()
        self.tool = None
        self._worker.cancel()
        self.panes.mouse.release(self)
        self.redraw()
        self.changed.emit()

    def choose(self, label: str | None) -> None:
        """Choose the class that is given; None takes labels away."""
        if label is not None:
            self.scheme[label]  # an unknown one is refused here, not in the middle of a gesture
        self.label = label
        self._tell_changed("class")

    def choose_under_cursor(self) -> None:
        """Choose the class of the voxel under the cursor; a voxel without one takes labels away from then on."""
        cursor = self.under_cursor
        session = None if cursor is None else self.editor.session(cursor.pane)
        if cursor is None or session is None or cursor.voxel is None:
            self.notice.emit("There is no class under the cursor.")
            return
        index = np.rint(session.base.geometry.to_index(cursor.lps)).astype(int)
        inside = all(0 <= i < n for i, n in zip(index, session.array.shape, strict=True))
        value = int(session.array[tuple(index)]) if inside else 0
        self.choose(next((label.key for label in self.scheme if label.value == value), None))

    def set(self, name: str, settings: Any) -> None:
        """Set a tool's settings anew."""
        self.settings[name] = settings
        self._tell_changed("settings")

    def toggle_stay_in_lobe(self) -> None:
        """Let tools stay in the lobe that a gesture began in, or again in the lung; a message where there are none."""
        try:
            self.editor.stay_in_lobe(not self.stays_in_lobe)
        except CtreviewError as reason:
            self.notice.emit(_sentence(reason))
        else:
            self.stays_in_lobe = not self.stays_in_lobe
            self.notice.emit(f"Tools stay in the {'lobe' if self.stays_in_lobe else 'lung'} that a gesture begins in.")
        self._tell_changed("settings")

    def refresh_context(self) -> None:
        """Another reading is open, another region was named, or another contrast is in view."""
        keys = tuple(one.key for one in self.scheme)
        if keys != self._keys and self.label not in keys:
            self.label = next(iter(keys), None)
        self._keys = keys
        canvas = self.editor.canvas(0)
        if canvas is not None:
            self.unit, scale = UNITS[canvas.volume.unit], scale_of(canvas.volume)
            if scale != self._scale:
                self.settings, self._scale = rescaled(self.settings, scale / self._scale), scale
        self._tell_changed("settings")

    def forget(self) -> None:
        """Put the tool down and forget strokes, clicks and what was drawn on: they belong to scans that are gone."""
        self.deactivate()
        for tool in self.tools.values():
            tool.drop()
        self.drawn = DrawingHistory()
        self.under_cursor = None

    def _tell_changed(self, what: ChangedInput) -> None:
        if self.tool is not None:
            self.tool.changed(what)
        self.redraw()
        self.changed.emit()

    # --- acts

    def act(self, number: int, kind: str, payload: Mapping[str, Any]) -> LabelChange | None:
        """Do an act at once; None, and a message, where it has no meaning."""
        if self.editor.session(number) is None:
            self.notice.emit("There is nothing to correct yet: open two scans first.")
            return None
        before = self._organ_ml(number, kind)
        try:
            change = self.editor.act(number, kind, payload)
        except CtreviewError as reason:
            self.notice.emit(_sentence(reason))
            return None
        if change is not None:
            self.drawn.add(number, kind, payload, change)
            if kind not in LOBE_EDITS:  # their tools say what became of the lobes
                self.notice.emit(self._said(number, change, before, self._organ_ml(number, kind)))
            self._tell_changed("labels")
        return change

    def say_outside(self, what: str, ml: float, number: int) -> None:
        """Say that an act came to nothing, and how much of it lay outside the organ."""
        canvas = self.editor.canvas(number)
        assert canvas is not None
        why = outside_words(ml, 0.0, canvas.organ) or "Nothing there lies inside organ and gate."
        self.notice.emit(f"{what}. {why}")

    def act_in_background(self, number: int, kind: str, payload: Mapping[str, Any], *, description: str) -> None:
        """Compute an act in the background, and do it when that is done."""
        session = self.editor.session(number)
        if session is None:
            self.act(number, kind, payload)
            return
        self.run_in_background(
            description, lambda: session.preview(kind, payload), lambda _patch: self.act(number, kind, payload)
        )

    def run_in_background(
        self, name: str, work: Callable[[], Any], then: Callable[[Any], object], *, quiet: bool = False
    ) -> None:
        """Compute in the background instead of what was asked for under this name before.

        Parameters
        ----------
        name : str
            What is done, for the reader.
        work, then : callable
            What is computed there, and what takes its result here.
        quiet : bool
            Whether nobody is told what goes on, and that it came to nothing: a hover, not an act.
        """
        self._worker.cancel(name)
        if quiet:
            self._quiet.add(name)
        self._worker.start(name, lambda _progress: work(), then)

    def finish(self, *, everywhere: bool = False) -> None:
        """End the gesture of the active tool."""
        if self.tool is not None:
            self.tool.finish(everywhere=everywhere)

    def back(self) -> None:
        """Take the last step of a gesture back, else remove the piece under the cursor."""
        if self.tool is None or not self.tool.back():
            remove_piece(self)

    def undo(self) -> None:
        """Take back the last act, or the last step of a gesture that is not ended."""
        if self.tool is None or not self.tool.back():
            self._step(self.editor.undo)

    def redo(self) -> None:
        """Bring back what was taken back last."""
        self._step(self.editor.redo)

    def _step(self, step: Callable[[], object]) -> None:
        try:
            step()
        except CtreviewError as reason:
            self.notice.emit(_sentence(reason))
        self._tell_changed("labels")

    def _organ_ml(self, number: int, kind: str) -> Mapping[str, float]:
        """The volume of each part of the organ, where an act of a kind may change it."""
        canvas = self.editor.canvas(number) if kind in _ORGAN_ACTS else None
        return {} if canvas is None or canvas.within is None else organ_ml(canvas.within)

    def _said(
        self, number: int, change: LabelChange, before_ml: Mapping[str, float], after_ml: Mapping[str, float]
    ) -> str:
        """How much there came and went, and how much of the act fell outside."""
        canvas = self.editor.canvas(number)
        assert canvas is not None
        scheme, voxel_ml = canvas.labels.scheme, canvas.geometry.voxel_ml
        return change_words(change, scheme, voxel_ml, before_ml, after_ml, canvas.organ)

    # --- places

    @property
    def active_pane(self) -> int:
        """The pane that the mouse was in last."""
        return 0 if self.under_cursor is None else self.under_cursor.pane

    def map_to_other_timepoint(self, number: int, points: Sequence[Sequence[float]]) -> list[list[float]] | None:
        """Points of one scan in the other; None where the scans are not linked."""
        link = self.panes.link.correspondence
        if link is None or len(self.panes.panes) < 2:
            return None
        here, there = self.panes.panes[number].role, self.panes.panes[1 - number].role
        mapped = link.between(here, there)(np.asarray(points, dtype=float))
        return [[float(v) for v in point] for point in np.atleast_2d(mapped)]

    # --- what is drawn

    def redraw(self, number: int | None = None) -> None:
        """Draw the sketches of one pane, or of all, anew."""
        for pane in self.panes.panes if number is None else (self.panes.panes[number],):
            pane.annotations.update()

    def _sketcher(self, number: int) -> Callable[[], Sequence[Drawing | ImageDrawing]]:
        def sketch() -> Sequence[Drawing | ImageDrawing]:
            found = () if self.tool is None else self.tool.sketches(number)
            return [drawing for one in found for drawing in one.on(self.panes.panes[number])]

        return sketch

    # --- the mouse

    def _gesture(self, name: str) -> Callable[[CursorPosition], None]:
        def pass_on(cursor: CursorPosition) -> None:
            if cursor.pane not in _SCANS:
                return
            self.under_cursor = cursor
            if self.tool is None:
                return
            if name == "moved" and self.panes.mouse.grabber is None:
                self.panes.mouse.grab(self)  # a ruler was selected in between, and has been released
            if not self._keys and name != "moved":
                self.notice.emit("Name a region first; then it can be painted.")
            elif self.panes.mouse.grabber is self and (name == "moved" or cursor.button == "left"):
                getattr(self.tool, name)(cursor)

        return pass_on

    def _wheel(self, cursor: CursorPosition, steps: int) -> None:
        if self.tool is not None and self.panes.mouse.grabber is self and cursor.pane in _SCANS:
            self.tool.wheeled(cursor, steps)

    def _left(self) -> None:
        if self.tool is not None:
            self.tool.left()

    # --- the background

    def _tell_busy(self, name: str) -> None:
        if name not in self._quiet:
            self.busy.emit(name)

    def _ended(self, name: str, how: str, said: str) -> None:
        if name not in self._quiet:
            self.busy.emit("")
            if how == "failed":
                self.notice.emit(_begun_large(said))


def _sentence(reason: CtreviewError) -> str:
    return _begun_large(in_words(reason))


def _begun_large(said: str) -> str:
    return said[:1].upper() + said[1:]

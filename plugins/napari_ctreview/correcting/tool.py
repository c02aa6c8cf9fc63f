"""What every tool answers to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal

from qtpy.QtCore import QTimer

from napari_ctreview.correcting.sketches import Sketch
from napari_ctreview.correcting.tool_context import ToolContext
from napari_ctreview.viewer.mouse_gestures import CursorPosition

__all__ = ["ERASING", "ChangedInput", "MouseTool", "RestingMouseTool"]

ChangedInput = Literal["class", "settings", "labels"]
"""What has changed."""

ERASING = frozenset({"Control", "Alt"})
"""With one of these held a tool takes labels away."""

_STEP = 1.15
"""One step of the wheel makes a brush so much wider."""

_WIDEST_MM = 60.0


class MouseTool:
    """Does nothing of its own; each tool answers to the gestures that it knows.

    Attributes
    ----------
    name : str
        What it is called in the table of tools.
    title : str
        On its button.
    hint : str
        One line that says how it is used.
    settings_of : str
        Which of the corrector's settings it works with; empty where it has none.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    hint: ClassVar[str]
    settings_of: ClassVar[str] = ""

    def __init__(self, context: ToolContext) -> None:
        self.context = context

    def label_for(self, cursor: CursorPosition) -> str | None:
        """The class that a gesture gives: the chosen one, or none where a key for erasing is held."""
        return None if cursor.modifiers & ERASING else self.context.label

    def taken(self) -> None:
        """The tool is the active one from now on."""

    def pressed(self, cursor: CursorPosition) -> None:
        """The left button went down."""

    def dragged(self, cursor: CursorPosition) -> None:
        """The mouse moved with the left button held."""

    def released(self, cursor: CursorPosition) -> None:
        """The left button went up."""

    def clicked(self, cursor: CursorPosition) -> None:
        """The left button went down and up at one place."""

    def moved(self, cursor: CursorPosition) -> None:
        """The mouse moved with no button held."""

    def wheeled(self, cursor: CursorPosition, steps: int) -> None:
        """The wheel was turned with Shift or Alt held."""

    def widen(self, steps: int, *, least_mm: float) -> None:
        """Make the brush of the tool's settings wider by steps of the wheel, or narrower."""
        now = self.context.settings[self.settings_of]
        radius = min(max(now.radius_mm * _STEP**steps, least_mm), _WIDEST_MM)
        self.context.set(self.settings_of, replace(now, radius_mm=round(radius, 2)))

    def left(self) -> None:
        """The mouse left the panes."""

    def changed(self, what: ChangedInput) -> None:
        """The class, a setting, or the labels are others now."""

    def finish(self, *, everywhere: bool = False) -> None:
        """Return was pressed; with Shift: everywhere."""

    def back(self) -> bool:
        """Take the last step of an unfinished gesture back; False where there is none."""
        return False

    def drop(self) -> None:
        """Forget what was begun."""

    def sketches(self, number: int) -> Sequence[Sketch]:
        """What is drawn over the slice of a pane."""
        del number
        return ()


class RestingMouseTool(MouseTool):
    """Looks for something where the mouse comes to rest; each tool says what, and how it is hidden again.

    Attributes
    ----------
    rest_ms : int
        The mouse rests that does not move for so many milliseconds.
    """

    rest_ms: ClassVar[int]

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self._cursor: CursorPosition | None = None
        self._rest = QTimer(context, singleShot=True, interval=self.rest_ms)
        self._rest.timeout.connect(self._look)

    def changed(self, what: ChangedInput) -> None:
        """Look anew."""
        del what
        self._hide()
        if self._cursor is not None:
            self._rest.start()

    def left(self) -> None:
        """Show nothing."""
        self._cursor = None
        self._rest.stop()
        self._hide()

    def _came_to(self, cursor: CursorPosition) -> bool:
        """Whether the cursor is over another voxel than before; what was shown is then hidden and looked for anew."""
        before = self._cursor
        elsewhere = before is None or cursor.pane != before.pane or cursor.voxel != before.voxel
        if elsewhere:
            self._hide()
            self._rest.start()
        return elsewhere

    def _look(self) -> None:
        raise NotImplementedError

    def _hide(self) -> None:
        raise NotImplementedError


class RestingBrushTool(RestingMouseTool):
    """A brush with a circle at the mouse, which also looks for a piece where the mouse comes to rest."""

    def moved(self, cursor: CursorPosition) -> None:
        """Let the circle follow, and look for a piece where the mouse comes to rest."""
        self._came_to(cursor)
        self._follow(cursor)

    def wheeled(self, cursor: CursorPosition, steps: int) -> None:
        """Make the brush wider or narrower."""
        self.widen(steps, least_mm=1.0)
        self._follow(cursor)

    def left(self) -> None:
        """Take circle and piece away."""
        super().left()
        self.context.redraw()

    def _follow(self, cursor: CursorPosition) -> None:
        self._cursor = cursor
        self.context.redraw(cursor.pane)

"""What tools and acts may ask of the corrector that runs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ctreview.edits import LabelChange
from ctreview.volume.labels import Scheme
from napari_ctreview.correcting.drawing_history import DrawingHistory
from napari_ctreview.correcting.label_editor import LabelEditor
from napari_ctreview.viewer.mouse_gestures import CursorPosition
from napari_ctreview.viewer.panes import Panes

__all__ = ["ToolContext"]


class ToolContext(Protocol):
    """The class that is given, the settings, where the mouse is, and the ways to an act; `Corrector` is one.

    Attributes
    ----------
    panes, editor
        What is worked on, and where acts are done.
    settings : dict
        By tool.
    label : str or None
        The class that is given; None takes labels away.
    under_cursor : CursorPosition or None
        Where the mouse was last.
    unit : str
        What stands behind a value of the image.
    drawn : DrawingHistory
        Which slices were drawn on.
    notice : Signal(str)
        A short message.
    """

    panes: Panes
    editor: LabelEditor
    settings: dict[str, Any]
    label: str | None
    under_cursor: CursorPosition | None
    unit: str
    drawn: DrawingHistory
    notice: Any

    @property
    def scheme(self) -> Scheme:
        """The classes that can be given."""

    @property
    def value_resolution(self) -> float:
        """The smallest difference of two values that matters."""

    @property
    def active_pane(self) -> int:
        """The pane that the mouse was in last."""

    def colour(self, label: str | None) -> str:
        """Of a class, as Qt writes it."""

    def set(self, name: str, settings: Any) -> None:
        """Set a tool's settings anew."""

    def act(self, number: int, kind: str, payload: Mapping[str, Any]) -> LabelChange | None:
        """Do an act at once; None, and a message, where it has no meaning."""

    def say_outside(self, what: str, ml: float, number: int) -> None:
        """Say that an act came to nothing, and how much of it lay outside the organ."""

    def act_in_background(self, number: int, kind: str, payload: Mapping[str, Any], *, description: str) -> None:
        """Compute an act in the background, and do it when that is done."""

    def run_in_background(
        self, name: str, work: Callable[[], Any], then: Callable[[Any], object], *, quiet: bool = False
    ) -> None:
        """Compute in the background instead of what was asked for under this name before."""

    def map_to_other_timepoint(self, number: int, points: Sequence[Sequence[float]]) -> list[list[float]] | None:
        """Points of one scan in the other; None where the scans are not linked."""

    def redraw(self, number: int | None = None) -> None:
        """Draw the sketches of one pane, or of all, anew."""

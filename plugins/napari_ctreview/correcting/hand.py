"""What tools and acts have of the hand that holds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ctreview.edits import LabelChange
from ctreview.volume.labels import Scheme
from napari_ctreview.correcting.bench import Bench
from napari_ctreview.correcting.drawn import Drawn
from napari_ctreview.panes import Panes
from napari_ctreview.pointer import Place

__all__ = ["Hand"]


class Hand(Protocol):
    """The class that is given, the settings, where the mouse is, and the ways to an act; `Corrector` is one.

    Attributes
    ----------
    panes, bench
        What is worked on, and where acts are done.
    settings : dict
        By tool.
    label : str or None
        The class that is given; None takes labels away.
    under_cursor : Place or None
        Where the mouse was last.
    unit : str
        What stands behind a value of the image.
    drawn : Drawn
        Which slices were drawn on.
    said : Signal(str)
        A short message.
    """

    panes: Panes
    bench: Bench
    settings: dict[str, Any]
    label: str | None
    under_cursor: Place | None
    unit: str
    drawn: Drawn
    said: Any

    @property
    def scheme(self) -> Scheme:
        """The classes that can be given."""

    @property
    def finest(self) -> float:
        """Values closer than this need not be told apart."""

    @property
    def pane_in_hand(self) -> int:
        """The pane that the mouse was in last."""

    def colour(self, label: str | None) -> str:
        """Of a class, as Qt writes it."""

    def set(self, name: str, settings: Any) -> None:
        """Set a tool's settings anew."""

    def act(self, number: int, kind: str, payload: Mapping[str, Any]) -> LabelChange | None:
        """Do an act at once; None, and a message, where it has no meaning."""

    def act_later(self, number: int, kind: str, payload: Mapping[str, Any], *, says: str) -> None:
        """Compute an act in the background, and do it when that is done."""

    def think(self, name: str, work: Callable[[], Any], then: Callable[[Any], None], *, quiet: bool = False) -> None:
        """Compute in the background instead of what was asked for under this name before."""

    def across_to_other(self, number: int, points: Sequence[Sequence[float]]) -> list[list[float]] | None:
        """Points of one scan in the other; None where the scans are not linked."""

    def redraw(self, number: int | None = None) -> None:
        """Draw the sketches of one pane, or of all, anew."""

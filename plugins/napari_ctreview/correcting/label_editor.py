"""What the tools need of the owner of the labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ctreview.anatomy.candidates import Side
from ctreview.anatomy.lobes import LobeBorders
from ctreview.edits import LabelChange, Session
from ctreview.tools import Canvas
from ctreview.tools.candidate import OfferedPiece

__all__ = ["LabelEditor"]


class LabelEditor(Protocol):
    """Where acts are done and kept: number 0 is the baseline's pane, 1 that of the follow-up.

    It draws the labels anew after each change (`Pane.refresh_labels`).
    """

    def act(self, number: int, kind: str, payload: Mapping[str, Any]) -> LabelChange | None:
        """Use a tool of the core on one scan."""

    def piece_beside(self, number: int, place: Sequence[float], *, size_mm: float, side: Side | None) -> OfferedPiece:
        """What may be taken for lung around a place outside the lungs of one scan.

        Raises
        ------
        EditDoesNotApply
            There is none, and why.
        """

    def lobe_borders(self, number: int) -> LobeBorders | None:
        """Where the lobes of one scan border on each other by now; None where there are none."""

    def stay_in_lobe(self, stays: bool) -> None:
        """Let tools stay in the lobe that a gesture began in, or in the lung.

        Raises
        ------
        EditDoesNotApply
            The lobes were not looked for.
        """

    def undo(self) -> object:
        """Take back the last act, on whichever scan it was."""

    def redo(self) -> object:
        """Bring back what was taken back last."""

    def canvas(self, number: int) -> Canvas | None:
        """Image, labels as they stand, and where they may be; None where nothing is open."""

    def session(self, number: int) -> Session | None:
        """The labels under correction; None where nothing is open."""

"""Pieces that are offered and not counted, and what a reader made of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ctreview.tools.candidate import CandidateClass, OfferedPiece

__all__ = ["Candidate", "CandidateState", "candidates_document", "open_candidates"]

CandidateState = Literal["open", "accepted", "dismissed"]


@dataclass(frozen=True, eq=False)
class Candidate:
    """A piece that is offered, in no number unless a reader accepted it.

    Attributes
    ----------
    piece : OfferedPiece
    state : {"open", "accepted", "dismissed"}
    label : {"consolidation", "collapse", "effusion"} or None
        What a reader took it for; None unless it was accepted.
    """

    piece: OfferedPiece
    state: CandidateState = "open"
    label: CandidateClass | None = None

    def to_dict(self) -> dict[str, Any]:
        """What documents hold of it, ready for JSON; places are LPS millimetres of its scan."""
        return {
            "id": self.piece.id,
            "state": self.state,
            "class": self.label,
            "proposed_class": self.piece.proposed,
            "ml": self.piece.ml,
            "side": self.piece.side,
            "region": self.piece.region,
            "centre_mm": list(self.piece.centre),
            "reason": self.piece.reason,
        }


def open_candidates(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Those that nobody has accepted or dismissed, in their order."""
    return tuple(one for one in candidates if one.state == "open")


def candidates_document(points: Sequence[tuple[str, Sequence[Candidate]]]) -> list[dict[str, Any]]:
    """The candidates of timepoints, each with the name of its timepoint, ready for JSON."""
    return [{"timepoint": when, **one.to_dict()} for when, candidates in points for one in candidates]

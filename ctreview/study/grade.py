"""One item of a visual score, as a reader graded it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ctreview.study.shape import Kind, number, optional, record, text, whole

__all__ = ["GRADE", "Grade"]

GRADE: Kind = record(
    {"score": text, "timepoint": whole, "region": text, "item": text, "value": number, "time": text},
    {"proposed": optional(number)},
)
"""What `Grade.from_json` reads."""


@dataclass(frozen=True)
class Grade:
    """An item of a score at one timepoint.

    Attributes
    ----------
    score, region, item : str
        The score's key, and the region and name of its item.
    timepoint : int
        From 1.
    value : float
        What the reader says.
    time : str
        When, in ISO 8601 with its zone.
    proposed : float or None
        What was proposed from the masks; equal to ``value`` where the reader confirmed it.
    """

    score: str
    timepoint: int
    region: str
    item: str
    value: float
    time: str
    proposed: float | None = None

    @property
    def place(self) -> tuple[str, int, str, str]:
        """What it grades; a later grade of the same replaces it."""
        return self.score, self.timepoint, self.region, self.item

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` reads."""
        return dict(vars(self))

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Grade:
        """Read what `to_json` wrote."""
        return cls(
            score=plain["score"],
            timepoint=int(plain["timepoint"]),
            region=plain["region"],
            item=plain["item"],
            value=float(plain["value"]),
            time=plain["time"],
            proposed=plain.get("proposed"),
        )

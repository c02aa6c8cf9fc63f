"""What a reader marks and measures by hand."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from ctreview.errors import WrongUse
from ctreview.study.shape import Kind, listed, matching, one_of, optional, point, record, text, whole

__all__ = ["FINDING", "FINDING_STATES", "FINDING_TYPES", "Finding", "FindingState"]

FindingState = Literal["seen", "not_seen"]
"""Whether a tracked finding is seen at a timepoint; one that is not has a place and no size."""

FINDING_STATES = get_args(FindingState)

FINDING_TYPES = (
    "nodule",
    "spot",
    "reticulation",
    "traction bronchiectasis",
    "septal thickening",
    "air trapping",
    "effusion",
    "node",
    "calcinosis",
    "pneumothorax",
    "pneumomediastinum",
    "free text",
)
"""What a finding can be; ground glass and consolidation are segmented, not marked."""

Point = tuple[float, float, float]

FINDING: Kind = record(
    {
        "id": matching(r"[0-9A-Za-z_-]{1,64}", "an id"),
        "type": one_of(FINDING_TYPES),
        "timepoint": whole,
        "place": point,
    },
    {
        "long_axis": optional(listed(point, 2)),
        "short_axis": optional(listed(point, 2)),
        "region": text,
        "text": text,
        "tracked": text,
        "state": one_of(FINDING_STATES),
    },
)
"""What `Finding.from_json` reads."""


@dataclass(frozen=True)
class Finding:
    """One marked finding at one timepoint.

    Attributes
    ----------
    type : str
        One of `FINDING_TYPES`.
    timepoint : int
        At which it was marked.
    place : point
        Its middle in LPS millimetres.
    long_axis, short_axis : pair of points or None
        Ends of two diameters in LPS millimetres.
    region : str
        The region it lies in, filled in from the anatomy.
    text : str
        What the reader says of it.
    tracked : str
        The same finding at several timepoints has one name here.
    state : {"seen", "not_seen"}
        Whether it is seen at this timepoint: a finding of the other one may be gone here, or not be there yet.
    id : str
        Unique within the study.
    """

    type: str
    timepoint: int
    place: Point
    long_axis: tuple[Point, Point] | None = None
    short_axis: tuple[Point, Point] | None = None
    region: str = ""
    text: str = ""
    tracked: str = ""
    state: FindingState = "seen"
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        if self.type not in FINDING_TYPES:
            raise WrongUse(f"no finding is of type {self.type!r}", remedy=f"Known: {', '.join(FINDING_TYPES)}.")
        if self.short_axis is not None and self.long_axis is None:
            raise WrongUse("a short axis needs a long axis")
        if self.state == "not_seen" and self.long_axis is not None:
            raise WrongUse("what is not seen has no size")

    @property
    def long_mm(self) -> float | None:
        """Length of the long axis in millimetres."""
        return _length(self.long_axis)

    @property
    def short_mm(self) -> float | None:
        """Length of the short axis in millimetres."""
        return _length(self.short_axis)

    @property
    def ellipsoid_ml(self) -> float | None:
        """Volume of the ellipsoid whose third axis is as long as the short one (π/6 · a · b²), in millilitres."""
        if self.long_mm is None or self.short_mm is None:
            return None
        return 3.141592653589793 / 6 * self.long_mm * self.short_mm**2 / 1000

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` reads."""
        return {
            "id": self.id,
            "type": self.type,
            "timepoint": self.timepoint,
            "place": list(self.place),
            "long_axis": None if self.long_axis is None else [list(end) for end in self.long_axis],
            "short_axis": None if self.short_axis is None else [list(end) for end in self.short_axis],
            "region": self.region,
            "text": self.text,
            "tracked": self.tracked,
            **({} if self.state == "seen" else {"state": self.state}),
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Finding:
        """Read what `to_json` wrote."""
        return cls(
            type=plain["type"],
            timepoint=int(plain["timepoint"]),
            place=_point(plain["place"]),
            long_axis=_axis(plain.get("long_axis")),
            short_axis=_axis(plain.get("short_axis")),
            region=plain.get("region", ""),
            text=plain.get("text", ""),
            tracked=plain.get("tracked", ""),
            state=cast("FindingState", plain.get("state", "seen")),
            id=plain["id"],
        )


def _point(plain: Any) -> Point:
    x, y, z = (float(v) for v in plain)
    return x, y, z


def _axis(plain: Any) -> tuple[Point, Point] | None:
    return None if plain is None else (_point(plain[0]), _point(plain[1]))


def _length(axis: tuple[Point, Point] | None) -> float | None:
    if axis is None:
        return None
    return float(sum((a - b) ** 2 for a, b in zip(*axis, strict=True)) ** 0.5)

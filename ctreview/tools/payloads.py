"""What an edit's payload holds: the whole call of its tool, so that it means the same whatever defaults become.

A journal keeps payloads as plain JSON. Here each kind of edit has a frozen dataclass of its own, with every value of
the call, and `ctreview.tools.payload_reading` makes one of what a record says.
"""

from __future__ import annotations

from dataclasses import dataclass

from ctreview.tools.brush import BrushSettings
from ctreview.tools.candidate import CandidateClass
from ctreview.tools.fill_by_image import DrawnLabel, FillByImageSettings
from ctreview.tools.live_wire import LiveWireSettings
from ctreview.tools.organ_brush import DensityClass
from ctreview.tools.packed_mask import PackedMask
from ctreview.tools.parts import BorderPointsPayload, CopyBorderPayload, PartBrushPayload, PartPiecePayload
from ctreview.tools.pick import PickSettings
from ctreview.tools.proposal import ProposedLabel
from ctreview.tools.scribble import ScribbleSettings, Stroke

__all__ = [
    "AcceptCandidatePayload",
    "BrushPayload",
    "CarryPayload",
    "DecidePayload",
    "DismissCandidatePayload",
    "FillBetweenPayload",
    "FillByImagePayload",
    "KeepLargestPayload",
    "KeepPiecePayload",
    "LassoPayload",
    "LiveWirePayload",
    "OrganBrushPayload",
    "OutlinePayload",
    "Payload",
    "RemovePiecePayload",
    "RemoveSmallPayload",
    "ScribblePayload",
    "TakePiecePayload",
    "TakeProposalPayload",
]

Point = tuple[float, float, float]
"""LPS millimetres."""


@dataclass(frozen=True)
class BrushPayload:
    """A stroke of the brush; see `brush`."""

    points: tuple[Point, ...]
    label: str | None
    plane: int
    one_part: bool
    settings: BrushSettings


@dataclass(frozen=True)
class TakePiecePayload:
    """A click that takes a piece; see `take_piece`."""

    point: Point
    label: str | None
    steps: int
    one_part: bool
    settings: PickSettings


@dataclass(frozen=True)
class RemovePiecePayload:
    """A click that removes a piece; see `remove_piece`."""

    point: Point
    label: str | None
    one_part: bool


@dataclass(frozen=True)
class RemoveSmallPayload:
    """Small pieces of a label removed; see `remove_small`."""

    label: str
    below_ml: float
    below_mm: float


@dataclass(frozen=True)
class KeepLargestPayload:
    """Every piece but the largest removed; see `keep_largest`."""

    label: str


@dataclass(frozen=True)
class KeepPiecePayload:
    """Every piece but the one clicked removed; see `keep_piece`."""

    point: Point


@dataclass(frozen=True)
class OutlinePayload:
    """An outline moved or smoothed by millimetres; see `move_outline` and `smooth_outline`."""

    label: str
    by_mm: float
    one_part: bool


@dataclass(frozen=True)
class FillBetweenPayload:
    """Slices filled between those drawn on; see `fill_between`."""

    label: str
    plane: int
    slices: tuple[int, ...] | None
    corners: tuple[Point, ...] | None
    one_part: bool


@dataclass(frozen=True)
class FillByImagePayload:
    """Slices filled along the image; see `fill_by_image`."""

    drawn: tuple[DrawnLabel, ...]
    plane: int
    settings: FillByImageSettings


@dataclass(frozen=True)
class LiveWirePayload:
    """A live wire through clicks; see `live_wire`."""

    points: tuple[Point, ...]
    label: str | None
    plane: int
    one_part: bool
    settings: LiveWireSettings


@dataclass(frozen=True)
class LassoPayload:
    """A free-hand outline; see `lasso`."""

    points: tuple[Point, ...]
    label: str | None
    plane: int
    only: tuple[str, ...] | None
    depth_mm: float
    one_part: bool


@dataclass(frozen=True)
class ScribblePayload:
    """Strokes that teach a classifier; see `scribble`."""

    strokes: tuple[Stroke, ...]
    one_part: bool
    settings: ScribbleSettings


@dataclass(frozen=True)
class CarryPayload:
    """Labels copied from the other timepoint; see `carry`."""

    label: str
    point: Point | None
    radius_mm: float


@dataclass(frozen=True)
class AcceptCandidatePayload:
    """A piece that was offered, taken for what the reader says; see `accept_candidate`."""

    id: str
    label: CandidateClass
    point: Point
    side: str | None
    mask: PackedMask | None


@dataclass(frozen=True)
class DismissCandidatePayload:
    """A piece that was offered, dismissed; see `dismiss_candidate`."""

    id: str
    point: Point
    side: str | None
    mask: PackedMask | None


@dataclass(frozen=True)
class OrganBrushPayload:
    """A stroke that adds to the organ or removes from it; see `organ_brush`."""

    points: tuple[Point, ...]
    part: str
    adds: bool
    plane: int
    classes: tuple[DensityClass, ...]
    settings: BrushSettings


@dataclass(frozen=True)
class DecidePayload:
    """What was decided where two readings differed; see `decide`."""

    mask: PackedMask
    label: str | None


@dataclass(frozen=True)
class TakeProposalPayload:
    """Labels that were proposed from elsewhere; see `take_proposal`."""

    proposed: tuple[ProposedLabel, ...]


Payload = (
    BrushPayload
    | TakePiecePayload
    | RemovePiecePayload
    | RemoveSmallPayload
    | KeepLargestPayload
    | KeepPiecePayload
    | OutlinePayload
    | FillBetweenPayload
    | FillByImagePayload
    | LiveWirePayload
    | LassoPayload
    | ScribblePayload
    | CarryPayload
    | AcceptCandidatePayload
    | DismissCandidatePayload
    | OrganBrushPayload
    | BorderPointsPayload
    | CopyBorderPayload
    | PartBrushPayload
    | PartPiecePayload
    | DecidePayload
    | TakeProposalPayload
)

"""What an edit's payload holds: the whole call of its tool, so that it means the same whatever defaults become.

A journal keeps payloads as plain JSON. Here each kind of edit has a frozen dataclass of its own, with every value of
the call, and `read_payload` makes one of what a record says.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from ctreview.edits.record import Edit
from ctreview.edits.replay import Patch
from ctreview.errors import EditDoesNotApply, MalformedEdit, WrongUse
from ctreview.tools.brush import BrushSettings, brush
from ctreview.tools.candidate import ACCEPT, DISMISS, CandidateClass, accept_candidate, dismiss_candidate
from ctreview.tools.carry import carry
from ctreview.tools.decide import DECIDE, decide
from ctreview.tools.fill_between import fill_between
from ctreview.tools.fill_by_image import FILL_BY_IMAGE, DrawnLabel, FillByImageSettings, fill_by_image
from ctreview.tools.islands import keep_largest, keep_piece, remove_small
from ctreview.tools.live_wire import LiveWireSettings, lasso, live_wire
from ctreview.tools.organ_brush import ORGAN_BRUSH, DensityClass, organ_brush
from ctreview.tools.outline import move_outline, smooth_outline
from ctreview.tools.packed_mask import PackedMask
from ctreview.tools.parts import (
    BORDER_POINTS,
    COPY_BORDER,
    PART_BRUSH,
    PART_PIECE,
    BorderPointsPayload,
    CopyBorderPayload,
    PartBrushPayload,
    PartPiecePayload,
    border_points,
    copy_border,
    part_brush,
    part_piece,
)
from ctreview.tools.pick import PickSettings, remove_piece, take_piece
from ctreview.tools.plain_values import typed
from ctreview.tools.proposal import TAKE_PROPOSAL, ProposedLabel, take_proposal
from ctreview.tools.scribble import ScribbleSettings, Stroke, scribble

__all__ = [
    "RECORDED_DEFAULTS",
    "STAYING",
    "TOOLS",
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
    "ToolKind",
    "read_payload",
    "require_well_formed",
    "with_defaults",
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

_WITH_SETTINGS = (
    BrushPayload,
    TakePiecePayload,
    LiveWirePayload,
    ScribblePayload,
    OrganBrushPayload,
    PartBrushPayload,
    FillByImagePayload,
)


@dataclass(frozen=True)
class ToolKind:
    """A kind of edit: the function that it calls, what its payload holds, and the settings in it."""

    tool: Callable[..., Patch]
    payload: type[Payload]
    settings: type | None = None


TOOLS: Mapping[str, ToolKind] = {
    "brush": ToolKind(brush, BrushPayload, BrushSettings),
    "take_piece": ToolKind(take_piece, TakePiecePayload, PickSettings),
    "remove_piece": ToolKind(remove_piece, RemovePiecePayload),
    "remove_small": ToolKind(remove_small, RemoveSmallPayload),
    "keep_largest": ToolKind(keep_largest, KeepLargestPayload),
    "keep_piece": ToolKind(keep_piece, KeepPiecePayload),
    "move_outline": ToolKind(move_outline, OutlinePayload),
    "smooth_outline": ToolKind(smooth_outline, OutlinePayload),
    "fill_between": ToolKind(fill_between, FillBetweenPayload),
    FILL_BY_IMAGE: ToolKind(fill_by_image, FillByImagePayload, FillByImageSettings),
    "live_wire": ToolKind(live_wire, LiveWirePayload, LiveWireSettings),
    "lasso": ToolKind(lasso, LassoPayload),
    "scribble": ToolKind(scribble, ScribblePayload, ScribbleSettings),
    "carry": ToolKind(carry, CarryPayload),
    ACCEPT: ToolKind(accept_candidate, AcceptCandidatePayload),
    DISMISS: ToolKind(dismiss_candidate, DismissCandidatePayload),
    ORGAN_BRUSH: ToolKind(organ_brush, OrganBrushPayload, BrushSettings),
    BORDER_POINTS: ToolKind(border_points, BorderPointsPayload),
    COPY_BORDER: ToolKind(copy_border, CopyBorderPayload),
    PART_BRUSH: ToolKind(part_brush, PartBrushPayload, BrushSettings),
    PART_PIECE: ToolKind(part_piece, PartPiecePayload),
    DECIDE: ToolKind(decide, DecidePayload),
    TAKE_PROPOSAL: ToolKind(take_proposal, TakeProposalPayload),
}
"""Every kind of edit that a tool makes, by its name in a journal."""

RECORDED_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "brush": {
        "plane": 0,
        "one_part": False,
        "settings": {"radius_mm": 5.0, "shape": "disc", "low_hu": None, "high_hu": None},
    },
    "take_piece": {
        "steps": 0,
        "one_part": False,
        "settings": {
            "reach_mm": 40.0,
            "learn_radius_mm": 3.0,
            "gate_widths": 2.0,
            "narrowest_hu": 35.0,
            "widening_hu": 15.0,
            "least_share": 0.02,
            "smoothing_mm": 1.2,
            "neck_mm": 5.0,
            "takes": "piece",
            "supervoxel_mm": 14.0,
            "supervoxel_hu": 80.0,
        },
    },
    "remove_piece": {"label": None, "one_part": False},
    "remove_small": {"below_mm": 0.0},
    "keep_largest": {},
    "keep_piece": {},
    "move_outline": {"one_part": False},
    "smooth_outline": {"one_part": False},
    "fill_between": {"plane": 0, "slices": None, "corners": None, "one_part": False},
    FILL_BY_IMAGE: {"plane": 0, "settings": {"window_mm": 8.0, "grid_mm": 2.0, "margin_mm": 20.0}},
    "live_wire": {
        "plane": 0,
        "one_part": False,
        "settings": {"edge_mm": 0.8, "edge_hu_per_mm": 40.0, "margin_mm": 20.0},
    },
    "lasso": {"plane": 0, "only": None, "depth_mm": 0.0, "one_part": False},
    "scribble": {
        "one_part": False,
        "settings": {
            "stroke_mm": 1.5,
            "reach_mm": 40.0,
            "fine_mm": 1.0,
            "coarse_mm": 2.5,
            "cell_mm": 0.0,
            "trees": 16,
            "depth": 7,
            "prior": 0.5,
            "evening_mm": 1.0,
            "seed": 0,
            "near": 0.0,
            "near_mm": 10.0,
            "caution": 1.0,
            "speck_ml": 0.0,
        },
    },
    "carry": {"point": None, "radius_mm": 30.0},
    ACCEPT: {"side": None, "mask": None},
    DISMISS: {"side": None, "mask": None},
    ORGAN_BRUSH: {
        "plane": 0,
        "classes": (),
        "settings": {"radius_mm": 5.0, "shape": "disc", "low_hu": None, "high_hu": None},
    },
    BORDER_POINTS: {},
    COPY_BORDER: {"error_mm": 2.0},
    PART_BRUSH: {
        "plane": 0,
        "settings": {"radius_mm": 5.0, "shape": "disc", "low_hu": None, "high_hu": None},
    },
    PART_PIECE: {},
    DECIDE: {},
    TAKE_PROPOSAL: {},
}
"""What a record means where it does not say: the defaults of the time when records did not hold them.

Nothing here is ever changed when a default is. A parameter or setting that is new to a tool gets here the value under
which the tool does what it did before.
"""

STAYING = frozenset(kind for kind, standard in RECORDED_DEFAULTS.items() if "one_part" in standard)
"""Kinds of edits that stay in one part of the organ, where that is asked for."""

_NOT_RECORDED = frozenset({"canvas", "settings", "other", "memory", "offered"})
"""Parameters of tools that are no part of a payload, or have their own place in it."""


def with_defaults(kind: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """A payload with every value that its tool would take by default today; what it names already stands.

    Parameters
    ----------
    kind : str
        One of `TOOLS`; payloads of others are given back as they are.
    payload : mapping
    """
    if kind not in TOOLS:
        return dict(payload)
    tool, settings_type = TOOLS[kind].tool, TOOLS[kind].settings
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(tool).parameters.items()
        if name not in _NOT_RECORDED and parameter.default is not inspect.Parameter.empty
    }
    settings = {} if settings_type is None else {"settings": asdict(settings_type())}
    return _filled({**defaults, **settings}, payload)


def read_payload(kind: str, payload: Mapping[str, Any]) -> Payload:
    """The typed payload of a record; what it does not say is as in `RECORDED_DEFAULTS`.

    Parameters
    ----------
    kind : str
        One of `TOOLS`.
    payload : mapping
        As the journal has it.

    Raises
    ------
    MalformedEdit
        A value is missing or of the wrong kind.
    EditDoesNotApply
        It names a value that this version does not know.
    """
    plain = _filled(RECORDED_DEFAULTS[kind], payload)
    try:
        found: Payload = typed(TOOLS[kind].payload, plain, "payload")
    except WrongUse as error:  # settings that contradict one another
        raise MalformedEdit(f"its settings make no sense: {error.found}") from error
    _require_known(found, plain, "it names")
    if isinstance(found, _WITH_SETTINGS):
        _require_known(found.settings, plain["settings"], "its settings name")
    return found


def require_well_formed(edits: Iterable[Edit], *, where: object = None) -> tuple[Edit, ...]:
    """Check the payloads of a journal that was read; gives the edits back.

    Records of kinds that no tool makes, and values that this version does not know, are left to replay, which refuses
    them one by one.

    Parameters
    ----------
    edits : iterable of Edit
    where : path, optional
        The journal's, for the error.

    Raises
    ------
    MalformedEdit
        A payload cannot be what its tool was given; the error names the edit.
    """
    checked = tuple(edits)
    for edit in checked:
        if edit.kind not in TOOLS:
            continue
        try:
            read_payload(edit.kind, edit.payload)
        except EditDoesNotApply:
            continue
        except MalformedEdit as error:
            raise MalformedEdit(
                f"edit {edit.id} ({edit.kind}) cannot be read: {error.found}",
                where=where,
                remedy="Restore the journal from a backup; nothing was changed.",
            ) from error
    return checked


def _require_known(found: Any, plain: Mapping[str, Any], clause: str) -> None:
    unknown = set(plain) - {field.name for field in fields(found)}
    if unknown:
        raise EditDoesNotApply(f"{clause} {', '.join(sorted(unknown))}, which this version does not know")


def _filled(standard: Mapping[str, Any], payload: Mapping[str, Any]) -> dict[str, Any]:
    found = {**standard, **payload}
    if "settings" in standard and isinstance(found["settings"], Mapping):
        found["settings"] = {**standard["settings"], **found["settings"]}
    return found

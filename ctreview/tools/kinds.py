"""Every kind of edit that a tool makes, and what its records mean where they do not say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ctreview.edits.replay import Patch
from ctreview.tools.brush import BrushSettings, brush
from ctreview.tools.candidate import ACCEPT, DISMISS, accept_candidate, dismiss_candidate
from ctreview.tools.carry import carry
from ctreview.tools.decide import DECIDE, decide
from ctreview.tools.fill_between import fill_between
from ctreview.tools.fill_by_image import FILL_BY_IMAGE, FillByImageSettings, fill_by_image
from ctreview.tools.islands import keep_largest, keep_piece, remove_small
from ctreview.tools.live_wire import LiveWireSettings, lasso, live_wire
from ctreview.tools.organ_brush import ORGAN_BRUSH, organ_brush
from ctreview.tools.outline import move_outline, smooth_outline
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
from ctreview.tools.payloads import (
    AcceptCandidatePayload,
    BrushPayload,
    CarryPayload,
    DecidePayload,
    DismissCandidatePayload,
    FillBetweenPayload,
    FillByImagePayload,
    KeepLargestPayload,
    KeepPiecePayload,
    LassoPayload,
    LiveWirePayload,
    OrganBrushPayload,
    OutlinePayload,
    Payload,
    RemovePiecePayload,
    RemoveSmallPayload,
    ScribblePayload,
    TakePiecePayload,
    TakeProposalPayload,
)
from ctreview.tools.pick import PickSettings, remove_piece, take_piece
from ctreview.tools.proposal import TAKE_PROPOSAL, take_proposal
from ctreview.tools.scribble import ScribbleSettings, scribble

__all__ = ["RECORDED_DEFAULTS", "STAYING", "TOOLS", "ToolKind"]


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

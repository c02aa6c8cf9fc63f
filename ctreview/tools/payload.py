"""What an edit's payload holds: the whole call of its tool, so that it means the same whatever defaults become."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from ctreview.edits.replay import EditDoesNotApply, Patch
from ctreview.tools.brush import BrushSettings, brush
from ctreview.tools.carry import carry
from ctreview.tools.fill_between import fill_between
from ctreview.tools.islands import keep_largest, keep_piece, remove_small
from ctreview.tools.live_wire import LiveWireSettings, lasso, live_wire
from ctreview.tools.outline import move_outline, smooth_outline
from ctreview.tools.pick import PickSettings, remove_piece, take_piece
from ctreview.tools.scribble import ScribbleSettings, scribble

__all__ = ["RECORDED_DEFAULTS", "TOOLS", "tool_arguments", "with_defaults"]

TOOLS: Mapping[str, tuple[Callable[..., Patch], type | None]] = {
    "brush": (brush, BrushSettings),
    "take_piece": (take_piece, PickSettings),
    "remove_piece": (remove_piece, None),
    "remove_small": (remove_small, None),
    "keep_largest": (keep_largest, None),
    "keep_piece": (keep_piece, None),
    "move_outline": (move_outline, None),
    "smooth_outline": (smooth_outline, None),
    "fill_between": (fill_between, None),
    "live_wire": (live_wire, LiveWireSettings),
    "lasso": (lasso, None),
    "scribble": (scribble, ScribbleSettings),
    "carry": (carry, None),
}
"""Each kind of edit, the function it stands for, and the settings that its payload holds under ``settings``."""

RECORDED_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "brush": {"plane": 0, "settings": {"radius_mm": 5.0, "shape": "disc", "low_hu": None, "high_hu": None}},
    "take_piece": {
        "steps": 0,
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
    "remove_piece": {"label": None},
    "remove_small": {"below_mm": 0.0},
    "keep_largest": {},
    "keep_piece": {},
    "move_outline": {},
    "smooth_outline": {},
    "fill_between": {"plane": 0, "slices": None, "corners": None},
    "live_wire": {"plane": 0, "settings": {"edge_mm": 0.8, "edge_hu_per_mm": 40.0, "margin_mm": 20.0}},
    "lasso": {"plane": 0, "only": None, "depth_mm": 0.0},
    "scribble": {
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
        }
    },
    "carry": {"point": None, "radius_mm": 30.0},
}
"""What a record means where it does not say: the defaults of the time when records did not hold them.

Nothing here is ever changed when a default is. A parameter or setting that is new to a tool gets here the value under
which the tool does what it did before.
"""

_HANDED_IN = frozenset({"canvas", "settings", "other", "memory"})
"""Parameters of tools that are not part of a record, or have their own place in it."""


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
    tool, settings_type = TOOLS[kind]
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(tool).parameters.items()
        if name not in _HANDED_IN and parameter.default is not inspect.Parameter.empty
    }
    settings = {} if settings_type is None else {"settings": asdict(settings_type())}
    return _filled({**defaults, **settings}, payload)


def tool_arguments(kind: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The keyword arguments of a tool that a record stands for; what it does not say is as in `RECORDED_DEFAULTS`.

    Raises
    ------
    EditDoesNotApply
        It names settings that the tool does not have.
    """
    settings_type = TOOLS[kind][1]
    call = _filled(RECORDED_DEFAULTS[kind], payload)
    if settings_type is not None:
        unknown = set(call["settings"]) - set(RECORDED_DEFAULTS[kind]["settings"])
        if unknown:
            raise EditDoesNotApply(f"its settings name {', '.join(sorted(unknown))}, which this version does not know")
        call["settings"] = settings_type(**call["settings"])
    return call


def _filled(standard: Mapping[str, Any], payload: Mapping[str, Any]) -> dict[str, Any]:
    found = {**standard, **payload}
    if "settings" in standard:
        found["settings"] = {**standard["settings"], **payload.get("settings", {})}
    return found

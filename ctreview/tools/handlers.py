"""What replay needs: a handler for each kind of edit that the tools can make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import partial
from typing import Any

from ctreview.edits.record import Edit
from ctreview.edits.replay import EditDoesNotApply, Handler, Patch
from ctreview.tools.brush import BrushSettings, brush
from ctreview.tools.canvas import Canvas
from ctreview.tools.carry import carry
from ctreview.tools.feature_memory import FeatureMemory
from ctreview.tools.fill_between import fill_between
from ctreview.tools.islands import keep_largest, keep_piece, remove_small
from ctreview.tools.live_wire import LiveWireSettings, lasso, live_wire
from ctreview.tools.outline import move_outline, smooth_outline
from ctreview.tools.pick import PickSettings, remove_piece, take_piece
from ctreview.tools.scribble import ScribbleSettings, scribble
from ctreview.volume.labels import LabelMap

__all__ = ["TOOLS", "handlers"]

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


def handlers(canvas: Canvas, *, other: LabelMap | None = None) -> dict[str, Handler]:
    """Handlers of every tool on one image.

    An edit's payload holds the keyword arguments of its tool, so that an edit is a call put down in writing.

    Parameters
    ----------
    canvas : Canvas
        The image, where labels may be set, and the barrier; its labels are replaced by those being replayed.
    other : LabelMap, optional
        The other timepoint's labels on this grid, for ``carry``.

    Returns
    -------
    dict of str to Handler
        By kind of edit.
    """
    memory = FeatureMemory()
    return {kind: partial(_run, canvas=canvas, other=other, memory=memory) for kind in TOOLS}


def _run(labels: LabelMap, edit: Edit, *, canvas: Canvas, other: LabelMap | None, memory: FeatureMemory) -> Patch:
    tool, settings_type = TOOLS[edit.kind]
    call: dict[str, Any] = dict(edit.payload)
    if settings_type is not None and "settings" in call:
        known = {field.name for field in fields(settings_type)}
        unknown = set(call["settings"]) - known
        if unknown:
            raise EditDoesNotApply(f"its settings name {', '.join(sorted(unknown))}, which this version does not know")
        call["settings"] = settings_type(**call["settings"])
    if tool is carry:
        if other is None:
            raise EditDoesNotApply("it copies from the other timepoint, and there is none")
        call["other"] = other
    if tool is scribble:
        call["memory"] = memory
    return tool(replace(canvas, labels=labels), **call)

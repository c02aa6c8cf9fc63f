"""Acts that take no drawing: fill between slices, islands, outlines, copies from the other timepoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ctreview.muscle.groups import GROUP_TARGET
from ctreview.tools.fill_by_image import FILL_BY_IMAGE
from ctreview.volume.labels import LabelMap
from napari_ctreview.correcting.tool_context import ToolContext

__all__ = [
    "ActSettings",
    "copy_around_cursor",
    "copy_everywhere",
    "fill_between",
    "grow",
    "keep_largest",
    "keep_piece",
    "remove_piece",
    "remove_small",
    "shrink",
    "smooth",
]


@dataclass(frozen=True)
class ActSettings:
    """The lengths and volumes that these acts take.

    Attributes
    ----------
    island_ml : float
        Pieces smaller than this are removed.
    island_mm : float
        And pieces shorter than this; 0 asks for no length.
    grow_mm : float
        How far the outline moves.
    smooth_mm : float
        What is smaller than this is rounded off.
    copy_mm : float
        How far around the cursor is copied from the other timepoint.
    """

    island_ml: float = 0.2
    island_mm: float = 0.0
    grow_mm: float = 1.0
    smooth_mm: float = 1.5
    copy_mm: float = 30.0


def remove_piece(context: ToolContext) -> None:
    """Remove the piece under the cursor."""
    _at_cursor(context, "remove_piece", {}, "Removing the piece")


def keep_piece(context: ToolContext) -> None:
    """Keep only the piece under the cursor of its class."""
    _at_cursor(context, "keep_piece", {}, "Removing the other pieces")


def keep_largest(context: ToolContext) -> None:
    """Keep only the largest piece of the class."""
    _of_class(context, "keep_largest", {}, "Removing the smaller pieces")


def remove_small(context: ToolContext) -> None:
    """Remove the small pieces of the class."""
    sizes = context.settings["acts"]
    below: dict[str, Any] = {"below_ml": sizes.island_ml}
    if sizes.island_mm:
        below["below_mm"] = sizes.island_mm
    _of_class(context, "remove_small", below, "Removing small pieces")


def smooth(context: ToolContext) -> None:
    """Smooth the outline of the class."""
    _of_class(context, "smooth_outline", {"by_mm": context.settings["acts"].smooth_mm}, "Smoothing")


def grow(context: ToolContext) -> None:
    """Grow the class."""
    _of_class(context, "move_outline", {"by_mm": context.settings["acts"].grow_mm}, "Growing")


def shrink(context: ToolContext) -> None:
    """Shrink the class."""
    _of_class(context, "move_outline", {"by_mm": -context.settings["acts"].grow_mm}, "Shrinking")


def copy_around_cursor(context: ToolContext) -> None:
    """Copy the class from the other timepoint, around the cursor."""
    cursor = context.under_cursor
    if cursor is not None:
        around = {"point": _point(cursor.lps), "radius_mm": context.settings["acts"].copy_mm}
        _of_class(context, "carry", around, "Copying from the other timepoint")


def copy_everywhere(context: ToolContext) -> None:
    """Copy the class from the other timepoint, everywhere."""
    _of_class(context, "carry", {}, "Copying from the other timepoint")


def fill_between(context: ToolContext) -> None:
    """Fill the slices between those that the class was drawn on."""
    number, label = context.active_pane, context.label
    session = context.editor.session(number)
    plane = context.panes.panes[number].across if session is not None else 0
    if session is not None and session.target == GROUP_TARGET:
        _fill_groups(context, number, plane, session.labels)
        return
    drawn = None if label is None else context.drawn.of(number, plane, label)
    if session is None or label is None or drawn is None or len(drawn.levels) < 2:
        context.notice.emit("Draw the class on two slices of this plane first; those between them are then filled.")
        return
    payload = {
        "label": label,
        "plane": plane,
        "slices": sorted(drawn.levels),
        "corners": drawn.corners(session.base.geometry),
    }
    context.drawn.forget(number, plane, label)
    context.act_in_background(number, "fill_between", payload, description="Filling between slices")


def _fill_groups(context: ToolContext, number: int, plane: int, labels: LabelMap) -> None:
    """Fill every group between the slices that hold it, along what the image shows."""
    others = tuple(axis for axis in range(3) if axis != plane)
    levels = {label.key: np.flatnonzero(labels.mask(label.key).any(axis=others)) for label in labels.scheme}
    drawn = [
        {"label": key, "slices": [int(level) for level in own]}
        for key, own in levels.items()
        if len(own) and np.ptp(own) >= len(own)
    ]
    if not drawn:
        context.notice.emit("Draw a group on two slices of this plane first; those between them are then filled.")
        return
    payload = {"drawn": drawn, "plane": plane}
    context.act_in_background(number, FILL_BY_IMAGE, payload, description="Filling along the image")


def _at_cursor(context: ToolContext, kind: str, payload: dict[str, Any], description: str) -> None:
    cursor = context.under_cursor
    if cursor is not None:
        context.act_in_background(cursor.pane, kind, {"point": _point(cursor.lps), **payload}, description=description)


def _of_class(context: ToolContext, kind: str, payload: dict[str, Any], description: str) -> None:
    if context.label is None:
        context.notice.emit("Choose the class first that this is done to.")
        return
    context.act_in_background(context.active_pane, kind, {"label": context.label, **payload}, description=description)


def _point(lps: Any) -> list[float]:
    return [float(v) for v in lps]

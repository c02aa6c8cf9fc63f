"""Acts that take no drawing: fill between slices, islands, outlines, copies from the other timepoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from napari_ctreview.correcting.hand import Hand

__all__ = [
    "Sizes",
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
class Sizes:
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


def remove_piece(hand: Hand) -> None:
    """Remove the piece under the cursor."""
    _at_cursor(hand, "remove_piece", {}, "Removing the piece")


def keep_piece(hand: Hand) -> None:
    """Keep only the piece under the cursor of its class."""
    _at_cursor(hand, "keep_piece", {}, "Removing the other pieces")


def keep_largest(hand: Hand) -> None:
    """Keep only the largest piece of the class."""
    _of_class(hand, "keep_largest", {}, "Removing the smaller pieces")


def remove_small(hand: Hand) -> None:
    """Remove the small pieces of the class."""
    sizes = hand.settings["acts"]
    below: dict[str, Any] = {"below_ml": sizes.island_ml}
    if sizes.island_mm:
        below["below_mm"] = sizes.island_mm
    _of_class(hand, "remove_small", below, "Removing small pieces")


def smooth(hand: Hand) -> None:
    """Smooth the outline of the class."""
    _of_class(hand, "smooth_outline", {"by_mm": hand.settings["acts"].smooth_mm}, "Smoothing")


def grow(hand: Hand) -> None:
    """Grow the class."""
    _of_class(hand, "move_outline", {"by_mm": hand.settings["acts"].grow_mm}, "Growing")


def shrink(hand: Hand) -> None:
    """Shrink the class."""
    _of_class(hand, "move_outline", {"by_mm": -hand.settings["acts"].grow_mm}, "Shrinking")


def copy_around_cursor(hand: Hand) -> None:
    """Copy the class from the other timepoint, around the cursor."""
    place = hand.under_cursor
    if place is not None:
        around = {"point": _point(place.lps), "radius_mm": hand.settings["acts"].copy_mm}
        _of_class(hand, "carry", around, "Copying from the other timepoint")


def copy_everywhere(hand: Hand) -> None:
    """Copy the class from the other timepoint, everywhere."""
    _of_class(hand, "carry", {}, "Copying from the other timepoint")


def fill_between(hand: Hand) -> None:
    """Fill the slices between those that the class was drawn on."""
    number, label = hand.pane_in_hand, hand.label
    session = hand.bench.session(number)
    plane = hand.panes.panes[number].across if session is not None else 0
    drawn = None if label is None else hand.drawn.of(number, plane, label)
    if session is None or label is None or drawn is None or len(drawn.levels) < 2:
        hand.said.emit("Draw the class on two slices of this plane first; those between them are then filled.")
        return
    payload = {
        "label": label,
        "plane": plane,
        "slices": sorted(drawn.levels),
        "corners": drawn.corners(session.base.geometry),
    }
    hand.drawn.forget(number, plane, label)
    hand.act_later(number, "fill_between", payload, says="Filling between slices")


def _at_cursor(hand: Hand, kind: str, payload: dict[str, Any], says: str) -> None:
    place = hand.under_cursor
    if place is not None:
        hand.act_later(place.pane, kind, {"point": _point(place.lps), **payload}, says=says)


def _of_class(hand: Hand, kind: str, payload: dict[str, Any], says: str) -> None:
    if hand.label is None:
        hand.said.emit("Choose the class first that this is done to.")
        return
    hand.act_later(hand.pane_in_hand, kind, {"label": hand.label, **payload}, says=says)


def _point(lps: Any) -> list[float]:
    return [float(v) for v in lps]

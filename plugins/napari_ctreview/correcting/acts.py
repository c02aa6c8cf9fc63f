"""Acts that take no drawing: fill between slices, islands, outlines, copies from the other timepoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_ctreview.correcting.corrector import Corrector

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


def remove_piece(corrector: Corrector) -> None:
    """Remove the piece under the cursor."""
    _at_cursor(corrector, "remove_piece", {}, "Removing the piece")


def keep_piece(corrector: Corrector) -> None:
    """Keep only the piece under the cursor of its class."""
    _at_cursor(corrector, "keep_piece", {}, "Removing the other pieces")


def keep_largest(corrector: Corrector) -> None:
    """Keep only the largest piece of the class."""
    _of_class(corrector, "keep_largest", {}, "Removing the smaller pieces")


def remove_small(corrector: Corrector) -> None:
    """Remove the small pieces of the class."""
    sizes = corrector.settings["acts"]
    below: dict[str, Any] = {"below_ml": sizes.island_ml}
    if sizes.island_mm:
        below["below_mm"] = sizes.island_mm
    _of_class(corrector, "remove_small", below, "Removing small pieces")


def smooth(corrector: Corrector) -> None:
    """Smooth the outline of the class."""
    _of_class(corrector, "smooth_outline", {"by_mm": corrector.settings["acts"].smooth_mm}, "Smoothing")


def grow(corrector: Corrector) -> None:
    """Grow the class."""
    _of_class(corrector, "move_outline", {"by_mm": corrector.settings["acts"].grow_mm}, "Growing")


def shrink(corrector: Corrector) -> None:
    """Shrink the class."""
    _of_class(corrector, "move_outline", {"by_mm": -corrector.settings["acts"].grow_mm}, "Shrinking")


def copy_around_cursor(corrector: Corrector) -> None:
    """Copy the class from the other timepoint, around the cursor."""
    place = corrector.under_cursor
    if place is not None:
        around = {"point": _point(place.lps), "radius_mm": corrector.settings["acts"].copy_mm}
        _of_class(corrector, "carry", around, "Copying from the other timepoint")


def copy_everywhere(corrector: Corrector) -> None:
    """Copy the class from the other timepoint, everywhere."""
    _of_class(corrector, "carry", {}, "Copying from the other timepoint")


def fill_between(corrector: Corrector) -> None:
    """Fill the slices between those that the class was drawn on."""
    number, label = corrector.pane_in_hand, corrector.label
    session = corrector.bench.session(number)
    plane = corrector.panes.panes[number].across if session is not None else 0
    drawn = None if label is None else corrector.drawn.of(number, plane, label)
    if session is None or label is None or drawn is None or len(drawn.levels) < 2:
        corrector.said.emit("Draw the class on two slices of this plane first; those between them are then filled.")
        return
    payload = {
        "label": label,
        "plane": plane,
        "slices": sorted(drawn.levels),
        "corners": drawn.corners(session.base.geometry),
    }
    corrector.drawn.forget(number, plane, label)
    corrector.act_later(number, "fill_between", payload, says="Filling between slices")


def _at_cursor(corrector: Corrector, kind: str, payload: dict[str, Any], says: str) -> None:
    place = corrector.under_cursor
    if place is not None:
        corrector.act_later(place.pane, kind, {"point": _point(place.lps), **payload}, says=says)


def _of_class(corrector: Corrector, kind: str, payload: dict[str, Any], says: str) -> None:
    if corrector.label is None:
        corrector.said.emit("Choose the class first that this is done to.")
        return
    corrector.act_later(corrector.pane_in_hand, kind, {"label": corrector.label, **payload}, says=says)


def _point(lps: Any) -> list[float]:
    return [float(v) for v in lps]

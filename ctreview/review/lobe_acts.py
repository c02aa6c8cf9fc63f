"""What acts on lobes leave to the review: which fissure, where on it, and how it runs at the other timepoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ctreview.anatomy.lobes import FissureName, LobeBorders, known_places, nearest_fissure, snap_to_sheet
from ctreview.change import Timepoint
from ctreview.errors import EditDoesNotApply
from ctreview.tools import Canvas, nearest_part
from ctreview.volume.geometry import FloatArray

__all__ = ["carried_border", "points_on_fissure"]

LEAST_COPIED = 3
"""A fissure is copied from at least so many places where the other timepoint shows it."""


def points_on_fissure(point: Timepoint, borders: LobeBorders | None, payload: Mapping[str, Any]) -> dict[str, Any]:
    """What a record of `border_points` holds: a fissure, the nearest one where none is named, and points on its sheet.

    Parameters
    ----------
    point : Timepoint
    borders : LobeBorders or None
        As they are by now.
    payload : mapping
        With ``points``, and if wanted ``border``; with ``exact`` the points stay where they were clicked.

    Raises
    ------
    EditDoesNotApply
        There are no lobes, or there is no such fissure.
    """
    if borders is None:
        raise EditDoesNotApply("the lobes were not looked for")
    name = payload.get("border")
    if name is None:
        canvas = Canvas(point.volume, point.opacity, within=borders.lungs, organ="lungs")
        side = nearest_part(canvas, payload["points"][0], ("right_lung", "left_lung"))
        name = nearest_fissure(borders.fissures, payload["points"][0], side)
    if name not in borders.fissures:
        raise EditDoesNotApply(f"there is no {name.replace('_', ' ')} fissure here")
    places = [tuple(float(v) for v in one) for one in payload["points"]]
    if not payload.get("exact"):
        fissure = borders.fissures[name]
        places = [snap_to_sheet(point.volume, point.vessels, fissure, one).place for one in places]
    return {"border": name, "points": [[round(v, 2) for v in place] for place in places]}


def carried_border(
    other: LobeBorders | None, to_own: Callable[[FloatArray], FloatArray] | None, name: FissureName
) -> dict[str, Any]:
    """Of a record of `copy_border` the points.

    Parameters
    ----------
    other : LobeBorders or None
        Of the other timepoint, as its reader left them.
    to_own : callable or None
        Places of the other scan to those of this one; None where the scans are not registered.
    name : FissureName

    Raises
    ------
    EditDoesNotApply
        There is nothing to copy.
    """
    words = name.replace("_", " ")
    if to_own is None:
        raise EditDoesNotApply("the scans are not registered")
    if other is None or name not in other.fissures:
        raise EditDoesNotApply(f"the other timepoint has no {words} fissure")
    places = to_own(known_places(other.fissures[name]))
    if len(places) < LEAST_COPIED:
        raise EditDoesNotApply(f"the {words} fissure is not seen at the other timepoint either")
    return {"points": [[round(float(v), 2) for v in place] for place in places]}

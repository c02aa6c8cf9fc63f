"""A piece of opacity that a reader may give to another lobe: which piece, and which lobe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.anatomy.lobes import LobeBorders
from ctreview.anatomy.lobes.scheme import LOBE_SCHEME, LOBES_OF_LUNG
from ctreview.errors import EditDoesNotApply
from ctreview.tools import Canvas
from ctreview.tools.canvas import box_around
from ctreview.tools.packed_mask import PackedMask
from ctreview.tools.pick import piece_at
from ctreview.volume.box import Box

__all__ = ["OfferedLobePiece", "lobe_at", "offered_lobe_piece"]

_SEARCHED_MM = (20.0, 60.0, 150.0)
"""How far around a piece its nearest other lobe is looked for, in turn."""


@dataclass(frozen=True, eq=False)
class OfferedLobePiece:
    """A piece of opacity, where it lies, and the lobe that it would be given to.

    Attributes
    ----------
    point : tuple of float
        LPS millimetres, where it was clicked.
    box : Box
    mask : ndarray of bool, shape of the box
    ml : float
        What of it changes its lobe, in millilitres.
    lobe : str
    """

    point: tuple[float, float, float]
    box: Box
    mask: npt.NDArray[np.bool_]
    ml: float
    lobe: str

    @property
    def payload(self) -> dict[str, Any]:
        """What a record of it holds, of the kind `tools.parts.PART_PIECE`."""
        return {"part": self.lobe, "point": list(self.point), "mask": PackedMask.of(self.box, self.mask).to_json()}


def lobe_at(borders: LobeBorders, canvas: Canvas, place: Sequence[float]) -> str | None:
    """The lobe of a place in LPS millimetres; None outside all."""
    a, b, c = canvas.voxel_at(place)
    value = int(borders.lobes_in((slice(a, a + 1), slice(b, b + 1), slice(c, c + 1))).array[0, 0, 0])
    return next((label.key for label in LOBE_SCHEME if label.value == value), None)


def offered_lobe_piece(
    borders: LobeBorders, canvas: Canvas, place: Sequence[float], *, lobe: str | None = None
) -> OfferedLobePiece:
    """The piece of opacity at a place, for another lobe of its lung.

    Parameters
    ----------
    borders : LobeBorders
        As they are by now.
    canvas : Canvas
        With the opacity as it stands.
    place : point
        LPS millimetres.
    lobe : str, optional
        The one that it is given to; if not given, the other lobe that has most of the piece, else the nearest one.

    Raises
    ------
    EditDoesNotApply
        There is no opacity, it lies in no lobe, or all of it belongs to the lobe already.
    """
    own = lobe_at(borders, canvas, place)
    if own is None:
        raise EditDoesNotApply("the place lies in no lobe")
    box, mask = piece_at(canvas, place)
    lobes = borders.lobes_in(box)
    beside = next(keys for keys in LOBES_OF_LUNG.values() if own in keys)
    mask = mask & np.isin(lobes.array, [LOBE_SCHEME[key].value for key in beside])
    lobe = lobe or _other_lobe(borders, canvas, box, mask, own, beside)
    if lobe not in beside:
        raise EditDoesNotApply(f"the piece lies in the other lung than the {lobe.replace('_', ' ')}")
    changed = int(np.count_nonzero(mask & (lobes.array != LOBE_SCHEME[lobe].value)))
    if not changed:
        raise EditDoesNotApply(f"all of the piece belongs to the {lobe.replace('_', ' ')} already")
    a, b, c = (float(v) for v in place)
    return OfferedLobePiece((a, b, c), box, mask, changed * canvas.geometry.voxel_ml, lobe)


def _other_lobe(
    borders: LobeBorders, canvas: Canvas, box: Box, mask: npt.NDArray[np.bool_], own: str, beside: Sequence[str]
) -> str:
    others = {LOBE_SCHEME[key].value: key for key in beside if key != own}
    counts = np.bincount(borders.lobes_in(box).array[mask], minlength=len(LOBE_SCHEME) + 1)
    most = max(others, key=lambda value: int(counts[value]))
    if counts[most]:
        return others[most]
    index = np.argwhere(mask) + [span.start for span in box]
    middle = canvas.geometry.to_lps(index.mean(axis=0))
    for reach in _SEARCHED_MM:
        around = box_around(canvas.geometry, [middle], reach)
        found = borders.lobes_in(around).array
        at = np.argwhere(np.isin(found, list(others)))
        if len(at):
            places = canvas.geometry.to_lps(at + [span.start for span in around])
            nearest = at[int(np.argmin(np.linalg.norm(places - middle, axis=1)))]
            return others[int(found[tuple(nearest)])]
    raise EditDoesNotApply("no other lobe lies near")

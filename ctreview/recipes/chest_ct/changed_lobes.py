"""The lobes of a scan as a reader changed them: points on fissures, copied fissures, pieces given to a lobe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import cast

import numpy as np

from ctreview.anatomy import LOBE_SCHEME, LOBES, LobeMap, in_nearest_lobes
from ctreview.anatomy.lobes import Fissure, LobeBorders, LobePiece
from ctreview.anatomy.lobes.pieces import give_pieces
from ctreview.anatomy.lobes.placed import copied_fissure, place_points
from ctreview.anatomy.lobes.prior import FissureName
from ctreview.anatomy.lobes.scheme import in_lobe_scheme
from ctreview.change import Timepoint
from ctreview.edits import Edit, Handler, Patch
from ctreview.errors import EditDoesNotApply
from ctreview.tools import Canvas
from ctreview.tools.parts import (
    BORDER_POINTS,
    COPY_BORDER,
    PART_BRUSH,
    PART_PIECE,
    BorderPointsPayload,
    CopyBorderPayload,
    PartBrushPayload,
    PartPiecePayload,
    part_stroke,
)
from ctreview.tools.payload_reading import read_payload
from ctreview.volume.labels import LabelMap

__all__ = ["LOBE_EDITS", "ChangedLobes", "LobeState", "lobe_edits"]

LOBE_EDITS = frozenset({BORDER_POINTS, COPY_BORDER, PART_BRUSH, PART_PIECE})
"""Kinds of edits that change which voxels belong to which lobe."""


def lobe_edits(edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """Those of some edits that change the lobes, in order."""
    return tuple(edit for edit in edits if edit.kind in LOBE_EDITS)


Points = tuple[tuple[float, float, float], ...]
"""LPS millimetres."""


@dataclass(frozen=True, eq=False)
class LobeState:
    """What parts the lungs into lobes after some edits.

    Attributes
    ----------
    found : mapping of FissureName to Fissure
        As the computer found them, or as they were copied.
    points : mapping of FissureName to Points
        What the reader placed on each since.
    pieces : tuple of LobePiece
        What was given to a lobe, in order.
    """

    found: Mapping[FissureName, Fissure]
    points: Mapping[FissureName, Points] = field(default_factory=dict)
    pieces: tuple[LobePiece, ...] = ()

    @cached_property
    def fissures(self) -> Mapping[FissureName, Fissure]:
        """The fissures, through the points of the reader."""
        return {name: _placed(found, self.points.get(name, ())) for name, found in self.found.items()}


@lru_cache(maxsize=32)
def _placed(found: Fissure, points: Points) -> Fissure:
    """A fissure through points; the last ones are kept, so that undo and redo need not fit them again."""
    return place_points(found, points)


class ChangedLobes:
    """The lobes of a scan after edits, one after the other; those asked for last are kept.

    Parameters
    ----------
    point : Timepoint
        The scan as the computer found it.
    """

    def __init__(self, point: Timepoint) -> None:
        self._point = point
        self._canvas = Canvas(point.volume, point.opacity)
        self._found = point.parts.fissures if isinstance(point.parts, LobeMap) else {}
        self._last: tuple[tuple[str, ...], LobeState] = ((), LobeState(self._found))
        self._borders: tuple[LobeState, LabelMap, LobeBorders] | None = None
        self._lobes: tuple[LobeState, LabelMap, LabelMap] | None = None

    def state(self, edits: Sequence[Edit]) -> LobeState:
        """Fissures and pieces after edits that stand, in order."""
        changes = [edit for edit in lobe_edits(edits) if edit.image == self._point.volume.digest]
        ids = tuple(edit.id for edit in changes)
        known, state = self._last
        if ids == known:
            return state
        if ids[: len(known)] != known:
            known, state = (), LobeState(self._found)
        for edit in changes[len(known) :]:
            state = self._after(state, edit)
        self._last = ids, state
        return state

    def borders(self, edits: Sequence[Edit], lungs: LabelMap) -> LobeBorders | None:
        """Where lobes border on each other after edits; None where the lobes were not looked for.

        Parameters
        ----------
        edits : sequence of Edit
        lungs : LabelMap
            As they are by then.
        """
        parts, state = self._point.parts, self.state(edits)
        if parts is None:
            return None
        last = self._borders
        if last is not None and last[0] is state and last[1] is lungs:
            return last[2]
        known = None if self._found else self._known(parts, lungs)
        borders = LobeBorders(lungs, state.fissures, state.pieces, known)
        self._borders = state, lungs, borders
        return borders

    def after(self, edits: Sequence[Edit], lungs: LabelMap) -> LabelMap | None:
        """The lobes after edits, in the lungs as they are by then; None where they were not looked for."""
        parts = self._point.parts
        if parts is None:
            return None
        state = self.state(edits)
        if not lobe_edits(edits) and lungs is self._point.organ:
            return parts
        last = self._lobes
        if last is not None and last[0] is state and last[1] is lungs:
            return last[2]
        if isinstance(parts, LobeMap):
            lobes: LabelMap = replace(parts, fissures=state.fissures, pieces=state.pieces).within(lungs)
        else:
            lobes = _with_pieces(self._known(parts, lungs), lungs, state.pieces)
        self._lobes = state, lungs, lobes
        return lobes

    def handler(self, tool: Handler, applied: Sequence[Edit], lungs: LabelMap) -> Handler:
        """A tool of `LOBE_EDITS` that refuses what means nothing for the lobes as they are after edits."""

        def run(labels: LabelMap, edit: Edit) -> Patch:
            patch = tool(labels, edit)
            if self._point.parts is None:
                raise EditDoesNotApply("the lobes were not looked for")
            record = read_payload(edit.kind, edit.payload)
            if isinstance(record, BorderPointsPayload | CopyBorderPayload):
                self._require_fissure(record.border)
            elif isinstance(record, PartBrushPayload | PartPiecePayload):
                borders = self.borders(applied, lungs)
                assert borders is not None
                _require_change(self._piece(record, lungs), borders)
            return patch

        return run

    def _known(self, parts: LabelMap, lungs: LabelMap) -> LabelMap:
        """Lobes that came without fissures, in lungs that may have changed."""
        return parts if lungs is self._point.organ else in_nearest_lobes(parts, lungs)

    def _after(self, state: LobeState, edit: Edit) -> LobeState:
        record = read_payload(edit.kind, edit.payload)
        if isinstance(record, BorderPointsPayload):
            name = self._require_fissure(record.border)
            return replace(state, points={**state.points, name: (*state.points.get(name, ()), *record.points)})
        if isinstance(record, CopyBorderPayload):
            name = self._require_fissure(record.border)
            copied = copied_fissure(self._found[name], record.points, error_mm=record.error_mm)
            others = {key: points for key, points in state.points.items() if key != name}
            return replace(state, found={**state.found, name: copied}, points=others)
        assert isinstance(record, PartBrushPayload | PartPiecePayload)
        return replace(state, pieces=(*state.pieces, self._piece(record, None)))

    def _piece(self, record: PartBrushPayload | PartPiecePayload, lungs: LabelMap | None) -> LobePiece:
        """What an act gives to a lobe; of a stroke only what lies in some lungs, if given."""
        if record.part not in LOBES:
            raise EditDoesNotApply(f"{record.part.replace('_', ' ')} is no lobe")
        if isinstance(record, PartPiecePayload):
            return LobePiece(record.part, record.mask.box, record.mask.unpacked(self._point.volume.geometry.shape))
        canvas = replace(self._canvas, within=lungs)
        box, where = part_stroke(canvas, points=record.points, plane=record.plane, settings=record.settings)
        return LobePiece(record.part, box, where)

    def _require_fissure(self, name: str) -> FissureName:
        if name not in self._found:
            words = name.replace("_", " ")
            raise EditDoesNotApply(
                f"there is no {words} fissure here" if self._found else "these lobes came without their fissures"
            )
        return cast("FissureName", name)


def _require_change(piece: LobePiece, borders: LobeBorders) -> None:
    """Refuse a piece that lies in no other lobe of the same lung."""
    before = borders.lobes_in(piece.box)
    after = replace(borders, pieces=(*borders.pieces, piece)).lobes_in(piece.box)
    if not np.array_equal(before.array, after.array):
        return
    own = before.array[piece.mask] == before.scheme[piece.lobe].value
    words = piece.lobe.replace("_", " ")
    raise EditDoesNotApply(
        f"all of that belongs to the {words} already"
        if own.any()
        else f"nothing there belongs to the lung of the {words}"
    )


def _with_pieces(lobes: LabelMap, lungs: LabelMap, pieces: tuple[LobePiece, ...]) -> LabelMap:
    """Lobes that were stored without their fissures, with what was given to them."""
    if not pieces:
        return lobes
    array = in_lobe_scheme(lobes.array, lobes.scheme)
    give_pieces(array, lungs, pieces)
    return replace(lobes, array=array, scheme=LOBE_SCHEME)

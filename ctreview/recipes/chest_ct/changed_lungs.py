"""The lungs of a scan as a reader changed them: pieces that were taken for lung, lung added or removed by a brush."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ctreview.anatomy import DenseCandidate, divide_lungs
from ctreview.anatomy.candidates import Side
from ctreview.change import CANDIDATE_SCHEME, Timepoint
from ctreview.edits import Edit
from ctreview.errors import CtreviewError, EditDoesNotApply
from ctreview.recipes.chest_ct.candidates import TAKEN_BY_READER, judged
from ctreview.recipes.chest_ct.changed_lobes import ChangedLobes, lobe_edits
from ctreview.tools import Canvas, PickSettings, nearest_part, take_piece
from ctreview.tools.candidate import ACCEPT, DISMISS, piece_of
from ctreview.tools.organ_brush import ORGAN_BRUSH, organ_change
from ctreview.tools.payload_reading import read_payload
from ctreview.tools.payloads import AcceptCandidatePayload, DismissCandidatePayload, OrganBrushPayload
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

__all__ = ["LUNG_EDITS", "ChangedLungs", "lung_edits", "piece_beside_lungs", "with_changed_lungs"]

CANDIDATE = next(iter(CANDIDATE_SCHEME)).key

_SIDES: tuple[Side, Side] = ("right_lung", "left_lung")

LUNG_EDITS = frozenset({ACCEPT, DISMISS, ORGAN_BRUSH})
"""Kinds of edits that change which voxels are lung."""


def lung_edits(edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """Those of some edits that change the lungs, in order."""
    return tuple(edit for edit in edits if edit.kind in LUNG_EDITS)


class ChangedLungs:
    """The lungs of a scan after edits, one after the other; those asked for last are kept.

    Parameters
    ----------
    point : Timepoint
        The scan as the computer found it.
    """

    def __init__(self, point: Timepoint) -> None:
        self._point = point
        self._last: tuple[tuple[str, ...], LabelMap] = ((), point.organ)

    def after(self, edits: Sequence[Edit]) -> LabelMap:
        """The lungs after edits that stand, in order; one that does not apply changes nothing.

        What a piece was accepted as lung belongs to the lung that its record names, unless it is an effusion; a piece
        that is dismissed loses what lies outside the lungs as they were found.
        """
        changes = [edit for edit in lung_edits(edits) if edit.image == self._point.volume.digest]
        ids = tuple(edit.id for edit in changes)
        if not ids:
            return self._point.organ
        known, lungs = self._last
        if ids == known:
            return lungs
        if ids[: len(known)] != known:
            known, lungs = (), self._point.organ
        array = lungs.array.copy()
        for edit in changes[len(known) :]:
            try:
                self._apply(array, edit)
            except CtreviewError:
                continue
        lungs = replace(lungs, array=array)
        self._last = ids, lungs
        return lungs

    def _apply(self, array: npt.NDArray[np.generic], edit: Edit) -> None:
        point, record = self._point, read_payload(edit.kind, edit.payload)
        canvas = Canvas(point.volume, point.opacity, within=replace(point.organ, array=array), organ="lungs")
        if isinstance(record, OrganBrushPayload):
            box, changed, value = organ_change(
                canvas,
                points=record.points,
                part=record.part,
                adds=record.adds,
                plane=record.plane,
                settings=record.settings,
            )
            array[box][changed] = value
            return
        assert isinstance(record, AcceptCandidatePayload | DismissCandidatePayload)
        offered = [one.piece for one in point.candidates]
        box, piece = piece_of(canvas, record.id, record.point, record.mask, offered)
        side = record.side or next((one.side for one in offered if one.id == record.id), None)
        if isinstance(record, AcceptCandidatePayload) and record.label != "effusion":
            if side is not None:
                array[box][piece & (array[box] == 0)] = point.organ.scheme[side].value
        else:
            array[box][piece & (point.organ.array[box] == 0)] = 0


def piece_beside_lungs(
    volume: Volume, lungs: LabelMap, place: Sequence[float], *, size_mm: float, side: Side | None = None
) -> DenseCandidate:
    """The compact patch of like density around a place outside the lungs, for a reader to take for lung.

    Parameters
    ----------
    volume : Volume
    lungs : LabelMap
        As they are by now.
    place : point
        LPS millimetres.
    size_mm : float
        About how wide the patch is.
    side : {"right_lung", "left_lung"}, optional
        The lung that it belongs to; the nearest one if not given.

    Raises
    ------
    EditDoesNotApply
        The place lies in a lung or an airway, outside the image, or far from both lungs.
    """
    beside = replace(lungs, array=(lungs.array == 0).astype(np.uint8))
    nothing = LabelMap(np.zeros(lungs.geometry.shape, np.uint8), lungs.geometry, CANDIDATE_SCHEME)
    canvas = Canvas(volume, nothing, within=beside)
    if lungs.array[canvas.voxel_at(place)]:
        raise EditDoesNotApply("that belongs to the lungs or the airways already")
    side = side or _nearest_lung(Canvas(volume, nothing, within=lungs, organ="lungs"), place)
    settings = PickSettings(takes="supervoxel", supervoxel_mm=size_mm)
    patch = take_piece(canvas, point=place, label=CANDIDATE, settings=settings)
    mask = np.zeros(lungs.geometry.shape, dtype=bool)
    mask[patch.box] = patch.labels > 0
    return DenseCandidate.from_mask(
        mask, volume.geometry, side=side, region=side, proposed="consolidation", reason=TAKEN_BY_READER
    )


def _nearest_lung(canvas: Canvas, place: Sequence[float]) -> Side:
    return "right_lung" if nearest_part(canvas, place, _SIDES) == "right_lung" else "left_lung"


def with_changed_lungs(
    point: Timepoint, applied: Sequence[Edit], lungs: ChangedLungs | None = None, lobes: ChangedLobes | None = None
) -> Timepoint:
    """A scan whose lungs, their parts and candidates are as a reader left them.

    Parameters
    ----------
    point : Timepoint
        With the opacity that the edits made.
    applied : sequence of Edit
        Those that apply.
    lungs : ChangedLungs, optional
        Of the scan, where they were asked for before.
    lobes : ChangedLobes, optional
        Likewise.
    """
    if not lung_edits(applied) and not lobe_edits(applied):
        return point
    candidates = judged(point.candidates, applied, image=point.volume.digest)
    organ = (lungs or ChangedLungs(point)).after(applied)
    same_lungs = organ is point.organ or np.array_equal(organ.array, point.organ.array)
    if same_lungs and not lobe_edits(applied):
        return replace(point, candidates=candidates)
    vessels = point.vessels
    removed = (organ.array == 0) & (point.organ.array > 0)
    if vessels is not None and removed.any():
        vessels = replace(vessels, array=np.where(removed, 0, vessels.array).astype(vessels.array.dtype))
    parts = (lobes or ChangedLobes(point)).after(applied, organ)
    regions = divide_lungs(organ, lobes=parts)
    return replace(point, organ=organ, parts=parts, regions=regions, vessels=vessels, candidates=candidates)

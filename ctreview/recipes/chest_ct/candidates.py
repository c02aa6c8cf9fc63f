"""Dense pieces beside the lungs: offered by the computer, accepted or dismissed by records of a reader."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np

from ctreview.anatomy import DenseCandidate, LungMap, checks_of_changed_lungs
from ctreview.anatomy.candidates import Side
from ctreview.change import Candidate, CandidateState, Timepoint, open_candidates
from ctreview.checks import Check
from ctreview.edits import Edit, active_edits
from ctreview.errors import EditDoesNotApply, WrongUse
from ctreview.tools.candidate import ACCEPT, DISMISS, CandidateClass, OfferedPiece
from ctreview.tools.canvas import Mask
from ctreview.tools.packed_mask import PackedMask
from ctreview.tools.payload_reading import read_payload
from ctreview.tools.payloads import AcceptCandidatePayload, DismissCandidatePayload
from ctreview.volume.box import Box
from ctreview.volume.geometry import Geometry

__all__ = [
    "ALL",
    "AUTHOR",
    "TAKEN_BY_READER",
    "acceptance",
    "accepting",
    "dismissal",
    "judged",
    "lung_checks_now",
    "offered_by",
]

ALL = "all"
"""Instead of ids: every candidate that is still open."""

AUTHOR = "command line"
"""Whose the records are of what was accepted in a call, without a reader's name."""

SAME_SHARE = 0.5
"""So much of a candidate must a recorded piece cover to be the same one, where other settings drew it otherwise."""

TAKEN_BY_READER = "a reader took it for lung; the computer does not offer it as it was drawn"
"""The reason of a piece that was accepted and not offered."""

_SIDES: tuple[Side, Side] = ("right_lung", "left_lung")
_Record = AcceptCandidatePayload | DismissCandidatePayload


def offered_by(lungs: LungMap) -> tuple[Candidate, ...]:
    """What is offered beside lungs that were found."""
    return tuple(Candidate(piece) for piece in lungs.candidates)


def acceptance(piece: OfferedPiece, label: CandidateClass | None = None) -> dict[str, Any]:
    """The payload that accepts a piece as a class; as what was proposed unless one is given."""
    return {**dismissal(piece), "label": label or piece.proposed}


def dismissal(piece: OfferedPiece) -> dict[str, Any]:
    """The payload that dismisses a piece."""
    return {
        "id": piece.id,
        "point": [float(value) for value in piece.centre],
        "side": piece.side,
        "mask": PackedMask.of(piece.box, piece.mask).to_json(),
    }


def accepting(
    points: tuple[Timepoint, ...], wanted: Collection[str], edits: Sequence[Sequence[Edit]] = ()
) -> tuple[tuple[Edit, ...], ...]:
    """Records that accept candidates of one or two scans as what was proposed.

    Parameters
    ----------
    points : tuple of Timepoint
    wanted : collection of str
        Their ids; ``"all"`` for every one that is open.
    edits : sequence of sequences of Edit
        What a reader recorded before of each scan: what is dismissed there is not open.

    Raises
    ------
    WrongUse
        No candidate has one of the ids.
    """
    wanted = {wanted} if isinstance(wanted, str) else set(wanted)
    before = edits or ((),) * len(points)
    candidates = [
        judged(point.candidates, own, image=point.volume.digest) for point, own in zip(points, before, strict=True)
    ]
    known = {one.piece.id for own in candidates for one in own}
    unknown = sorted(wanted - known - {ALL})
    if unknown:
        raise WrongUse(
            f"no candidate is called {', '.join(unknown)}",
            remedy=f"There are: {', '.join(sorted(known)) or 'none'}.",
        )
    return tuple(
        tuple(
            Edit(ACCEPT, "opacity", acceptance(one.piece), AUTHOR, point.volume.digest, point.volume.geometry)
            for one in own
            if (ALL in wanted and one.state == "open") or (one.piece.id in wanted and one.state != "accepted")
        )
        for point, own in zip(points, candidates, strict=True)
    )


def judged(offered: Iterable[Candidate], edits: Iterable[Edit], *, image: str) -> tuple[Candidate, ...]:
    """The candidates of a scan, given by its digest, by what a reader recorded of them; the last record of each counts.

    What was recorded under other settings is found again by the voxels of its piece, and what was accepted keeps the
    voxels that the reader saw. An accepted piece that is not offered any more stays accepted; a record that does not
    apply changes nothing.
    """
    found = list(offered)
    for edit in active_edits(tuple(edits)):
        if edit.kind not in (ACCEPT, DISMISS) or edit.image != image:
            continue
        record = read_payload(edit.kind, edit.payload)
        assert isinstance(record, AcceptCandidatePayload | DismissCandidatePayload)
        try:
            found = _recorded(found, record, edit.geometry)
        except EditDoesNotApply:
            continue
    return tuple(found)


def lung_checks_now(found: LungMap, point: Timepoint) -> tuple[Check, ...]:
    """The checks of lungs that were found, for a scan whose candidates a reader may have judged since."""
    pieces = cast("list[DenseCandidate]", [one.piece for one in open_candidates(point.candidates)])
    return checks_of_changed_lungs(found, point.organ, pieces)


def _recorded(found: list[Candidate], record: _Record, grid: Geometry) -> list[Candidate]:
    state: CandidateState = "dismissed" if isinstance(record, DismissCandidatePayload) else "accepted"
    label = None if isinstance(record, DismissCandidatePayload) else record.label
    same = [one for one in found if one.piece.id == record.id]
    if not same:
        same = [one for one in found if _covered(one.piece, record.mask, grid.shape) >= SAME_SHARE]
        # the opacity is that of the recorded voxels, and the lungs take in the same
        piece = None if label is None else _recorded_piece(record, label, grid)
        if piece is not None:
            return [*(one for one in found if one not in same), Candidate(piece, state, label)]
    return [replace(one, state=state, label=label) if one in same else one for one in found]


def _covered(piece: OfferedPiece, recorded: PackedMask | None, grid: Sequence[int]) -> float:
    """How much of a piece a record covers."""
    if recorded is None:
        return 0.0
    common = [(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(piece.box, recorded.box, strict=True)]
    if any(stop <= start for start, stop in common):
        return 0.0
    both = _part(piece.mask, piece.box, common) & _part(recorded.unpacked(grid), recorded.box, common)
    return float(np.count_nonzero(both)) / float(np.count_nonzero(piece.mask))


def _part(mask: Mask, box: Box, limits: Sequence[tuple[int, int]]) -> Mask:
    """What of a mask in a box lies between limits, which are inside the box."""
    return mask[tuple(slice(start - s.start, stop - s.start) for s, (start, stop) in zip(box, limits, strict=True))]


def _recorded_piece(record: _Record, label: CandidateClass, grid: Geometry) -> DenseCandidate | None:
    """An accepted piece from its record alone."""
    if record.mask is None or record.side not in _SIDES:
        return None
    mask = record.mask.unpacked(grid.shape)
    ml = round(float(np.count_nonzero(mask)) * grid.voxel_ml, 1)
    return DenseCandidate(
        id=record.id,
        side=record.side,
        region=record.side,
        ml=ml,
        proposed=label,
        reason=TAKEN_BY_READER,
        centre=record.point,
        start=record.mask.start,
        shape=record.mask.shape,
        packed=np.packbits(mask).tobytes(),
    )

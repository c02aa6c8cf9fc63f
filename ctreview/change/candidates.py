"""Pieces that are offered and not counted, and what a reader made of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import ndimage

from ctreview.change.measure import count_listed
from ctreview.tools.candidate import CandidateClass, OfferedPiece
from ctreview.volume.box import widened
from ctreview.volume.geometry import FloatArray, Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.regions import Regions

__all__ = [
    "CANDIDATE_SCHEME",
    "Candidate",
    "CandidateState",
    "candidate_map",
    "candidates_document",
    "ml_to_confirm",
    "open_candidates",
    "shares_of_regions",
]

CANDIDATE_SCHEME = Scheme(
    (
        Label(
            1,
            "candidate",
            (0, 158, 115),
            counted=False,
            line_colour=(70, 235, 180),
            words={"en": "to confirm", "de": "zu bestätigen"},
        ),
    )
)
"""How what is offered is outlined: in a colour of its own, apart from all that is counted (Okabe and Ito)."""

CandidateState = Literal["open", "accepted", "dismissed"]


@dataclass(frozen=True, eq=False)
class Candidate:
    """A piece that is offered, in no number unless a reader accepted it.

    Attributes
    ----------
    piece : OfferedPiece
    state : {"open", "accepted", "dismissed"}
    label : {"consolidation", "collapse", "effusion"} or None
        What a reader took it for; None unless it was accepted.
    """

    piece: OfferedPiece
    state: CandidateState = "open"
    label: CandidateClass | None = None

    def to_dict(self) -> dict[str, Any]:
        """What documents hold of it, ready for JSON; places are LPS millimetres of its scan."""
        return {
            "id": self.piece.id,
            "state": self.state,
            "class": self.label,
            "proposed_class": self.piece.proposed,
            "ml": self.piece.ml,
            "side": self.piece.side,
            "region": self.piece.region,
            "centre_mm": list(self.piece.centre),
            "reason": self.piece.reason,
        }


def open_candidates(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Those that nobody has accepted or dismissed, in their order."""
    return tuple(one for one in candidates if one.state == "open")


def candidate_map(candidates: Iterable[Candidate], geometry: Geometry) -> LabelMap:
    """Where on a grid the candidates lie that are open."""
    array = np.zeros(geometry.shape, dtype=np.uint8)
    for one in open_candidates(candidates):
        array[one.piece.box][one.piece.mask] = 1
    return LabelMap(array, geometry, CANDIDATE_SCHEME)


def ml_to_confirm(
    candidates: Iterable[Candidate],
    regions: Regions,
    *,
    proposed: CandidateClass | None = None,
    settled: Mapping[str, float] | None = None,
) -> FloatArray:
    """What each region would hold more if its open candidates were accepted as what counts.

    Whatever class was proposed: a reader may take any of them for consolidation, and density alone does not tell that
    from fluid.

    A candidate lies beside the organ. Among the regions it is divided as the voxels of the organ are that touch it; one
    that touches none counts for the whole alone.

    Parameters
    ----------
    candidates : iterable of Candidate
    regions : Regions
    proposed : CandidateClass, optional
        Only those that are proposed as this class.
    settled : mapping of str to float, optional
        By id the share of a candidate that is left out, since it makes no difference to what is asked.

    Returns
    -------
    ndarray, shape (len(regions.names),)
        Millilitres.
    """
    settled = settled or {}
    found = np.zeros(len(regions.names))
    for one in open_candidates(candidates):
        if proposed is None or one.piece.proposed == proposed:
            found += one.piece.ml * (1.0 - settled.get(one.piece.id, 0.0)) * shares_of_regions(one.piece, regions)
    return found


def shares_of_regions(piece: OfferedPiece, regions: Regions) -> FloatArray:
    """The share of each region in what a piece touches, shape (regions,)."""
    shape = regions.geometry.shape
    box = widened(piece.box, 1, shape)
    inside = [slice(own.start - wide.start, own.stop - wide.start) for own, wide in zip(piece.box, box, strict=True)]
    mask = np.zeros([span.stop - span.start for span in box], dtype=bool)
    mask[tuple(inside)] = piece.mask
    voxels = np.argwhere(ndimage.binary_dilation(mask)) + [span.start for span in box]
    where = np.ravel_multi_index(tuple(voxels.T), shape)
    counts = count_listed(regions, where, np.zeros_like(where), 1)[:, 0]
    if not counts[0]:
        counts[0] = 1.0
    return np.asarray(counts / counts[0])


def candidates_document(points: Sequence[tuple[str, Sequence[Candidate]]]) -> list[dict[str, Any]]:
    """The candidates of timepoints, each with the name of its timepoint, ready for JSON."""
    return [{"timepoint": when, **one.to_dict()} for when, candidates in points for one in candidates]

"""Pieces that are offered and not counted: accepted as what a reader says that they are, or dismissed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np

from ctreview.edits.replay import Patch
from ctreview.errors import EditDoesNotApply
from ctreview.tools.canvas import Canvas, Mask
from ctreview.tools.packed_mask import PackedMask
from ctreview.volume.box import Box

__all__ = ["ACCEPT", "DISMISS", "CandidateClass", "OfferedPiece", "accept_candidate", "dismiss_candidate", "piece_of"]

ACCEPT, DISMISS = "accept_candidate", "dismiss_candidate"
"""What the two acts are called in a journal."""

CandidateClass = Literal["consolidation", "collapse", "effusion"]
"""What a piece may be taken for. An effusion lies outside the organ, and none of its voxels get a label."""


class OfferedPiece(Protocol):
    """What is known of a piece that is offered."""

    @property
    def id(self) -> str:
        """The same for the same voxels."""

    @property
    def side(self) -> str:
        """The lung that it borders on."""

    @property
    def region(self) -> str:
        """The part of that lung beside which it lies."""

    @property
    def ml(self) -> float:
        """Its volume."""

    @property
    def proposed(self) -> CandidateClass:
        """What it most likely is."""

    @property
    def reason(self) -> str:
        """Why it is offered and not counted."""

    @property
    def centre(self) -> tuple[float, float, float]:
        """LPS millimetres."""

    @property
    def box(self) -> Box:
        """Where its voxels lie in the grid."""

    @property
    def mask(self) -> Mask:
        """Its voxels within the box."""


def accept_candidate(
    canvas: Canvas,
    *,
    id: str,  # noqa: A002 - what the record calls it
    label: CandidateClass,
    point: Sequence[float],
    side: str | None = None,  # noqa: ARG001 - says to which lung the piece belongs; see `recipes`
    mask: PackedMask | None = None,
    offered: Sequence[OfferedPiece] = (),
) -> Patch:
    """Label a piece that was offered, also where labels may not be set otherwise.

    Parameters
    ----------
    canvas : Canvas
        Its barrier holds; ``within`` does not, for the piece lies beside it.
    id : str
        Of the piece.
    label : {"consolidation", "collapse", "effusion"}
        What it is; an effusion gets no label, and loses one that it had.
    point : point
        Somewhere in it, in LPS millimetres.
    side : str, optional
        The lung that it belongs to.
    mask : PackedMask, optional
        Its voxels: with them the act needs no piece to be offered, whatever settings find.
    offered : sequence of OfferedPiece
        What is offered here; without ``mask`` the piece is found among them, by its id or else by the point.

    Raises
    ------
    EditDoesNotApply
        No such piece is offered, or the mask does not fit the image.
    """
    box, piece = piece_of(canvas, id, point, mask, offered)
    if label == "effusion":
        return _cleared(canvas, box, piece)
    labels = canvas.labels.array[box].copy()
    free = piece if canvas.barrier is None else piece & (canvas.barrier.array[box] == 0)
    labels[free] = canvas.value(label)
    return _patch(box, labels)


def dismiss_candidate(
    canvas: Canvas,
    *,
    id: str,  # noqa: A002 - as above
    point: Sequence[float],
    side: str | None = None,  # noqa: ARG001
    mask: PackedMask | None = None,
    offered: Sequence[OfferedPiece] = (),
) -> Patch:
    """Say that a piece that was offered is none; labels that it got by `accept_candidate` are taken away.

    Parameters and errors are those of `accept_candidate`.
    """
    return _cleared(canvas, *piece_of(canvas, id, point, mask, offered))


def piece_of(
    canvas: Canvas, name: str, point: Sequence[float], mask: PackedMask | None, offered: Sequence[OfferedPiece]
) -> tuple[Box, Mask]:
    """The box and the voxels in it that a record is about; parameters and errors are those of `accept_candidate`."""
    if mask is not None:
        return mask.box, mask.unpacked(canvas.geometry.shape)
    voxel = canvas.voxel_at(point)
    found = next((one for one in offered if one.id == name), None)
    found = found or next((one for one in offered if _holds(one, voxel)), None)
    if found is None:
        raise EditDoesNotApply(f"no candidate is called {name} or lies at its point")
    return found.box, found.mask


def _holds(piece: OfferedPiece, voxel: tuple[int, int, int]) -> bool:
    at = tuple(n - s.start for n, s in zip(voxel, piece.box, strict=True))
    return all(0 <= n < size for n, size in zip(at, piece.mask.shape, strict=True)) and bool(piece.mask[at])


def _cleared(canvas: Canvas, box: Box, piece: Mask) -> Patch:
    """Without labels where the piece lies beside the organ."""
    labels = canvas.labels.array[box].copy()
    beside = piece if canvas.within is None else piece & (canvas.within.array[box] == 0)
    labels[beside] = 0
    return _patch(box, labels)


def _patch(box: Box, labels: np.ndarray[tuple[int, ...], np.dtype[np.unsignedinteger]]) -> Patch:
    a, b, c = (s.start for s in box)
    return Patch((a, b, c), labels)

"""Pieces of lung that a reader gave to a lobe, whatever the fissures say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctreview.anatomy.lobes.scheme import LOBE_SCHEME, LOBES_OF_LUNG
from ctreview.volume.box import Box
from ctreview.volume.labels import LabelMap

__all__ = ["LobePiece", "give_pieces", "side_of_lobe"]


@dataclass(frozen=True, eq=False)
class LobePiece:
    """Voxels that belong to a lobe as far as they belong to its lung.

    Attributes
    ----------
    lobe : str
        One of `LOBES`.
    box : Box
    mask : ndarray of bool, shape of the box
    """

    lobe: str
    box: Box
    mask: npt.NDArray[np.bool_]


def side_of_lobe(lobe: str) -> str:
    """The lung of a lobe."""
    return next(side for side, lobes in LOBES_OF_LUNG.items() if lobe in lobes)


def give_pieces(
    lobes: npt.NDArray[np.uint8], lungs: LabelMap, pieces: tuple[LobePiece, ...], *, start: tuple[int, ...] = (0, 0, 0)
) -> None:
    """Write pieces into a writable array of lobes, the last given last.

    Parameters
    ----------
    lobes : ndarray of uint8
        Values of `LOBE_SCHEME`; the grid, or the part of it that begins at ``start``.
    lungs : LabelMap
        Of the same voxels.
    pieces : tuple of LobePiece
        By indices of the whole grid.
    start : tuple of int
    """
    for piece in pieces:
        spans = [
            (max(span.start - first, 0), min(span.stop - first, size))
            for span, first, size in zip(piece.box, start, lobes.shape, strict=True)
        ]
        if any(stop <= begin for begin, stop in spans):
            continue
        here = tuple(slice(begin, stop) for begin, stop in spans)
        there = tuple(
            slice(begin + first - span.start, stop + first - span.start)
            for (begin, stop), span, first in zip(spans, piece.box, start, strict=True)
        )
        lung = lungs.array[here] == lungs.scheme[side_of_lobe(piece.lobe)].value
        lobes[here][piece.mask[there] & lung] = LOBE_SCHEME[piece.lobe].value

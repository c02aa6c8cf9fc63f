"""Where the border of a dense piece runs: half-way between its density and that of what lies behind it.

Pieces are proposed by rays, balls and cells of some millimetres, each of which stops short of where tissue ends. What
lies beside a piece is drawn to it where its density is nearer to that of the piece than to that of what lies farther
off: fat, bone, an organ. Where both are alike the image shows no border, and the piece stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cc3d
import fill_voids
import numpy as np
import numpy.typing as npt

from ctreview.anatomy.coarse import CoarseImage, Mask, Spacing, closed, opened
from ctreview.anatomy.dense_lung.local_mean import mean_within
from ctreview.anatomy.dense_lung.piece import DensePiece
from ctreview.volume.box import bounding_box
from ctreview.volume.distance import dilated

__all__ = ["RIM_MM", "with_border_half_way", "with_borders"]

Floats32 = npt.NDArray[np.float32]
Labels = npt.NDArray[np.uint8]

REACH_MM = 4.0
"""So far beside a piece its border is looked for, in lungs of 5 L: about a cell in which tissue of one density is
followed (`density_step`) and what an opening cuts off."""

BEHIND_MM = 14.0
"""From `REACH_MM` up to so far off lies what the piece is compared with."""

LEAST_STEP_HU = 12.0
"""Less is no step: means over `SMOOTH_MM` vary by 3 to 5 HU within one tissue."""

SMOOTH_MM, AROUND_MM = 1.5, 3.5
BRONCHUS_HU = -200.0
"""Lighter than fat: air, which says nothing of the tissue around."""

HARDEST_HU = 200.0
BRONCHUS_MM = 3.0
"""Gaps of a piece that a ball of this radius does not enter belong to it: bronchi and vessels."""

RIM_HU, RIM_MM = -60.0, 5.0
"""Consolidation fades from the density of soft tissue to that of lung over a few millimetres."""

CLOSED_MM = 8.0
"""Radius of the ball that closes counted pieces with the lung, in lungs of 5 L: that which closes vessels and hilum."""


def with_border_half_way(coarse: CoarseImage, piece: Mask, free: Mask, size: float) -> Mask:
    """Draw the border of a dense piece where its density ends.

    Parameters
    ----------
    coarse : CoarseImage
        In HU.
    piece : ndarray of bool
        Its blocks.
    free : ndarray of bool
        Blocks that may be added to it: no lung, nothing that is known to be something else.
    size : float
        Size of the lungs, 1 for those of an adult of 5 L (a length's ratio).

    Returns
    -------
    ndarray of bool
        The piece, and what was added.
    """
    whole = piece.copy()
    if not piece.any():
        return whole
    spacing = coarse.spacing
    box = bounding_box(piece, 1 + int((BEHIND_MM + 2 * AROUND_MM) * size / min(spacing)))
    own, room, hu = piece[box], free[box], np.minimum(coarse.array[box], HARDEST_HU)
    tissue = (room | own) & (hu > BRONCHUS_HU)
    near = dilated(own, REACH_MM * size, spacing)
    behind = tissue & ~near & dilated(own, BEHIND_MM * size, spacing)
    level = mean_within(hu, own & tissue, AROUND_MM * size, spacing)
    beyond = mean_within(hu, behind, AROUND_MM * size, spacing)
    here = mean_within(hu, tissue, SMOOTH_MM, spacing)
    with np.errstate(invalid="ignore"):
        alike = (np.abs(here - level) < np.abs(here - beyond)) & (np.abs(level - beyond) > LEAST_STEP_HU)
    added = room & near & alike & tissue
    grown = own | opened(added | own, min(spacing), spacing) & added
    pieces = cc3d.connected_components(grown, connectivity=6)
    grown = np.isin(pieces, np.unique(pieces[own]))
    filled = fill_voids.fill(closed(grown, BRONCHUS_MM * size, spacing))
    whole[box] |= grown & (own | room) | filled & room
    return whole


def with_borders(
    coarse: CoarseImage, lungs: Labels, lung: Labels, offered: Sequence[DensePiece], free: Mask, size: float
) -> tuple[Labels, tuple[DensePiece, ...]]:
    """Counted and offered pieces up to where their density ends, with what lies between them and lung they fade into.

    Free are blocks that are nothing yet.
    """
    counted = lung.copy()
    for side in (1, 2):
        whole = _with_border(coarse, lung == side, lungs == side, free, size)
        whole |= _closed_with_lung(whole, lungs == side, free, coarse.spacing, size)
        counted[whole] = side
        free = free & ~whole
    pieces = []
    for piece in offered:
        blocks = piece.blocks
        if piece.fades:
            blocks = _with_border(coarse, blocks, lungs == piece.side, free, size)
            free = free & ~blocks
        pieces.append(replace(piece, blocks=blocks))
    return counted, tuple(pieces)


def _with_border(coarse: CoarseImage, piece: Mask, lung: Mask, free: Mask, size: float) -> Mask:
    whole = with_border_half_way(coarse, piece, free, size)
    return whole | _fading_rim(coarse, whole, lung, free & ~whole)


def _closed_with_lung(piece: Mask, lung: Mask, free: Mask, spacing: Spacing, size: float) -> Mask:
    """What a ball that closes the hilum of a lung does not enter between a counted piece and aerated lung."""
    gaps = np.zeros(piece.shape, dtype=bool)
    if piece.any():
        radius = CLOSED_MM * size
        room = int(np.ceil(radius / min(spacing))) + 1
        box = bounding_box(piece, 2 * room)
        whole = closed(np.pad(piece[box] | lung[box], room), radius, spacing)[(slice(room, -room),) * 3]
        gaps[box] = whole & free[box] & dilated(piece[box], radius, spacing)
    return gaps


def _fading_rim(coarse: CoarseImage, piece: Mask, lung: Mask, free: Mask) -> Mask:
    """What lies between a piece and the lung it fades into, no lung and no soft tissue either."""
    rim = np.zeros(piece.shape, dtype=bool)
    if piece.any():
        box = bounding_box(piece, 1 + int(RIM_MM / min(coarse.spacing)))
        light = free[box] & (coarse.array[box] < RIM_HU)
        light &= dilated(piece[box], RIM_MM, coarse.spacing) & dilated(lung[box], RIM_MM, coarse.spacing)
        rim[box] = light
    return rim

"""Where the border of a dense piece runs: half-way between its density and that of what lies behind it.

Pieces are proposed by rays, balls and cells of some millimetres, each of which stops short of where tissue ends. What
lies beside a piece is drawn to it where its density is nearer to that of the piece than to that of what lies farther
off: fat, bone, an organ. Where both are alike the image shows no border, and the piece stays as it is.
"""

from __future__ import annotations

import cc3d
import fill_voids
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.coarse import CoarseImage, Mask, Spacing, closed, dilated, opened
from ctreview.volume.box import bounding_box

__all__ = ["mean_within", "with_border_half_way"]

Floats32 = npt.NDArray[np.float32]

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


def mean_within(hu: Floats32, use: Mask, sigma_mm: float, spacing: Spacing) -> Floats32:
    """Means around each block of the blocks in use; NaN where none is near."""
    sigma = [sigma_mm / mm for mm in spacing]
    weight = ndimage.gaussian_filter(use.astype(np.float32), sigma, truncate=3.0)
    total = ndimage.gaussian_filter(np.where(use, hu, 0).astype(np.float32), sigma, truncate=3.0)
    return np.where(weight > 1e-3, total / np.maximum(weight, 1e-3), np.nan).astype(np.float32)

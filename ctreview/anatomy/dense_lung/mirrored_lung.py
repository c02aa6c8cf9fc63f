"""Dense tissue that goes on behind dense lung as far as the other lung, mirrored, holds air.

How deep consolidation reaches is not seen where organs or muscle of its density lie behind it. Ribs and shape give it
less than it has. The two lungs are much alike, so that the other one says up to where it may reach.
"""

from __future__ import annotations

import cc3d
import numpy as np
import numpy.typing as npt

from ctreview.anatomy.body import BONE_HU
from ctreview.anatomy.coarse import CoarseImage, Mask, opened
from ctreview.volume.distance import dilated

__all__ = ["dense_behind", "mirrored"]

Labels = npt.NDArray[np.uint8]

REACH_MM = 15.0
"""No farther behind dense lung, in lungs of 5 L: with twice as much, half of what is found is liver."""

THINNEST_MM = 6.0
SOFT_HU = -60.0


def mirrored(mask: Mask, midline: float) -> Mask:
    """A mask on the other side of the midline, an index along axis 2."""
    across = np.clip(np.round(2 * midline - np.arange(mask.shape[2])).astype(int), 0, mask.shape[2] - 1)
    return np.asarray(mask[:, :, across])


def dense_behind(
    coarse: CoarseImage, lungs: Labels, dense: Labels, judged: Mask, midline: float, size: float
) -> Labels:
    """Find soft tissue that touches dense lung and lies where the other lung, mirrored, holds air.

    Parameters
    ----------
    coarse : CoarseImage
        In HU.
    lungs : ndarray of uint8
        Blocks of aerated lung with its vessels, 1 right and 2 left.
    dense : ndarray of uint8
        Dense pieces whose edges fade into lung, by side.
    judged : ndarray of bool
        What was counted, offered or said to be fluid.
    midline, size : float
        As for `find_dense_lung`.

    Returns
    -------
    ndarray of uint8
        By side, 0 elsewhere.
    """
    found = np.zeros(lungs.shape, dtype=np.uint8)
    soft = (coarse.array > SOFT_HU) & (coarse.array < BONE_HU) & (lungs == 0) & ~judged
    for side in (1, 2):
        own = dense == side
        if not own.any():
            continue
        there = mirrored(lungs == 3 - side, midline) & soft
        there &= opened(there | own, 0.5 * THINNEST_MM * size, coarse.spacing)
        there &= dilated(own, REACH_MM * size, coarse.spacing)
        pieces = cc3d.connected_components(there | own, connectivity=6)
        found[there & np.isin(pieces, np.unique(pieces[own]))] = side
    return found

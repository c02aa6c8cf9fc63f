"""Gas of stomach and bowel under the diaphragm, distinguished from lung by the soft tissue around it."""

from __future__ import annotations

import cc3d
import numpy as np

from ctreview.anatomy.body import AIR_HU, Body
from ctreview.anatomy.coarse import CoarseImage, Mask, dilated, opened
from ctreview.volume.box import Box, widened

__all__ = ["find_bowel_gas"]

SMALLEST_ML = 2.0
"""Less gas than this is left alone."""

SOFT_SHARE = 0.62
"""A gas pocket walled by soft tissue over more of its surface than this is bowel: a bulla has lung around it, and the
gas of a pneumothorax has lung along one side."""

LARGEST_SHARE = 0.4
"""What is thinner than this share of all aerated tissue is emphysema and no bowel."""


def find_bowel_gas(coarse: CoarseImage, body: Body, airways: Mask) -> Mask:
    """Find gas pockets that are no lung, though only a thin wall may part them from it.

    Parameters
    ----------
    coarse : CoarseImage
        In HU.
    body : Body
        On the same grid.
    airways : ndarray of bool
        Blocks that are taken by trachea and bronchi.

    Returns
    -------
    ndarray of bool
        Gas with its blurred edge.

    Notes
    -----
    The stomach's wall and the diaphragm together measure less than a block in a child, so that a connected part of
    aerated blocks may hold lung and bowel. Bowel holds nothing but gas; 4 to 8 mm around it is soft tissue
    everywhere but where lung or another pocket lies beyond that wall.
    """
    aerated = body.air & body.between_tissue & ~airways
    gas = opened(aerated & (coarse.array < body.gas_hu), 2.0, coarse.spacing)
    pockets = cc3d.connected_components(gas, connectivity=6)
    stats = cc3d.statistics(pockets)
    ml = stats["voxel_counts"] * coarse.voxel_ml
    most = LARGEST_SHARE * coarse.volume_ml(aerated)
    found = np.zeros(gas.shape, dtype=bool)
    margin = [int(10.0 / spacing) + 1 for spacing in coarse.spacing]
    for number in range(1, len(ml)):
        if SMALLEST_ML <= ml[number] <= most:
            box = widened(stats["bounding_boxes"][number], margin, coarse.array.shape)
            pocket = pockets[box] == number
            if _soft_fraction(coarse, box, pocket, body.gas_hu) > SOFT_SHARE:
                found[box] |= dilated(pocket, 3.5, coarse.spacing) & (coarse.array[box] < AIR_HU)
    return found


def _soft_fraction(coarse: CoarseImage, box: Box, pocket: Mask, gas_hu: float) -> float:
    """How much of what lies around is soft tissue and not lung; another pocket of gas says nothing."""
    shell = dilated(pocket, 8.0, coarse.spacing) & ~dilated(pocket, 4.0, coarse.spacing)
    around = coarse.array[box][shell]
    around = around[around > gas_hu]
    return float((around > AIR_HU).mean()) if around.size else 0.0

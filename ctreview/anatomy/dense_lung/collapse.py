"""Collapse of an upper lobe: dense tissue above the carina where the other lung, mirrored, holds air.

A collapsed lobe ends sharply at a fissure, so that its edge does not tell it. But above the carina there are neither
liver nor heart, a lung with a collapsed lobe is small, and what takes the lobe's place is denser than fluid.
"""

from __future__ import annotations

from dataclasses import dataclass

import cc3d
import numpy as np
import numpy.typing as npt

from ctreview.anatomy.coarse import CoarseImage, Mask, opened
from ctreview.anatomy.dense_lung.mirrored_lung import mirrored
from ctreview.volume.distance import dilated

__all__ = ["CollapsedLobe", "find_collapsed_lobes"]

RIGHT_OF_LEFT = 1.15
"""A right lung is larger than the left by about as much: 1.13 to 1.16 in three healthy scans."""

LOST_SHARE = 0.75
"""A lung with less of the volume that the other lets expect has lost some; healthy ones have 0.97 and more."""

LEAST_ML = 80.0
"""Smaller pieces, in lungs of 5 L, are not judged: the arch of the aorta, which mirrors aerated lung, has up to 65."""

THINNEST_MM = 14.0
"""Vessels and fat of the mediastinum are thinner, in lungs of 5 L."""

SOFT_HU = (-20.0, 150.0)
FLUID_HU = 18.0
"""The median of fluid lies below, that of lung without air above."""

AIRWAY_WALL_MM = 3.0


@dataclass(frozen=True, eq=False)
class CollapsedLobe:
    """What may be one: its blocks, its side (1 right, 2 left), the share of volume left of that lung, its median HU."""

    blocks: Mask
    side: int
    volume_share: float
    median_hu: float


def find_collapsed_lobes(
    coarse: CoarseImage, lungs: npt.NDArray[np.uint8], airways: Mask, midline: float, size: float, carina: float
) -> tuple[CollapsedLobe, ...]:
    """Find what may be a collapsed upper lobe.

    Parameters
    ----------
    coarse : CoarseImage
        In HU.
    lungs : ndarray of uint8
        Blocks of aerated lung with its vessels, 1 right and 2 left.
    airways : ndarray of bool
        Blocks of trachea and bronchi.
    midline, carina : float
        Indices along axis 2 and axis 0. Where the carina is not known (infinite) nothing is found.
    size : float
        Size of the lungs, 1 for those of an adult of 5 L (a length's ratio).
    """
    right, left = (int(np.count_nonzero(lungs == side)) for side in (1, 2))
    if not right or not left or not np.isfinite(carina):
        return ()
    share = right / left / RIGHT_OF_LEFT
    side = 1 if share < 1.0 else 2
    share = min(share, 1.0 / share)
    if share >= LOST_SHARE:
        return ()
    hu = coarse.array
    dense = mirrored(lungs == 3 - side, midline) & (lungs == 0) & (hu > SOFT_HU[0]) & (hu < SOFT_HU[1])
    dense[: max(0, int(carina))] = False
    dense &= ~dilated(airways, AIRWAY_WALL_MM, coarse.spacing)
    if not dense.any():
        return ()
    pieces = cc3d.connected_components(opened(dense, 0.5 * THINNEST_MM * size, coarse.spacing) & dense, connectivity=6)
    found = []
    for number, count in enumerate(cc3d.statistics(pieces)["voxel_counts"]):
        if number and count * coarse.voxel_ml >= LEAST_ML * size**3:
            blocks = pieces == number
            median = float(np.median(hu[blocks]))
            if median > FLUID_HU:
                found.append(CollapsedLobe(blocks, side, share, median))
    return tuple(found)

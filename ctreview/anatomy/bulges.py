"""Dense lung that bulges into aerated lung from diaphragm, fissure or heart, distinguished from them by its shape.

The surfaces of diaphragm and chest wall are gently curved. Consolidation on them ends in a mound that a large ball,
rolled over the lung from outside, does not enter. Vessels, hilum and the borders of heart and spine are as sharply
curved, but lie near the middle of the chest; there shape tells nothing, and nothing is recovered.
"""

from __future__ import annotations

import cc3d
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.body import BONE_HU
from ctreview.anatomy.coarse import CoarseImage, Mask, closed, dilated, opened
from ctreview.volume.box import bounding_box

__all__ = ["find_bulges"]

Labels = npt.NDArray[np.uint8]

BALL_MM = 30.0
"""Radius of the ball, in lungs of 5 L: below that of a healthy dome of the diaphragm (60 mm and more)."""

BASE_BALL_MM = 45.0
"""Radius of the ball that draws the base of a mound once it is found, over at most `BASE_MM`."""

BASE_MM = 6.0
LATERAL_MM = 58.0
"""How far off the midline the centre of a mound must lie, in lungs of 5 L. Hilum, aorta and heart lie within."""

IN_LUNG_SHARE = 0.3
SMALLEST_ML = 3.0
SOFT_HU = -60.0


def find_bulges(coarse: CoarseImage, lungs: Labels, fluid: Mask, midline: float, size: float) -> Labels:
    """Find bulges of soft tissue that ought to be lung.

    Parameters
    ----------
    coarse : CoarseImage
        In HU.
    lungs : ndarray of uint8
        Lung as far as it is known, 1 right and 2 left.
    fluid : ndarray of bool
        Known to be fluid.
    midline : float
        Index of the spine along axis 2.
    size : float
        Size of the lungs, 1 for those of an adult of 5 L (a length's ratio).

    Returns
    -------
    ndarray of uint8
        Blocks of bulges: 1 right, 2 left, 0 elsewhere.
    """
    found = np.zeros(lungs.shape, dtype=np.uint8)
    for side in (1, 2):
        lung = lungs == side
        if not lung.any():
            continue
        box = bounding_box(lung)
        soft = (lungs[box] == 0) & ~fluid[box] & (coarse.array[box] < BONE_HU) & (coarse.array[box] > SOFT_HU)
        bulges = _bulges(coarse, lung[box], soft, midline - box[2].start, size)
        if bulges.any():
            base = _closing_gaps(lung[box] | bulges, BASE_BALL_MM * size, coarse) & soft
            bulges |= base & dilated(bulges, BASE_MM * size, coarse.spacing)
            found[box][bulges] = side
    return found


def _bulges(coarse: CoarseImage, lung: Mask, soft: Mask, midline: float, size: float) -> Mask:
    hollow = _closing_gaps(lung, BALL_MM * size, coarse) & soft
    hollow &= opened(hollow, 3.0 * size, coarse.spacing)
    pieces = cc3d.connected_components(hollow, connectivity=6)
    chosen = np.zeros(lung.shape, dtype=bool)
    statistics = cc3d.statistics(pieces)
    for number in range(1, len(statistics["voxel_counts"])):
        off_midline = abs(float(statistics["centroids"][number][2]) - midline) * coarse.spacing[2]
        large = statistics["voxel_counts"][number] * coarse.voxel_ml >= SMALLEST_ML * size**3
        if large and off_midline > LATERAL_MM * size:
            piece = pieces == number
            shell = ndimage.binary_dilation(piece) & ~piece
            if np.count_nonzero(shell & lung) > IN_LUNG_SHARE * np.count_nonzero(shell):
                chosen |= piece
    return chosen


def _closing_gaps(lung: Mask, radius: float, coarse: CoarseImage) -> Mask:
    """The lung, and what a ball outside of it does not reach; beyond the grid the ball has room."""
    room = int(radius / min(coarse.spacing)) + 2
    inner = (slice(room, -room),) * 3
    return np.asarray(closed(np.pad(lung, room), radius, coarse.spacing)[inner])

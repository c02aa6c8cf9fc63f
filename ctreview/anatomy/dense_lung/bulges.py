"""Soft tissue that bulges into aerated lung from diaphragm, fissure, mediastinum or wall.

The surfaces of diaphragm and chest wall are gently curved. Consolidation on them ends in a mound that a large ball,
rolled over the lung from outside, does not enter. At the hilum vessels are as sharply curved, and nothing is proposed.
"""

from __future__ import annotations

from dataclasses import dataclass

import cc3d
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.body import BONE_HU
from ctreview.anatomy.coarse import CoarseImage, Mask, closed, opened
from ctreview.volume.box import bounding_box
from ctreview.volume.distance import dilated

__all__ = ["LATERAL_MM", "Hilum", "find_bulges"]

Labels = npt.NDArray[np.uint8]

BALL_MM = 30.0
"""Radius of the ball, in lungs of 5 L: below that of a healthy dome of the diaphragm (60 mm and more)."""

BASE_BALL_MM = 45.0
"""Radius of the ball that draws the base of a mound once it is found, over at most `BASE_MM`."""

BASE_MM = 6.0
LATERAL_MM = 58.0
"""The vessels of the hilum lie within this distance of the midline, in lungs of 5 L."""

ABOVE_CARINA_MM, BELOW_CARINA_MM = 15.0, 70.0
"""And so far above and below the carina."""

IN_LUNG_SHARE = 0.05
"""Less of a mound's surface than this in lung is no edge to judge it by."""

SMALLEST_ML = 3.0
SOFT_HU = -60.0


@dataclass(frozen=True)
class Hilum:
    """Between which blocks along axis 0 the vessels of the hilum bulge into the lung, and where the carina is.

    The carina is infinitely high where it was not found.
    """

    low: float
    high: float
    carina: float = np.inf

    @classmethod
    def around(cls, carina: float | None, spacing_mm: float, size: float) -> Hilum:
        """Around the carina (an index along axis 0); where none was found, all heights may be the hilum's."""
        if carina is None:
            return cls(-np.inf, np.inf)
        return cls(carina - BELOW_CARINA_MM * size / spacing_mm, carina + ABOVE_CARINA_MM * size / spacing_mm, carina)

    def blocks(self, shape: tuple[int, ...], midline: float, spacing_mm: float, size: float) -> Mask:
        """Where its vessels lie, on a grid of this shape with blocks of ``spacing_mm`` along axis 2."""
        heights, across = np.arange(shape[0]), np.abs(np.arange(shape[2]) - midline) * spacing_mm
        high = (heights > self.low) & (heights < self.high)
        return np.broadcast_to(high[:, None, None] & (across <= LATERAL_MM * size)[None, None, :], shape)


def find_bulges(coarse: CoarseImage, lungs: Labels, midline: float, size: float, hilum: Hilum) -> Labels:
    """Find bulges of soft tissue that may be lung.

    Parameters
    ----------
    coarse : CoarseImage
        In HU.
    lungs : ndarray of uint8
        Lung as far as it is known, 1 right and 2 left.
    midline : float
        Index of the spine along axis 2.
    size : float
        Size of the lungs, 1 for those of an adult of 5 L (a length's ratio).
    hilum : Hilum
        Near the midline nothing is proposed at its height.

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
        soft = (lungs[box] == 0) & (coarse.array[box] < BONE_HU) & (coarse.array[box] > SOFT_HU)
        bulges = _bulges(coarse, lung[box], soft, (box[0].start, midline - box[2].start), size, hilum)
        if bulges.any():
            base = _closing_gaps(lung[box] | bulges, BASE_BALL_MM * size, coarse) & soft
            bulges |= base & dilated(bulges, BASE_MM * size, coarse.spacing)
            found[box][bulges] = side
    return found


def _bulges(coarse: CoarseImage, lung: Mask, soft: Mask, frame: tuple[int, float], size: float, hilum: Hilum) -> Mask:
    bottom, midline = frame
    hollow = _closing_gaps(lung, BALL_MM * size, coarse) & soft
    hollow &= opened(hollow, 3.0 * size, coarse.spacing)
    pieces = cc3d.connected_components(hollow, connectivity=6)
    chosen = np.zeros(lung.shape, dtype=bool)
    statistics = cc3d.statistics(pieces)
    for number in range(1, len(statistics["voxel_counts"])):
        off_midline = abs(float(statistics["centroids"][number][2]) - midline) * coarse.spacing[2]
        large = statistics["voxel_counts"][number] * coarse.voxel_ml >= SMALLEST_ML * size**3
        height = bottom + float(statistics["centroids"][number][0])
        if large and (off_midline > LATERAL_MM * size or not hilum.low < height < hilum.high):
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

"""Air bronchograms: bronchi that hold air inside dense tissue, by which it is known for lung wherever it lies.

Liver, heart and spleen hold no air. Stomach and bowel do, and so does the space between folds of skin; what lies around
such air has the sharp edges of organs, or no edge to lung at all, which is asked for afterwards (`dense`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cc3d
import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from ctreview.anatomy.body import BONE_HU
from ctreview.anatomy.coarse import CoarseImage, Mask, closed, opened
from ctreview.volume.box import bounding_box
from ctreview.volume.distance import dilated, distance

__all__ = ["Bronchograms", "find_bronchograms"]

AIR_HU = -150.0
"""A bronchus of 2 to 4 mm darkens a block of soft tissue below this; fat, which has −100, does not."""

WALL_HU = (-40.0, 110.0)
"""Density of the tissue around a bronchus, closed over `LUMEN_MM`."""

LUMEN_MM = 4.5
LARGEST_ML = 0.6
"""More air in one place is bowel, lung, or a bronchus that was followed from the trachea."""

OFF_LUNG_MM, OFF_AIRWAY_MM = 2.5, 6.0
"""So near to aerated lung and to airways air is theirs."""

FARTHEST_MM = 25.0
"""Deeper below aerated lung than this nothing is looked for."""

TOGETHER, WITHIN_MM = 4, 15.0
"""So many pockets of air within this distance of one of them are bronchi; single ones may be anything."""

REACH_MM, CLOSED_MM = 14.0, 12.0
"""Tissue within the first of a bronchus is lung where it also lies between bronchi and aerated lung, which are closed
with a ball of the second radius."""


@dataclass(frozen=True, eq=False)
class Bronchograms:
    """What was found.

    Attributes
    ----------
    tissue : ndarray of uint8
        Blocks of soft tissue between bronchi and aerated lung: 1 right, 2 left.
    pockets : ndarray of unsigned integers
        Blocks of bronchi, numbered from 1.
    """

    tissue: npt.NDArray[np.uint8]
    pockets: npt.NDArray[np.unsignedinteger[Any]]


def find_bronchograms(coarse: CoarseImage, lungs: npt.NDArray[np.uint8], airways: Mask) -> Bronchograms:
    """Look for bronchi in soft tissue near aerated lung.

    Parameters
    ----------
    coarse : CoarseImage
        In HU.
    lungs : ndarray of uint8
        Blocks of aerated lung with its vessels, 1 right and 2 left.
    airways : ndarray of bool
        Blocks of trachea and bronchi that were followed from it.
    """
    tissue, pockets = np.zeros(lungs.shape, dtype=np.uint8), np.zeros(lungs.shape, dtype=np.uint32)
    box = bounding_box(lungs > 0)
    hu, spacing, inside = coarse.array[box], coarse.spacing, lungs[box] > 0
    found = _pockets(coarse, hu, inside, airways[box])
    if found.any():
        bronchi = found > 0
        soft = ~inside & (hu < BONE_HU) & ~airways[box]
        near = dilated(bronchi, REACH_MM, spacing)
        between = closed(inside | dilated(bronchi, 3.0, spacing), CLOSED_MM, spacing)
        lung = soft & near & between
        lung &= opened(lung, 3.0, spacing)
        left = distance(lungs[box] != 2, spacing) < distance(lungs[box] != 1, spacing)
        tissue[box] = np.where(lung, np.where(left, 2, 1), 0)
        pockets[box] = found
    return Bronchograms(tissue, pockets)


def _pockets(
    coarse: CoarseImage, hu: npt.NDArray[np.float32], lung: Mask, airways: Mask
) -> npt.NDArray[np.unsignedinteger[Any]]:
    """Small pockets of air in soft tissue, numbered, of which several lie together."""
    spacing = coarse.spacing
    around = ndimage.grey_closing(hu, size=tuple(2 * max(1, round(LUMEN_MM / mm)) + 1 for mm in spacing))
    air = (hu < AIR_HU) & ~lung
    pieces = cc3d.connected_components(air, connectivity=26)
    small = cc3d.statistics(pieces)["voxel_counts"] * coarse.voxel_ml < LARGEST_ML
    small[0] = False
    held = small[pieces] & (around > WALL_HU[0]) & (around < WALL_HU[1])
    if not held.any():
        return np.zeros_like(pieces)
    to_lung = distance(~lung, spacing)
    held &= (to_lung > OFF_LUNG_MM) & (to_lung < FARTHEST_MM) & ~dilated(airways, OFF_AIRWAY_MM, spacing)
    numbers = cc3d.connected_components(held, connectivity=26)
    centres = cc3d.statistics(numbers)["centroids"][1:] * np.array(spacing)
    if len(centres) < TOGETHER:
        return np.zeros_like(numbers)
    together = [len(near) >= TOGETHER for near in cKDTree(centres).query_ball_point(centres, WITHIN_MM)]
    return np.asarray(numbers * np.array([False, *together])[numbers])

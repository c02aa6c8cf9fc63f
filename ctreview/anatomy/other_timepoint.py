"""What the lungs of another timepoint say of the lungs of this one.

Where one of two timepoints shows air there is lung at both. What holds no air at either is lung or not by its
shape alone, and where only one of them takes it for lung, that would pass for change.
"""

from __future__ import annotations

from dataclasses import replace

import cc3d
import numpy as np
from scipy import ndimage

from ctreview.anatomy.coarse import CoarseImage, Mask, distance, opened, upsampled
from ctreview.anatomy.lung_checks import checks_of_changed_lungs
from ctreview.anatomy.lung_map import LungMap
from ctreview.anatomy.lung_size import lung_size
from ctreview.checks import Check
from ctreview.volume.geometry import require_same_grid
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

__all__ = ["aerated_lung_mask", "missed_lung_ml", "remove_unconfirmed_dense_lung"]

AIRLESS_HU = -250.0
"""Lung denser than this, vessels left out, holds little air."""

AERATED_HU = -500.0
"""Lung lighter than this holds air enough to be lung whatever its shape."""

SOFT_HU = (-50.0, 130.0)
"""Consolidation is neither fat nor bone."""

MISSED_MM = 4.0
"""Radius of the smallest ball that what was lost must hold, in lungs of 5 L: more than registration is off."""

TOLERANCE_MM = 3.0
"""Lungs carried from another timepoint are off by up to this: 95 % of landmarks after a good registration."""

LARGEST_ML = 10.0
"""Larger pieces, in lungs of 5 L, are consolidation more often than wall, and are left to the reader."""

SMALLEST_ML = 0.3
BLOCK_MM = 2.25
BORDER_HU = -600.0


def aerated_lung_mask(volume: Volume, lungs: LabelMap) -> LabelMap:
    """The part of the lungs, in blocks of some millimetres, that holds air for certain."""
    geometry = require_same_grid(volume, lungs)
    coarse = CoarseImage.from_array(volume.array, geometry, BLOCK_MM)
    return replace(
        lungs, array=np.where(upsampled(coarse.array < AERATED_HU, coarse.step, coarse.shape), lungs.array, 0)
    )


def missed_lung_ml(volume: Volume, lungs: LabelMap, other: LabelMap) -> float:
    """How much soft tissue outside the lungs lies where the other timepoint has aerated lung.

    Parameters
    ----------
    volume : Volume
        In HU.
    lungs : LabelMap
        Of this scan.
    other : LabelMap
        `aerated_lung_mask` of the other timepoint, carried over onto this grid.
    """
    geometry = require_same_grid(volume, lungs, other)
    coarse = CoarseImage.from_array(volume.array, geometry, BLOCK_MM)
    outside = coarse.fraction(lungs.mask("right_lung", "left_lung")) < 0.5
    there = coarse.fraction(other.mask("right_lung", "left_lung")) >= 0.5
    soft = (coarse.array > SOFT_HU[0]) & (coarse.array < SOFT_HU[1])
    size = lung_size(lungs)
    return coarse.volume_ml(opened(outside & there & soft, MISSED_MM * size, coarse.spacing))


def remove_unconfirmed_dense_lung(volume: Volume, lungs: LungMap, vessels: LabelMap, other: LabelMap) -> LungMap:
    """Leave out small pieces of airless lung where the other timepoint has none of its lung.

    Consolidation that came or went lies where the other scan has aerated lung. What neither scan shows aerated, and
    only one takes for lung, is wall or mediastinum more often than not, and would pass for change.

    Parameters
    ----------
    volume : Volume
        In HU.
    lungs : LungMap
    vessels : LabelMap
        Of this scan.
    other : LabelMap
        Lungs of the other timepoint, carried over onto this grid.

    Returns
    -------
    LungMap
        The lungs, themselves where nothing was left out. Check ``lone_dense_left_out`` says how much was.
    """
    geometry = require_same_grid(volume, lungs, vessels, other)
    own = lungs.mask("right_lung", "left_lung")
    coarse = CoarseImage.from_array(volume.array, geometry, BLOCK_MM)
    airless = (coarse.array > AIRLESS_HU) & (coarse.fraction(own) >= 0.5) & (coarse.fraction(vessels.array > 0) < 0.3)
    there = coarse.fraction(other.mask("right_lung", "left_lung")) >= 0.5
    size = lung_size(lungs)
    beyond = distance(~there, coarse.spacing) > TOLERANCE_MM
    unconfirmed = _pieces(airless & beyond, coarse, size)
    if not unconfirmed.any():
        return lungs
    left_out = own & upsampled(unconfirmed, coarse.step, coarse.shape)
    ml = float(np.count_nonzero(left_out)) * geometry.voxel_ml
    message = (
        f"{ml:.1f} mL at the border of the lungs hold no air at either timepoint, and only this scan by itself takes "
        "them for lung; they are left out."
    )
    check = Check("lone_dense_left_out", round(ml, 1), None, ok=True, message=message)
    kept = replace(lungs, array=np.where(left_out, 0, lungs.array))
    return replace(kept, checks=(*checks_of_changed_lungs(lungs, kept, lungs.candidates), check))


def _pieces(unconfirmed: Mask, coarse: CoarseImage, size: float) -> Mask:
    """Pieces that are neither slivers nor so large that they must be disease."""
    pieces = cc3d.connected_components(
        opened(unconfirmed, 0.5 * BLOCK_MM, coarse.spacing) & unconfirmed, connectivity=6
    )
    ml = cc3d.statistics(pieces)["voxel_counts"] * coarse.voxel_ml / size**3
    chosen = (ml >= SMALLEST_ML) & (ml <= LARGEST_ML)
    chosen[0] = False
    # the blurred border of a piece holds some air, and is left out with it
    return np.asarray(ndimage.binary_dilation(chosen[pieces]) & (coarse.array > BORDER_HU))

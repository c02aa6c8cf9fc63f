"""What the lungs of another timepoint say of the lungs of this one.

Where one of two timepoints shows air there is lung at both. What holds no air at either is lung or not by its
shape alone, and where only one of them takes it for lung, that would pass for change.
"""

from __future__ import annotations

from dataclasses import replace

import cc3d
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.candidates import DenseCandidate, Side
from ctreview.anatomy.coarse import CoarseImage, Mask, opened, upsampled
from ctreview.anatomy.lung_checks import checks_of_changed_lungs
from ctreview.anatomy.lung_map import LungMap
from ctreview.anatomy.lung_size import lung_size
from ctreview.checks import Check
from ctreview.volume.distance import distance
from ctreview.volume.geometry import FloatArray, require_same_grid
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
"""Larger pieces, in lungs of 5 L, may be consolidation that was there at both timepoints: a reader is asked."""

REASON = "it holds no air at either timepoint, and only this scan by itself takes it for lung"

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
    """Leave out pieces of airless lung where the other timepoint has none of its lung; large ones become candidates.

    Consolidation that came or went lies where the other scan has aerated lung. What neither scan shows aerated, and
    only one takes for lung, is wall or mediastinum or was consolidated at both, and would pass for change.

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
    pieces, ml = _pieces(airless & beyond, coarse, size)
    if not pieces.any():
        return lungs
    left_out = own & upsampled(_with_rim(pieces > 0, coarse), coarse.step, coarse.shape)
    kept = replace(lungs, array=np.where(left_out, 0, lungs.array))
    offered = [
        _candidate(left_out & upsampled(_with_rim(pieces == label, coarse), coarse.step, coarse.shape), lungs)
        for label in np.flatnonzero(ml > LARGEST_ML)
    ]
    candidates = tuple(sorted((*lungs.candidates, *offered), key=lambda candidate: -candidate.ml))
    kept = replace(kept, candidates=candidates)
    check = _check(float(np.count_nonzero(left_out)) * geometry.voxel_ml)
    return replace(kept, checks=(*checks_of_changed_lungs(lungs, kept, candidates), check))


def _check(ml: float) -> Check:
    message = (
        f"{ml:.1f} mL at the border of the lungs hold no air at either timepoint, and only this scan by itself takes "
        "them for lung; they are left out."
    )
    return Check("lone_dense_left_out", round(ml, 1), None, ok=True, message=message)


def _candidate(mask: Mask, lungs: LungMap) -> DenseCandidate:
    """A piece that is taken out of the lungs, for a reader to judge."""
    values = np.bincount(lungs.array[mask], minlength=3)
    side: Side = "right_lung" if values[lungs.scheme["right_lung"].value] * 2 >= values.sum() else "left_lung"
    heights = np.flatnonzero(lungs.mask(side).any(axis=(1, 2)))
    third = (np.nonzero(mask)[0].mean() - heights[0]) / max(1, len(heights)) * 3
    part = ("basal", "middle", "apical")[int(np.clip(third, 0, 2))]
    return DenseCandidate.from_mask(
        mask, lungs.geometry, side=side, region=f"{side}/{part}", proposed="consolidation", reason=REASON
    )


def _pieces(unconfirmed: Mask, coarse: CoarseImage, size: float) -> tuple[npt.NDArray[np.integer], FloatArray]:
    """Pieces that are no slivers, numbered, and the millilitres of each in lungs of 5 L; 0 for what is none."""
    pieces = cc3d.connected_components(
        opened(unconfirmed, 0.5 * BLOCK_MM, coarse.spacing) & unconfirmed, connectivity=6
    )
    ml = cc3d.statistics(pieces)["voxel_counts"] * coarse.voxel_ml / size**3
    ml[0] = 0.0
    ml[ml < SMALLEST_ML] = 0.0
    return np.where(ml[pieces] > 0, pieces, 0), ml


def _with_rim(pieces: Mask, coarse: CoarseImage) -> Mask:
    """The blurred border of a piece holds some air, and is left out with it."""
    return np.asarray(ndimage.binary_dilation(pieces) & (coarse.array > BORDER_HU))

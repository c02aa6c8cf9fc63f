"""Which dense tissue beside aerated lung may be lung: by its place, its shape, or the step in which it ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cc3d
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.body import BONE_HU
from ctreview.anatomy.coarse import CoarseImage, Mask, closed, opened
from ctreview.anatomy.dense_lung.bulges import Hilum, find_bulges
from ctreview.anatomy.dense_lung.density_step import tissue_of_one_density
from ctreview.anatomy.dense_lung.rib_rays import RibRays, cast_rib_rays, soft_tissue_inside_ribs

__all__ = ["SMALLEST_ML", "NumberedPieces", "number_pieces", "propose_by_place", "propose_by_step"]

Labels = npt.NDArray[np.uint8]

SMALLEST_ML = 5.0
"""Smaller pieces, in lungs of 5 L, are fat and muscle of the wall as often as lung: healthy scans hold some."""


def propose_by_place(
    coarse: CoarseImage, lungs: Labels, midline: float, size: float, hilum: Hilum, prior: Labels | None
) -> tuple[Labels, Mask]:
    """By side, what may be dense lung by its place or shape; and which of it another timepoint shows aerated."""
    proposed = np.zeros(lungs.shape, dtype=np.uint8)
    carried = np.zeros(lungs.shape, dtype=bool)
    rays = {side: cast_rib_rays(coarse, lungs == side, midline, size) for side in (1, 2) if (lungs == side).any()}
    for side, view in rays.items():
        found = soft_tissue_inside_ribs(coarse, lungs, view, rays.get(3 - side), midline, size)
        if prior is not None:
            aerated = (prior[view.box] == side) & (lungs[view.box] == 0) & (coarse.array[view.box] < BONE_HU)
            aerated = opened(aerated, 4.0 * size, coarse.spacing)
            carried[view.box] |= aerated
            found |= aerated
        gap = _solid(coarse, lungs, found, view, size)
        part = proposed[view.box]
        part[gap & (part == 0)] = side
    bulging = find_bulges(coarse, np.where(lungs == 0, proposed, lungs), midline, size, hilum)
    return np.where(proposed == 0, bulging, proposed), carried


def propose_by_step(
    coarse: CoarseImage, lungs: Labels, edges: npt.NDArray[np.float32], airways: Mask, size: float
) -> Labels:
    """By side, tissue behind wide edges that differs in density from what lies behind it."""
    found = np.zeros(lungs.shape, dtype=np.uint8)
    for side in (1, 2):
        own = lungs == side
        if own.any():
            other = (lungs > 0) & ~own | airways | (found > 0)
            beside = np.where(own, edges, np.nan).astype(np.float32)
            found[tissue_of_one_density(coarse, own, other, beside, size)] = side
    return found


@dataclass(frozen=True)
class NumberedPieces:
    """Proposed tissue by side, 1 right and 2 left, and the number of the piece that each block belongs to."""

    sides: Labels
    numbers: npt.NDArray[np.unsignedinteger[Any]]


def number_pieces(proposed: Labels, stepped: Labels) -> NumberedPieces:
    """Part what was proposed, and tissue that ends in a step, into pieces.

    Such tissue is a piece of its own, with what was proposed and lies mostly in it, unless it lies mostly in that.
    """
    apart = _mostly(stepped, proposed == 0)
    apart |= _mostly(proposed, apart)
    both = np.where(proposed == 0, np.where(apart, stepped, 0), proposed)
    return NumberedPieces(both, np.asarray(cc3d.connected_components(np.where(apart, both + 2, both), connectivity=6)))


def _mostly(labels: Labels, mask: Mask) -> Mask:
    """Those pieces of labels of which more than half lies in a mask."""
    pieces = cc3d.connected_components(labels, connectivity=6)
    blocks = np.bincount(pieces.ravel())
    chosen = np.bincount(pieces[mask], minlength=len(blocks)) > 0.5 * blocks
    chosen[0] = False
    return np.asarray(chosen[pieces])


def _solid(coarse: CoarseImage, lungs: Labels, found: Mask, view: RibRays, size: float) -> Mask:
    """Without thin slivers and small pieces, joined to the lung."""
    lung, hu = lungs[view.box] > 0, coarse.array[view.box]
    found = opened(found, 2.5 * size, coarse.spacing) & found
    if not found.any():
        return found
    whole = closed(np.pad(found | lung, 4), 5.0 * size, coarse.spacing)[4:-4, 4:-4, 4:-4]
    near = ndimage.binary_dilation(found, iterations=3)
    gap = whole & ~lung & near & (hu < BONE_HU)
    least = max(1, int(SMALLEST_ML * size**3 / coarse.voxel_ml))
    return np.asarray(cc3d.dust(gap, threshold=least, connectivity=6) > 0)

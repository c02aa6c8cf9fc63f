"""Dense tissue at the border of aerated lung: what the image shows to be lung, and what only may be.

Consolidation, liver, spleen and heart have one density, and the place and shape of a piece, by which pieces are
proposed, do not tell lung from organ. What does is looked for in the image: an edge to aerated lung that is wider than
the edges of organs in the same scan, air within, lung nearly all around, or lung that another timepoint shows aerated.
"""

from __future__ import annotations

from dataclasses import dataclass

import cc3d
import numpy as np
import numpy.typing as npt

from ctreview.anatomy.body import BONE_HU
from ctreview.anatomy.coarse import CoarseImage, Mask
from ctreview.anatomy.dense_lung.aorta import find_descending_aorta
from ctreview.anatomy.dense_lung.block_noise import quietened
from ctreview.anatomy.dense_lung.border import with_borders
from ctreview.anatomy.dense_lung.bronchograms import Bronchograms, find_bronchograms
from ctreview.anatomy.dense_lung.bulges import Hilum
from ctreview.anatomy.dense_lung.collapse import find_collapsed_lobes
from ctreview.anatomy.dense_lung.edge_width import relative_edge_width
from ctreview.anatomy.dense_lung.evidence import LUNG_CONTACT, dense_evidence
from ctreview.anatomy.dense_lung.mirrored_lung import dense_behind
from ctreview.anatomy.dense_lung.offers import (
    ROOM,
    offer_as_deep_as_other_lung,
    offer_behind_wide_edges,
    offer_collapsed_lobes,
)
from ctreview.anatomy.dense_lung.piece import DenseLung, DensePiece, blocks_of
from ctreview.anatomy.dense_lung.pleural_fluid import fluid_in_gap, is_other_tissue, is_uniform
from ctreview.anatomy.dense_lung.proposals import (
    SMALLEST_ML,
    NumberedPieces,
    number_pieces,
    propose_by_place,
    propose_by_step,
)
from ctreview.volume.box import bounding_box, widened

__all__ = ["find_dense_lung"]

Labels = npt.NDArray[np.uint8]

FLUID_REASON = "it lies between lung and ribs, has the density of fluid, and differs from the tissue around it"


def find_dense_lung(
    coarse: CoarseImage,
    lungs: Labels,
    midline: float,
    size: float,
    hilum: Hilum,
    airways: Mask,
    prior: Labels | None = None,
) -> DenseLung:
    """Find dense lung, fluid, and what may be either.

    Parameters
    ----------
    coarse : CoarseImage
        In HU.
    lungs : ndarray of uint8
        Aerated lung with its vessels, 1 right and 2 left.
    midline : float
        Index of the spine along axis 2.
    size : float
        Size of the lungs, 1 for those of an adult of 5 L (a length's ratio).
    hilum : Hilum
        Where vessels bulge into the lung.
    airways : ndarray of bool
        Blocks of trachea and bronchi.
    prior : ndarray of uint8, optional
        The lungs of another timepoint, carried over onto this grid. Where they are wider than aerated lung by more
        than a few millimetres, and the image shows soft tissue, they are believed.

    Notes
    -----
    Below the last aerated lung a dense base is a crescent between diaphragm and ribs that the image does not show; it
    tapers downwards, and is no thicker than the other lung at the same height and mirrored direction.
    """
    inside = lungs > 0
    if not inside.any():
        return DenseLung.none(lungs.shape)
    coarse, noise = quietened(coarse, inside)
    aorta = find_descending_aorta(coarse, lungs, midline, size, noise)
    edges = relative_edge_width(coarse, inside)
    bronchograms = find_bronchograms(coarse, lungs, airways)
    proposed, carried = propose_by_place(coarse, lungs, midline, size, hilum, prior)
    proposed = np.where(proposed == 0, bronchograms.tissue, proposed)
    proposed[aorta] = 0
    pieces = number_pieces(proposed, propose_by_step(coarse, lungs, edges, airways | aorta, size))
    found = _judge(pieces, coarse, inside, edges, bronchograms, carried, midline, size, noise)
    judged = blocks_of(found.offered, (found.lung > 0) | found.fluid | aorta)
    lobes = find_collapsed_lobes(coarse, lungs, airways, midline, size, hilum.carina)
    collapsed = offer_collapsed_lobes(lobes, judged)
    judged = blocks_of(collapsed, judged)
    wide = offer_behind_wide_edges(coarse, lungs, edges, judged, midline, size)
    judged = blocks_of(wide, judged)
    vessels = hilum.blocks(lungs.shape, midline, coarse.spacing[2], size)
    behind = dense_behind(coarse, lungs, found.fading, judged | vessels, midline, size)
    deep = offer_as_deep_as_other_lung(coarse, behind, SMALLEST_ML * size**3)
    offered = (*found.offered, *collapsed, *wide, *deep)
    free = (lungs == 0) & (coarse.array < BONE_HU) & ~airways & ~blocks_of(deep, judged)
    return DenseLung(*with_borders(coarse, lungs, found.lung, offered, free, size), found.fluid_ml)


@dataclass(frozen=True)
class _Judged:
    """What pieces were taken for.

    ``lung`` and ``fading`` are blocks by side: what is lung, and what of all pieces fades into lung.
    """

    lung: Labels
    fading: Labels
    fluid: Mask
    offered: tuple[DensePiece, ...]
    fluid_ml: float


def _judge(
    pieces: NumberedPieces,
    coarse: CoarseImage,
    inside: Mask,
    edges: npt.NDArray[np.float32],
    bronchograms: Bronchograms,
    carried: Mask,
    midline: float,
    size: float,
    noise: float,
) -> _Judged:
    """Take each piece for lung, offer it as consolidation or effusion, or leave it."""
    shape, spacing = coarse.array.shape, coarse.spacing
    lung, fading = np.zeros(shape, dtype=np.uint8), np.zeros(shape, dtype=np.uint8)
    fluid, fluid_ml = np.zeros(shape, dtype=bool), 0.0
    if pieces.sides.any():
        around = bounding_box(pieces.sides, ROOM)
        fluid[around] = fluid_in_gap(coarse.array[around], pieces.sides[around] > 0, inside[around], spacing, size)
    offered: list[DensePiece] = []
    least = SMALLEST_ML * size**3
    for number, found in enumerate(cc3d.statistics(pieces.numbers)["bounding_boxes"]):
        box = widened(found, ROOM, shape)
        hu, piece = coarse.array[box], pieces.numbers[box] == number
        if number == 0 or (coarse.volume_ml(piece) < least and not carried[box][piece].any()):
            continue
        if not is_uniform(hu, piece & fluid[box], inside[box], noise):
            fluid[box][piece] = False
        side, wet = int(pieces.sides[box][piece][0]), piece & fluid[box]
        dry = piece & ~wet
        bronchi = int(np.count_nonzero(np.unique(bronchograms.pockets[box][piece])))
        evidence = dense_evidence(coarse, box, piece, inside[box], edges[box], carried[box], midline, size, bronchi)
        fading[box][dry & (evidence.fades or evidence.is_lung)] = side
        if evidence.is_lung:
            lung[box][dry] = side
        elif evidence.may_be_lung and coarse.volume_ml(dry) >= least:
            reason, fades = evidence.reason, evidence.fades
            offered.append(DensePiece.on_box(dry, box, shape, side, "consolidation", reason, fades))
        if wet.any() and evidence.enclosed >= LUNG_CONTACT and is_other_tissue(hu, piece, wet, inside[box]):
            fluid_ml += coarse.volume_ml(wet)
            if coarse.volume_ml(wet) >= least:
                offered.append(DensePiece.on_box(wet, box, shape, side, "effusion", FLUID_REASON))
    return _Judged(lung, fading, fluid, tuple(offered), fluid_ml)

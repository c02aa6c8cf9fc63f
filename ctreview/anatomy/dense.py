"""Dense tissue at the border of aerated lung: what the image shows to be lung, and what only may be.

Consolidation, liver, spleen and heart have one density, and the place and shape of a piece, by which pieces are
proposed, do not tell lung from organ. What does is looked for in the image: an edge to aerated lung that is wider than
the edges of organs in the same scan, air within, lung nearly all around, or lung that another timepoint shows aerated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import cc3d
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.aorta import find_descending_aorta
from ctreview.anatomy.block_noise import block_noise, quietened
from ctreview.anatomy.body import BONE_HU
from ctreview.anatomy.bronchograms import find_bronchograms
from ctreview.anatomy.bulges import Hilum, find_bulges
from ctreview.anatomy.candidates import DenseClass
from ctreview.anatomy.coarse import CoarseImage, Mask, Spacing, closed, dilated, opened
from ctreview.anatomy.collapse import CollapsedLobe, find_collapsed_lobes
from ctreview.anatomy.dense_border import with_border_half_way
from ctreview.anatomy.dense_evidence import LUNG_CONTACT, MUCH_ORGAN, ORGAN_EDGE, dense_evidence
from ctreview.anatomy.density_step import tissue_of_one_density
from ctreview.anatomy.edge_width import relative_edge_width
from ctreview.anatomy.expected_border import soft_tissue_within_expected_border
from ctreview.anatomy.mirrored_lung import dense_behind
from ctreview.anatomy.pleural_fluid import fluid_in_gap, is_other_tissue, is_uniform
from ctreview.anatomy.rib_rays import RibRays, cast_rib_rays, soft_tissue_inside_ribs
from ctreview.volume.box import Box, bounding_box, widened

__all__ = ["DenseLung", "DensePiece", "find_dense_lung"]

Labels = npt.NDArray[np.uint8]

SMALLEST_ML = 5.0
"""Smaller pieces, in lungs of 5 L, are fat and muscle of the wall as often as lung: healthy scans hold some."""

LEAST_BEHIND_ML = 25.0
"""Smaller pieces behind wide edges, in lungs of 5 L, are not offered: the hilum has 5 to 17 mL of vessels on a side in
a healthy scan."""

RIM_HU, RIM_MM = -60.0, 5.0
"""Consolidation fades from the density of soft tissue to that of lung over a few millimetres."""

CLOSED_MM = 8.0
"""Radius of the ball that closes counted pieces with the lung, in lungs of 5 L: that which closes vessels and hilum."""

FLUID_REASON = "it lies between lung and ribs, has the density of fluid, and differs from the tissue around it"

BEHIND_REASON = "it goes on behind dense lung, and the other lung, mirrored, holds air there; its own edge is not seen"

ROOM = 6
"""Blocks around a piece in which its surroundings are looked at."""


@dataclass(frozen=True)
class DensePiece:
    """A piece that is offered: its blocks on the whole grid, side (1 right, 2 left), class and reason.

    ``fades`` says whether it fades into the lung, so that what lies between both belongs to it.
    """

    blocks: Mask
    side: int
    proposed: DenseClass
    reason: str
    fades: bool = False


@dataclass(frozen=True)
class DenseLung:
    """What was found.

    Attributes
    ----------
    lung : ndarray of uint8
        Blocks of dense lung: 1 right, 2 left.
    offered : tuple of DensePiece
        What may be lung or fluid.
    fluid_ml : float
        How much lies between lung and ribs and has the density of fluid; no part of the lung.
    """

    lung: Labels
    offered: tuple[DensePiece, ...] = ()
    fluid_ml: float = 0.0

    @classmethod
    def none(cls, shape: tuple[int, ...]) -> Self:
        """Nothing was looked for."""
        return cls(np.zeros(shape, dtype=np.uint8))


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
    coarse = quietened(coarse, inside)
    proposed, carried = _proposed(coarse, lungs, midline, size, hilum, prior)
    bronchograms = find_bronchograms(coarse, lungs, airways)
    proposed = np.where(proposed == 0, bronchograms.tissue, proposed)
    aorta = find_descending_aorta(coarse, lungs, midline, size)
    proposed[aorta] = 0
    lung = np.zeros(lungs.shape, dtype=np.uint8)
    edges = relative_edge_width(coarse, inside)
    proposed, pieces = _pieces(proposed, _ending_in_a_step(coarse, lungs, edges, airways | aorta, size))
    if not proposed.any():
        collapsed = _collapsed(find_collapsed_lobes(coarse, lungs, airways, midline, size, hilum.carina), lung > 0)
        judged = _all_blocks(collapsed, aorta)
        return DenseLung(lung, (*collapsed, *_behind_wide_edges(coarse, lungs, edges, judged, midline, size)))
    fluid = np.zeros(lungs.shape, dtype=bool)
    around = bounding_box(proposed, ROOM)
    fluid[around] = fluid_in_gap(coarse.array[around], proposed[around] > 0, inside[around], coarse.spacing, size)
    noise = block_noise(coarse, inside)
    offered: list[DensePiece] = []
    fading = np.zeros(lungs.shape, dtype=np.uint8)
    fluid_ml = 0.0
    boxes = cc3d.statistics(pieces)["bounding_boxes"]
    least = SMALLEST_ML * size**3
    for number in range(1, len(boxes)):
        box = widened(boxes[number], ROOM, lungs.shape)
        hu, piece = coarse.array[box], pieces[box] == number
        if coarse.volume_ml(piece) < least and not carried[box][piece].any():
            continue
        if not is_uniform(hu, piece & fluid[box], inside[box], noise):
            fluid[box][piece] = False
        side, wet = int(proposed[box][piece][0]), piece & fluid[box]
        bronchi = int(np.count_nonzero(np.unique(bronchograms.pockets[box][piece])))
        evidence = dense_evidence(coarse, box, piece, inside[box], edges[box], carried[box], midline, size, bronchi)
        fading[box][piece & ~wet & (evidence.fades or evidence.is_lung)] = side
        if evidence.is_lung:
            lung[box][piece & ~wet] = side
        elif evidence.may_be_lung and coarse.volume_ml(piece & ~wet) >= least:
            offered.append(
                _offered(piece & ~wet, box, lungs.shape, side, "consolidation", evidence.reason, evidence.fades)
            )
        if wet.any() and evidence.enclosed >= LUNG_CONTACT and is_other_tissue(hu, piece, wet, inside[box]):
            fluid_ml += coarse.volume_ml(wet)
            if coarse.volume_ml(wet) >= least:
                offered.append(_offered(wet, box, lungs.shape, side, "effusion", FLUID_REASON))
    judged = _all_blocks(offered, (lung > 0) | fluid | aorta)
    offered += _collapsed(find_collapsed_lobes(coarse, lungs, airways, midline, size, hilum.carina), judged)
    judged = _all_blocks(offered, judged)
    offered += _behind_wide_edges(coarse, lungs, edges, judged, midline, size)
    judged = _all_blocks(offered, judged) | hilum.blocks(lungs.shape, midline, coarse.spacing[2], size)
    behind = dense_behind(coarse, lungs, fading, judged, midline, size)
    offered += _as_deep_as_other_lung(coarse, behind, least)
    free = (lungs == 0) & (coarse.array < BONE_HU) & ~airways & ~_all_blocks(offered, (lung > 0) | fluid | aorta)
    return DenseLung(*_whole(coarse, lungs, lung, offered, free, size), fluid_ml)


def _ending_in_a_step(
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


def _pieces(proposed: Labels, stepped: Labels) -> tuple[Labels, npt.NDArray[np.unsignedinteger[Any]]]:
    """What was proposed and tissue that ends in a step, by side, and its pieces, numbered.

    Such tissue is a piece of its own, with what was proposed and lies mostly in it, unless it lies mostly in that.
    """
    apart = _mostly(stepped, proposed == 0)
    apart |= _mostly(proposed, apart)
    both = np.where(proposed == 0, np.where(apart, stepped, 0), proposed)
    return both, np.asarray(cc3d.connected_components(np.where(apart, both + 2, both), connectivity=6))


def _mostly(labels: Labels, mask: Mask) -> Mask:
    """Those pieces of labels of which more than half lies in a mask."""
    pieces = cc3d.connected_components(labels, connectivity=6)
    blocks = np.bincount(pieces.ravel())
    chosen = np.bincount(pieces[mask], minlength=len(blocks)) > 0.5 * blocks
    chosen[0] = False
    return np.asarray(chosen[pieces])


def _whole(
    coarse: CoarseImage, lungs: Labels, lung: Labels, offered: Sequence[DensePiece], free: Mask, size: float
) -> tuple[Labels, tuple[DensePiece, ...]]:
    """Counted and offered pieces up to where their density ends, with what lies between them and lung they fade into.

    Free are blocks that are nothing yet.
    """
    counted = lung.copy()
    for side in (1, 2):
        whole = _with_border(coarse, lung == side, lungs == side, free, size)
        whole |= _closed_with_lung(whole, lungs == side, free, coarse.spacing, size)
        counted[whole] = side
        free = free & ~whole
    pieces = []
    for piece in offered:
        blocks = piece.blocks
        if piece.fades:
            blocks = _with_border(coarse, blocks, lungs == piece.side, free, size)
            free = free & ~blocks
        pieces.append(replace(piece, blocks=blocks))
    return counted, tuple(pieces)


def _with_border(coarse: CoarseImage, piece: Mask, lung: Mask, free: Mask, size: float) -> Mask:
    whole = with_border_half_way(coarse, piece, free, size)
    return whole | _fading_rim(coarse, whole, lung, free & ~whole)


def _closed_with_lung(piece: Mask, lung: Mask, free: Mask, spacing: Spacing, size: float) -> Mask:
    """What a ball that closes the hilum of a lung does not enter between a counted piece and aerated lung."""
    gaps = np.zeros(piece.shape, dtype=bool)
    if piece.any():
        radius = CLOSED_MM * size
        room = int(np.ceil(radius / min(spacing))) + 1
        box = bounding_box(piece, 2 * room)
        whole = closed(np.pad(piece[box] | lung[box], room), radius, spacing)[(slice(room, -room),) * 3]
        gaps[box] = whole & free[box] & dilated(piece[box], radius, spacing)
    return gaps


def _all_blocks(offered: Sequence[DensePiece], others: Mask) -> Mask:
    for piece in offered:
        others = others | piece.blocks
    return others


def _collapsed(lobes: Sequence[CollapsedLobe], judged: Mask) -> tuple[DensePiece, ...]:
    """Lobes that are offered, without what was judged before."""
    return tuple(DensePiece(lobe.blocks & ~judged, lobe.side, "collapse", _collapse_reason(lobe)) for lobe in lobes)


def _collapse_reason(lobe: CollapsedLobe) -> str:
    return (
        f"it lies above the carina, where the other lung, mirrored, holds air; this lung has "
        f"{100 * lobe.volume_share:.0f} % of the volume that the other lets expect; its density "
        f"({lobe.median_hu:.0f} HU) is above that of fluid"
    )


def _behind_wide_edges(
    coarse: CoarseImage, lungs: Labels, edges: npt.NDArray[np.float32], judged: Mask, midline: float, size: float
) -> tuple[DensePiece, ...]:
    """What else may be lung by its edge and by how the border of the lung goes on beside it.

    Edges that a piece explains which was judged before are no evidence for another. How deep a piece reaches is a
    matter of shape, so it is offered however wide its edge.
    """
    offered = []
    none = np.zeros(lungs.shape, dtype=bool)
    free = (lungs == 0) & ~judged
    unexplained = np.where(dilated(judged, RIM_MM, coarse.spacing), np.nan, edges)
    for side in (1, 2):
        own = lungs == side
        if not own.any():
            continue
        beside = np.where(own, edges, np.nan).astype(np.float32)
        tissue = soft_tissue_within_expected_border(coarse, own, ~free & ~own, beside, size)
        pieces = cc3d.connected_components(tissue, connectivity=6)
        for number, found in enumerate(cc3d.statistics(pieces)["bounding_boxes"]):
            if number == 0:
                continue
            box = widened(found, ROOM, lungs.shape)
            piece = pieces[box] == number
            if coarse.volume_ml(piece) < LEAST_BEHIND_ML * size**3 or _lies_behind(piece, judged[box], lungs[box] > 0):
                continue
            evidence = dense_evidence(coarse, box, piece, lungs[box] > 0, unexplained[box], none[box], midline, size)
            if evidence.edge >= ORGAN_EDGE and evidence.organ < MUCH_ORGAN:
                offered.append(
                    _offered(piece, box, lungs.shape, side, "consolidation", _beyond_reason(evidence.edge), True)
                )
    return tuple(offered)


def _as_deep_as_other_lung(coarse: CoarseImage, behind: Labels, least_ml: float) -> tuple[DensePiece, ...]:
    """What goes on behind dense lung, where it is no sliver."""
    pieces = cc3d.connected_components(behind, connectivity=6)
    counts = cc3d.statistics(pieces)["voxel_counts"]
    large = [number for number in range(1, len(counts)) if counts[number] * coarse.voxel_ml >= least_ml]
    return tuple(
        DensePiece(pieces == number, int(behind[pieces == number][0]), "consolidation", BEHIND_REASON)
        for number in large
    )


def _lies_behind(piece: Mask, judged: Mask, lung: Mask) -> bool:
    """Whether a piece hardly touches lung, and touches what was judged before with more of its surface."""
    shell = ndimage.binary_dilation(piece, iterations=2) & ~piece
    at_lung, at_judged = float(lung[shell].mean()), float(judged[shell].mean())
    return at_lung < LUNG_CONTACT and at_judged > at_lung


def _fading_rim(coarse: CoarseImage, piece: Mask, lung: Mask, free: Mask) -> Mask:
    """What lies between a piece and the lung it fades into, no lung and no soft tissue either."""
    rim = np.zeros(piece.shape, dtype=bool)
    if piece.any():
        box = bounding_box(piece, 1 + int(RIM_MM / min(coarse.spacing)))
        light = free[box] & (coarse.array[box] < RIM_HU)
        light &= dilated(piece[box], RIM_MM, coarse.spacing) & dilated(lung[box], RIM_MM, coarse.spacing)
        rim[box] = light
    return rim


def _beyond_reason(edge: float) -> str:
    return (
        f"edge to aerated lung {edge:.2f} of the usual width, wider than edges of organs; how far it reaches is "
        "taken from the border of the lung around it, not seen"
    )


def _proposed(
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


def _offered(
    mask: Mask, box: Box, shape: tuple[int, ...], side: int, proposed: DenseClass, reason: str, fades: bool = False
) -> DensePiece:
    whole = np.zeros(shape, dtype=bool)
    whole[box] = mask
    return DensePiece(whole, side, proposed, reason, fades)


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

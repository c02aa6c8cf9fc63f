"""Dense tissue that is offered by what lies around it: its own border is not seen, so none of it is counted."""

from __future__ import annotations

from collections.abc import Sequence

import cc3d
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.coarse import CoarseImage, Mask
from ctreview.anatomy.dense_lung.border import RIM_MM
from ctreview.anatomy.dense_lung.collapse import CollapsedLobe
from ctreview.anatomy.dense_lung.evidence import LUNG_CONTACT, MUCH_ORGAN, ORGAN_EDGE, dense_evidence
from ctreview.anatomy.dense_lung.expected_border import soft_tissue_within_expected_border
from ctreview.anatomy.dense_lung.piece import DensePiece
from ctreview.volume.box import widened
from ctreview.volume.distance import dilated

__all__ = ["ROOM", "offer_as_deep_as_other_lung", "offer_behind_wide_edges", "offer_collapsed_lobes"]

Labels = npt.NDArray[np.uint8]

LEAST_BEHIND_ML = 25.0
"""Smaller pieces behind wide edges, in lungs of 5 L, are not offered: the hilum has 5 to 17 mL of vessels on a side in
a healthy scan."""

BEHIND_REASON = "it goes on behind dense lung, and the other lung, mirrored, holds air there; its own edge is not seen"

ROOM = 6
"""Blocks around a piece in which its surroundings are looked at."""


def offer_collapsed_lobes(lobes: Sequence[CollapsedLobe], judged: Mask) -> tuple[DensePiece, ...]:
    """Lobes that are offered, without what was judged before."""
    return tuple(DensePiece(lobe.blocks & ~judged, lobe.side, "collapse", _collapse_reason(lobe)) for lobe in lobes)


def _collapse_reason(lobe: CollapsedLobe) -> str:
    return (
        f"it lies above the carina, where the other lung, mirrored, holds air; this lung has "
        f"{100 * lobe.volume_share:.0f} % of the volume that the other lets expect; its density "
        f"({lobe.median_hu:.0f} HU) is above that of fluid"
    )


def offer_behind_wide_edges(
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
                reason = _beyond_reason(evidence.edge)
                offered.append(DensePiece.on_box(piece, box, lungs.shape, side, "consolidation", reason, fades=True))
    return tuple(offered)


def offer_as_deep_as_other_lung(coarse: CoarseImage, behind: Labels, least_ml: float) -> tuple[DensePiece, ...]:
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


def _beyond_reason(edge: float) -> str:
    return (
        f"edge to aerated lung {edge:.2f} of the usual width, wider than edges of organs; how far it reaches is "
        "taken from the border of the lung around it, not seen"
    )

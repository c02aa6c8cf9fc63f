"""Dense tissue at the border of aerated lung: what the image shows to be lung, and what only may be.

Consolidation, liver, spleen and heart have one density, and the place and shape of a piece, by which pieces are
proposed, do not tell lung from organ. What does is looked for in the image: an edge to aerated lung that is wider than
the edges of organs in the same scan, air within, lung nearly all around, or lung that another timepoint shows aerated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import cc3d
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.body import BONE_HU
from ctreview.anatomy.bronchograms import find_bronchograms
from ctreview.anatomy.bulges import Hilum, find_bulges
from ctreview.anatomy.candidates import DenseClass
from ctreview.anatomy.coarse import CoarseImage, Mask, Spacing, closed, dilated, opened
from ctreview.anatomy.edge_width import relative_edge_width
from ctreview.anatomy.rib_rays import RibRays, cast_rib_rays, soft_tissue_inside_ribs
from ctreview.volume.box import Box, bounding_box, widened

__all__ = ["DenseLung", "DensePiece", "find_dense_lung"]

Labels = npt.NDArray[np.uint8]

FLUID_HU = 18.0
"""Pleural fluid measures about 0–20 HU, consolidated or collapsed lung 30 and more without contrast."""

SMALLEST_ML = 5.0
"""Smaller pieces, in lungs of 5 L, are fat and muscle of the wall as often as lung: healthy scans hold some."""

LUNG_EDGE, ORGAN_EDGE = 1.33, 1.25
"""Mean of the relative width of a piece's edges: liver, aorta and heart have 0.9 to 1.2 in scans of four makers at 2 to
8 mm, real masses 1.4 to 1.55, consolidation planted into three scans 1.29 to 1.56 (decision 0030).
From the first on it is lung, below the second its edge does not let it be offered."""

FEW_EDGES = 60
"""A piece that borders on lung with fewer blocks than this has no edge to be judged by."""

ENCLOSED_SHARE = 0.6
"""What has lung on this part of its surface lies in the lung."""

LITTLE_ORGAN, MUCH_ORGAN = 0.25, 0.5
"""Of a piece's surface, what touches soft tissue far from any rib: liver and spleen go on behind what is taken of them.
With less than the first a piece beside the ribs is offered, however sharp its edge (lobar consolidation ends sharply at
a fissure); with more than the second none is counted by its edge, which a beating heart or breath widens as well."""

LUNG_CONTACT = 0.1
"""A piece with a sharp edge, or of fluid, that touches lung with less of its surface than this lies beside it, not in
its place: muscle of the armpit, fat of the wall."""

RIB_MM = 12.0
"""Soft tissue this close to bone belongs to the wall of the chest, in lungs of 5 L."""

LATERAL_MM = 58.0
"""Off the midline, in lungs of 5 L: heart and great vessels lie within."""

AERATED_SHARE = 0.02
"""Of the inside of a piece: more air than this lies in bronchi or lobules, and no organ of the chest holds any."""

AERATED_HU = -150.0

BRONCHI, BRONCHOGRAM_EDGE = 6, 1.1
"""So many bronchi in a piece are an air bronchogram. With an edge as wide as `ORGAN_EDGE` it is lung wherever it lies;
down to the second number, which air in the neck, in folds of skin and in bowel stays below (1.05), it is offered."""

FLUID_REASON = "it lies between lung and ribs, has the density of fluid, and differs from the tissue around it"

ROOM = 6
"""Blocks around a piece in which its surroundings are looked at."""

OTHER_TISSUE_HU = 12.0
"""Fluid differs from the tissue behind it by more; a fatty liver, which is as light as fluid, does not."""


@dataclass(frozen=True)
class DensePiece:
    """A piece that is offered: its blocks on the whole grid, side (1 right, 2 left), class and reason."""

    blocks: Mask
    side: int
    proposed: DenseClass
    reason: str


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


@dataclass(frozen=True)
class _Evidence:
    """What the image shows of one piece.

    ``edge`` is the mean relative width of its edges to lung (NaN where there are too few), ``enclosed`` the part of
    its surface that lung covers, ``organ`` the part that touches soft tissue far from ribs, ``aerated`` the part of
    its inside that holds air, ``bronchi`` how many bronchi are seen in it, ``seen_aerated`` whether another timepoint
    shows it aerated, and ``lateral`` whether it lies beyond heart and great vessels.
    """

    edge: float
    enclosed: float
    organ: float
    aerated: float
    bronchi: int
    seen_aerated: bool
    lateral: bool

    @property
    def is_lung(self) -> bool:
        fades = self.edge >= LUNG_EDGE or (self.edge >= ORGAN_EDGE and self.aerated >= AERATED_SHARE)
        known = self.seen_aerated or self.enclosed >= ENCLOSED_SHARE or (fades and self.organ < MUCH_ORGAN)
        return known or (self.bronchi >= BRONCHI and self.edge >= ORGAN_EDGE)

    @property
    def may_be_lung(self) -> bool:
        bronchogram = self.bronchi >= BRONCHI and self.edge >= BRONCHOGRAM_EDGE
        beside_ribs = self.lateral and self.organ < LITTLE_ORGAN and self.enclosed >= LUNG_CONTACT
        return bronchogram or self.edge >= ORGAN_EDGE or beside_ribs

    @property
    def reason(self) -> str:
        if self.edge >= LUNG_EDGE:
            seen = "as wide as that of consolidation; but an organ goes on behind it, and a beating heart widens edges"
        elif self.edge >= ORGAN_EDGE:
            seen = f"wider than edges of organs (up to {ORGAN_EDGE}), narrower than of consolidation (from {LUNG_EDGE})"
        elif self.bronchi >= BRONCHI:
            seen = "hardly wider than edges of organs"
        else:
            seen = "as sharp as edges of organs; but it lies between lung and ribs, and little of it touches an organ"
        width = "unknown" if np.isnan(self.edge) else f"{self.edge:.2f} of the usual width"
        air = f"{self.bronchi} bronchi that hold air were seen in it" if self.bronchi else "no air was seen in it"
        return f"edge to aerated lung {width}: {seen}; {air}"


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
    proposed, carried = _proposed(coarse, lungs, midline, size, hilum, prior)
    bronchograms = find_bronchograms(coarse, lungs, airways)
    proposed = np.where(proposed == 0, bronchograms.tissue, proposed)
    lung = np.zeros(lungs.shape, dtype=np.uint8)
    if not proposed.any():
        return DenseLung(lung)
    inside = lungs > 0
    edges = relative_edge_width(coarse, inside)
    fluid = np.zeros(lungs.shape, dtype=bool)
    around = bounding_box(proposed, ROOM)
    fluid[around] = _fluid(coarse.array[around], proposed[around] > 0, inside[around], coarse.spacing, size)
    offered: list[DensePiece] = []
    fluid_ml = 0.0
    pieces = cc3d.connected_components(proposed, connectivity=6)
    boxes = cc3d.statistics(pieces)["bounding_boxes"]
    least = SMALLEST_ML * size**3
    for number in range(1, len(boxes)):
        box = widened(boxes[number], ROOM, lungs.shape)
        hu, piece = coarse.array[box], pieces[box] == number
        if coarse.volume_ml(piece) < least and not carried[box][piece].any():
            continue
        side, wet = int(proposed[box][piece][0]), piece & fluid[box]
        evidence = _evidence(coarse, box, piece, inside[box], edges[box], carried[box], midline, size)
        bronchi = np.unique(bronchograms.pockets[box][piece])
        evidence = replace(evidence, bronchi=int(np.count_nonzero(bronchi)))
        if evidence.is_lung:
            lung[box][piece & ~wet] = side
        elif evidence.may_be_lung and coarse.volume_ml(piece & ~wet) >= least:
            offered.append(_offered(piece & ~wet, box, lungs.shape, side, "consolidation", evidence.reason))
        if wet.any() and evidence.enclosed >= LUNG_CONTACT and _is_other_tissue(hu, piece, wet, inside[box]):
            fluid_ml += coarse.volume_ml(wet)
            if coarse.volume_ml(wet) >= least:
                offered.append(_offered(wet, box, lungs.shape, side, "effusion", FLUID_REASON))
    return DenseLung(lung, tuple(offered), fluid_ml)


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


def _evidence(
    coarse: CoarseImage,
    box: Box,
    piece: Mask,
    lung: Mask,
    edges: npt.NDArray[np.float32],
    carried: Mask,
    midline: float,
    size: float,
) -> _Evidence:
    hu, block = coarse.array[box], np.ones((3, 3, 3), dtype=bool)
    beside = edges[ndimage.binary_dilation(piece, block)]
    beside = beside[np.isfinite(beside)]
    shell = ndimage.binary_dilation(piece) & ~piece
    soft = ~lung & ~dilated(hu > BONE_HU, RIB_MM * size, coarse.spacing)
    inner = ndimage.binary_erosion(piece) & ~ndimage.binary_dilation(lung, block)
    across = float(np.nonzero(piece)[2].mean()) + box[2].start
    return _Evidence(
        edge=float(beside.mean()) if len(beside) >= FEW_EDGES else float("nan"),
        enclosed=float(lung[shell].mean()) if shell.any() else 0.0,
        organ=float(soft[shell].mean()) if shell.any() else 0.0,
        aerated=float((hu[inner] < AERATED_HU).mean()) if inner.any() else 0.0,
        bronchi=0,
        seen_aerated=bool(carried[piece].mean() > 0.5),
        lateral=abs(across - midline) * coarse.spacing[2] > LATERAL_MM * size,
    )


def _is_other_tissue(hu: npt.NDArray[np.float32], piece: Mask, wet: Mask, lung: Mask) -> bool:
    """Whether fluid differs in density from the soft tissue around its piece."""
    around = ndimage.binary_dilation(piece, iterations=4) & ~ndimage.binary_dilation(piece)
    around &= ~ndimage.binary_dilation(lung, iterations=2) & (hu > -30.0) & (hu < BONE_HU)
    if not around.any():
        return True
    return bool(np.median(hu[around]) - np.median(hu[wet]) > OTHER_TISSUE_HU)


def _offered(mask: Mask, box: Box, shape: tuple[int, ...], side: int, proposed: DenseClass, reason: str) -> DensePiece:
    whole = np.zeros(shape, dtype=bool)
    whole[box] = mask
    return DensePiece(whole, side, proposed, reason)


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


def _fluid(hu: npt.NDArray[np.float32], gap: Mask, lung: Mask, spacing: Spacing, size: float) -> Mask:
    """The part of a gap that is fluid and no lung."""
    if not gap.any():
        return gap.copy()
    beside_air = ndimage.binary_dilation(lung, np.ones((3, 3, 3), dtype=bool))
    smooth = _smooth_within(hu, gap & ~beside_air, spacing)
    return np.asarray(opened(gap & (smooth < FLUID_HU) & (smooth > -25.0), 3.0 * size, spacing) & gap)


def _smooth_within(hu: npt.NDArray[np.float32], mask: Mask, spacing: Spacing) -> npt.NDArray[np.float32]:
    """Mean over some millimetres of what lies in a mask, infinite far from it; bronchi that hold air do not count."""
    use = (mask & (hu > -30)).astype(np.float32)
    sigma = [3.5 / s for s in spacing]
    weight = ndimage.gaussian_filter(use, sigma, truncate=2.5)
    total = ndimage.gaussian_filter(np.where(use > 0, hu, 0).astype(np.float32), sigma, truncate=2.5)
    # nothing is known where hardly any of the mask is near, and what is not known is no fluid
    return np.where(weight > 0.02, total / np.maximum(weight, 0.02), np.inf).astype(np.float32)

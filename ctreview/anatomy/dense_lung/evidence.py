"""Evidence in the image by which a dense piece beside aerated lung is lung, may be lung, or is an organ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.body import BONE_HU
from ctreview.anatomy.coarse import CoarseImage, Mask
from ctreview.anatomy.dense_lung.bulges import LATERAL_MM
from ctreview.volume.box import Box
from ctreview.volume.distance import dilated

__all__ = ["LUNG_CONTACT", "MUCH_ORGAN", "ORGAN_EDGE", "DenseEvidence", "dense_evidence"]

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
a fissure); with more than the second none is counted by its edge, which a beating heart or breath widens as well.
Nearer to the midline the first takes the place of the second: there the aorta has 0.30 and more, and in thick slices an
edge as wide as that of lung."""

NO_ORGAN = 0.03
"""What takes the place of the first there."""

LUNG_CONTACT = 0.1
"""A piece with a sharp edge, or of fluid, that touches lung with less of its surface than this lies beside it, not in
its place: muscle of the armpit, fat of the wall."""

RIB_MM = 12.0
"""Soft tissue this close to bone belongs to the wall of the chest, in lungs of 5 L."""

AERATED_SHARE = 0.02
"""Of the inside of a piece: more air than this lies in bronchi or lobules, and no organ of the chest holds any."""

AERATED_HU = -150.0

BRONCHI, BRONCHOGRAM_EDGE = 6, 1.1
"""So many bronchi in a piece are an air bronchogram. With an edge as wide as `ORGAN_EDGE` it is lung wherever it lies;
down to the second number, which air in the neck, in folds of skin and in bowel stays below (1.05), it is offered."""


@dataclass(frozen=True)
class DenseEvidence:
    """What the image shows of one dense piece.

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
        """Whether it is counted."""
        fades = self.edge >= LUNG_EDGE or (self.edge >= ORGAN_EDGE and self.aerated >= AERATED_SHARE)
        most_organ = MUCH_ORGAN if self.lateral else LITTLE_ORGAN
        fades = fades and self.organ < most_organ
        known = self.seen_aerated or self.enclosed >= ENCLOSED_SHARE or fades
        return known or (self.bronchi >= BRONCHI and self.edge >= ORGAN_EDGE)

    @property
    def may_be_lung(self) -> bool:
        """Whether it is offered where it is not counted."""
        bronchogram = self.bronchi >= BRONCHI and self.edge >= BRONCHOGRAM_EDGE
        least_organ = LITTLE_ORGAN if self.lateral else NO_ORGAN
        beside_ribs = self.organ < least_organ and self.enclosed >= LUNG_CONTACT
        return bronchogram or self.edge >= ORGAN_EDGE or beside_ribs

    @property
    def fades(self) -> bool:
        """Whether its edge or its bronchi show lung, and no organ goes on behind it."""
        bronchogram = self.bronchi >= BRONCHI and self.edge >= BRONCHOGRAM_EDGE
        return self.organ < MUCH_ORGAN and (self.edge >= ORGAN_EDGE or bronchogram)

    @property
    def reason(self) -> str:
        """Why it is offered and not counted, in words."""
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


def dense_evidence(
    coarse: CoarseImage,
    box: Box,
    piece: Mask,
    lung: Mask,
    edges: npt.NDArray[np.float32],
    carried: Mask,
    midline: float,
    size: float,
    bronchi: int = 0,
) -> DenseEvidence:
    """Look at one piece.

    Parameters
    ----------
    coarse : CoarseImage
        In HU.
    box : tuple of slice
        Holds the piece and what lies around it; the next four are cut by it.
    piece, lung : ndarray of bool
        Its blocks, and those of aerated lung.
    edges : ndarray of float32
        Of `relative_edge_width`.
    carried : ndarray of bool
        What another timepoint shows aerated.
    midline, size : float
        As for `find_dense_lung`.
    bronchi : int
        How many bronchi were seen in it.
    """
    hu, block = coarse.array[box], np.ones((3, 3, 3), dtype=bool)
    beside = edges[ndimage.binary_dilation(piece, block)]
    beside = beside[np.isfinite(beside)]
    shell = ndimage.binary_dilation(piece) & ~piece
    soft = ~lung & ~dilated(hu > BONE_HU, RIB_MM * size, coarse.spacing)
    inner = ndimage.binary_erosion(piece) & ~ndimage.binary_dilation(lung, block)
    across = float(np.nonzero(piece)[2].mean()) + box[2].start
    return DenseEvidence(
        edge=float(beside.mean()) if len(beside) >= FEW_EDGES else float("nan"),
        enclosed=float(lung[shell].mean()) if shell.any() else 0.0,
        organ=float(soft[shell].mean()) if shell.any() else 0.0,
        aerated=float((hu[inner] < AERATED_HU).mean()) if inner.any() else 0.0,
        bronchi=bronchi,
        seen_aerated=bool(carried[piece].mean() > 0.5),
        lateral=abs(across - midline) * coarse.spacing[2] > LATERAL_MM * size,
    )

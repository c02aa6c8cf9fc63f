"""Gas that is no aerated lung, told from it by what the image shows in it and around it.

Lung holds vessels; a pocket of gas holds nothing. What lies around it says where it is: soft tissue around stomach and
bowel, also where the lung comes close; ribs along a pneumothorax; lung around a bulla; the mediastinum around
oesophageal air.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cc3d
import numpy as np
import numpy.typing as npt

from ctreview.anatomy.body import AIR_HU, BONE_HU, Body
from ctreview.anatomy.coarse import CoarseImage, Mask, closed, opened
from ctreview.volume.box import Box, widened
from ctreview.volume.distance import dilated, distance

__all__ = ["GasKind", "GasPocket", "find_gas", "find_mediastinal_air", "outside_lung"]

GasKind = Literal["abdominal", "pneumothorax", "mediastinal", "bulla"]
"""Gas of stomach, bowel or abdomen; between lung and ribs; in the mediastinum; within the lung."""

SMALLEST_ML = 2.0
"""Less gas than this is left alone."""

SMALLEST_IN_BOWEL_ML = 0.5
"""Beside gas of the abdomen only less than this is left alone: folds and stool part the gas of a bowel."""

BOWEL_MM = 30.0
"""So far from gas of the abdomen the next pocket of the same bowel may lie; a colon is 30 to 50 mm wide."""

SMALLEST_BESIDE_LUNG_ML = 5.0
"""Less gas than this that borders on lung is left alone: emphysema makes small pockets."""

SOFT_SHARE = 0.62
"""A gas pocket walled by soft tissue over more of its surface than this is no bulla, which has lung around it."""

SOFT_SHARE_BESIDE_LUNG = 0.35
"""A pocket on the diaphragm or the ribs has at least so much soft tissue around it; planted bullae under the pleura
have 0.23, gas that lifts the dome into the lung 0.42, a pneumothorax 0.6."""

COMPACT = 0.8
"""Share of a pocket, closed over its hollows, that is gas. Where vessels cross it, as in emphysema, it is 0.68 or less;
in planted gas 0.88 or more."""

RIB_SHARE = 0.5
"""A pocket has ribs behind more of its soft surface than this where it lies on the chest wall."""

TISSUE_BELOW = 0.7
"""Gas under a diaphragm has soft tissue and no lung below more of it than this."""

EDGE_MM = 3.5
"""How far the blurred edge of a pocket reaches beyond what a ball enters."""

HALF_WAY_HU = 60.0
"""Blocks at the edge of a pocket that exceed its greatest density by no more than this are half gas; normal lung is
denser."""

LARGEST_SHARE = 0.4
"""What is thinner than this share of all aerated tissue is emphysema and no bowel."""

LARGEST_PNEUMOTHORAX_SHARE = 0.7
"""The gas around a lung that has collapsed may be most of the air in a chest."""

MEDIASTINAL_HU = -700.0
"""Air in a tube as narrow as the oesophagus is not as thin as gas in any block."""


@dataclass(frozen=True, eq=False)
class GasPocket:
    """A connected space that holds nothing but gas.

    Attributes
    ----------
    kind : GasKind
        Where it is.
    ml : float
        How large, without its blurred edge, in millilitres. What lies between two pockets is counted in the larger.
    beside_lung : bool
        Whether it borders on lung over a large part, with no more than a thin wall between.
    box : tuple of slice
        Part of the coarse grid.
    blocks : ndarray of bool
        On the box: what it takes.
    edge : ndarray of bool
        On the box: the same with its blurred edge.
    """

    kind: GasKind
    ml: float
    beside_lung: bool
    box: Box
    blocks: Mask
    edge: Mask

    @property
    def middle(self) -> float:
        """Where it is along axis 2 of the coarse grid."""
        return float(self.box[2].start + np.nonzero(self.blocks)[2].mean())


def find_gas(coarse: CoarseImage, body: Body, airways: Mask) -> tuple[GasPocket, ...]:
    """Find gas pockets of abdomen, pleural space and bullae, though only a thin wall may part them from lung.

    Parameters
    ----------
    coarse : CoarseImage
        In HU.
    body : Body
        On the same grid.
    airways : ndarray of bool
        Blocks that are taken by trachea and bronchi.

    Returns
    -------
    tuple of GasPocket
        Largest first. Bullae are lung, all others are not.

    Notes
    -----
    The stomach's wall and the diaphragm together measure less than a block in a child, so that a connected part of
    aerated blocks may hold lung and bowel. Gas is as thin as the air around the patient throughout; what lies 4 to 8 mm
    around a pocket, beyond such a wall, says where it is.
    """
    aerated = body.air & body.between_tissue & ~airways
    gas = opened(aerated & (coarse.array < body.gas_hu), 2.0, coarse.spacing)
    parts = cc3d.connected_components(gas, connectivity=6)
    stats = cc3d.statistics(parts)
    ml = stats["voxel_counts"] * coarse.voxel_ml
    most = coarse.volume_ml(aerated)
    margin = [int(16.0 / spacing) + 1 for spacing in coarse.spacing]
    found: list[GasPocket] = []
    counted = np.zeros(coarse.array.shape, dtype=bool)
    for number in np.argsort(-ml):
        if number == 0 or ml[number] < SMALLEST_IN_BOWEL_ML:
            continue
        if ml[number] < SMALLEST_ML and not _near_bowel(stats["centroids"][number], found, coarse.spacing):
            continue
        box = widened(stats["bounding_boxes"][number], margin, coarse.array.shape)
        pocket = parts[box] == number
        hu = coarse.array[box]
        surroundings = _surroundings(hu, pocket, body.gas_hu, coarse.spacing)
        kind = _kind(surroundings, float(ml[number]), float(ml[number]) / most)
        if kind is not None:
            edge = dilated(pocket, EDGE_MM, coarse.spacing) & (hu < AIR_HU)
            blocks = edge & (hu < body.gas_hu + HALF_WAY_HU)
            beside_lung = surroundings.soft <= SOFT_SHARE
            pocket_ml = coarse.volume_ml(blocks & ~counted[box])
            counted[box] |= blocks
            found.append(GasPocket(kind, pocket_ml, beside_lung, box, blocks, edge))
    return tuple(found)


def _near_bowel(
    centre: npt.NDArray[np.float64], found: Sequence[GasPocket], spacing: tuple[float, float, float]
) -> bool:
    """Whether gas of the abdomen that was found already lies near by."""
    for pocket in found:
        if pocket.kind == "abdominal":
            places = np.argwhere(pocket.blocks) + [part.start for part in pocket.box]
            if (np.linalg.norm((places - centre) * spacing, axis=1) < BOWEL_MM).any():
                return True
    return False


def find_mediastinal_air(coarse: CoarseImage, body: Body, lungs: npt.NDArray[np.uint8], airways: Mask) -> float:
    """Air in oesophagus or mediastinum, in millilitres.

    Parameters
    ----------
    coarse : CoarseImage
        In HU.
    body : Body
        On the same grid.
    lungs : ndarray of uint8
        1 and 2 in the blocks of right and left lung.
    airways : ndarray of bool
        Blocks that are taken by trachea and bronchi.

    Returns
    -------
    float
        Of pieces with both lungs beside them that border neither on lung nor on airways, which bronchi do.
    """
    levels = np.flatnonzero((lungs == 1).any(axis=(1, 2)) & (lungs == 2).any(axis=(1, 2)))
    if not levels.size:
        return 0.0
    # the lowest third of the lungs has stomach and bowel beside it
    part = slice(int(levels[0] + len(levels) // 3), int(levels[-1]) + 1)
    right, left = (np.asarray((lungs[part] == side).any(axis=1)) for side in (1, 2))
    beyond = np.logical_or.accumulate(right, axis=1) & np.flip(np.logical_or.accumulate(np.flip(left, 1), axis=1), 1)
    between = beyond[:, np.newaxis] & (lungs[part] == 0)
    air = between & body.between_tissue[part] & body.air[part] & (coarse.array[part] < MEDIASTINAL_HU)
    taken = dilated((lungs[part] > 0) | airways[part], 3.0, coarse.spacing)
    pieces = cc3d.connected_components(air, connectivity=6)
    touching = np.unique(pieces[taken])
    ml = cc3d.statistics(pieces)["voxel_counts"] * coarse.voxel_ml
    return float(sum(ml[n] for n in range(1, len(ml)) if ml[n] >= SMALLEST_ML and n not in touching))


def outside_lung(pockets: Sequence[GasPocket], shape: tuple[int, ...], *, edge: bool) -> Mask:
    """Blocks of all pockets that are no lung, with their blurred edge or without."""
    found = np.zeros(shape, dtype=bool)
    for pocket in pockets:
        if pocket.kind != "bulla":
            found[pocket.box] |= pocket.edge if edge else pocket.blocks
    return found


@dataclass(frozen=True)
class _Surroundings:
    """What lies around a pocket: shares from 0 to 1."""

    soft: float
    ribs: float
    below: float
    compact: float


def _surroundings(
    hu: npt.NDArray[np.float32], pocket: Mask, gas_hu: float, spacing: tuple[float, float, float]
) -> _Surroundings:
    away = distance(~pocket, spacing)
    shell = (away > 4.0) & (away <= 8.0)
    # another pocket of gas says nothing
    around = shell & (hu > gas_hu)
    soft = around & (hu > AIR_HU)
    near_bone = dilated(hu > BONE_HU, 8.0, spacing)
    return _Surroundings(
        soft=_share(soft, around),
        ribs=_share(soft & near_bone, soft),
        below=_tissue_below(hu, pocket, spacing[0]),
        compact=_share(pocket, closed(pocket, 6.0, spacing)),
    )


def _share(part: Mask, whole: Mask) -> float:
    return float(np.count_nonzero(part)) / max(1.0, float(np.count_nonzero(whole)))


def _tissue_below(hu: npt.NDArray[np.float32], pocket: Mask, step: float) -> float:
    """Share of the columns through a pocket that are soft tissue 12 mm below it."""
    y, x = np.nonzero(pocket.any(axis=0))
    level = np.maximum(np.argmax(pocket, axis=0)[y, x] - int(12.0 / step), 0)
    return float((hu[level, y, x] > AIR_HU).mean())


def _kind(around: _Surroundings, ml: float, share: float) -> GasKind | None:
    """Where a pocket is; None where it may be emphysema."""
    enclosed = around.soft > SOFT_SHARE
    if around.compact < COMPACT or ml < SMALLEST_BESIDE_LUNG_ML:
        return "abdominal" if enclosed and share <= LARGEST_SHARE else None
    if around.soft < SOFT_SHARE_BESIDE_LUNG:
        return "bulla"
    if around.ribs > RIB_SHARE and around.below < TISSUE_BELOW and share <= LARGEST_PNEUMOTHORAX_SHARE:
        return "pneumothorax"
    if share <= LARGEST_SHARE and (enclosed or around.below > TISSUE_BELOW):
        return "abdominal"
    return None

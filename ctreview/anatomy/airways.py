"""Trachea and bronchi: a tube that enters at the top and is followed until it would leak into the lung."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cc3d
import numpy as np
import numpy.typing as npt

from ctreview.anatomy.body import AIR_HU, Body
from ctreview.anatomy.coarse import CoarseImage, Mask, Spacing, upsampled
from ctreview.compiled import compiled
from ctreview.volume.box import Box
from ctreview.volume.distance import dilated
from ctreview.volume.volume import Volume

__all__ = ["FINE_MM", "Airways", "find_airways", "grow_lumen"]

FINE_MM = 1.3
"""Size of the blocks on which airways are followed in an adult; bronchial walls of 1–1.5 mm still hold them apart."""

LUMEN_HU = (-700.0, -850.0, -930.0)
"""Thresholds at which round holes are looked for."""


@dataclass(frozen=True)
class Airways:
    """The lumen of trachea and bronchi.

    Attributes
    ----------
    lumen : ndarray of bool
        On the full grid's ``box``.
    trachea : ndarray of bool
        The part of the lumen above the carina.
    box : tuple of slice
        Part of the full grid.
    """

    lumen: Mask
    trachea: Mask
    box: Box

    def middle(self, coarse: CoarseImage) -> float:
        """Where the trachea is along axis 2 of the coarse grid."""
        index = float(self.box[2].start) + float(np.nonzero(self.trachea)[2].mean())
        return index / coarse.step[2]

    def carina(self, coarse: CoarseImage) -> float:
        """Index of the lower end of the trachea along axis 0 of the coarse grid."""
        index = float(self.box[0].start) + float(np.nonzero(self.trachea)[0].min())
        return index / coarse.step[0]

    def blocks(self, coarse: CoarseImage) -> Mask:
        """Blocks of the coarse grid of which the lumen takes a quarter or more."""
        share = np.zeros(coarse.array.shape, dtype=np.float32)
        index = np.nonzero(self.lumen)
        at = tuple((i + s.start) // step for i, s, step in zip(index, self.box, coarse.step, strict=True))
        np.add.at(share, at, 1.0)
        return np.asarray(share >= 0.25 * np.prod(coarse.step))


@dataclass(frozen=True)
class _Hole:
    """A round hole in a slice."""

    label: int
    area: float
    centre: tuple[float, float]
    hu: float


def find_airways(volume: Volume, coarse: CoarseImage, body: Body, lungs: Box) -> Airways | None:
    """Follow the airways down from the trachea.

    Parameters
    ----------
    volume : Volume
        In HU.
    coarse : CoarseImage
        Of the volume.
    body : Body
        Of the coarse grid.
    lungs : tuple of slice
        Box of all air in lungs and airways, on the coarse grid.

    Returns
    -------
    Airways or None
        None where no trachea was found.

    Notes
    -----
    The threshold is raised step by step, and the last step before the volume explodes is kept (Mori 1996).
    """
    box = _mediastinum(coarse, body, lungs)
    part = volume.crop([s.start for s in box], [s.stop for s in box])
    wide = coarse.spacing[2] * coarse.array.shape[2]
    fine = CoarseImage.from_array(part.array, part.geometry, FINE_MM if wide > 260 else 0.65 * FINE_MM)
    fine = replace(fine, array=np.where(_inside(coarse, body, fine, box), fine.array, 0).astype(np.float32))
    cut = box[2].start == 0, box[2].stop == volume.array.shape[2]
    # thin walls between a trachea and lung, or emphysema, call for a lower threshold; small tracheas for a higher one
    found = [seed for lumen in LUMEN_HU if (seed := _trachea(fine, cut, lumen)) is not None]
    seed = max(found, key=np.count_nonzero, default=None)
    if seed is None:
        return None
    lumen = grow_lumen(fine, seed)
    trachea = _above_carina(fine, lumen, seed)
    return Airways(upsampled(lumen, fine.step, fine.shape), upsampled(trachea, fine.step, fine.shape), box)


def _inside(coarse: CoarseImage, body: Body, fine: CoarseImage, box: Box) -> Mask:
    """Fine blocks that lie inside the patient: air in the corner between body and table is round, too."""
    allowed = body.between_tissue & (body.air | (coarse.array >= AIR_HU))
    a, b, c = (
        np.minimum((part.start + step * (np.arange(size) + 0.5)) // block, limit - 1).astype(int)
        for part, step, size, block, limit in zip(
            box, fine.step, fine.array.shape, coarse.step, allowed.shape, strict=True
        )
    )
    return np.asarray(allowed[np.ix_(a, b, c)])


def _mediastinum(coarse: CoarseImage, body: Body, lungs: Box) -> Box:
    """The middle of the chest, from the lower third of the lungs to the top of the image."""
    left = np.nonzero(body.air[lungs])[2]
    middle = lungs[2].start + (float(np.median(left)) if body.spine_left is None else body.spine_left - lungs[2].start)
    reach = 75.0 / coarse.spacing[2]
    low = lungs[0].start + (lungs[0].stop - lungs[0].start) // 4
    across = slice(max(0, int(middle - reach)), min(coarse.array.shape[2], int(middle + reach) + 1))
    return coarse.full_box((slice(low, coarse.array.shape[0]), lungs[1], across))


def _trachea(fine: CoarseImage, cut: tuple[bool, bool], lumen_hu: float) -> Mask | None:
    """The longest chain of round holes that lie one above the other, each in a ring of tissue."""
    labels, holes = _holes(fine, cut, lumen_hu)
    best: list[tuple[int, _Hole]] = []
    used: set[tuple[int, int]] = set()
    for z in range(len(holes) - 1, -1, -1):
        for hole in holes[z]:
            if (z, hole.label) in used:
                continue
            chain = _chain(holes, z, hole, fine.spacing)
            used |= {(level, member.label) for level, member in chain}
            if len(chain) > len(best):
                best = chain
    if len(best) * fine.spacing[0] < 15.0:
        return None
    seed = np.zeros(fine.array.shape, dtype=bool)
    for level, member in best:
        seed[level] = labels[level] == member.label
    return seed


def _holes(
    fine: CoarseImage, cut: tuple[bool, bool], lumen_hu: float
) -> tuple[npt.NDArray[np.uint16], list[list[_Hole]]]:
    pixel = fine.spacing[1] * fine.spacing[2]
    labels = np.zeros(fine.array.shape, dtype=np.uint16)
    holes: list[list[_Hole]] = []
    for z, plane in enumerate(fine.array):
        labels[z] = cc3d.connected_components(plane < lumen_hu, connectivity=4)
        holes.append([])
        stats = cc3d.statistics(labels[z])
        for label in range(1, len(stats["voxel_counts"])):
            rows, columns = stats["bounding_boxes"][label]
            area = float(stats["voxel_counts"][label]) * pixel
            sides = (rows.stop - rows.start) * fine.spacing[1], (columns.stop - columns.start) * fine.spacing[2]
            # what the box cuts is lung; what the field of view cuts may still be the trachea
            at_rim = (columns.start == 0 and not cut[0]) or (columns.stop == plane.shape[1] and not cut[1])
            if at_rim or not _is_round(area, sides):
                continue
            where = labels[z][rows, columns] == label
            level = float(np.percentile(plane[rows, columns][where], 25))
            if level < -850:
                y, x = stats["centroids"][label]
                holes[-1].append(_Hole(label, area, (float(y), float(x)), level))
    return labels, holes


def _is_round(area: float, sides: tuple[float, float]) -> bool:
    """A trachea is 4 mm (newborn) to 27 mm wide and at most about twice as deep as wide, or the reverse."""
    return 10.0 < area < 700.0 and max(sides) < 2.2 * min(sides) + 1.5 and area > 0.5 * sides[0] * sides[1]


def _chain(holes: list[list[_Hole]], z: int, hole: _Hole, spacing: Spacing) -> list[tuple[int, _Hole]]:
    chain = [(z, hole)]
    for level in range(z - 1, -1, -1):
        last = chain[-1][1]
        reach = max(4.0, 0.6 * spacing[0])
        near = [
            other
            for other in holes[level]
            if np.hypot(
                (other.centre[0] - last.centre[0]) * spacing[1], (other.centre[1] - last.centre[1]) * spacing[2]
            )
            < reach
            and 0.5 < other.area / last.area < 2.0
        ]
        if not near:
            break
        chain.append((level, max(near, key=lambda other: other.area)))
    return chain


def grow_lumen(fine: CoarseImage, seed: Mask) -> Mask:
    """The lumen around a piece of trachea, at the last threshold before it leaks into the lung."""
    seed_ml = fine.volume_ml(seed)
    most_ml = 9.0 * seed_ml + 4.0
    kept, kept_ml = seed, seed_ml
    begin = np.argwhere(seed)
    for threshold in range(-960, -640, 20):
        grown = seed.copy()
        whole = _flood(fine.array, begin, np.float32(threshold), int(most_ml / fine.voxel_ml) + 2, grown)
        ml = fine.volume_ml(grown)
        if not whole or (ml > 1.35 * kept_ml + 0.1 * seed_ml and kept is not seed) or ml > most_ml:
            break
        kept, kept_ml = grown, ml
    return np.asarray(kept)


@compiled()
def _flood(hu: Any, begin: Any, below: Any, most: int, grown: Any) -> bool:  # pragma: no cover - compiled
    """Take in what is below a density and joined by faces to where one begins; False once it is more than the most."""
    n0, n1, n2 = hu.shape
    places = np.empty((len(begin) + most + 6, 3), dtype=np.int32)
    count = 0
    for number in range(len(begin)):
        i, j, k = begin[number]
        if hu[i, j, k] < below:
            places[count] = i, j, k
            count += 1
    at = 0
    while at < count:
        if count > most:
            return False
        for axis in range(3):
            for step in (-1, 1):
                i, j, k = places[at]
                if axis == 0:
                    i += step
                elif axis == 1:
                    j += step
                else:
                    k += step
                inside = 0 <= i < n0 and 0 <= j < n1 and 0 <= k < n2
                if inside and not grown[i, j, k] and hu[i, j, k] < below:
                    grown[i, j, k] = True
                    places[count] = i, j, k
                    count += 1
        at += 1
    return True


def _above_carina(fine: CoarseImage, lumen: Mask, seed: Mask) -> Mask:
    """From the seed's slices up, and down as long as the lumen stays one piece not much wider than the trachea."""
    levels = np.flatnonzero(seed.any(axis=(1, 2)))
    return np.asarray(lumen & (np.arange(len(lumen)) >= levels[0])[:, None, None] & dilated(seed, 8.0, fine.spacing))

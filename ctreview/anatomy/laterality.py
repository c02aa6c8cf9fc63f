"""Which aerated parts are lung, where right and left lung meet, and which is which."""

from __future__ import annotations

from dataclasses import dataclass

import cc3d
import numpy as np
import numpy.typing as npt
import SimpleITK
from skimage.morphology import convex_hull_image

from ctreview.anatomy.body import Body
from ctreview.anatomy.coarse import CoarseImage, Mask
from ctreview.errors import SegmentationFailed
from ctreview.volume.box import bounding_box
from ctreview.volume.distance import distance

__all__ = ["LEFT", "RIGHT", "AeratedLungs", "find_aerated_lungs"]

RIGHT, LEFT = 1, 2

CLEAR_LATERALITY_SCORE = 1.0
"""From how much on it is clear which side a single lung is."""

Labels = npt.NDArray[np.uint8]

SMALL_ML, SMALL_LUNG_HU = 150.0, -930.0
"""A lung smaller than this is an infant's or has collapsed, and denser than this; sinuses and bowel are not."""


@dataclass(frozen=True)
class AeratedLungs:
    """Aerated right and left lung on the coarse grid.

    Attributes
    ----------
    labels : ndarray of uint8
        1 right, 2 left, 0 neither.
    midline : float
        Index of the middle of the patient along axis 2.
    laterality_score : float or None
        For a single lung, how much speaks for the right (positive) or for the left; less than 1 is not much. None
        where there are two lungs.
    """

    labels: Labels
    midline: float
    laterality_score: float | None

    def require_same(self, given: Labels) -> None:
        """Refuse lungs of another program that lie on the other side.

        Raises
        ------
        SegmentationFailed
            Most of what both call lung has the other side there; not where a single lung's own side is not clear.
        """
        both = (given > 0) & (self.labels > 0)
        clear = self.laterality_score is None or abs(self.laterality_score) >= CLEAR_LATERALITY_SCORE
        if clear and both.any() and np.mean(given[both] == self.labels[both]) < 0.5:
            raise SegmentationFailed(
                "the lungs that were given are not believed: right and left are exchanged",
                remedy="Leave the engine out; ctreview finds lungs by itself.",
            )


def find_aerated_lungs(
    coarse: CoarseImage, body: Body, excluded: Mask, smallest_ml: float, trachea: float | None = None
) -> AeratedLungs | None:
    """Choose the aerated parts that are lung and number the sides; None where there are none.

    Parameters
    ----------
    coarse : CoarseImage
        In HU.
    body : Body
        On the same grid.
    excluded : ndarray of bool
        Blocks that are taken by trachea and bronchi, with their walls, and by gas that is no lung.
    smallest_ml : float
        Aerated parts below this are no lung.
    trachea : float, optional
        Index of the trachea along axis 2. Beside a single lung it marks the middle better than bones, which a cropped
        field of view cuts.
    """
    parts = _lungs(coarse, body, body.air & ~excluded, smallest_ml)
    if not parts:
        return None
    middle = _midline(body, parts)
    pieces: list[Mask] = []
    for part in parts:
        share = float((np.nonzero(part)[2] > middle).mean())
        pieces += _separated(part, coarse) if 0.1 < share < 0.9 else [part]
    labels = np.zeros(coarse.array.shape, dtype=np.uint8)
    # the side of a piece is that of most of it: an anterior recess may reach over the midline
    for piece in pieces:
        labels[piece] = LEFT if np.median(np.nonzero(piece)[2]) > middle else RIGHT
    if len(np.unique(labels)) == 3:
        return AeratedLungs(labels, middle, None)
    laterality_score = _right_or_left(coarse, labels > 0, body.spine_left, trachea)
    labels[labels > 0] = RIGHT if laterality_score > 0 else LEFT
    return AeratedLungs(labels, _beside(labels > 0, laterality_score) if trachea is None else trachea, laterality_score)


def _right_or_left(coarse: CoarseImage, lung: Mask, spine: float | None, trachea: float | None) -> float:
    """How much speaks for a right lung (positive) or a left one: below 1 either way, nothing does.

    Towards the middle of the patient lie trachea and spine; there the lung is hollowed by heart and hilum; and there
    a field of view around one lung cuts it.
    """
    middle, step = float(np.nonzero(lung)[2].mean()), coarse.spacing[2]
    laterality_score = 0.0
    if trachea is not None:
        laterality_score += 3.0 * float(np.clip((trachea - middle) * step / 20.0, -1, 1))
    if spine is not None:
        laterality_score += float(np.clip((spine - middle) * step / 40.0, -1, 1))
    left, right = (int(np.count_nonzero(lung[:, :, index])) for index in (-1, 0))
    if max(left, right) * coarse.spacing[0] * coarse.spacing[1] > 400.0:
        laterality_score += 1.5 * (left - right) / (left + right)
    return laterality_score + 1.5 * _hollow(lung)


def _hollow(lung: Mask) -> float:
    """From −1 (all of it to the patient's right) to 1 (left): where slices of the lung are hollowed."""
    sides = np.zeros(2)
    levels = np.flatnonzero(lung.any(axis=(1, 2)))
    # below, the diaphragm hollows it; above, there is not much to see
    for level in levels[int(0.35 * len(levels)) : int(0.8 * len(levels)) : 3]:
        plane = lung[level]
        hollow = convex_hull_image(plane) & ~plane
        middle = np.nonzero(plane)[1].mean()
        across = np.nonzero(hollow)[1]
        sides += np.count_nonzero(across > middle), np.count_nonzero(across < middle)
    return float((sides[0] - sides[1]) / max(sides.sum(), 1.0))


def _beside(lung: Mask, laterality_score: float) -> float:
    """The edge of a single lung on the side of the patient's middle."""
    across = np.flatnonzero(lung.any(axis=(0, 1)))
    return float(across[-1] if laterality_score > 0 else across[0])


def _lungs(coarse: CoarseImage, body: Body, air: Mask, smallest_ml: float) -> list[Mask]:
    """Aerated parts inside the chest: not bowel gas, not what lies between patient and table."""
    labels = cc3d.connected_components(air, connectivity=6)
    stats = cc3d.statistics(labels)
    ml = stats["voxel_counts"] * coarse.voxel_ml
    order = [int(k) for k in np.argsort(-ml) if k != 0 and ml[k] >= smallest_ml]
    lungs: list[Mask] = []
    widest, lowest_top = 0.0, 0
    for label in order:
        box = stats["bounding_boxes"][label]
        part = labels[box] == label
        depth = distance(np.pad(part, 1), coarse.spacing)[1:-1, 1:-1, 1:-1]
        width = float(depth.max())
        if width < max(5.0, 0.3 * widest) or body.between_tissue[box][part].mean() < 0.7:
            continue
        core = depth > min(4.0, 0.5 * width)
        thinnest = SMALL_LUNG_HU if ml[label] < SMALL_ML else body.gas_hu
        if np.median(coarse.array[box][core]) < thinnest or box[0].stop <= lowest_top:
            continue
        if not lungs:
            # bowel under the diaphragm ends below the middle of the largest lung
            lowest_top = (box[0].start + box[0].stop) // 2
        widest = max(widest, width)
        lungs.append(labels == label)
    return lungs


def _midline(body: Body, parts: list[Mask]) -> float:
    """The spine, unless there is none or it is not plausibly the middle of two lungs."""
    if body.spine_left is not None:
        return body.spine_left
    return float(np.mean(np.flatnonzero(np.any(parts, axis=(0, 1, 2)))))


def _separated(part: Mask, coarse: CoarseImage) -> list[Mask]:
    """Two lungs that touch, cut along the thin bright line where their pleurae meet.

    Seeds are what is left of either lung when enough is taken from the surface; a watershed on the image finds the
    line between them.
    """
    box = bounding_box(part, 1)
    inside = part[box]
    depth = distance(inside, coarse.spacing)
    for radius in (2.0, 4.0, 6.0, 8.0, 10.0, 13.0, 16.0, 20.0):
        labels = cc3d.connected_components(depth > radius, connectivity=6)
        sizes = np.bincount(labels.ravel())
        sizes[0] = 0
        first, second = (int(k) for k in np.argsort(-sizes)[:2]) if len(sizes) > 2 else (0, 0)
        if second and sizes[second] > 0.15 * sizes[first]:
            seeds = (1 * (labels == first) + 2 * (labels == second)).astype(np.uint8)
            return [_placed(cut, part.shape, box) for cut in _watershed(coarse.array[box], inside, seeds)]
    return [part]


def _watershed(hu: npt.NDArray[np.float32], inside: Mask, seeds: Labels) -> list[Mask]:
    markers = np.where(inside, seeds, 3).astype(np.uint8)
    image = SimpleITK.GetImageFromArray(np.where(inside, hu, 0).astype(np.float32))
    flooded = SimpleITK.MorphologicalWatershedFromMarkers(
        image, SimpleITK.GetImageFromArray(markers), markWatershedLine=False, fullyConnected=False
    )
    found = SimpleITK.GetArrayViewFromImage(flooded)
    return [np.asarray(inside & (found == number)) for number in (1, 2)]


def _placed(mask: Mask, shape: tuple[int, ...], box: tuple[slice, ...]) -> Mask:
    whole = np.zeros(shape, dtype=bool)
    whole[box] = mask
    return whole

"""The descending aorta: a round tube of blood to the left of the spine that goes on for many slices.

It bulges into the left lung over its whole length, and beats, which widens its edges as consolidation does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.coarse import CoarseImage, Mask
from ctreview.compiled import compiled
from ctreview.volume.box import bounding_box

__all__ = ["find_descending_aorta"]

Floats32 = npt.NDArray[np.float32]

RADII_MM = np.arange(8.0, 21.0, 2.0)
"""Of the descending aorta of adults, from slim to aneurysmal. Along one aorta it changes by no more than a step:
consolidation around it would make it wider."""

RIGHT_MM, LEFT_MM = 10.0, 55.0
"""So far to both sides of the midline its middle may lie, in lungs of 5 L."""

ALIKE_HU = 35.0
"""Blood and what borders on it, lung, fat and bone, differ by more than this; blood itself only by noise."""

BLOOD_HU = 50.0
"""Blood of the aorta differs less from that of the heart; the spine, a tube as well, differs by more."""

UNIFORM_SHARE = 0.85
"""Of a section, which has one density."""

BORDER_SHARE = 0.4
"""Of the border of a section that is no blood: oesophagus, muscle and a mass that touches it take up some."""

LUNG_HU, LUNG_SHARE = -500.0, 0.1
"""At least so much of the border is lung, which neither muscle behind the ribs nor the spinal canal touches."""

INNER_MM, BORDER_MM, OUTER_MM = -2.0, 1.0, 4.0
"""A section ends so far inside its radius, and its border lies between so far outside of it."""

WALL_MM = 3.0
"""The wall, and the border's partial volume, belong to it."""

LEAST_MM = 70.0
"""A shorter tube, in lungs of 5 L, is no aorta."""

SHIFT_PER_MM = 0.5
"""By how many millimetres its middle moves sideways, at the most, per millimetre of height."""

STRIDE_MM, SHIFT_COST = 5.0, 0.1
"""Sections are looked at about so far apart; each move sideways takes away as much as that much of a border, so that a
path does not turn off into consolidation beside the aorta."""


def find_descending_aorta(
    coarse: CoarseImage, lungs: npt.NDArray[np.uint8], midline: float, size: float, noise: float
) -> Mask:
    """Find it as the path of the roundest sections through the slices.

    Parameters
    ----------
    coarse : CoarseImage
        In HU.
    lungs : ndarray of uint8
        Blocks of aerated lung with its vessels, 1 right and 2 left.
    midline : float
        Index of the spine along axis 2.
    size : float
        Size of the lungs, 1 for those of an adult of 5 L (a length's ratio).
    noise : float
        Of the image, by `block_noise`.

    Returns
    -------
    ndarray of bool
        Its blocks with its wall; none where no tube of blood is long enough.
    """
    found = np.zeros(lungs.shape, dtype=bool)
    lung = bounding_box(lungs > 0)
    blood = _blood_hu(coarse, lungs, midline, size)
    if blood is None:
        return found
    low = max(0, int(midline - RIGHT_MM * size / coarse.spacing[2]))
    box = (
        lung[0],
        slice((lung[1].start + lung[1].stop) // 2, lung[1].stop),
        slice(low, int(midline + LEFT_MM * size / coarse.spacing[2]) + 1),
    )
    _, sy, sx = coarse.spacing
    radii = RADII_MM * size
    within = max(ALIKE_HU, 2.0 * noise)
    stride = max(1, int(STRIDE_MM / coarse.spacing[0]))
    apart = coarse.spacing[0] * stride, sy, sx
    middles = np.array(
        [(0, -(-(box[0].stop - box[0].start) // stride)), *((part.start, part.stop) for part in box[1:])]
    )
    scores = _round_sections(coarse.array[box[0]][::stride], middles, radii, sy, sx, blood, within)
    thinner = max(range(len(radii) - 1), key=lambda n: _path(np.maximum(scores[n], scores[n + 1]), apart)[1])
    path, _ = _path(np.maximum(scores[thinner], scores[thinner + 1]), apart)
    if len(path) * apart[0] < LEAST_MM * size:
        return found
    y, x = np.ogrid[: lungs.shape[1], : lungs.shape[2]]
    for level, row, column in path:
        off = np.hypot((y - row - box[1].start) * sy, (x - column - box[2].start) * sx)
        wider = scores[thinner + 1, level, row, column] > scores[thinner, level, row, column]
        first = box[0].start + level * stride
        found[first : min(first + stride, box[0].stop)] = off <= radii[thinner + wider] + WALL_MM
    return np.asarray(found & (lungs == 0))


def _blood_hu(coarse: CoarseImage, lungs: npt.NDArray[np.uint8], midline: float, size: float) -> float | None:
    """Median of soft tissue between the front halves of the lungs, most of it heart and great vessels."""
    lung = bounding_box(lungs > 0)
    half = int(15.0 * size / coarse.spacing[2])
    rows = slice(lung[1].start, (lung[1].start + lung[1].stop) // 2)
    between = coarse.array[lung[0], rows, max(0, int(midline) - half) : int(midline) + half + 1]
    soft = between[(between > 0.0) & (between < 400.0)]
    return float(np.median(soft)) if soft.size else None


def _path(score: Floats32, spacing: tuple[float, float, float]) -> tuple[list[tuple[int, int, int]], float]:
    """Level, row and column of each section of the best path, from its upper to its lower end, and its worth.

    Sections add what their score is above `BORDER_SHARE`, or take away what it is below; a path that comes to nothing
    ends.
    """
    reach = max(1, round(SHIFT_PER_MM * spacing[0] / min(spacing[1:])))
    total = score - BORDER_SHARE
    for level in range(1, len(score)):
        moved = ndimage.maximum_filter(total[level - 1], 2 * reach + 1, mode="nearest") - SHIFT_COST
        total[level] += np.maximum(np.maximum(total[level - 1], moved), 0.0)
    level, row, column = (int(index) for index in np.unravel_index(int(total.argmax()), total.shape))
    path, worth = [(level, row, column)], float(total.max())
    while level > 0:
        top, left = max(0, row - reach), max(0, column - reach)
        below = total[level - 1, top : row + reach + 1, left : column + reach + 1] - SHIFT_COST
        below[row - top, column - left] += SHIFT_COST
        if below.max() <= 0.0:
            break
        best = np.unravel_index(int(below.argmax()), below.shape)
        level, row, column = level - 1, top + int(best[0]), left + int(best[1])
        path.append((level, row, column))
    return path, worth


@compiled()
def _round_sections(
    hu: Any, middles: Any, radii: Any, sy: float, sx: float, blood: float, within: float
) -> Any:  # pragma: no cover - compiled
    """For each radius and middle: the share of a section's border that is no blood."""
    shape = (middles[0, 1] - middles[0, 0], middles[1, 1] - middles[1, 0], middles[2, 1] - middles[2, 0])
    score = np.zeros((len(radii), shape[0], shape[1], shape[2]), dtype=np.float32)
    for i in range(shape[0]):
        for j in range(shape[1]):
            for k in range(shape[2]):
                z, y, x = i + middles[0, 0], j + middles[1, 0], k + middles[2, 0]
                if abs(hu[z, y, x] - blood) > BLOOD_HU + within:
                    continue
                for n in range(len(radii)):
                    score[n, i, j, k] = _other_border(hu[z], y, x, radii[n], sy, sx, blood, within)
    return score


@compiled()
def _other_border(
    hu: Any, y: int, x: int, radius: float, sy: float, sx: float, blood: float, within: float
) -> Any:  # pragma: no cover - compiled
    """Which share of the border of a round section is no blood; 0 where the section is no blood of one density."""
    rows, columns = int((radius + OUTER_MM) / sy) + 1, int((radius + OUTER_MM) / sx) + 1
    low, high = max(0, y - rows), min(hu.shape[0], y + rows + 1)
    first, last = max(0, x - columns), min(hu.shape[1], x + columns + 1)
    total, count, border, other, lung = 0.0, 0, 0, 0, 0
    for j in range(low, high):
        for k in range(first, last):
            off = np.hypot((j - y) * sy, (k - x) * sx) - radius
            if off <= INNER_MM:
                total += hu[j, k]
                count += 1
            elif BORDER_MM <= off <= OUTER_MM:
                border += 1
                other += abs(hu[j, k] - blood) > within
                lung += hu[j, k] < LUNG_HU
    mean = total / max(count, 1)
    if abs(mean - blood) > BLOOD_HU or lung < LUNG_SHARE * border:
        return 0.0
    alike = 0
    for j in range(low, high):
        for k in range(first, last):
            if np.hypot((j - y) * sy, (k - x) * sx) - radius <= INNER_MM:
                alike += abs(hu[j, k] - mean) <= within
    return other / max(border, 1) if alike >= UNIFORM_SHARE * count else 0.0

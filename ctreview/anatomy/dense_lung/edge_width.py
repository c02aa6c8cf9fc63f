"""How wide the edge between aerated lung and what lies beside it is, compared with the other edges of the same scan.

An organ ends at the pleura with a sharp and even border, which only the scanner widens. Consolidation fades into lung,
lobule by lobule. What the scanner does to an edge depends on the kernel, on the slices and on the edge's direction,
and is the same all over the scan: most of a lung borders on organs and ribs, and they are the measure.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.coarse import CoarseImage, Mask
from ctreview.compiled import compiled
from ctreview.volume.box import bounding_box

__all__ = ["relative_edge_width", "surface_normals"]

INNER_MM, OUTER_MM = 14, 9
"""How far the density is followed from the border into the lung and out of it, in steps of 1 mm."""

DIRECTIONS = (0.3, 0.6, 0.85)
"""Edges are compared with edges whose normal has about the same part along the axis of the slices."""

FEW_EDGES = 200
"""Fewer edges of one direction say nothing of what is usual; then those of all directions do."""

LUNG_HU, SOFT_HU = -550.0, -120.0
"""An edge between what is lighter and what is denser than this is one between lung and soft tissue."""

WIDEST = 4.0


def relative_edge_width(coarse: CoarseImage, lungs: Mask) -> npt.NDArray[np.float32]:
    """Measure the edges of the lungs.

    Parameters
    ----------
    coarse : CoarseImage
        In HU.
    lungs : ndarray of bool
        Blocks of aerated lung.

    Returns
    -------
    ndarray of float32
        In the blocks at the lungs' surface: over how many millimetres along the normal density rises from a quarter
        to three quarters of the way between lung and soft tissue, as a ratio to the median of all edges of this
        direction. NaN elsewhere, and where no soft tissue lies beside lung.
    """
    found = np.full(lungs.shape, np.nan, dtype=np.float32)
    if not lungs.any():
        return found
    box = bounding_box(lungs, 6)
    inside = lungs[box]
    surface = inside & ~ndimage.binary_erosion(inside, border_value=1)
    index = np.argwhere(surface)
    normals = surface_normals(inside, index, coarse.spacing)
    width = _widths(coarse.array[box], index, normals, np.array(coarse.spacing))
    along_slices = np.digitize(np.abs(normals[:, 0]), DIRECTIONS)
    measured = np.isfinite(width)
    if not measured.any():
        return found
    relative = np.empty_like(width)
    for direction in range(len(DIRECTIONS) + 1):
        alike = along_slices == direction
        known = measured & alike
        usual = np.median(width[known if np.count_nonzero(known) >= FEW_EDGES else measured])
        relative[alike] = np.minimum(width[alike] / max(usual, 0.5), WIDEST)
    found[box][tuple(index.T)] = relative
    return found


def surface_normals(
    inside: Mask, index: npt.NDArray[np.intp], spacing: tuple[float, float, float]
) -> npt.NDArray[np.float64]:
    """Unit vectors that point out of a mask, one for each row of indices of blocks at its surface."""
    smooth = ndimage.gaussian_filter(inside.astype(np.float32), [4.0 / mm for mm in spacing], truncate=2.0)
    last = np.array(inside.shape) - 1
    slopes = np.empty(index.shape)
    for axis, mm in enumerate(spacing):
        step = np.zeros(3, dtype=int)
        step[axis] = 1
        above, below = np.minimum(index + step, last), np.maximum(index - step, 0)
        slopes[:, axis] = (smooth[tuple(below.T)] - smooth[tuple(above.T)]) / mm
    length = np.linalg.norm(slopes, axis=1, keepdims=True)
    return np.asarray(slopes / np.maximum(length, 1e-6))


@compiled()
def _widths(hu: Any, index: Any, normals: Any, spacing: Any) -> Any:  # pragma: no cover - compiled
    """Millimetres between a quarter and three quarters of the rise in density along each normal."""
    n0, n1, n2 = hu.shape
    count = INNER_MM + OUTER_MM + 1
    widths = np.full(len(index), np.nan, dtype=np.float32)
    profile = np.empty(count)
    for number in range(len(index)):
        for step in range(count):
            d = step - INNER_MM
            x = min(max(index[number, 0] + d * normals[number, 0] / spacing[0], 0.0), n0 - 1.001)
            y = min(max(index[number, 1] + d * normals[number, 1] / spacing[1], 0.0), n1 - 1.001)
            z = min(max(index[number, 2] + d * normals[number, 2] / spacing[2], 0.0), n2 - 1.001)
            i, j, k = int(x), int(y), int(z)
            u, v, w = x - i, y - j, z - k
            value = 0.0
            for p in range(2):
                for q in range(2):
                    for r in range(2):
                        share = (u if p else 1 - u) * (v if q else 1 - v) * (w if r else 1 - w)
                        value += share * hu[min(i + p, n0 - 1), min(j + q, n1 - 1), min(k + r, n2 - 1)]
            profile[step] = min(max(value, -1000.0), 100.0)
        lung, soft = np.median(profile[:5]), profile[INNER_MM:].max()
        if lung > LUNG_HU or soft < SOFT_HU:
            continue
        low, high = lung + 0.25 * (soft - lung), lung + 0.75 * (soft - lung)
        end = 1
        while end < count - 1 and profile[end] < high:
            end += 1
        begin = end - 1
        while begin > 0 and profile[begin] > low:
            begin -= 1
        rise = max(profile[end] - profile[end - 1], 1e-3)
        upper = end - 1 + min(max((high - profile[end - 1]) / rise, 0.0), 1.0)
        rise = max(profile[begin + 1] - profile[begin], 1e-3)
        lower = begin + min(max((low - profile[begin]) / rise, 0.0), 1.0)
        widths[number] = upper - lower
    return widths

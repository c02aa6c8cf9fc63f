"""What a pixel classifier sees of each voxel, or of each cell of a few voxels.

The features of a cell depend on the image and the organ only, never on the box they were asked for: every sum runs
over the cell's own surroundings, in the same order. So what was computed for one stroke can be used for the next
(`FeatureMemory`), and a replay that computes everything anew gets the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from ctreview.compiled import compiled, compiled_in_parallel
from ctreview.tools.canvas import Canvas, Mask
from ctreview.tools.cells import EACH_VOXEL, Cells
from ctreview.tools.local_density import Scales, Stack, densities, slabs
from ctreview.tools.organ_position import OrganPosition, pack_position
from ctreview.volume.box import Box

__all__ = ["FEATURES", "POSITION", "Features", "Scales", "features"]

FEATURES = (
    "density at the fine scale",
    "density at the coarse scale",
    "local spread",
    "largest curvature",
    "smallest curvature",
    "distance to the border",
    "depth along gravity",
)
"""What the numbers of a cell are, in order."""

POSITION = 5
"""From this feature on they say where a cell lies, not what it looks like."""


@dataclass(frozen=True, eq=False)
class Features:
    """The features of a box of a canvas.

    Attributes
    ----------
    box : tuple of slice
        Which cells of the grid.
    values : ndarray of float32, shape (cells inside, features)
        One row for each cell where labels may be set.
    inside : ndarray of bool, shape of the box
        Those cells.
    """

    box: Box
    values: Stack
    inside: Mask


def features(
    canvas: Canvas, box: Box, scales: Scales, cells: Cells = EACH_VOXEL, *, position: OrganPosition | None = None
) -> Features:
    """Smoothed densities, local spread, Hessian, distance to the border and depth of the cells of a box.

    Smoothing averages only over ``canvas.within``, so that the chest wall does not colour what lies beside it.

    Parameters
    ----------
    canvas : Canvas
        The image, and where labels may be set.
    box : tuple of slice
        Which cells of it.
    scales : Scales
        How far a cell sees.
    cells : Cells
        How the grid is parted; each voxel by itself unless said.
    position : OrganPosition, optional
        `OrganPosition.from_canvas` of this canvas, if it is known.

    Returns
    -------
    Features
        In the order of `FEATURES`; densities and spread in HU, curvature in HU per mm², the rest in millimetres.
    """
    inside = cells.allowed(canvas, box)
    rows = np.concatenate([[0], np.cumsum(inside.sum(axis=(1, 2)))])
    values = np.empty((int(rows[-1]), len(FEATURES)), np.float32)
    position = (position or OrganPosition.from_canvas(canvas)).on(cells)
    for part in slabs(inside.shape):
        here = (slice(box[0].start + part.start, box[0].start + part.stop), box[1], box[2])
        fine, coarse, spread = densities(canvas, here, scales, cells)
        starts = rows[part.start : part.stop + 1]
        into = values[starts[0] : starts[-1]]
        mask = inside[part]
        spacing = np.array(cells.spacing(canvas.geometry), np.float32)
        _pack(mask, starts[:-1] - starts[0], fine, coarse, spread, spacing, into)
        corner = np.array([s.start for s in here], np.float64)
        pack_position(mask, starts[:-1] - starts[0], corner, *position.numbers, into)
    return Features(box, values, inside)


@compiled()
def _cosine_of_third(cosine: np.float32) -> np.float32:
    """Cosine of a third of an angle in [0, π] by a polynomial in that of its half, right to 1.3e-6."""
    half = np.sqrt((1 + cosine) / np.float32(2))
    term = np.float32(0.04779688) + half * (np.float32(-0.01930408) + half * np.float32(0.00419271))
    term = np.float32(0.5772581) + half * (np.float32(-0.10994389) + half * term)
    return np.float32(np.float32(0.50000121) + half * term)


@compiled_in_parallel()
def _pack(
    inside: Mask, starts: npt.NDArray[np.int64], fine: Stack, coarse: Stack, spread: Stack, spacing: Stack, out: Stack
) -> None:
    """Write what a voxel looks like into its row: densities, spread, and the outer eigenvalues of the Hessian.

    The eigenvalues of a symmetric 3×3 matrix in closed form: Smith, Commun ACM 1961, doi 10.1145/355578.366316.
    ``fine`` has one voxel more on each side.
    """
    a, b, c = spacing[0], spacing[1], spacing[2]
    for i in numba.prange(inside.shape[0]):
        row = starts[i]
        below, level, above = fine[i], fine[i + 1], fine[i + 2]
        for j in range(inside.shape[1]):
            for k in range(inside.shape[2]):
                if not inside[i, j, k]:
                    continue
                y, x = j + 1, k + 1
                v = 2 * level[y, x]
                zz = (above[y, x] + below[y, x] - v) / (a * a)
                yy = (level[y + 1, x] + level[y - 1, x] - v) / (b * b)
                xx = (level[y, x + 1] + level[y, x - 1] - v) / (c * c)
                zy = (above[y + 1, x] - above[y - 1, x] - below[y + 1, x] + below[y - 1, x]) / (4 * a * b)
                zx = (above[y, x + 1] - above[y, x - 1] - below[y, x + 1] + below[y, x - 1]) / (4 * a * c)
                yx = (level[y + 1, x + 1] - level[y + 1, x - 1] - level[y - 1, x + 1] + level[y - 1, x - 1]) / (
                    4 * b * c
                )
                mean = (zz + yy + xx) / np.float32(3)
                dz, dy, dx = zz - mean, yy - mean, xx - mean
                off = zy * zy + zx * zx + yx * yx
                scale = np.sqrt((dz * dz + dy * dy + dx * dx + 2 * off) / np.float32(6))
                out[row, 0], out[row, 1], out[row, 2] = level[y, x], coarse[i, j, k], spread[i, j, k]
                out[row, 3], out[row, 4] = mean, mean
                if scale > np.float32(1e-6):
                    det = dz * (dy * dx - yx * yx) - zy * (zy * dx - yx * zx) + zx * (zy * yx - dy * zx)
                    ratio = min(max(det / (2 * scale * scale * scale), np.float32(-1)), np.float32(1))
                    cosine = _cosine_of_third(ratio)
                    sine = np.sqrt(max(1 - cosine * cosine, np.float32(0)))
                    out[row, 3] = mean + 2 * scale * cosine
                    out[row, 4] = mean - scale * (cosine + np.float32(1.7320508) * sine)
                row += 1

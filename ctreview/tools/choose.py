"""From what a forest makes of each voxel to labels: bolder near a stroke, cautious elsewhere, and without specks."""

from __future__ import annotations

from typing import Any

import cc3d
import edt
import numba
import numpy as np
import numpy.typing as npt

from ctreview.compiled import compiled_in_parallel
from ctreview.tools.canvas import Mask
from ctreview.tools.local_density import Stack

__all__ = ["choose", "near_strokes", "without_specks"]

_CELL_MM = 3.0
"""Distances to strokes are worked out on a grid about this fine, and interpolated."""

_FLOOR = np.float32(0.02)
"""No class is ruled out by a forest of few trees."""


def near_strokes(
    drawn: npt.NDArray[np.int16],
    classes: npt.NDArray[Any],
    spacing: tuple[float, float, float],
    *,
    near: float,
    near_mm: float,
) -> tuple[Stack, npt.NDArray[np.int64]]:
    """What each class weighs by where its strokes lie, on a coarse grid.

    Parameters
    ----------
    drawn : ndarray of int16
        The class that a stroke shows at each voxel of a box, −1 where none does.
    classes : ndarray
        The classes told apart.
    spacing : tuple of float
        Of the voxels, in millimetres.
    near, near_mm : float
        Beside a stroke its class weighs ``exp(near)`` times as much, which fades over so many millimetres.

    Returns
    -------
    weights : ndarray of float32, shape (classes, cells, cells, cells)
        1 far from the strokes of a class.
    steps : ndarray of int, shape (3,)
        Voxels of a cell along each axis.
    """
    steps = np.maximum(1, np.rint(_CELL_MM / np.array(spacing))).astype(np.int64)
    cells = [-(-n // int(s)) for n, s in zip(drawn.shape, steps, strict=True)]
    weights = np.ones((len(classes), *cells), np.float32)
    at = np.argwhere(drawn >= 0)
    shown = drawn[tuple(at.T)]
    for number, value in enumerate(classes):
        own = at[shown == value] // steps
        if near == 0 or not len(own):
            continue
        away = np.ones(cells, bool)
        away[tuple(own.T)] = False
        distance = edt.edt(away, anisotropy=tuple(steps * np.array(spacing)), black_border=False)
        weights[number] = np.exp(near * np.exp(-distance / near_mm))
    return weights, steps


def choose(
    shares: Stack, inside: Mask, near: tuple[Stack, npt.NDArray[np.int64]], caution: Stack
) -> npt.NDArray[np.uint8]:
    """Which class each voxel inside gets, as a row of ``shares``.

    Parameters
    ----------
    shares : ndarray of float32, shape (classes, voxels inside)
        What a forest makes of them.
    inside : ndarray of bool, shape of the box
        Those voxels.
    near : tuple
        Of `near_strokes`.
    caution : ndarray of float32, shape (classes,)
        What each class weighs everywhere.

    Returns
    -------
    ndarray of uint8, shape (voxels inside,)
        The class that weighs most; the first of equals.
    """
    starts = np.concatenate([[0], np.cumsum(inside.sum(axis=(1, 2)))])[:-1]
    found: npt.NDArray[np.uint8] = np.empty(shares.shape[1], np.uint8)
    _choose(shares, inside, starts, *near, caution, found)
    return found


@compiled_in_parallel()
def _choose(
    shares: Stack,
    inside: Mask,
    starts: npt.NDArray[np.int64],
    weights: Stack,
    steps: npt.NDArray[np.int64],
    caution: Stack,
    out: npt.NDArray[np.uint8],
) -> None:
    classes, top0, top1, top2 = len(weights), weights.shape[1] - 1, weights.shape[2] - 1, weights.shape[3] - 1
    for i in numba.prange(inside.shape[0]):
        row = starts[i]
        z = min(max((np.float32(i) + np.float32(0.5)) / steps[0] - np.float32(0.5), np.float32(0)), np.float32(top0))
        z0 = min(int(z), max(top0 - 1, 0))
        z1, tz = min(z0 + 1, top0), np.float32(z - z0)
        # one plane of cells between the two that the slice lies between
        plane = (1 - tz) * weights[:, z0] + tz * weights[:, z1]
        for j in range(inside.shape[1]):
            y = min(max((j + 0.5) / steps[1] - 0.5, 0.0), float(top1))
            y0 = min(int(y), max(top1 - 1, 0))
            y1, ty = min(y0 + 1, top1), np.float32(y - y0)
            for k in range(inside.shape[2]):
                if not inside[i, j, k]:
                    continue
                x = min(max((k + 0.5) / steps[2] - 0.5, 0.0), float(top2))
                x0 = min(int(x), max(top2 - 1, 0))
                x1, tx = min(x0 + 1, top2), np.float32(x - x0)
                best, most = 0, np.float32(-1)
                for c in range(classes):
                    near = (1 - ty) * ((1 - tx) * plane[c, y0, x0] + tx * plane[c, y0, x1])
                    near += ty * ((1 - tx) * plane[c, y1, x0] + tx * plane[c, y1, x1])
                    weight = (shares[c, row] + _FLOOR) * near * caution[c]
                    if weight > most:
                        best, most = c, weight
                out[row] = best
                row += 1


def without_specks(new: npt.NDArray[Any], old: npt.NDArray[Any], touched: Mask, voxels: float) -> npt.NDArray[Any]:
    """New labels but for connected changes of fewer voxels that no stroke touches, where the old ones stay."""
    pieces = cc3d.connected_components(new != old, connectivity=6)
    kept = cc3d.statistics(pieces)["voxel_counts"] >= voxels
    kept[pieces[touched]] = True
    kept[0] = True  # what did not change is as it was either way
    return np.asarray(np.where(kept[pieces], new, old))

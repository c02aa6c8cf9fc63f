"""From what a forest makes of each voxel to labels: bolder near a stroke, cautious elsewhere, and without specks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cc3d
import edt
import numba
import numpy as np
import numpy.typing as npt

from ctreview.compiled import compiled, compiled_in_parallel
from ctreview.tools.canvas import Mask
from ctreview.tools.cells import Cells
from ctreview.tools.local_density import Stack

__all__ = ["StrokeVoxels", "choose_labels", "near_strokes", "remove_specks"]

_CELL_MM = 3.0
"""Distances to strokes are worked out on a grid about this fine, and interpolated."""

_FLOOR = np.float32(0.02)
"""No class is ruled out by a forest of few trees."""


@dataclass(frozen=True, eq=False)
class StrokeVoxels:
    """The voxels of a box that strokes show.

    Attributes
    ----------
    at : ndarray of int, shape (n, 3)
        Where, counted from the box's first voxel, in the order of the array.
    labels : ndarray of int16, shape (n,)
        What each of them shows.
    """

    at: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int16]

    @property
    def index(self) -> tuple[npt.NDArray[np.int64], ...]:
        """As arrays of the box are indexed by it."""
        return tuple(self.at.T)


def near_strokes(
    stroke_voxels: StrokeVoxels,
    shape: tuple[int, ...],
    classes: npt.NDArray[Any],
    spacing: tuple[float, float, float],
    *,
    near: float,
    near_mm: float,
) -> tuple[Stack, npt.NDArray[np.int64]]:
    """What each class weighs by where its strokes lie, on a coarse grid.

    Parameters
    ----------
    stroke_voxels : StrokeVoxels
        What strokes show in a box.
    shape : tuple of int
        Of the box.
    classes : ndarray
        The classes of the forest.
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
    cells = [-(-n // int(s)) for n, s in zip(shape, steps, strict=True)]
    weights = np.ones((len(classes), *cells), np.float32)
    for number, value in enumerate(classes):
        own = stroke_voxels.at[stroke_voxels.labels == value] // steps
        if near == 0 or not len(own):
            continue
        away = np.ones(cells, bool)
        away[tuple(own.T)] = False
        distance = edt.edt(away, anisotropy=tuple(steps * np.array(spacing)), black_border=False)
        weights[number] = np.exp(near * np.exp(-distance / near_mm))
    return weights, steps


def choose_labels(
    shares: Stack,
    inside: Mask,
    cells: Cells,
    allowed: Mask,
    near: tuple[Stack, npt.NDArray[np.int64]],
    caution: Stack,
) -> tuple[npt.NDArray[np.uint8], Stack]:
    """Which class each voxel gets, and how doubtful that is.

    Parameters
    ----------
    shares : ndarray of float32, shape (classes, cells, cells, cells)
        What a forest makes of each cell; between their middles they are interpolated.
    inside : ndarray of bool, shape (cells, cells, cells)
        The cells that it was asked about.
    cells : Cells
        How many voxels they hold.
    allowed : ndarray of bool
        The voxels that get a class.
    near : tuple
        Of `near_strokes`.
    caution : ndarray of float32, shape (classes,)
        What each class weighs everywhere.

    Returns
    -------
    chosen : ndarray of uint8, shape of ``allowed``
        The class that weighs most, as a row of ``shares``; the first of equals.
    doubt : ndarray of float32, shape of ``allowed``
        1 − the share of that class; 0 where not allowed.
    """
    chosen, doubt = np.zeros(allowed.shape, np.uint8), np.zeros(allowed.shape, np.float32)
    _choose(shares, inside, np.array(cells.steps), allowed, *near, caution, chosen, doubt)
    return chosen, doubt


@compiled()
def _between(place: float, top: int) -> tuple[int, int, float]:
    """The two cells that a place in cells lies between, and how far along; at the ends the last one."""
    inner = min(max(place, 0.0), float(top))
    low = min(int(inner), max(top - 1, 0))
    return low, min(low + 1, top), inner - low


@compiled()
def _columns(count: int, step: int, cells: int) -> tuple[npt.NDArray[np.int64], Stack]:
    """`_between` for every voxel of a line that is parted into cells."""
    ends, along = np.empty((count, 2), np.int64), np.empty(count, np.float32)
    for k in range(count):
        ends[k, 0], ends[k, 1], along[k] = _between((k + 0.5) / step - 0.5, cells - 1)
    return ends, along


@compiled()
def _in_slice(shares: Stack, inside: Mask, z0: int, z1: int, tz: np.float32) -> Stack:
    """The shares between two planes of cells, and last how much of it was inside at all."""
    classes = len(shares)
    plane = np.zeros((classes + 1, inside.shape[1], inside.shape[2]), np.float32)
    for y in range(inside.shape[1]):
        for x in range(inside.shape[2]):
            low = np.float32(1) - tz if inside[z0, y, x] else np.float32(0)
            high = tz if inside[z1, y, x] else np.float32(0)
            plane[classes, y, x] = low + high
            for c in range(classes):
                plane[c, y, x] = low * shares[c, z0, y, x] + high * shares[c, z1, y, x]
    return plane


@compiled_in_parallel()
def _choose(
    shares: Stack,
    inside: Mask,
    steps: npt.NDArray[np.int64],
    allowed: Mask,
    weights: Stack,
    reaches: npt.NDArray[np.int64],
    caution: Stack,
    chosen: npt.NDArray[np.uint8],
    doubt: Stack,
) -> None:
    classes, one = len(shares), np.float32(1)
    columns = allowed.shape[2]
    in_weights, along_weights = _columns(columns, reaches[2], weights.shape[3])
    in_shares, along_shares = _columns(columns, steps[2], inside.shape[2])
    for i in numba.prange(allowed.shape[0]):
        z0, z1, part = _between((i + 0.5) / reaches[0] - 0.5, weights.shape[1] - 1)
        tz = np.float32(part)
        # one plane of cells between the two that the slice lies between
        near = (1 - tz) * weights[:, z0] + tz * weights[:, z1]
        z0, z1, part = _between((i + 0.5) / steps[0] - 0.5, inside.shape[0] - 1)
        plane = _in_slice(shares, inside, z0, z1, np.float32(part))
        found = np.empty(classes, np.float32)
        for j in range(allowed.shape[1]):
            v0, v1, part = _between((j + 0.5) / reaches[1] - 0.5, weights.shape[2] - 1)
            tv = np.float32(part)
            y0, y1, part = _between((j + 0.5) / steps[1] - 0.5, inside.shape[1] - 1)
            ty = np.float32(part)
            row = (one - ty) * plane[:, y0] + ty * plane[:, y1]
            for k in range(columns):
                if not allowed[i, j, k]:
                    continue
                u0, u1, tu = in_weights[k, 0], in_weights[k, 1], along_weights[k]
                x0, x1, tx = in_shares[k, 0], in_shares[k, 1], along_shares[k]
                whole = (one - tx) * row[classes, x0] + tx * row[classes, x1]
                best, most = 0, np.float32(-1)
                for c in range(classes):
                    found[c] = ((one - tx) * row[c, x0] + tx * row[c, x1]) / whole
                    beside = (1 - tv) * ((1 - tu) * near[c, v0, u0] + tu * near[c, v0, u1])
                    beside += tv * ((1 - tu) * near[c, v1, u0] + tu * near[c, v1, u1])
                    weight = (found[c] + _FLOOR) * beside * caution[c]
                    if weight > most:
                        best, most = c, weight
                chosen[i, j, k] = best
                doubt[i, j, k] = one - found[best]


def remove_specks(
    new: npt.NDArray[Any], old: npt.NDArray[Any], stroke_voxels: StrokeVoxels, voxels: float
) -> npt.NDArray[Any]:
    """New labels but for connected changes of fewer voxels that no stroke touches, where the old ones stay."""
    pieces = cc3d.connected_components(new != old, connectivity=6)
    kept = cc3d.statistics(pieces)["voxel_counts"] >= voxels
    kept[pieces[stroke_voxels.index]] = True
    kept[0] = True  # what did not change is as it was either way
    return np.asarray(np.where(kept[pieces], new, old))

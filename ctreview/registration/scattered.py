"""A smooth displacement through many scattered matches.

A stiff field first (thin plates through the means of large cells; it also says what lies beyond the matches), then
what is left of each match is averaged locally: around every node a displacement and its gradient are fitted to the
matches nearby (local linear regression: Cleveland and Devlin 1988). Unlike thin plates alone, the cost grows only
linearly with the number of matches, so that many can be used.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.compiled import compiled
from ctreview.registration.field import thin_plate
from ctreview.volume.geometry import FloatArray, Geometry
from ctreview.volume.parallel import in_chunks

__all__ = ["smooth_field"]

Field = npt.NDArray[np.float32]

CELL_MM = 24.0
REACH = 3.0
"""Matches farther than so many widths do not count."""
STIFF_WEIGHT = 0.3
"""How many matches the stiff field counts for, at each node."""
GRADIENT_RIDGE = 1.0
"""The same for its gradient, times the squared width: keeps slopes small where matches lie on one side only."""


@compiled()
def _solve(matrix, right):  # type: ignore[no-untyped-def]
    # Cholesky, in place, for three right-hand sides; the ridge keeps the matrix positive definite.
    for i in range(4):
        for j in range(i):
            s = matrix[i, j]
            for k in range(j):
                s -= matrix[i, k] * matrix[j, k]
            matrix[i, j] = s / matrix[j, j]
        s = matrix[i, i]
        for k in range(i):
            s -= matrix[i, k] * matrix[i, k]
        matrix[i, i] = np.sqrt(max(s, 1e-12))
    for d in range(3):
        for i in range(4):
            s = right[i, d]
            for k in range(i):
                s -= matrix[i, k] * right[k, d]
            right[i, d] = s / matrix[i, i]
        for i in range(3, -1, -1):
            s = right[i, d]
            for k in range(i + 1, 4):
                s -= matrix[k, i] * right[k, d]
            right[i, d] = s / matrix[i, i]


@compiled()
def _gather(x, y, z, matches, first, low, reach, matrix, right):  # type: ignore[no-untyped-def]
    # Adds the matches around a place to the normal equations; says whether there were any. ``matches`` are sorted
    # by cell, in rows of x, y, z and three displacements; cells are as wide as the reach.
    some = False
    cx, cy, cz = int((x - low[0]) // reach), int((y - low[1]) // reach), int((z - low[2]) // reach)
    for a in range(max(cz - 1, 0), min(cz + 2, first.shape[0])):
        for b in range(max(cy - 1, 0), min(cy + 2, first.shape[1])):
            for c in range(max(cx - 1, 0), min(cx + 2, first.shape[2])):
                for n in range(first[a, b, c, 0], first[a, b, c, 1]):
                    dx, dy, dz = matches[n, 0] - x, matches[n, 1] - y, matches[n, 2] - z
                    r = dx * dx + dy * dy + dz * dz
                    if r >= reach * reach:
                        continue
                    some = True
                    # Wendland's C2 function: like a Gaussian, and zero from the reach on.
                    q = np.sqrt(r) / reach
                    weight = (1 - q) ** 4 * (4 * q + 1)
                    matrix[0, 0] += weight
                    matrix[1, 0] += weight * dx
                    matrix[2, 0] += weight * dy
                    matrix[3, 0] += weight * dz
                    matrix[1, 1] += weight * dx * dx
                    matrix[2, 1] += weight * dx * dy
                    matrix[3, 1] += weight * dx * dz
                    matrix[2, 2] += weight * dy * dy
                    matrix[3, 2] += weight * dy * dz
                    matrix[3, 3] += weight * dz * dz
                    for d in range(3):
                        pull = weight * matches[n, 3 + d]
                        right[0, d] += pull
                        right[1, d] += pull * dx
                        right[2, d] += pull * dy
                        right[3, d] += pull * dz
    return some


@compiled()
def _local(matches, first, low, reach, ridge, origin, step, out, start, stop):  # type: ignore[no-untyped-def]
    matrix, right = np.empty((4, 4)), np.empty((4, 3))
    for i in range(start, stop):
        for j in range(out.shape[2]):
            for k in range(out.shape[3]):
                matrix[:] = 0
                right[:] = 0
                x, y, z = origin[0] + step * k, origin[1] + step * j, origin[2] + step * i
                if _gather(x, y, z, matches, first, low, reach, matrix, right):
                    for p in range(4):
                        matrix[p, p] += ridge[p]
                    _solve(matrix, right)
                    for d in range(3):
                        out[d, i, j, k] += right[0, d]


def _sorted_by_cell(matches: FloatArray, cell: float) -> tuple[FloatArray, npt.NDArray[np.int64], FloatArray]:
    low = matches[:, :3].min(axis=0)
    index = ((matches[:, :3] - low) // cell).astype(np.int64)[:, ::-1]
    shape = tuple(int(n) for n in index.max(axis=0) + 1)
    flat = np.ravel_multi_index(tuple(index.T), shape)
    order = np.argsort(flat, kind="stable")
    edges = np.searchsorted(flat[order], np.arange(int(np.prod(shape)) + 1))
    first = np.stack([edges[:-1], edges[1:]], axis=-1).reshape(*shape, 2)
    return np.ascontiguousarray(matches[order]), np.ascontiguousarray(first), low


def _stiff(points: FloatArray, values: FloatArray, nodes: Geometry, threads: int) -> Field:
    cell = np.floor((points - points.min(axis=0)) / CELL_MM).astype(np.int64)
    _, group = np.unique(cell, axis=0, return_inverse=True)
    total = np.bincount(group.ravel())
    means = np.stack([np.bincount(group.ravel(), column) / total for column in (*points.T, *values.T)], axis=1)
    plate = thin_plate(means[:, :3], means[:, 3:], np.minimum(total / np.median(total), 1.0), 0.1)
    # Every second node is enough for a field that only varies over CELL_MM.
    depth, height, width = (n // 2 + 1 for n in nodes.shape)
    coarse = Geometry.aligned(
        (depth, height, width),
        [2 * s for s in nodes.spacing],
        origin=nodes.origin.tolist(),
        frame_of_reference=nodes.frame_of_reference,
    )
    index = np.moveaxis(np.indices(coarse.shape), 0, -1).reshape(-1, 3)
    field = plate(coarse.to_lps(index), threads=threads).T.reshape(3, *coarse.shape)
    fine = [_doubled(part, nodes.shape) for part in field]
    return np.stack(fine)


def _doubled(part: Field, shape: tuple[int, int, int]) -> Field:
    for axis, count in enumerate(shape):
        part = np.moveaxis(part, axis, 0)
        out = np.empty((2 * len(part) - 1, *part.shape[1:]), dtype=np.float32)
        out[::2] = part
        out[1::2] = (part[:-1] + part[1:]) / 2
        if len(out) < count:
            out = np.concatenate([out, out[-1:]])
        part = np.moveaxis(out[:count], 0, axis)
    return part


def smooth_field(
    points: FloatArray,
    displacements: FloatArray,
    nodes: Geometry,
    *,
    width_mm: float,
    threads: int = 1,
) -> Field:
    """Displacements at the nodes of a grid, from those of scattered points.

    Parameters
    ----------
    points, displacements : ndarray, shape (n, 3)
        LPS millimetres.
    nodes : Geometry
        Isotropic, parallel to the patient's axes.
    width_mm : float
        Over which distance (as a standard deviation) matches are averaged.

    Returns
    -------
    ndarray of float32, shape (3, *nodes.shape)
        LPS millimetres.
    """
    field = np.ascontiguousarray(_stiff(points, displacements, nodes, threads))
    index = nodes.to_index(points).T
    stiff = np.stack([ndimage.map_coordinates(part, index, order=1, mode="nearest") for part in field], axis=1)
    reach = REACH * width_mm
    matches, first, low = _sorted_by_cell(np.column_stack([points, displacements - stiff]), reach)
    ridge = np.array([STIFF_WEIGHT, *(GRADIENT_RIDGE * width_mm**2,) * 3])
    origin, step = nodes.origin, nodes.spacing[0]
    in_chunks(
        lambda a, b: _local(matches, first, low, reach, ridge, origin, step, field, a, b),
        nodes.shape[0],
        threads,
        chunks_per_thread=8,
    )
    return field

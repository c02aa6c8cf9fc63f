"""From scattered displacements to a smooth field on a grid that does not fold."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import linalg, ndimage

from ctreview.compiled import compiled
from ctreview.volume.geometry import FloatArray, Geometry
from ctreview.volume.parallel import in_chunks

__all__ = [
    "FADE_MM",
    "FIELD_MARGIN_MM",
    "ThinPlate",
    "field_geometry",
    "jacobian",
    "lowest_jacobian",
    "taper",
    "thin_plate",
    "unfold",
]

Field = npt.NDArray[np.float32]

FIELD_MARGIN_MM, FADE_MM = 48.0, 32.0
"""How far a displacement reaches beyond the fixed mask, and over how much of that it fades to nothing."""


SLOPE_RIDGE = 1e-6


@compiled()
def _evaluate(centres, weights, polynomial, points, out, start, stop):  # type: ignore[no-untyped-def]
    for n in range(start, stop):
        x, y, z = points[n, 0], points[n, 1], points[n, 2]
        a = polynomial[0, 0] + polynomial[1, 0] * x + polynomial[2, 0] * y + polynomial[3, 0] * z
        b = polynomial[0, 1] + polynomial[1, 1] * x + polynomial[2, 1] * y + polynomial[3, 1] * z
        c = polynomial[0, 2] + polynomial[1, 2] * x + polynomial[2, 2] * y + polynomial[3, 2] * z
        for m in range(centres.shape[1]):
            dx, dy, dz = centres[0, m] - x, centres[1, m] - y, centres[2, m] - z
            r = np.sqrt(dx * dx + dy * dy + dz * dz)
            a += weights[0, m] * r
            b += weights[1, m] * r
            c += weights[2, m] * r
        out[n, 0], out[n, 1], out[n, 2] = a, b, c


class ThinPlate:
    """A thin-plate spline in three dimensions: the smoothest displacement through, or near, given ones."""

    def __init__(self, origin: FloatArray, centres: FloatArray, weights: FloatArray, polynomial: FloatArray) -> None:
        self._origin = origin
        self._centres = np.ascontiguousarray(centres.T, dtype=np.float32)
        self._weights = np.ascontiguousarray(weights.T, dtype=np.float32)
        self._polynomial = np.ascontiguousarray(polynomial, dtype=np.float32)

    def __call__(self, points: FloatArray, *, threads: int = 1) -> Field:
        """Displacements (n, 3) at points (n, 3)."""
        where = np.ascontiguousarray(points - self._origin, dtype=np.float32)
        out = np.empty(where.shape, dtype=np.float32)
        in_chunks(
            lambda a, b: _evaluate(self._centres, self._weights, self._polynomial, where, out, a, b),
            len(where),
            threads,
        )
        return out


def thin_plate(points: FloatArray, displacements: FloatArray, weights: FloatArray, smoothing: float) -> ThinPlate:
    """Fit a smoothing thin-plate spline (kernel r; Wahba 1990).

    Parameters
    ----------
    points, displacements : ndarray, shape (n, 3)
        In millimetres; at least one point.
    weights : ndarray, shape (n,)
        Above 0; weight of each displacement.
    smoothing : float
        0 passes through all; larger bends less. In units of the points' mean distance, so that it means the same
        for few and many points.
    """
    n = len(points)
    origin = points.mean(axis=0)
    centred = points - origin
    extent = float(np.ptp(centred, axis=0).max()) + 1.0
    kernel = np.linalg.norm(centred[:, None, :] - centred[None, :, :], axis=-1)
    spacing = float(np.prod(np.ptp(centred, axis=0) + 1.0) / n) ** (1 / 3)
    # The kernel −r is conditionally positive definite, hence the sign of the diagonal.
    kernel[np.diag_indices(n)] -= smoothing * spacing / weights
    linear = np.column_stack([np.ones(n), centred / extent])
    # The last block says no to slopes that the points do not show (all in one plane, or fewer than four).
    system = np.block([[kernel, linear], [linear.T, -SLOPE_RIDGE * np.eye(4)]])
    right = np.concatenate([displacements, np.zeros((4, 3))])
    solution = linalg.solve(system, right, assume_a="sym", check_finite=False)
    slopes = solution[n:] / np.array([1.0, extent, extent, extent])[:, None]
    return ThinPlate(origin, centred, solution[:n], slopes)


def field_geometry(box: Geometry, spacing_mm: float, margin_mm: float) -> Geometry:
    """A grid of nodes over a box and a margin around it."""
    low = box.corners().min(axis=0) - margin_mm
    high = box.corners().max(axis=0) + margin_mm
    count = np.ceil((high - low) / spacing_mm).astype(int) + 1
    shape = (int(count[2]), int(count[1]), int(count[0]))
    return Geometry.aligned(shape, (spacing_mm,) * 3, origin=low.tolist(), frame_of_reference=box.frame_of_reference)


def jacobian(field: Field, grid: Geometry) -> Field:
    """det(I + ∇u) at the nodes, by central differences; shape ``grid.shape``."""
    rows = [np.gradient(part, *grid.spacing) for part in field]
    xx, xy, xz = rows[0][2] + 1, rows[0][1], rows[0][0]
    yx, yy, yz = rows[1][2], rows[1][1] + 1, rows[1][0]
    zx, zy, zz = rows[2][2], rows[2][1], rows[2][0] + 1
    determinant = xx * (yy * zz - yz * zy) - xy * (yx * zz - yz * zx) + xz * (yx * zy - yy * zx)
    return np.asarray(determinant, dtype=np.float32)


def taper(field: Field, width: int) -> Field:
    """Let a displacement fade to zero over the outermost ``width`` nodes, so that it ends without a step."""
    out = field.copy()
    for axis, count in enumerate(field.shape[1:]):
        edge = np.minimum(np.arange(count), np.arange(count)[::-1]) / width
        ramp = np.clip(edge, 0.0, 1.0)
        shape = [1, 1, 1]
        shape[axis] = count
        out *= (ramp * ramp * (3 - 2 * ramp)).reshape(shape).astype(np.float32)
    return out


def lowest_jacobian(field: Field, grid: Geometry) -> Field:
    """The smallest det(I + ∇u) of the tetrahedra at each corner of each cell; shape ``grid.shape`` − 1.

    Stricter than central differences, which do not see a fold between two nodes.
    """
    lowest = np.full([n - 1 for n in grid.shape], np.inf, dtype=np.float32)
    steps = [[np.diff(part, axis=axis) / np.float32(grid.spacing[axis]) for axis in range(3)] for part in field]
    ends = (slice(None, -1), slice(1, None))
    for a in range(2):
        for b in range(2):
            for c in range(2):
                # The edges that leave this corner: along axis 0 at (b, c), along axis 1 at (a, c), …
                at = ((slice(None), ends[b], ends[c]), (ends[a], slice(None), ends[c]), (ends[a], ends[b], slice(None)))
                zx, yx, xx = (steps[0][axis][at[axis]] for axis in range(3))
                zy, yy, xy = (steps[1][axis][at[axis]] for axis in range(3))
                zz, yz, xz = (steps[2][axis][at[axis]] for axis in range(3))
                determinant = (
                    (xx + 1) * ((yy + 1) * (zz + 1) - yz * zy)
                    - yx * (xy * (zz + 1) - xz * zy)
                    + zx * (xy * yz - xz * (yy + 1))
                )
                np.minimum(lowest, determinant, out=lowest)
    return lowest


def unfold(field: Field, grid: Geometry, *, least: float = 0.05, rounds: int = 60) -> tuple[Field, int]:
    """Smooth a displacement where it folds, or nearly, until it does not.

    Parameters
    ----------
    field : ndarray of float32, shape (3, *grid.shape)
        Displacements in LPS millimetres; ``grid`` parallel to the patient's axes.
    least : float
        The smallest local volume ratio that is let stand.
    rounds : int
        After so many local smoothings, what still folds is smoothed everywhere.

    Returns
    -------
    field : ndarray of float32
        Invertible: no cell of the grid folds.
    smoothed : int
        How many nodes had to be smoothed.
    """
    touched = np.zeros(grid.shape, dtype=bool)
    for turn in range(2 * rounds):
        bad = lowest_jacobian(field, grid) < least
        if not bad.any():
            break
        near = np.zeros(grid.shape, dtype=bool)
        for corner in np.ndindex(2, 2, 2):
            near[tuple(slice(c, n - 1 + c) for c, n in zip(corner, grid.shape, strict=True))] |= bad
        blend = np.ones(grid.shape, dtype=np.float32)
        if turn < rounds:
            blend = ndimage.gaussian_filter(ndimage.binary_dilation(near, iterations=2).astype(np.float32), 1.0)
        touched |= blend > 0.01
        smooth = np.stack([ndimage.gaussian_filter(part, 1.0, mode="nearest") for part in field])
        field = np.asarray(field + blend * (smooth - field), dtype=np.float32)
    return field, int(touched.sum())

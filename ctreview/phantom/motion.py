"""Where a point of the patient lies in the reference body: size, place, breath and small deformations.

``to_reference`` is written out, so that a grid of the patient is sampled directly; ``from_reference`` undoes it in
closed form but for the small bumps, which are undone by fixed-point iteration to 1e-4 mm. Mass is kept: where the
mapping squeezes the lung, its density rises by the determinant of the Jacobian.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, sqrt

import numpy as np
import numpy.typing as npt

from ctreview.compiled import compiled
from ctreview.phantom.body import APEX_Z, BACK_Y, BASE_Z
from ctreview.volume.geometry import FloatArray, Geometry
from ctreview.volume.transform import Transform

__all__ = ["Bump", "Motion", "TrueCorrespondence", "fit_transform", "triple"]

EXPIRED = (0.15, 0.20, 0.35)
"""Share by which width, depth and height of the lungs shrink from full inspiration to resting expiration.

Together they leave 0.44 of the volume, about what functional residual capacity is of total capacity lying down.
"""
EXPIRED_GRADIENT = 0.175
"""How much more than the mean the chest 115 mm down along gravity shrinks at resting expiration (0.14 at the pleura).

Chosen so that Long 2005's front-to-back differences follow from mass alone: 33 HU inspired, about 155 to 230 expired.
"""
_MIDDLE_Y, _HALF_Y = 5.0, 115.0

_jit = compiled()


def triple(values: Iterable[float]) -> tuple[float, float, float]:
    """Three numbers, such as a place, as plain floats."""
    a, b, c = (float(value) for value in values)
    return a, b, c


@dataclass(frozen=True)
class Bump:
    """A smooth local shift: a Gaussian of the patient's millimetres.

    ``shift · exp(−|p − centre|² / 2 width²)``; all in LPS millimetres before placement.
    """

    centre: tuple[float, float, float]
    shift: tuple[float, float, float]
    width: float


@dataclass(frozen=True)
class Motion:
    """How one patient at one moment differs from the reference body.

    Attributes
    ----------
    scale : tuple of float
        Size of the patient over the reference along x, y, z.
    breath_depth : float
        1 full inspiration, 0 resting expiration; below 0 and above 1 are extrapolated.
    gravity : int
        +1 where the back is down (supine), −1 where the front is (prone): that side shrinks more.
    offset : tuple of float
        Where the reference's origin lies in the patient's LPS millimetres.
    turn_degrees : float
        Rotation about the long axis; positive turns the patient's front to the left.
    bumps : tuple of Bump
        Small smooth deformations.
    """

    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    breath_depth: float = 1.0
    gravity: int = 1
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    turn_degrees: float = 0.0
    bumps: tuple[Bump, ...] = ()

    @property
    def mean_scale(self) -> float:
        """Cube root of the scales' product: what short lengths are multiplied by."""
        return float(np.prod(self.scale) ** (1 / 3))

    def packed(self) -> FloatArray:
        """The numbers in one row, for the compiled functions."""
        out = 1.0 - self.breath_depth
        turn = np.deg2rad(self.turn_degrees)
        bumps = [v for bump in self.bumps for v in (*bump.centre, *bump.shift, bump.width)]
        head = [
            *self.scale,
            *(1.0 - out * np.array(EXPIRED)),
            -self.gravity * EXPIRED_GRADIENT * out,
            *self.offset,
            np.cos(turn),
            np.sin(turn),
        ]
        return np.array([*head, *bumps], dtype=np.float64)

    def to_reference(self, points: npt.ArrayLike) -> FloatArray:
        """Reference millimetres of points (…, 3) in the patient's LPS millimetres."""
        points = np.asarray(points, dtype=np.float64)
        flat = np.ascontiguousarray(points.reshape(-1, 3))
        return np.asarray(_to_reference_all(flat, self.packed())).reshape(points.shape)

    def from_reference(self, points: npt.ArrayLike) -> FloatArray:
        """The patient's LPS millimetres of points (…, 3) of the reference."""
        points = np.asarray(points, dtype=np.float64)
        flat = np.ascontiguousarray(points.reshape(-1, 3))
        return np.asarray(_from_reference_all(flat, self.packed())).reshape(points.shape)

    def volume_ratio(self, points: npt.ArrayLike) -> FloatArray:
        """Volume in the patient over volume in the patient's own full inspiration, at points (…, 3) of the patient."""
        points = np.asarray(points, dtype=np.float64)
        flat = np.ascontiguousarray(points.reshape(-1, 3))
        return np.asarray(_ratio_all(flat, self.packed())).reshape(points.shape[:-1])


@_jit
def _bumps(x, y, z, m):  # type: ignore[no-untyped-def]
    sx, sy, sz = 0.0, 0.0, 0.0
    for k in range(12, len(m), 7):
        r2 = (x - m[k]) ** 2 + (y - m[k + 1]) ** 2 + (z - m[k + 2]) ** 2
        w = exp(-0.5 * r2 / (m[k + 6] * m[k + 6]))
        sx += w * m[k + 3]
        sy += w * m[k + 4]
        sz += w * m[k + 5]
    return sx, sy, sz


@_jit
def _unbend(y, f, g):  # type: ignore[no-untyped-def]
    """Undo ``y' = f·(t + g·t²/(2H))`` about the middle; straight on outside the chest. Gives t and dt/dy'."""
    if abs(g) < 1e-9:
        return y / f, 1.0 / f
    end = f * (_HALF_Y + 0.5 * g * _HALF_Y)
    start = f * (-_HALF_Y + 0.5 * g * _HALF_Y)
    if y > end:
        s = f * (1.0 + g)
        return _HALF_Y + (y - end) / s, 1.0 / s
    if y < start:
        s = f * (1.0 - g)
        return -_HALF_Y + (y - start) / s, 1.0 / s
    root = sqrt(1.0 + 2.0 * g * y / (f * _HALF_Y))
    return _HALF_Y * (root - 1.0) / g, 1.0 / (f * root)


@_jit
def _bend(t, f, g):  # type: ignore[no-untyped-def]
    if t > _HALF_Y:
        return f * (_HALF_Y + 0.5 * g * _HALF_Y) + f * (1.0 + g) * (t - _HALF_Y)
    if t < -_HALF_Y:
        return f * (-_HALF_Y + 0.5 * g * _HALF_Y) + f * (1.0 - g) * (t + _HALF_Y)
    return f * (t + 0.5 * g * t * t / _HALF_Y)


@_jit
def to_reference(px, py, pz, m):  # type: ignore[no-untyped-def]
    """One point of the patient in the reference; also z as the chest wall has it, and volume over full inspiration.

    The volume ratio leaves out the bumps (`volume_ratio` has them): they are added on the grid.
    """
    x0, y0, z0 = px - m[7], py - m[8], pz - m[9]
    x1, y1 = m[10] * x0 + m[11] * y0, -m[11] * x0 + m[10] * y0
    bx, by, bz = _bumps(x1, y1, z0, m)
    x, y, z = (x1 + bx) / m[0], (y1 + by) / m[1], (z0 + bz) / m[2]
    wall = z
    back = _bend(BACK_Y - _MIDDLE_Y, m[4], m[6])
    t, dt = _unbend(y - BACK_Y + back, m[4], m[6])
    x /= m[3]
    y = _MIDDLE_Y + t
    floor = APEX_Z + m[5] * (BASE_Z - APEX_Z)
    ratio = m[3] / dt
    if z < floor:
        z = BASE_Z + (z - floor)
    elif z < APEX_Z:
        z = APEX_Z + (z - APEX_Z) / m[5]
        ratio *= m[5]
    return x, y, z, wall, ratio


@_jit
def _from_reference(x, y, z, m):  # type: ignore[no-untyped-def]
    back = _bend(BACK_Y - _MIDDLE_Y, m[4], m[6])
    x *= m[3]
    y = _bend(y - _MIDDLE_Y, m[4], m[6]) + BACK_Y - back
    if z < BASE_Z:
        z = APEX_Z + m[5] * (BASE_Z - APEX_Z) + (z - BASE_Z)
    elif z < APEX_Z:
        z = APEX_Z + m[5] * (z - APEX_Z)
    tx, ty, tz = x * m[0], y * m[1], z * m[2]
    x, y, z = tx, ty, tz
    for _ in range(60):
        bx, by, bz = _bumps(x, y, z, m)
        move = abs(tx - bx - x) + abs(ty - by - y) + abs(tz - bz - z)
        x, y, z = tx - bx, ty - by, tz - bz
        if move < 1e-5:
            break
    return m[10] * x - m[11] * y + m[7], m[11] * x + m[10] * y + m[8], z + m[9]


@_jit
def bump_ratio(px, py, pz, m):  # type: ignore[no-untyped-def]
    """Volume in the patient over volume before the bumps, at one point of the patient."""
    if len(m) <= 12:
        return 1.0
    x0, y0, z = px - m[7], py - m[8], pz - m[9]
    x, y = m[10] * x0 + m[11] * y0, -m[11] * x0 + m[10] * y0
    xx, xy, xz, yx, yy, yz, zx, zy, zz = 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0
    for k in range(12, len(m), 7):
        dx, dy, dz = x - m[k], y - m[k + 1], z - m[k + 2]
        w2 = m[k + 6] * m[k + 6]
        w = -exp(-0.5 * (dx * dx + dy * dy + dz * dz) / w2) / w2
        xx += w * dx * m[k + 3]
        xy += w * dy * m[k + 3]
        xz += w * dz * m[k + 3]
        yx += w * dx * m[k + 4]
        yy += w * dy * m[k + 4]
        yz += w * dz * m[k + 4]
        zx += w * dx * m[k + 5]
        zy += w * dy * m[k + 5]
        zz += w * dz * m[k + 5]
    det = xx * (yy * zz - yz * zy) - xy * (yx * zz - yz * zx) + xz * (yx * zy - yy * zx)
    return 1.0 / det


@_jit
def _to_reference_all(points, m):  # type: ignore[no-untyped-def]
    out = np.empty_like(points)
    for i in range(len(points)):
        x, y, z, _, _ = to_reference(points[i, 0], points[i, 1], points[i, 2], m)
        out[i, 0], out[i, 1], out[i, 2] = x, y, z
    return out


@_jit
def _from_reference_all(points, m):  # type: ignore[no-untyped-def]
    out = np.empty_like(points)
    for i in range(len(points)):
        out[i, 0], out[i, 1], out[i, 2] = _from_reference(points[i, 0], points[i, 1], points[i, 2], m)
    return out


@_jit
def _ratio_all(points, m):  # type: ignore[no-untyped-def]
    out = np.empty(len(points))
    for i in range(len(points)):
        ratio = to_reference(points[i, 0], points[i, 1], points[i, 2], m)[4]
        out[i] = ratio * bump_ratio(points[i, 0], points[i, 1], points[i, 2], m)
    return out


@dataclass(frozen=True)
class TrueCorrespondence:
    """The exact correspondence of two moments of one body; both ways, in LPS millimetres, for any point."""

    fixed: Motion
    moving: Motion

    def to_moving(self, points: npt.ArrayLike) -> FloatArray:
        """Where points (…, 3) of the fixed moment lie in the moving one."""
        return self.moving.from_reference(self.fixed.to_reference(points))

    def to_fixed(self, points: npt.ArrayLike) -> FloatArray:
        """Where points (…, 3) of the moving moment lie in the fixed one."""
        return self.fixed.from_reference(self.moving.to_reference(points))

    def volume_ratio(self, points: npt.ArrayLike) -> FloatArray:
        """Volume in the moving moment over volume in the fixed one (det J), at points (…, 3) of the fixed one."""
        return np.asarray(self.moving.volume_ratio(self.to_moving(points)) / self.fixed.volume_ratio(points))


def fit_transform(
    mapping: TrueCorrespondence, fixed: Geometry, moving: Geometry, *, spacing_mm: float = 4.0
) -> Transform:
    """The mapping as a `Transform`: best affine over the fixed grid's field, the rest on a grid of ``spacing_mm``.

    Between nodes the displacement is linear, so that it departs from the exact mapping by some hundredths of a
    millimetre inside the lung.
    """
    grid = fixed.resized([spacing_mm] * 3)
    index = np.stack(np.meshgrid(*(np.arange(n) for n in grid.shape), indexing="ij"), axis=-1)
    points = grid.to_lps(index)
    mapped = mapping.to_moving(points)
    design = np.concatenate([points.reshape(-1, 3), np.ones((points.size // 3, 1))], axis=1)[::7]
    solution = np.linalg.lstsq(design, mapped.reshape(-1, 3)[::7], rcond=None)[0]
    affine = np.eye(4)
    affine[:3, :] = solution.T
    back = np.linalg.inv(affine)
    displacement = mapped @ back[:3, :3].T + back[:3, 3] - points
    return Transform(fixed, moving, affine, np.moveaxis(displacement, -1, 0).astype(np.float32), grid)

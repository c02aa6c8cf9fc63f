"""Which point of one image is which point of another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates

from ctreview.errors import WrongUse
from ctreview.volume.geometry import FloatArray, Geometry

__all__ = ["Transform"]


@dataclass(frozen=True, eq=False)
class Transform:
    """A mapping of patient points from a fixed image (baseline) to a moving one (follow-up).

    ``T(p) = A · (p + u(p))``: the displacement ``u`` first, on a grid in the fixed image and zero outside it, then
    the affine ``A``. So the affine alone rules outside the grid.

    Attributes
    ----------
    fixed, moving : Geometry
        The grids of the two images.
    affine : ndarray, shape (4, 4)
        LPS millimetres of the fixed to LPS millimetres of the moving image.
    displacement : ndarray of float32, shape (3, *grid.shape), or None
        ``u`` in LPS millimetres (x, y, z first).
    grid : Geometry or None
        Where the nodes of the displacement lie, in the frame of the fixed image.
    """

    fixed: Geometry
    moving: Geometry
    affine: FloatArray
    displacement: npt.NDArray[np.float32] | None = None
    grid: Geometry | None = None

    def __post_init__(self) -> None:
        if (self.displacement is None) != (self.grid is None):
            raise WrongUse("a displacement needs its grid, and a grid its displacement")
        if self.grid is not None and self.displacement is not None:
            if self.displacement.shape != (3, *self.grid.shape):
                raise WrongUse(f"displacements of {self.displacement.shape} do not fill a grid of {self.grid.shape}")
            if self.grid.frame_of_reference != self.fixed.frame_of_reference:
                raise WrongUse("the displacement's grid must lie in the frame of the fixed image")

    def displacement_at(self, points: npt.ArrayLike) -> FloatArray:
        """``u`` at points (…, 3) of the fixed image in LPS millimetres.

        Linear between nodes; within half a voxel around the outermost nodes their own value; zero outside that, as
        ITK has it, so that a transform written to a file maps every point alike.
        """
        points = np.asarray(points, dtype=np.float64)
        if self.grid is None or self.displacement is None:
            return np.zeros_like(points)
        index = self.grid.to_index(points.reshape(-1, 3))
        inside = np.asarray(np.all((index >= -0.5) & (index < np.array(self.grid.shape) - 0.5), axis=-1))
        parts = [map_coordinates(axis, index.T, order=1, mode="nearest", prefilter=False) for axis in self.displacement]
        return np.asarray(np.stack(parts, axis=-1) * inside[:, None], dtype=np.float64).reshape(points.shape)

    def to_moving(self, points: npt.ArrayLike) -> FloatArray:
        """Where points (…, 3) of the fixed image lie in the moving one; LPS millimetres."""
        points = np.asarray(points, dtype=np.float64)
        moved = points + self.displacement_at(points)
        return np.asarray(moved @ self.affine[:3, :3].T + self.affine[:3, 3])

    def to_fixed(self, points: npt.ArrayLike, *, tolerance_mm: float = 0.01, iterations: int = 50) -> FloatArray:
        """Where points (…, 3) of the moving image lie in the fixed one; LPS millimetres.

        The displacement is undone by fixed-point iteration (Chen et al., Med Phys 2008, doi 10.1118/1.2816107),
        which converges where the field does not fold.
        """
        inverse = np.linalg.inv(self.affine)
        target = np.asarray(points, dtype=np.float64) @ inverse[:3, :3].T + inverse[:3, 3]
        guess = target.copy()
        for _ in range(iterations):
            step = target - self.displacement_at(guess)
            done = float(np.abs(step - guess).max(initial=0.0)) < tolerance_mm
            guess = step
            if done:
                break
        return np.asarray(guess)

"""Where the voxels of a grid lie in the patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ctreview.errors import GridMismatch, WrongUse

__all__ = ["SAME_GRID_MM", "FloatArray", "Geometry", "require_frame", "require_same_grid"]

FloatArray = npt.NDArray[np.float64]

SAME_GRID_MM = 0.01
"""Corners of two grids closer than this are the same corner."""


@dataclass(frozen=True, eq=False)
class Geometry:
    """A grid of voxels in patient coordinates.

    Attributes
    ----------
    shape : tuple of int
        Number of voxels along array axis 0, 1, 2. In canonical order axis 0 runs to the head, 1 to the posterior
        and 2 to the patient's left.
    affine : ndarray, shape (4, 4)
        Maps the 0-based index of a voxel's centre, ``(axis 0, axis 1, axis 2)``, to LPS millimetres
        ``(x to the left, y to the posterior, z to the head)``. Read-only.
    frame_of_reference : str
        The DICOM frame-of-reference UID, or, where a file has none, ``"source:…"`` made from that source, so that
        grids of one source match and grids of two sources do not.

    Raises
    ------
    WrongUse
        The shape is not three positive numbers, or the affine is singular, not finite, or not affine.
    """

    shape: tuple[int, int, int]
    affine: FloatArray
    frame_of_reference: str

    def __post_init__(self) -> None:
        shape = tuple(int(n) for n in self.shape)
        affine = np.array(self.affine, dtype=np.float64)
        if len(shape) != 3 or min(shape) < 1:
            raise WrongUse(f"a grid needs three positive sizes, not {self.shape}")
        if affine.shape != (4, 4) or not np.isfinite(affine).all() or np.any(affine[3] != (0, 0, 0, 1)):
            raise WrongUse("the affine of a grid must be a finite 4×4 matrix that ends in 0 0 0 1")
        if abs(np.linalg.det(affine[:3, :3])) < 1e-9:
            raise WrongUse("the affine of a grid is singular: two of its axes are parallel or a spacing is 0")
        if not self.frame_of_reference:
            raise WrongUse("a grid needs a frame of reference")
        affine.flags.writeable = False
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "affine", affine)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Geometry):
            return NotImplemented
        return (
            self.shape == other.shape
            and self.frame_of_reference == other.frame_of_reference
            and np.array_equal(self.affine, other.affine)
        )

    def __hash__(self) -> int:
        return hash((self.shape, self.frame_of_reference, self.affine.tobytes()))

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance of voxel centres along array axis 0, 1, 2 in millimetres."""
        a, b, c = (float(v) for v in np.linalg.norm(self.affine[:3, :3], axis=0))
        return a, b, c

    @property
    def directions(self) -> FloatArray:
        """Unit vectors of the array axes as columns, shape (3, 3), in LPS."""
        return np.asarray(self.affine[:3, :3] / np.array(self.spacing))

    @property
    def origin(self) -> FloatArray:
        """Centre of voxel (0, 0, 0) in LPS millimetres, shape (3,)."""
        return np.array(self.affine[:3, 3])

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in millilitres (the determinant, so that sheared grids count right)."""
        return float(abs(np.linalg.det(self.affine[:3, :3]))) / 1000.0

    @property
    def axes(self) -> str:
        """The letters (L, R, A, P, H, F) that array axes 0, 1, 2 run towards most: ``"HPL"`` where canonical."""
        letters = (("R", "L"), ("A", "P"), ("F", "H"))
        return "".join(
            letters[row][int(self.directions[row, axis] > 0)] for axis, row in enumerate(self._nearest_rows())
        )

    @property
    def is_canonical(self) -> bool:
        """Whether axis 0 runs (mostly) to the head, 1 to the posterior, 2 to the left."""
        return self.axes == "HPL"

    @property
    def is_axis_aligned(self) -> bool:
        """Whether every array axis is parallel to a patient axis within 0.06° (neither oblique nor sheared)."""
        return bool(np.all(np.abs(self.directions).max(axis=0) > 1 - 5e-7))

    def to_lps(self, index: npt.ArrayLike) -> FloatArray:
        """Patient LPS millimetres of (fractional) indices, shape (…, 3) to (…, 3)."""
        index = np.asarray(index, dtype=np.float64)
        return np.asarray(index @ self.affine[:3, :3].T + self.affine[:3, 3])

    def to_index(self, points: npt.ArrayLike) -> FloatArray:
        """Fractional indices of patient LPS millimetres, shape (…, 3) to (…, 3)."""
        inverse = np.linalg.inv(self.affine)
        points = np.asarray(points, dtype=np.float64)
        return np.asarray(points @ inverse[:3, :3].T + inverse[:3, 3])

    def corners(self) -> FloatArray:
        """Centres of the eight corner voxels in LPS millimetres, shape (8, 3)."""
        ends = [(0, n - 1) for n in self.shape]
        return self.to_lps([(i, j, k) for i in ends[0] for j in ends[1] for k in ends[2]])

    def same_grid(self, other: Geometry) -> bool:
        """Whether two grids have equal shape, corners within 0.01 mm, and one frame of reference."""
        return not self.differences(other)

    def differences(self, other: Geometry) -> list[str]:
        """What keeps two grids from being the same, in words; empty where nothing does."""
        found = []
        if self.shape != other.shape:
            found.append(f"shapes {self.shape} and {other.shape}")
        else:
            apart = float(np.linalg.norm(self.corners() - other.corners(), axis=1).max())
            if apart > SAME_GRID_MM:
                found.append(f"corners {apart:.3g} mm apart")
        if self.frame_of_reference != other.frame_of_reference:
            found.append("different frames of reference")
        return found

    def crop(self, start: Sequence[int], stop: Sequence[int]) -> Geometry:
        """The part from index ``start`` up to, not including, ``stop``; it stays where it was in the patient."""
        if any(not 0 <= a < b <= n for a, b, n in zip(start, stop, self.shape, strict=True)):
            raise WrongUse(f"a crop from {tuple(start)} to {tuple(stop)} is not inside a grid of {self.shape}")
        affine = np.array(self.affine)
        affine[:3, 3] = self.to_lps(np.asarray(start, dtype=float))
        a, b, c = (int(e) - int(s) for s, e in zip(start, stop, strict=True))
        return replace(self, shape=(a, b, c), affine=affine)

    def permute(self, order: Sequence[int]) -> Geometry:
        """The same grid with its array axes in another order."""
        affine = np.array(self.affine)
        affine[:3, :3] = self.affine[:3, list(order)]
        a, b, c = (self.shape[i] for i in order)
        return replace(self, shape=(a, b, c), affine=affine)

    def flip(self, axis: int) -> Geometry:
        """The same grid read from the other end of one array axis."""
        affine = np.array(self.affine)
        affine[:3, 3] += affine[:3, axis] * (self.shape[axis] - 1)
        affine[:3, axis] *= -1
        return replace(self, affine=affine)

    def canonical_steps(self) -> tuple[tuple[int, int, int], tuple[int, ...]]:
        """How to reach canonical axes: the order to permute the axes into, and the axes to flip after that."""
        rows = self._nearest_rows()
        a, b, c = (rows.index(row) for row in (2, 1, 0))
        order = (a, b, c)
        directions = self.directions[:, list(order)]
        flips = tuple(axis for axis, row in enumerate((2, 1, 0)) if directions[row, axis] < 0)
        return order, flips

    def canonical(self) -> Geometry:
        """The same grid with its axes permuted and flipped to run (mostly) to head, posterior and left."""
        order, flips = self.canonical_steps()
        grid = self.permute(order)
        for axis in flips:
            grid = grid.flip(axis)
        return grid

    def resized(self, spacing: Sequence[float]) -> Geometry:
        """A grid over the same field of view (outer faces of the voxels) with about the given spacing.

        The number of voxels is rounded up and the first voxel's outer corner is kept.
        """
        old = np.array(self.spacing)
        new = np.asarray(spacing, dtype=float)
        shape = np.maximum(1, np.ceil(np.array(self.shape) * old / new - 1e-6)).astype(int)
        affine = np.array(self.affine)
        affine[:3, :3] = self.directions * new
        affine[:3, 3] = self.to_lps(-0.5 + 0.5 * new / old)
        a, b, c = (int(n) for n in shape)
        return replace(self, shape=(a, b, c), affine=affine)

    @classmethod
    def aligned(
        cls,
        shape: tuple[int, int, int],
        spacing: Sequence[float],
        *,
        origin: Sequence[float] = (0.0, 0.0, 0.0),
        frame_of_reference: str,
    ) -> Self:
        """A canonical grid parallel to the patient's axes; ``origin`` is voxel (0, 0, 0) in LPS millimetres."""
        affine = np.eye(4)
        affine[:3, :3] = np.array([(0, 0, spacing[2]), (0, spacing[1], 0), (spacing[0], 0, 0)])
        affine[:3, 3] = origin
        return cls(shape, affine, frame_of_reference)

    def _nearest_rows(self) -> list[int]:
        """For each array axis the patient axis (0 x, 1 y, 2 z) it is closest to; each patient axis once."""
        left = np.abs(self.directions)
        rows = [-1, -1, -1]
        for _ in range(3):
            row, axis = np.unravel_index(int(np.argmax(left)), (3, 3))
            rows[int(axis)] = int(row)
            left[row, :] = -1
            left[:, axis] = -1
        return rows


def require_same_grid(*items: Any) -> Geometry:
    """Check that grids may be combined voxel by voxel; the one place where that is decided.

    Parameters
    ----------
    *items : Geometry, or anything with a ``geometry``
        Volumes, label maps, or geometries themselves.

    Returns
    -------
    Geometry
        That of the first item.

    Raises
    ------
    GridMismatch
        Shape, corners (by more than 0.01 mm) or frame of reference differ.
    """
    grids: list[Geometry] = [item if isinstance(item, Geometry) else item.geometry for item in items]
    for other in grids[1:]:
        found = grids[0].differences(other)
        if found:
            raise GridMismatch(
                f"two grids that should lie in the same place have {' and '.join(found)}",
                remedy="Use a mask that was drawn on this image, or resample it onto the image first.",
            )
    return grids[0]


def require_frame(one: Geometry, other: Geometry) -> None:
    """Check that equal patient coordinates of two grids are equal places.

    Raises
    ------
    GridMismatch
        The frames of reference differ.
    """
    if one.frame_of_reference != other.frame_of_reference:
        raise GridMismatch(
            "the two grids lie in different frames of reference", remedy="Register the two images, then warp."
        )

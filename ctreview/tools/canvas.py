"""What a tool works on, and the box it works in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctreview.edits.replay import Patch
from ctreview.errors import EditDoesNotApply
from ctreview.volume.box import Box
from ctreview.volume.geometry import Geometry, require_same_grid
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

__all__ = ["Canvas", "Mask", "box_around"]

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Canvas:
    """An image, the labels being edited, and where they may be.

    Attributes
    ----------
    volume : Volume
        The image.
    labels : LabelMap
        The labels as they stand.
    within : LabelMap or None
        Where labels may be set (any of its labels), and where there are some already; everywhere if None.
        Its labels are the parts of the organ: right and left lung, lobes.
    barrier : LabelMap or None
        Where labels are never set, and what growing does not cross: vessels, say.
    organ : str
        What messages call ``within``: "lungs".
    """

    volume: Volume
    labels: LabelMap
    within: LabelMap | None = None
    barrier: LabelMap | None = None
    organ: str = "organ"

    def __post_init__(self) -> None:
        require_same_grid(*(item for item in (self.volume, self.labels, self.within, self.barrier) if item is not None))

    @property
    def geometry(self) -> Geometry:
        """The grid that everything lies on."""
        return self.volume.geometry

    def allowed(self, box: Box) -> Mask:
        """Where in a box labels may be set."""
        shape = tuple(s.stop - s.start for s in box)
        if self.within is None:
            allowed = np.ones(shape, dtype=bool)
        else:
            allowed = (self.within.array[box] > 0) | (self.labels.array[box] > 0)
        return allowed if self.barrier is None else allowed & (self.barrier.array[box] == 0)

    def allowed_beside(self, seed: tuple[int, int, int], box: Box) -> Mask:
        """Where in a box labels may be set in the part of ``within`` that holds a voxel: its lung, or its lobe.

        A voxel outside all parts has no part to stay in.
        """
        allowed, part = self.allowed(box), self.part_at(seed)
        return allowed if part == 0 else allowed & self._within(box, part)

    def part_at(self, voxel: tuple[int, int, int]) -> int:
        """The number of the part of ``within`` that holds a voxel; 0 where none does."""
        return 0 if self.within is None else int(self.within.array[voxel])

    def part_of(self, points: npt.ArrayLike, box: Box, where: Mask) -> int:
        """The part of ``within`` that a gesture is for; 0 where it touches none.

        Parameters
        ----------
        points : array_like, shape (n, 3)
            LPS millimetres; the first that lies in a part decides.
        box : Box
        where : ndarray of bool
            What the gesture covers of the box; else the part decides that has most of it.
        """
        if self.within is None:
            return 0
        index = np.rint(self.geometry.to_index(np.atleast_2d(np.asarray(points, dtype=float)))).astype(int)
        index = index[np.all((index >= 0) & (index < self.geometry.shape), axis=1)]
        parts = self.within.array[tuple(index.T)]
        if parts.any():
            return int(parts[np.argmax(parts > 0)])
        return self.part_with_most(box, where)

    def part_with_most(self, box: Box, where: Mask) -> int:
        """The part of ``within`` that has most of some voxels of a box; 0 where none of them lies in a part."""
        if self.within is None:
            return 0
        counts = np.bincount(self.within.array[box][where].ravel(), minlength=1)
        counts[0] = 0
        return int(np.argmax(counts)) if counts.any() else 0

    def require_inside(self, voxel: tuple[int, int, int]) -> None:
        """Refuse a click on a place where no label may be set and none is.

        Raises
        ------
        EditDoesNotApply
            It says that the place lies outside the organ.
        """
        if self.within is not None and self.within.array[voxel] == 0 and self.labels.array[voxel] == 0:
            raise EditDoesNotApply(f"the place clicked lies outside the {self.organ}, where nothing can be labelled")

    def value(self, label: str | None) -> int:
        """The number of a label by its key; 0 for None, which erases."""
        return 0 if label is None else self.labels.scheme[label].value

    def patch(self, box: Box, where: Mask, label: str | None, *, part: int = 0) -> Patch:
        """The box with ``label`` set where asked and allowed; erasing needs no permission.

        Parameters
        ----------
        box : Box
        where : ndarray of bool
            What is meant.
        label : str or None
        part : int
            Other parts of ``within`` than this stay as they are; 0 changes all alike.

        Returns
        -------
        Patch
            It says how much was meant and left as it was.
        """
        other = where & self._in_other_part(box, part) if part else np.zeros_like(where)
        chosen, outside = where & ~other, 0
        if label is not None:
            outside = self.outside(box, where)
            chosen &= self.allowed(box)
        labels = self.labels.array[box].copy()
        labels[chosen] = self.value(label)
        a, b, c = (s.start for s in box)
        return Patch((a, b, c), labels, outside, int(np.count_nonzero(other)))

    def outside(self, box: Box, where: Mask) -> int:
        """How many voxels of a box lie where no label may be set and none is: outside the organ."""
        if self.within is None:
            return 0
        return int(np.count_nonzero(where & (self.within.array[box] == 0) & (self.labels.array[box] == 0)))

    def _within(self, box: Box, part: int) -> Mask:
        assert self.within is not None
        return np.asarray(self.within.array[box] == part)

    def _in_other_part(self, box: Box, part: int) -> Mask:
        assert self.within is not None
        found = self.within.array[box]
        return np.asarray((found != 0) & (found != part))

    def voxel_at(self, point: Sequence[float]) -> tuple[int, int, int]:
        """The voxel that holds a point in LPS millimetres.

        Raises
        ------
        EditDoesNotApply
            The point lies outside the image.
        """
        index = np.rint(self.geometry.to_index(np.asarray(point, dtype=float))).astype(int)
        if np.any(index < 0) or np.any(index >= self.geometry.shape):
            raise EditDoesNotApply("the point lies outside the image")
        a, b, c = (int(n) for n in index)
        return a, b, c


def box_around(geometry: Geometry, points: npt.ArrayLike, margin_mm: float) -> Box:
    """The smallest box of whole voxels that holds points (n, 3) in LPS millimetres and a margin, cut to the grid.

    Raises
    ------
    EditDoesNotApply
        Nothing of it lies inside the grid.
    """
    index = geometry.to_index(np.atleast_2d(np.asarray(points, dtype=float)))
    # how far a ball of the margin reaches along each index axis, right on oblique and sheared grids too
    reach = margin_mm * np.linalg.norm(np.linalg.inv(geometry.affine)[:3, :3], axis=1)
    low = np.maximum(np.floor(index.min(axis=0) - reach), 0).astype(int)
    high = np.minimum(np.ceil(index.max(axis=0) + reach) + 1, geometry.shape).astype(int)
    if np.any(high <= low):
        raise EditDoesNotApply("the place lies outside the image")
    a, b, c = (slice(int(s), int(e)) for s, e in zip(low, high, strict=True))
    return a, b, c

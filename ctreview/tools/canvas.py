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
    barrier : LabelMap or None
        Where labels are never set, and what growing does not cross: vessels, say.
    """

    volume: Volume
    labels: LabelMap
    within: LabelMap | None = None
    barrier: LabelMap | None = None

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
        allowed = self.allowed(box)
        part = 0 if self.within is None else int(self.within.array[seed])
        return allowed if self.within is None or part == 0 else allowed & (self.within.array[box] == part)

    def value(self, label: str | None) -> int:
        """The number of a label by its key; 0 for None, which erases."""
        return 0 if label is None else self.labels.scheme[label].value

    def patch(self, box: Box, where: Mask, label: str | None) -> Patch:
        """The box with ``label`` set where asked and allowed; erasing needs no permission."""
        value = self.value(label)
        chosen = where if label is None else where & self.allowed(box)
        labels = self.labels.array[box].copy()
        labels[chosen] = value
        a, b, c = (s.start for s in box)
        return Patch((a, b, c), labels)

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

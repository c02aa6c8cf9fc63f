"""A brush that paints only where the image is as dense as asked."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ctreview.edits.replay import Patch
from ctreview.errors import WrongUse
from ctreview.tools.canvas import Canvas, Mask, box_around
from ctreview.volume.box import Box
from ctreview.volume.geometry import FloatArray, Geometry

__all__ = ["BrushSettings", "brush", "brushed", "stroke"]


@dataclass(frozen=True)
class BrushSettings:
    """How the brush paints.

    Attributes
    ----------
    radius_mm : float
        Half the width of the stroke.
    shape : {"disc", "ball"}
        Whether it paints in the plane on screen only, or in depth too.
    low_hu, high_hu : float or None
        The gate: voxels outside it are left as they are. None leaves that side open.
    """

    radius_mm: float = 5.0
    shape: Literal["disc", "ball"] = "disc"
    low_hu: float | None = None
    high_hu: float | None = None

    def __post_init__(self) -> None:
        if not self.radius_mm > 0:
            raise WrongUse(f"a brush needs a radius above 0 mm, not {self.radius_mm}")


def brush(
    canvas: Canvas,
    *,
    points: Sequence[Sequence[float]],
    label: str | None,
    plane: int = 0,
    one_part: bool = True,
    settings: BrushSettings | None = None,
) -> Patch:
    """Paint along a stroke, inside the gate.

    Parameters
    ----------
    canvas : Canvas
        What is painted on.
    points : sequence of points, shape (n, 3)
        The stroke in LPS millimetres; one point is a dab.
    label : str or None
        What is painted; None erases.
    plane : {0, 1, 2}
        The array axis across the plane on screen; a disc stays in the stroke's own slice of it.
    one_part : bool
        Whether only the part of the organ (the lung) changes that the stroke began in.
    settings : BrushSettings
        Width, depth and gate.

    Returns
    -------
    Patch
        The painted box.
    """
    box, where = brushed(canvas, points, plane, settings or BrushSettings())
    part = canvas.part_of(points, box, where) if one_part else 0
    return canvas.patch(box, where, label, part=part)


def brushed(canvas: Canvas, points: Sequence[Sequence[float]], plane: int, settings: BrushSettings) -> tuple[Box, Mask]:
    """The box of a stroke and the voxels in it that it covers, inside the gate; parameters are those of `brush`."""
    path = np.atleast_2d(np.asarray(points, dtype=float))
    box = box_around(canvas.geometry, path, settings.radius_mm)
    if settings.shape == "disc":
        level = round(float(canvas.geometry.to_index(path)[:, plane].mean()))
        level = min(max(level, 0), canvas.geometry.shape[plane] - 1)
        a, b, c = (slice(level, level + 1) if axis == plane else box[axis] for axis in range(3))
        box = (a, b, c)
        path = _onto_slice(canvas.geometry, path, plane, level)
    where = stroke(canvas.geometry, path, settings.radius_mm, box)
    values = canvas.volume.array[box]
    if settings.low_hu is not None:
        where &= values >= settings.low_hu
    if settings.high_hu is not None:
        where &= values <= settings.high_hu
    return box, where


def stroke(geometry: Geometry, path: FloatArray, radius_mm: float, box: Box) -> Mask:
    """Voxels of a box whose centres lie within a radius of a polyline (n, 3) in LPS millimetres."""
    near = np.zeros([s.stop - s.start for s in box], dtype=bool)
    reach = radius_mm * np.linalg.norm(np.linalg.inv(geometry.affine)[:3, :3], axis=1)
    index = geometry.to_index(path)
    ends = itertools.pairwise(index) if len(index) > 1 else [(index[0], index[0])]
    for start, end in ends:
        low = np.maximum(np.floor(np.minimum(start, end) - reach), [s.start for s in box]).astype(int)
        high = np.minimum(np.ceil(np.maximum(start, end) + reach) + 1, [s.stop for s in box]).astype(int)
        if np.all(high > low):
            a, b, c = (slice(int(n), int(m)) for n, m in zip(low, high, strict=True))
            here = tuple(slice(s.start - o.start, s.stop - o.start) for s, o in zip((a, b, c), box, strict=True))
            near[here] |= _squared_distance(geometry, (a, b, c), start, end) <= radius_mm**2
    return near


def _squared_distance(geometry: Geometry, box: Box, start: FloatArray, end: FloatArray) -> FloatArray:
    """Squared distance in mm² of a box's voxel centres to the segment between two (fractional) indices.

    In index space, where a square of a length is a quadratic form: no coordinates of a million voxels are made.
    """
    matrix = geometry.affine[:3, :3]
    form = matrix.T @ matrix
    a, b, c = (
        (np.arange(s.start, s.stop) - origin).reshape([-1 if n == axis else 1 for n in range(3)])
        for axis, (s, origin) in enumerate(zip(box, start, strict=True))
    )
    squared = form[0, 0] * a * a + form[1, 1] * b * b + form[2, 2] * c * c
    for (one, other), cross in (((a, b), form[0, 1]), ((a, c), form[0, 2]), ((b, c), form[1, 2])):
        if cross:
            squared = squared + 2 * cross * one * other
    weights = form @ (end - start)
    length = float((end - start) @ weights)
    if length > 0:
        along = weights[0] * a + weights[1] * b + weights[2] * c
        share = np.clip(along / length, 0.0, 1.0)
        squared = squared + share * (share * length - 2 * along)
    return np.asarray(squared)


def _onto_slice(geometry: Geometry, path: FloatArray, plane: int, level: int) -> FloatArray:
    """The path moved along one array axis onto the centre of a slice."""
    index = geometry.to_index(path)
    index[:, plane] = level
    return geometry.to_lps(index)

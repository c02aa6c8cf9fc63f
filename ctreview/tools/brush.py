"""A brush that paints only where the image is as dense as asked."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ctreview.edits.replay import Patch
from ctreview.errors import WrongUse
from ctreview.tools.canvas import Box, Canvas, Mask, box_around
from ctreview.volume.geometry import FloatArray, Geometry

__all__ = ["BrushSettings", "brush", "stroke"]


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
    settings: BrushSettings = BrushSettings(),
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
    settings : BrushSettings
        Width, depth and gate.

    Returns
    -------
    Patch
        The painted box.
    """
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
    return canvas.patch(box, where, label)


def stroke(geometry: Geometry, path: FloatArray, radius_mm: float, box: Box) -> Mask:
    """Voxels of a box whose centres lie within a radius of a polyline (n, 3) in LPS millimetres."""
    grid = np.meshgrid(*(np.arange(s.start, s.stop) for s in box), indexing="ij", sparse=False)
    centres = geometry.to_lps(np.stack(grid, axis=-1).reshape(-1, 3))
    near = np.zeros(len(centres), dtype=bool)
    ends = itertools.pairwise(path) if len(path) > 1 else [(path[0], path[0])]
    for start, end in ends:
        near |= _squared_distance(centres, start, end) <= radius_mm**2
    return near.reshape([s.stop - s.start for s in box])


def _squared_distance(points: FloatArray, start: FloatArray, end: FloatArray) -> FloatArray:
    """Squared distance of points (n, 3) to the segment from ``start`` to ``end``."""
    along = end - start
    length = float(along @ along)
    offset = points - start
    if length > 0:
        share = np.clip(offset @ along / length, 0.0, 1.0)
        offset = offset - share[:, None] * along
    return np.asarray(np.einsum("ij,ij->i", offset, offset))


def _onto_slice(geometry: Geometry, path: FloatArray, plane: int, level: int) -> FloatArray:
    """The path moved along one array axis onto the centre of a slice."""
    index = geometry.to_index(path)
    index[:, plane] = level
    return geometry.to_lps(index)

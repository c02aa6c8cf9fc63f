"""Acts that say which part of the organ, such as which lobe, voxels belong to; labels stay as they are.

What becomes of the parts is for the one who knows them: these tools look only at what any organ has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ctreview.edits.replay import Patch
from ctreview.errors import EditDoesNotApply
from ctreview.tools.brush import BrushSettings, brushed
from ctreview.tools.canvas import Canvas, Mask
from ctreview.tools.packed_mask import PackedMask
from ctreview.volume.box import Box

__all__ = [
    "BORDER_POINTS",
    "COPY_BORDER",
    "PART_BRUSH",
    "PART_PIECE",
    "BorderPointsPayload",
    "CopyBorderPayload",
    "PartBrushPayload",
    "PartPiecePayload",
    "border_points",
    "copy_border",
    "part_brush",
    "part_piece",
    "part_stroke",
]

BORDER_POINTS = "border_points"
COPY_BORDER = "copy_border"
PART_BRUSH = "part_brush"
PART_PIECE = "part_piece"
"""What the acts are called in a journal."""

Point = tuple[float, float, float]
"""LPS millimetres."""


@dataclass(frozen=True)
class BorderPointsPayload:
    """Points that a border between parts passes through; see `border_points`."""

    border: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class CopyBorderPayload:
    """A border as it runs at the other timepoint; see `copy_border`."""

    border: str
    points: tuple[Point, ...]
    error_mm: float


@dataclass(frozen=True)
class PartBrushPayload:
    """A stroke that gives voxels to a part of the organ; see `part_brush`."""

    points: tuple[Point, ...]
    part: str
    plane: int
    settings: BrushSettings


@dataclass(frozen=True)
class PartPiecePayload:
    """A piece that is given to a part of the organ; see `part_piece`."""

    part: str
    point: Point
    mask: PackedMask


def border_points(canvas: Canvas, *, border: str, points: Sequence[Sequence[float]]) -> Patch:
    """Say that a border between parts passes through some places.

    Parameters
    ----------
    canvas : Canvas
    border : str
        What parts them, such as a fissure.
    points : sequence of points, shape (n, 3)
        LPS millimetres.

    Raises
    ------
    EditDoesNotApply
        There is no point, or one lies outside the image.
    """
    del border
    return _as_it_is(canvas, points)


def copy_border(canvas: Canvas, *, border: str, points: Sequence[Sequence[float]], error_mm: float = 2.0) -> Patch:
    """Say that a border runs where it runs at the other timepoint.

    Parameters
    ----------
    canvas, border
        As in `border_points`.
    points : sequence of points, shape (n, 3)
        Of the border there, carried over to LPS millimetres of this image: what was seen is recorded, so that the
        record means the same whatever is done to the other scan.
    error_mm : float
        How far each may lie off.

    Raises
    ------
    EditDoesNotApply
        There is no point, or the error is none.
    """
    del border
    if not error_mm > 0:
        raise EditDoesNotApply(f"places that are carried over are off by more than {error_mm} mm")
    inside = [point for point in points if _lies_inside(canvas, point)]
    return _as_it_is(canvas, inside)


def part_brush(
    canvas: Canvas,
    *,
    points: Sequence[Sequence[float]],
    part: str,
    plane: int = 0,
    settings: BrushSettings | None = None,
) -> Patch:
    """Give what a stroke covers of the organ to a part of it.

    Parameters
    ----------
    canvas : Canvas
        ``within`` is the organ.
    points, plane, settings
        As in `brush`.
    part : str

    Raises
    ------
    EditDoesNotApply
        The stroke covers nothing of the organ.
    """
    del part
    part_stroke(canvas, points=points, plane=plane, settings=settings)
    return _as_it_is(canvas, points)


def part_stroke(
    canvas: Canvas, *, points: Sequence[Sequence[float]], plane: int = 0, settings: BrushSettings | None = None
) -> tuple[Box, Mask]:
    """The voxels of the organ that a stroke of `part_brush` covers; parameters and errors are its own."""
    box, where = brushed(canvas, points, plane, settings or BrushSettings())
    if canvas.within is not None:
        where = where & (canvas.within.array[box] > 0)
    if not where.any():
        raise EditDoesNotApply(f"nothing there belongs to the {canvas.organ}")
    return box, where


def part_piece(canvas: Canvas, *, part: str, point: Sequence[float], mask: PackedMask) -> Patch:
    """Give a piece to a part of the organ.

    Parameters
    ----------
    canvas : Canvas
    part : str
    point : point
        LPS millimetres, where it was clicked.
    mask : PackedMask
        Its voxels, as they were seen.

    Raises
    ------
    EditDoesNotApply
        Its voxels do not lie in the image.
    """
    del part
    mask.unpacked(canvas.geometry.shape)
    return _as_it_is(canvas, [point])


def _lies_inside(canvas: Canvas, point: Sequence[float]) -> bool:
    index = np.rint(canvas.geometry.to_index(np.asarray(point, dtype=float)))
    return bool(np.all(index >= 0) and np.all(index < canvas.geometry.shape))


def _as_it_is(canvas: Canvas, points: Sequence[Sequence[float]]) -> Patch:
    """The voxel of the first point with the label that it has, once all points are found to lie in the image."""
    if not len(points):
        raise EditDoesNotApply("it has no point in the image")
    (a, b, c), *_ = [canvas.voxel_at(point) for point in points]
    return Patch((a, b, c), canvas.labels.array[a : a + 1, b : b + 1, c : c + 1].copy())

"""Filling the slices between those that a reader drew on, along what the image shows, several labels at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from ctreview.edits.replay import Patch
from ctreview.errors import EditDoesNotApply
from ctreview.possible_values import require_possible
from ctreview.tools.canvas import Canvas, Mask
from ctreview.tools.fill_between import signed_distance
from ctreview.tools.slice_motion import Image, SliceMotion
from ctreview.volume.box import Box, bounding_box

__all__ = ["FILL_BY_IMAGE", "DrawnLabel", "FillByImageSettings", "fill_by_image"]

FILL_BY_IMAGE = "fill_by_image"
"""What the act is called in a journal."""


@dataclass(frozen=True)
class DrawnLabel:
    """A label and the slices that it was drawn on."""

    label: str
    slices: tuple[int, ...]


@dataclass(frozen=True)
class FillByImageSettings:
    """How the image is followed.

    Attributes
    ----------
    window_mm : float
        Half the width of what is taken to move together from slice to slice.
    grid_mm : float
        Pixels on which that is sought.
    margin_mm : float
        Around what was drawn, the image that is looked at.
    """

    window_mm: float = 8.0
    grid_mm: float = 2.0
    margin_mm: float = 20.0

    def __post_init__(self) -> None:
        require_possible(self, grid_mm=(0.2, 50.0))


def fill_by_image(
    canvas: Canvas,
    *,
    drawn: Sequence[DrawnLabel],
    plane: int = 0,
    settings: FillByImageSettings | None = None,
) -> Patch:
    """Fill labels between the slices they were drawn on; outlines move as what the image shows moves.

    The outlines of both drawn slices are carried along to each slice between them, by the shifts that the image shows
    from slice to slice, and averaged as signed distances; where two labels meet, the one whose outline lies deeper has
    the place. Where the image shows no shift, that is what `ctreview.tools.fill_between.fill_between` gives.

    Parameters
    ----------
    canvas : Canvas
        Image and labels. Other labels than those that are filled stay as they are.
    drawn : sequence of DrawnLabel
        What is filled, and between which slices. Drawn slices stay as they are.
    plane : {0, 1, 2}
        The array axis across the slices.
    settings : FillByImageSettings, optional

    Raises
    ------
    EditDoesNotApply
        A label is given twice, or none has two drawn slices with a slice between them.
    """
    settings = settings or FillByImageSettings()
    if len({one.label for one in drawn}) < len(drawn):
        raise EditDoesNotApply("a label to be filled is named twice")
    found = [_Outlines.of(canvas, one, plane) for one in drawn]
    found = [one for one in found if one.levels_between]
    if not found:
        raise EditDoesNotApply("filling needs two drawn slices with at least one slice between them")
    box = _box(canvas, found, plane, settings.margin_mm)
    spacing = [size for axis, size in enumerate(canvas.geometry.spacing) if axis != plane]
    stack = np.moveaxis(np.asarray(canvas.volume.array[box], np.float32), plane, 0)
    motion = SliceMotion(stack, spacing, window_mm=settings.window_mm, grid_mm=settings.grid_mm)
    after, allowed = (np.moveaxis(array, plane, 0) for array in (canvas.labels.array[box].copy(), canvas.allowed(box)))
    first = box[plane].start
    before = after.copy()
    for one in found:
        for level in one.levels_between:
            after[level - first][before[level - first] == one.value] = 0
    free = allowed & (after == 0)
    deepest = np.zeros(stack.shape, np.float32)
    for one in found:
        for level, depth in _depths(before == one.value, [level - first for level in one.drawn], spacing, motion):
            wins = free[level] & (depth > deepest[level])
            deepest[level][wins] = depth[wins]
            after[level][wins] = one.value
    a, b, c = (span.start for span in box)
    return Patch((a, b, c), np.ascontiguousarray(np.moveaxis(after, 0, plane)))


@dataclass(frozen=True)
class _Outlines:
    """A label's number and the slices that hold its outlines."""

    value: int
    drawn: tuple[int, ...]

    @classmethod
    def of(cls, canvas: Canvas, one: DrawnLabel, plane: int) -> Self:
        value = canvas.value(one.label)
        others = tuple(axis for axis in range(3) if axis != plane)
        holds = (canvas.labels.array == value).any(axis=others)
        return cls(value, tuple(n for n in sorted(set(one.slices)) if 0 <= n < len(holds) and holds[n]))

    @property
    def levels_between(self) -> tuple[int, ...]:
        return tuple(level for a, b in itertools.pairwise(self.drawn) for level in range(a + 1, b))


def _box(canvas: Canvas, found: Sequence[_Outlines], plane: int, margin_mm: float) -> Box:
    """Around what was drawn, and from the first slice to the last."""
    labels = np.moveaxis(canvas.labels.array, plane, 0)
    levels = sorted({level for one in found for level in one.drawn})
    there = np.isin(labels[levels], [one.value for one in found])
    spacing = [size for axis, size in enumerate(canvas.geometry.spacing) if axis != plane]
    margins = (0, *(int(np.ceil(margin_mm / size)) for size in spacing))
    spans = list(bounding_box(there, margins)[1:])
    spans.insert(plane, slice(levels[0], levels[-1] + 1))
    return spans[0], spans[1], spans[2]


def _depths(
    there: Mask, drawn: Sequence[int], spacing: Sequence[float], motion: SliceMotion
) -> Iterator[tuple[int, Image]]:
    """How deep inside the outline each pixel lies, in the slices between drawn ones; millimetres, below 0 outside."""
    for low, high in itertools.pairwise(drawn):
        if high - low < 2:
            continue
        up = motion.along(range(low, high), signed_distance(there[low], spacing))
        down = motion.along(range(high, low, -1), signed_distance(there[high], spacing))
        for level in range(low + 1, high):
            share = (level - low) / (high - low)
            yield level, (1 - share) * up[level - low] + share * down[high - level]

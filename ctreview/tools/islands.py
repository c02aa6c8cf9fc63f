"""Keeping and removing connected pieces by their size."""

from __future__ import annotations

from collections.abc import Sequence

import cc3d
import numpy as np

from ctreview.edits.replay import Patch
from ctreview.errors import EditDoesNotApply
from ctreview.tools.canvas import Canvas
from ctreview.tools.pick import piece_at
from ctreview.volume.box import Box, bounding_box

__all__ = ["keep_largest", "keep_piece", "remove_small"]


def remove_small(canvas: Canvas, *, label: str, below_ml: float, below_mm: float = 0.0) -> Patch:
    """Remove the small pieces of a label (26 neighbours make one piece).

    Parameters
    ----------
    canvas : Canvas
        The labels.
    label : str
        Whose pieces.
    below_ml : float
        Those of a smaller volume go.
    below_mm : float
        And those that are shorter than this along every axis of the image.
    """
    box, pieces = _pieces(canvas, label)
    found = cc3d.statistics(pieces)
    sizes = found["voxel_counts"] * canvas.geometry.voxel_ml
    # the box of a number that has no voxel is of no use, but then nothing has that number either
    spans = np.array([[s.stop - s.start for s in one] for one in found["bounding_boxes"]])
    small = (sizes < below_ml) | ((spans * canvas.geometry.spacing).max(axis=1) < below_mm)
    small[0] = False
    return canvas.patch(box, np.asarray(small[pieces]), None)


def keep_largest(canvas: Canvas, *, label: str) -> Patch:
    """Remove every piece of a label but the largest."""
    box, pieces = _pieces(canvas, label)
    sizes = cc3d.statistics(pieces)["voxel_counts"]
    sizes[0] = 0
    return canvas.patch(box, (pieces > 0) & (pieces != int(np.argmax(sizes))), None)


def keep_piece(canvas: Canvas, *, point: Sequence[float]) -> Patch:
    """Remove every piece of the label under a point (LPS millimetres) but the piece that lies there."""
    chosen_box, chosen = piece_at(canvas, point)
    value = canvas.labels.array[canvas.voxel_at(point)]
    everywhere = canvas.labels.array == value
    box = bounding_box(everywhere)
    others = everywhere[box].copy()
    inner = tuple(slice(c.start - b.start, c.stop - b.start) for c, b in zip(chosen_box, box, strict=True))
    others[inner] &= ~chosen
    return canvas.patch(box, others, None)


def _pieces(canvas: Canvas, label: str) -> tuple[Box, np.ndarray[tuple[int, ...], np.dtype[np.uint32]]]:
    """The box of a label and its pieces, numbered from 1."""
    there = canvas.labels.array == canvas.value(label)
    if not there.any():
        raise EditDoesNotApply(f"there is no {canvas.labels.scheme[label].name} to choose from")
    box = bounding_box(there)
    return box, np.asarray(cc3d.connected_components(np.ascontiguousarray(there[box]), connectivity=26))

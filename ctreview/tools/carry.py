"""Bringing labels of the other timepoint onto this one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ctreview.edits.replay import Patch
from ctreview.errors import EditDoesNotApply
from ctreview.tools.canvas import Canvas, box_around
from ctreview.volume.geometry import require_same_grid
from ctreview.volume.labels import LabelMap

__all__ = ["carry"]


def carry(
    canvas: Canvas,
    *,
    other: LabelMap,
    label: str,
    point: Sequence[float] | None = None,
    radius_mm: float = 30.0,
) -> Patch:
    """Label what the other timepoint labels here, over background only.

    Parameters
    ----------
    canvas : Canvas
        The labels of this timepoint.
    other : LabelMap
        The other timepoint's labels, already brought onto this grid (`volume.resample.warp_labels`).
    label : str
        What is copied; both schemes must know it.
    point : point, optional
        Copy only within ``radius_mm`` of this place in LPS millimetres; everywhere if None.
    radius_mm : float
        See ``point``.

    Raises
    ------
    EditDoesNotApply
        The other timepoint has none of it there.
    """
    require_same_grid(canvas.volume, other)
    a, b, c = (slice(0, n) for n in canvas.geometry.shape)
    box = (a, b, c) if point is None else box_around(canvas.geometry, [point], radius_mm)
    there = other.array[box] == other.scheme[label].value
    if not there.any():
        raise EditDoesNotApply(f"the other timepoint has no {other.scheme[label].name} there")
    return canvas.patch(box, np.asarray(there & (canvas.labels.array[box] == 0)), label)

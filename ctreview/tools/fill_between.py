"""Filling the slices between those that a reader drew on."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import edt
import numpy as np
import numpy.typing as npt

from ctreview.edits.replay import Patch
from ctreview.errors import EditDoesNotApply
from ctreview.tools.canvas import Canvas, Mask, box_around
from ctreview.volume.box import Box

__all__ = ["fill_between", "signed_distance"]


def fill_between(
    canvas: Canvas,
    *,
    label: str,
    plane: int = 0,
    slices: Sequence[int] | None = None,
    corners: Sequence[Sequence[float]] | None = None,
    one_part: bool = True,
) -> Patch:
    """Interpolate a label between the slices it was drawn on, by the mean of signed distances.

    Parameters
    ----------
    canvas : Canvas
        The labels.
    label : str
        What is filled.
    plane : {0, 1, 2}
        The array axis across the slices.
    slices : sequence of int, optional
        The slices that were drawn on; every slice that holds the label if None.
    corners : pair of points, optional
        Two opposite corners, in LPS millimetres, of the box of what was drawn, so that what else has the label on
        those slices stays as it is; the whole image if None.
    one_part : bool
        Whether only those parts of the organ (lungs) change that the label was drawn in.

    Returns
    -------
    Patch
        From the first to the last slice drawn on; those themselves stay as drawn.

    Raises
    ------
    EditDoesNotApply
        Fewer than two slices hold the label, or none lies between them.

    Notes
    -----
    Shape-based interpolation: Raya and Udupa, IEEE Trans Med Imaging 1990, doi 10.1109/42.52980.
    """
    around = _box(canvas, plane, corners)
    there = np.moveaxis(canvas.labels.array[around] == canvas.value(label), plane, 0)
    drawn = sorted(set(slices)) if slices is not None else [int(n) for n in np.flatnonzero(there.any(axis=(1, 2)))]
    drawn = [n for n in drawn if 0 <= n < len(there) and there[n].any()]
    gaps = [(a, b) for a, b in itertools.pairwise(drawn) if b - a > 1]
    if not gaps:
        raise EditDoesNotApply("filling needs two drawn slices with at least one slice between them")
    spacing = [s for axis, s in enumerate(canvas.geometry.spacing) if axis != plane]
    first, last = gaps[0][0], gaps[-1][1]
    filled = np.zeros((last - first + 1, *there.shape[1:]), dtype=bool)
    for low, high in gaps:
        below, above = signed_distance(there[low], spacing), signed_distance(there[high], spacing)
        for level in range(low + 1, high):
            share = (level - low) / (high - low)
            filled[level - first] = (1 - share) * below + share * above > 0
    a, b, c = (slice(first, last + 1) if axis == plane else around[axis] for axis in range(3))
    box, where = (a, b, c), np.moveaxis(filled, 0, plane)
    crossing = _crossing(canvas, around, np.moveaxis(there, 0, plane), box, where) if one_part else np.zeros_like(where)
    return replace(canvas.patch(box, where & ~crossing, label), in_other_part=int(np.count_nonzero(crossing)))


def _crossing(canvas: Canvas, around: Box, drawn: Mask, box: Box, where: Mask) -> Mask:
    """What was filled in parts of the organ that hold nothing of what was drawn."""
    if canvas.within is None:
        return np.zeros_like(where)
    known = np.unique(canvas.within.array[around][drawn])
    parts = canvas.within.array[box]
    return np.asarray(where & (parts != 0) & ~np.isin(parts, known))


def _box(canvas: Canvas, plane: int, corners: Sequence[Sequence[float]] | None) -> Box:
    """All slices of a plane, within two corners where there are any."""
    full = [slice(0, n) for n in canvas.geometry.shape]
    around = full if corners is None else list(box_around(canvas.geometry, corners, 0.0))
    around[plane] = full[plane]
    return around[0], around[1], around[2]


def signed_distance(mask: Mask, spacing: Sequence[float]) -> npt.NDArray[np.float32]:
    """Distance to the outline in millimetres, above 0 inside."""
    solid = np.ascontiguousarray(mask)
    inside = edt.edt(solid, anisotropy=spacing, black_border=False)
    outside = edt.edt(~solid, anisotropy=spacing, black_border=False)
    return np.asarray(inside - outside)

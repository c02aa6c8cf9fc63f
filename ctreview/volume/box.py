"""Boxes of voxels: the smallest one that holds a mask, and one with a margin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.errors import WrongUse

__all__ = ["Box", "bounding_box", "widened"]

Box = tuple[slice, slice, slice]
"""Half-open index ranges along array axes 0, 1, 2; an array is cut by it as ``array[box]``."""


def bounding_box(mask: npt.NDArray[Any], margin: int | Sequence[int] = 0) -> Box:
    """The smallest box that holds every voxel of a mask.

    Parameters
    ----------
    mask : ndarray, shape (n0, n1, n2)
        What is not 0 belongs to it.
    margin : int or sequence of three int
        Voxels that are added on every side, for all axes or for each; the box ends with the array.

    Raises
    ------
    WrongUse
        The mask is empty.
    """
    spans: list[slice] = []
    inside = mask
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        hit = np.flatnonzero(inside.any(axis=others))
        if not len(hit):
            raise WrongUse("an empty mask has no bounding box")
        spans.append(slice(int(hit[0]), int(hit[-1]) + 1))
        # the next axis need not look at what lies outside
        inside = inside[(slice(None),) * axis + (spans[-1],)]
    return widened(spans, margin, mask.shape)


def widened(box: Sequence[slice], margin: int | Sequence[int], shape: Sequence[int]) -> Box:
    """A box with a margin in voxels, for all axes or for each, cut to an array of the given shape."""
    margins = (margin,) * 3 if isinstance(margin, int) else margin
    a, b, c = (
        slice(max(0, int(span.start) - more), min(size, int(span.stop) + more))
        for span, more, size in zip(box, margins, shape, strict=True)
    )
    return a, b, c

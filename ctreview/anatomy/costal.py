"""How deep a place lies below the ribs, heart and mediastinum notwithstanding."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from skimage.morphology import convex_hull_image

from ctreview.anatomy.coarse import Mask, Spacing
from ctreview.volume.distance import distance

__all__ = ["costal_depth"]

HULL_MM = 4.0
"""Hulls are drawn on slices and pixels about this far apart."""


def costal_depth(right: Mask, left: Mask, spacing: Spacing) -> npt.NDArray[np.float32]:
    """Depth inside the convex hulls that axial slices of both lungs have.

    Parameters
    ----------
    right, left : ndarray of bool
        The lungs on one grid in canonical axes; one of them may be empty.
    spacing : tuple of float
        Of the grid, in millimetres.

    Returns
    -------
    ndarray of float32
        Millimetres, 0 outside the hull. The hilum is deep although it lies on the surface of its lung. Beside a
        single lung everything towards the missing one counts as deep.
    """
    steps = [max(1, round(HULL_MM / mm)) for mm in spacing]
    thin = tuple(slice(None, None, step) for step in steps)
    lungs = (right | left)[thin]
    medial = 0 if right.any() and left.any() else 1 if right.any() else -1
    # a margin of background, so that the end of the grid is no depth; none above and below, where the image ends
    hull = np.zeros((lungs.shape[0], lungs.shape[1] + 2, lungs.shape[2] + 2), dtype=bool)
    for level, plane in enumerate(lungs):
        if np.count_nonzero(plane) > 3:
            hull[level, 1:-1, 1:-1] = convex_hull_image(plane)
    if medial:
        _open(hull, medial)
    a, b, c = (mm * step for mm, step in zip(spacing, steps, strict=True))
    depth = distance(hull, (a, b, c))[:, 1:-1, 1:-1]
    for axis, (step, size) in enumerate(zip(steps, right.shape, strict=True)):
        nearest = np.minimum((np.arange(size) + step // 2) // step, depth.shape[axis] - 1)
        depth = np.take(depth, nearest, axis=axis)
    return np.asarray(depth, dtype=np.float32)


def _open(hull: Mask, medial: int) -> None:
    """Let the hull of a single lung, in place, go on towards the middle of the patient."""
    across = hull if medial > 0 else hull[:, :, ::-1]
    np.logical_or.accumulate(across, axis=2, out=across)

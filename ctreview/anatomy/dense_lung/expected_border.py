"""Where the border of a lung would run if what lies behind its wide edges were lung.

Consolidation that lies flat on diaphragm, heart or spine makes no mound, and neither ribs nor a ball show how far it
reaches. But its edge to aerated lung is wide, and the border of the lung around it is smooth. The border with wide
edges is left out, the rest is continued through the hole as smoothly as it can be, and soft tissue up to there may be
lung.
"""

from __future__ import annotations

import cc3d
import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.interpolate import RBFInterpolator
from scipy.spatial import ConvexHull, cKDTree

from ctreview.anatomy.body import BONE_HU
from ctreview.anatomy.coarse import CoarseImage, Mask, Spacing, opened
from ctreview.anatomy.dense_lung.edge_width import surface_normals
from ctreview.volume.box import Box, bounding_box, widened
from ctreview.volume.distance import distance
from ctreview.volume.smoothing import gaussian

__all__ = ["PATCH_EDGE", "soft_tissue_within_expected_border", "wide_patches"]

Floats32 = npt.NDArray[np.float32]
Points = npt.NDArray[np.float64]

AVERAGED_MM = 8.0
"""Edge widths are averaged over about this much of the surface, in lungs of 5 L."""

CORE_EDGE, PATCH_EDGE = 1.3, 1.15
"""A patch of wide edges has an edge as wide as that of consolidation somewhere, and goes on to where edges are those of
organs (0.9 to 1.2)."""

WIDEST = 2.2
"""Edges through vessels are wider still and do not count for more."""

LEAST_CM2 = 4.0
"""A smaller patch, in lungs of 5 L, is the rim of a vessel."""

OFF_PATCH_MM, AROUND_MM = 8.0, 60.0
"""The border is known from the first distance off a patch on, and followed up to the second."""

DEEPEST_MM = 30.0
"""No deeper below a patch is the border expected; farther off too little is known of it."""

SAMPLE_MM, MOST_SAMPLES = 8.0, 300
FEW_SAMPLES = 40
"""Fewer, or all in one plane, do not say how the border goes on."""

LEVEL_MM = 6.0
"""On both sides of each sample of the border, so far off, its distance is given as well."""

THINNEST_MM = 6.0
STEP = 3
"""The expected border is worked out at one of so many blocks along each axis."""

SOFT_HU = -60.0


def soft_tissue_within_expected_border(
    coarse: CoarseImage, lung: Mask, other: Mask, edges: Floats32, size: float
) -> Mask:
    """Find soft tissue behind wide edges that the smoothly continued border of a lung would hold.

    Parameters
    ----------
    coarse : CoarseImage
        In HU.
    lung, other : ndarray of bool
        Blocks of the lung in question, and of what is known to be something else.
    edges : ndarray of float32
        Of `relative_edge_width`.
    size : float
        Size of the lungs, 1 for those of an adult of 5 L (a length's ratio).

    Notes
    -----
    A function that is 0 on the known border, and there rises by 1 per millimetre inwards, is interpolated by cubic
    radial basis functions, which carry on the curvature of the border. A thin plate spline does not, and finds less.
    """
    found = np.zeros(lung.shape, dtype=bool)
    box = bounding_box(lung, int(DEEPEST_MM * size / min(coarse.spacing)) + 1)
    part = CoarseImage(coarse.array[box], coarse.step, coarse.spacing, coarse.array[box].shape)
    found[box] = _found(part, lung[box], other[box], edges[box], size)
    return found


def _found(coarse: CoarseImage, lung: Mask, other: Mask, edges: Floats32, size: float) -> Mask:
    found = np.zeros(lung.shape, dtype=bool)
    surface = lung & ~ndimage.binary_erosion(lung, border_value=1)
    patches, numbers = wide_patches(surface, edges, coarse.spacing, size)
    if not numbers:
        return found
    step = np.array(coarse.spacing)
    index = np.argwhere(surface)
    # too few slices to say how a border goes on
    if np.ptp(index * step, axis=0).min() < SAMPLE_MM * size:
        return found
    hull = ConvexHull(index[::5] * step).equations
    off_all = cKDTree(np.argwhere(patches) * step).query(index * step, distance_upper_bound=AROUND_MM * size)[0]
    index = index[(off_all > OFF_PATCH_MM * size) & np.isfinite(off_all)]
    normals = surface_normals(lung, index, coarse.spacing)
    for number in numbers:
        patch = patches == number
        box = widened(bounding_box(patch), int(DEEPEST_MM * size / min(coarse.spacing)) + 1, lung.shape)
        off_patch = distance(~patch[box], coarse.spacing)
        border = _samples(index * step, normals, np.argwhere(patch) * step, size)
        soft = (coarse.array[box] > SOFT_HU) & (coarse.array[box] < BONE_HU) & ~lung[box] & ~other[box]
        zone = soft & (off_patch < DEEPEST_MM * size)
        if border is not None and zone.any():
            inside = _within(*border, hull, zone, box, coarse.spacing, size)
            found[box] |= inside & opened(inside, 0.5 * THINNEST_MM * size, coarse.spacing)
    return found


def wide_patches(
    surface: Mask, edges: Floats32, spacing: Spacing, size: float
) -> tuple[npt.NDArray[np.uint32], list[int]]:
    """Connected patches of wide edges, and the numbers of those that are wide and large enough; others are 0."""
    known = surface & np.isfinite(edges)
    sigma = [AVERAGED_MM * size / mm for mm in spacing]
    weight = gaussian(known.astype(np.float32), sigma, truncate=2.0)
    total = gaussian(np.where(known, np.minimum(edges, WIDEST), 0).astype(np.float32), sigma, truncate=2.0)
    average = np.where(known, total / np.maximum(weight, 1e-4), 0)
    patches = np.asarray(cc3d.connected_components(average > PATCH_EDGE, connectivity=26), dtype=np.uint32)
    least = LEAST_CM2 * 100 * size**2 / (spacing[1] * spacing[2])
    large = np.bincount(patches.ravel()) >= least
    hot = np.zeros_like(large)
    hot[np.unique(patches[average > CORE_EDGE])] = True
    hot[0] = False
    chosen = large & hot
    return np.where(chosen[patches], patches, 0).astype(np.uint32), [int(n) for n in np.flatnonzero(chosen)]


def _samples(border: Points, normals: Points, patch: Points, size: float) -> tuple[Points, Points] | None:
    """Some points of the known border around a patch (all in millimetres), and the normals there."""
    near = np.isfinite(cKDTree(patch).query(border, distance_upper_bound=AROUND_MM * size)[0])
    points, outward = border[near], normals[near]
    apart = SAMPLE_MM * size
    chosen = _one_a_cube(points, apart)
    while len(chosen) > MOST_SAMPLES:
        apart *= 1.15
        chosen = _one_a_cube(points, apart)
    flat = len(chosen) < FEW_SAMPLES or np.ptp(points[chosen], axis=0).min() < SAMPLE_MM * size
    return None if flat else (points[chosen], outward[chosen])


def _one_a_cube(points: Points, apart: float) -> npt.NDArray[np.intp]:
    return np.asarray(np.unique((points / apart).astype(int), axis=0, return_index=True)[1])


def _within(points: Points, normals: Points, hull: Points, zone: Mask, box: Box, spacing: Spacing, size: float) -> Mask:
    """Which blocks of a zone the border, continued smoothly, holds."""
    level = LEVEL_MM * size
    places = np.concatenate([points, points + level * normals, points - level * normals])
    depth = np.repeat([0.0, -level, level], len(points))
    expected = RBFInterpolator(places, depth, kernel="cubic", degree=1, smoothing=2.0)
    cubes = np.unique(np.argwhere(zone) // STEP, axis=0)
    middle = cubes * STEP + 0.5 * (STEP - 1) + np.array([part.start for part in box])
    middle = middle * np.array(spacing)
    # a border that is carried on beyond the lung's convex hull is no hole that was closed
    middle, cubes = (part[(middle @ hull[:, :3].T + hull[:, 3]).max(axis=1) < 0.0] for part in (middle, cubes))
    if not len(cubes):
        return np.zeros(zone.shape, dtype=bool)
    held = expected(middle) > 0
    grid = np.zeros([length // STEP + 1 for length in zone.shape], dtype=bool)
    grid[tuple(cubes[held].T)] = True
    for axis in range(3):
        grid = np.repeat(grid, STEP, axis=axis)
    return np.asarray(zone & grid[tuple(slice(0, length) for length in zone.shape)])

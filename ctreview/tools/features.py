"""What a pixel classifier sees of each voxel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import edt
import numba
import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from ctreview.compiled import compiled_in_parallel
from ctreview.tools.canvas import Box, Canvas

__all__ = ["FEATURES", "PLACE", "Features", "features"]

FEATURES = (
    "density at the fine scale",
    "density at the coarse scale",
    "local spread",
    "largest curvature",
    "smallest curvature",
    "distance to the border",
    "depth along gravity",
)
"""What the numbers of a voxel are, in order."""

PLACE = 5
"""From this feature on they say where a voxel lies, not what it looks like."""

_FAR_MM = 30.0
"""Farther from the border than this is all the same."""

Stack = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Features:
    """The features of a box of a canvas.

    Attributes
    ----------
    box : tuple of slice
        Which part of the grid.
    values : ndarray of float32, shape (voxels, features)
        One row for each voxel where labels may be set.
    inside : ndarray of bool, shape of the box
        Those voxels.
    """

    box: Box
    values: Stack
    inside: npt.NDArray[np.bool_]


def features(canvas: Canvas, box: Box, *, fine_mm: float = 1.0, coarse_mm: float = 2.5) -> Features:
    """Smoothed densities, local spread, Hessian, distance to the border and depth of the voxels of a box.

    Smoothing averages only over ``canvas.within``, so that the chest wall does not colour what lies beside it.

    Parameters
    ----------
    canvas : Canvas
        The image, and where labels may be set.
    box : tuple of slice
        Which part of it.
    fine_mm, coarse_mm : float
        Gaussian standard deviations in millimetres.

    Returns
    -------
    Features
        In the order of `FEATURES`; densities in HU, curvature in HU per mm², the rest in millimetres.
    """
    spacing = np.array(canvas.geometry.spacing)
    hu = canvas.volume.array[box].astype(np.float32)
    organ = np.ones(hu.shape, bool) if canvas.within is None else np.ascontiguousarray(canvas.within.array[box] > 0)
    inside = canvas.allowed(box)
    fine = _smooth(hu, organ, fine_mm / spacing)
    coarse = _smooth(hu, organ, coarse_mm / spacing)
    spread = np.sqrt(np.maximum(_smooth(np.square(hu - coarse), organ, coarse_mm / spacing), 0.0))
    largest, smallest = _curvatures(fine, spacing.astype(np.float32))
    border = edt.edt(organ, anisotropy=canvas.geometry.spacing, black_border=False)
    border = np.minimum(border, np.float32(_FAR_MM))
    depth = np.broadcast_to((np.arange(box[1].start, box[1].stop) * spacing[1])[None, :, None], hu.shape)
    planes = (fine, coarse, spread, largest, smallest, border, depth)
    return Features(box, np.stack([plane[inside] for plane in planes], axis=1).astype(np.float32), inside)


def _smooth(values: Stack, weight: npt.NDArray[np.bool_], sigma: npt.NDArray[Any]) -> Stack:
    """Gaussian mean over where the weight is set."""
    soft = gaussian_filter(weight.astype(np.float32), sigma, truncate=2.5)
    blurred = gaussian_filter(np.where(weight, values, np.float32(0)), sigma, truncate=2.5)
    return np.asarray(blurred / np.maximum(soft, 1e-3), dtype=np.float32)


@compiled_in_parallel(fastmath=True)
def _curvatures(image: Stack, spacing: Stack) -> tuple[Stack, Stack]:
    """Largest and smallest eigenvalue of the Hessian by central differences; 0 in the outermost voxels.

    The eigenvalues of a symmetric 3×3 matrix in closed form: Smith, Commun ACM 1961, doi 10.1145/355578.366316.
    """
    depth, height, width = image.shape
    largest = np.zeros(image.shape, np.float32)
    smallest = np.zeros(image.shape, np.float32)
    a, b, c = spacing[0], spacing[1], spacing[2]
    for i in numba.prange(1, depth - 1):
        for j in range(1, height - 1):
            for k in range(1, width - 1):
                v = 2.0 * image[i, j, k]
                xx = (image[i + 1, j, k] + image[i - 1, j, k] - v) / (a * a)
                yy = (image[i, j + 1, k] + image[i, j - 1, k] - v) / (b * b)
                zz = (image[i, j, k + 1] + image[i, j, k - 1] - v) / (c * c)
                xy = image[i + 1, j + 1, k] - image[i + 1, j - 1, k] - image[i - 1, j + 1, k] + image[i - 1, j - 1, k]
                xz = image[i + 1, j, k + 1] - image[i + 1, j, k - 1] - image[i - 1, j, k + 1] + image[i - 1, j, k - 1]
                yz = image[i, j + 1, k + 1] - image[i, j + 1, k - 1] - image[i, j - 1, k + 1] + image[i, j - 1, k - 1]
                xy, xz, yz = xy / (4 * a * b), xz / (4 * a * c), yz / (4 * b * c)
                mean = (xx + yy + zz) / 3.0
                off = xy * xy + xz * xz + yz * yz
                dx, dy, dz = xx - mean, yy - mean, zz - mean
                scale = np.sqrt((dx * dx + dy * dy + dz * dz + 2.0 * off) / 6.0)
                if scale < 1e-6:
                    largest[i, j, k] = mean
                    smallest[i, j, k] = mean
                    continue
                det = dx * (dy * dz - yz * yz) - xy * (xy * dz - yz * xz) + xz * (xy * yz - dy * xz)
                ratio = min(max(det / (2.0 * scale * scale * scale), -1.0), 1.0)
                angle = np.arccos(ratio) / 3.0
                largest[i, j, k] = mean + 2.0 * scale * np.cos(angle)
                smallest[i, j, k] = mean + 2.0 * scale * np.cos(angle + 2.0943951)
    return largest, smallest

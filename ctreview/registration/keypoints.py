"""Places that can be found again: corners and branchings of structure, spread over a mask."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.compiled import compiled
from ctreview.volume.smoothing import gaussian

__all__ = ["distinctiveness", "find_keypoints", "select_spaced"]

Image = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


def distinctiveness(image: Image, *, sigma: float = 1.4) -> Image:
    """How well a place is fixed in all three directions (Foerstner and Gülch 1987; Rohr 2001).

    One over the trace of the inverse of the structure tensor: large only where the image changes along every
    direction, so neither on a flat wall nor along a straight vessel.

    Parameters
    ----------
    image : ndarray of float32
        Isotropic voxels.
    sigma : float
        Width in voxels over which the structure tensor is averaged.

    Returns
    -------
    ndarray of float32, shape of the image
    """
    gradient = [ndimage.correlate1d(image, np.array([-0.5, 0.0, 0.5]), axis=axis, mode="nearest") for axis in range(3)]
    tensor = {
        (a, b): gaussian(gradient[a] * gradient[b], (sigma,) * 3, mode="nearest", truncate=2.5)
        for a in range(3)
        for b in range(a, 3)
    }
    xx, yy, zz = tensor[0, 0], tensor[1, 1], tensor[2, 2]
    xy, xz, yz = tensor[0, 1], tensor[0, 2], tensor[1, 2]
    # trace(S⁻¹) = (sum of the principal 2×2 minors) / det S
    minor_x, minor_y, minor_z = yy * zz - yz * yz, xx * zz - xz * xz, xx * yy - xy * xy
    determinant = xx * minor_x - xy * (xy * zz - yz * xz) + xz * (xy * yz - yy * xz)
    minors = minor_x + minor_y + minor_z
    return np.asarray(np.where(minors > 1e-6, determinant / np.maximum(minors, 1e-6), 0.0), dtype=np.float32)


@compiled(nogil=True)
def _select_spaced(order, shape, radius, most):  # type: ignore[no-untyped-def]
    # Takes the strongest first and closes a ball around each.
    taken = np.zeros(shape, dtype=np.bool_)
    chosen = np.empty((most, 3), dtype=np.int64)
    found = 0
    whole = int(radius)
    for index in order:
        k = index % shape[2]
        j = (index // shape[2]) % shape[1]
        i = index // (shape[2] * shape[1])
        if taken[i, j, k]:
            continue
        chosen[found] = (i, j, k)
        found += 1
        if found == most:
            break
        for a in range(max(0, i - whole), min(shape[0], i + whole + 1)):
            for b in range(max(0, j - whole), min(shape[1], j + whole + 1)):
                for c in range(max(0, k - whole), min(shape[2], k + whole + 1)):
                    if (a - i) ** 2 + (b - j) ** 2 + (c - k) ** 2 <= radius * radius:
                        taken[a, b, c] = True
    return chosen[:found]


def select_spaced(strength: Image, mask: Mask, count: int, *, crowding: float) -> npt.NDArray[np.int64]:
    """The most distinctive voxels of a mask, no two of them close together.

    Parameters
    ----------
    strength : ndarray of float32
        From `distinctiveness`.
    mask : ndarray of bool
        Where keypoints may lie.
    count : int
        At most so many. The distance kept between them follows from it, so that they cover the mask.
    crowding : float
        That distance, as a share of the side of the cube each keypoint would have for itself.

    Returns
    -------
    ndarray of int, shape (n, 3)
        Voxel indices, the most distinctive first.
    """
    inside = int(mask.sum())
    if inside == 0:
        return np.empty((0, 3), dtype=np.int64)
    peaks = mask & (strength == ndimage.maximum_filter(strength, size=3)) & (strength > 0)
    where = np.flatnonzero(peaks)
    order = where[np.argsort(-strength.ravel()[where], kind="stable")]
    radius = crowding * (inside / count) ** (1 / 3)
    return np.asarray(_select_spaced(order, strength.shape, max(radius, 1.0), count))


def find_keypoints(
    image: Image, mask: Mask, count: int, *, crowding: float = 0.5, sharpness: float = 1.0
) -> npt.NDArray[np.int64]:
    """The most distinctive voxels of an image in a mask; see `distinctiveness` and `select_spaced`."""
    return select_spaced(distinctiveness(image, sigma=sharpness), mask, count, crowding=crowding)

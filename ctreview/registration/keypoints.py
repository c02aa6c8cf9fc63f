"""Places that can be found again: corners and branchings of structure, spread over a mask."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ctreview.compiled import compiled
from ctreview.volume.box_filters import highest_within
from ctreview.volume.parallel import in_chunks
from ctreview.volume.smoothing import gaussian

__all__ = ["distinctiveness", "find_keypoints", "select_spaced"]

Image = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


def distinctiveness(image: Image, *, sigma: float = 1.4, threads: int = 1) -> Image:
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
    depth = len(image)
    tensor = [np.empty(image.shape, dtype=np.float32) for _ in range(6)]
    in_chunks(lambda a, b: _multiply_slopes(image, *tensor, a, b), depth, threads)
    for number, product in enumerate(tensor):
        tensor[number] = gaussian(product, (sigma,) * 3, mode="nearest", truncate=2.5, threads=threads)
    found = tensor[0]
    in_chunks(lambda a, b: _combine(*tensor, found, a, b), depth, threads)
    return found


@compiled()
def _multiply_slopes(image, xx, xy, xz, yy, yz, zz, start, stop):  # type: ignore[no-untyped-def]
    # Products of the central differences along two axes; beyond the image its last values go on.
    n0, n1, n2 = image.shape
    half = np.float64(0.5)
    for i in range(start, stop):
        below, above = max(i - 1, 0), min(i + 1, n0 - 1)
        for j in range(n1):
            before, behind = max(j - 1, 0), min(j + 1, n1 - 1)
            for k in range(n2):
                left, right = max(k - 1, 0), min(k + 1, n2 - 1)
                x = np.float32((np.float64(image[above, j, k]) - np.float64(image[below, j, k])) * half)
                y = np.float32((np.float64(image[i, behind, k]) - np.float64(image[i, before, k])) * half)
                z = np.float32((np.float64(image[i, j, right]) - np.float64(image[i, j, left])) * half)
                xx[i, j, k], xy[i, j, k], xz[i, j, k] = x * x, x * y, x * z
                yy[i, j, k], yz[i, j, k], zz[i, j, k] = y * y, y * z, z * z


@compiled()
def _combine(xx, xy, xz, yy, yz, zz, found, start, stop):  # type: ignore[no-untyped-def]
    # trace(S⁻¹) = (sum of the principal 2×2 minors) / det S
    least, nothing = np.float32(1e-6), np.float32(0.0)
    for i in range(start, stop):
        for j in range(found.shape[1]):
            for k in range(found.shape[2]):
                a, b, c = xx[i, j, k], yy[i, j, k], zz[i, j, k]
                d, e, f = xy[i, j, k], xz[i, j, k], yz[i, j, k]
                minor_x, minor_y, minor_z = b * c - f * f, a * c - e * e, a * b - d * d
                determinant = a * minor_x - d * (d * c - f * e) + e * (d * f - b * e)
                minors = minor_x + minor_y + minor_z
                found[i, j, k] = determinant / minors if minors > least else nothing


@compiled()
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
    peaks = mask & (strength == highest_within(strength, (1, 1, 1), (1, 1, 1))) & (strength > 0)
    where = np.flatnonzero(peaks)
    order = where[np.argsort(-strength.ravel()[where], kind="stable")]
    radius = crowding * (inside / count) ** (1 / 3)
    return np.asarray(_select_spaced(order, strength.shape, max(radius, 1.0), count))


def find_keypoints(
    image: Image, mask: Mask, count: int, *, crowding: float = 0.5, sharpness: float = 1.0, threads: int = 1
) -> npt.NDArray[np.int64]:
    """The most distinctive voxels of an image in a mask; see `distinctiveness` and `select_spaced`."""
    return select_spaced(distinctiveness(image, sigma=sharpness, threads=threads), mask, count, crowding=crowding)

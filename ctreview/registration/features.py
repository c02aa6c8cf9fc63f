"""Descriptors of local structure that do not depend on brightness.

MIND-SSC (Heinrich et al., MICCAI 2013, doi 10.1007/978-3-642-40811-3_24) describes a voxel by how alike the small
patches around it are to one another. A vessel inside ground glass keeps its descriptor, because both the vessel
and what surrounds it change; this is why matches, and the volume change made from them, are not drawn to where the
lung became denser. As in that paper, each of the twelve similarities is kept in six levels written as five bits
(so that the number of differing bits is the difference of levels), and a descriptor fits into one 64-bit word.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ctreview.compiled import compiled
from ctreview.volume.parallel import in_chunks

__all__ = ["BITS", "mind_descriptors"]

BITS = 60
"""Bits in use: twelve pairs of patches, five thresholds each."""

NOISE_FLOOR_HU = 30.0
"""Differences between patches smaller than this are taken for noise, not structure."""

_AROUND = ((-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1))
# The pairs of the six neighbours that touch each other along an edge of the octahedron: twelve.
PAIRS = np.array(
    [
        (*a, *b)
        for i, a in enumerate(_AROUND)
        for b in _AROUND[i + 1 :]
        if sum(p * q for p, q in zip(a, b, strict=True)) == 0
    ],
    dtype=np.int64,
)
# A similarity exp(−r) is cut at 5/6, 4/6, … 1/6.
LEVELS = np.array([-np.log(level / 6.0) for level in (5, 4, 3, 2, 1)], dtype=np.float32)


@compiled()
def _plane(padded, i, margin, dilation, pair, raw, along, out):  # type: ignore[no-untyped-def]
    # Squared differences of one pair of patches at slice i, summed over 3×3 within the slice.
    az, ay, ax = pair[0] * dilation, pair[1] * dilation, pair[2] * dilation
    bz, by, bx = pair[3] * dilation, pair[4] * dilation, pair[5] * dilation
    height, width = out.shape
    for j in range(height + 2):
        first = padded[i + margin + az, j - 1 + margin + ay]
        second = padded[i + margin + bz, j - 1 + margin + by]
        for k in range(width + 2):
            difference = first[k - 1 + margin + ax] - second[k - 1 + margin + bx]
            raw[k] = difference * difference
        for k in range(width):
            along[j, k] = raw[k] + raw[k + 1] + raw[k + 2]
    for j in range(height):
        for k in range(width):
            out[j, k] = along[j, k] + along[j + 1, k] + along[j + 2, k]


@compiled()
def _words(planes, levels, floor, out):  # type: ignore[no-untyped-def]
    # Three slices of sums to the descriptors of the middle one.
    distance = np.zeros(12, dtype=np.float32)
    for j in range(out.shape[0]):
        for k in range(out.shape[1]):
            smallest, total = np.float32(1e30), np.float32(0.0)
            for pair in range(12):
                value = planes[0, pair, j, k] + planes[1, pair, j, k] + planes[2, pair, j, k]
                distance[pair] = value
                total += value
                smallest = min(smallest, value)
            scale = max(total / np.float32(12.0) - smallest, floor)
            word, bit = np.uint64(0), np.uint64(1)
            for pair in range(12):
                relative = (distance[pair] - smallest) / scale
                for level in levels:
                    if relative < level:
                        word |= bit
                    bit = bit << np.uint64(1)
            out[j, k] = word


@compiled()
def _describe_slab(padded, margin, dilation, pairs, levels, floor, out, start, stop):  # type: ignore[no-untyped-def]
    # Only three slices of sums are held at a time.
    _, height, width = out.shape
    planes = np.zeros((3, 12, height, width), dtype=np.float32)
    raw = np.zeros(width + 2, dtype=np.float32)
    along = np.zeros((height + 2, width), dtype=np.float32)
    for i in range(start - 1, stop + 1):
        for pair in range(12):
            _plane(padded, i, margin, dilation, pairs[pair], raw, along, planes[(i + 3) % 3, pair])
        if i > start:
            _words(planes, levels, floor, out[i - 1])


def mind_descriptors(
    image: npt.NDArray[np.float32], *, dilation: int = 1, noise_floor: float = NOISE_FLOOR_HU, threads: int = 1
) -> npt.NDArray[np.uint64]:
    """MIND-SSC of every voxel, as words of 60 bits.

    Parameters
    ----------
    image : ndarray of float32
        Isotropic voxels.
    dilation : int
        Distance in voxels of the patches' centres from the voxel; patches are 3×3×3.
    noise_floor : float
        In units of the image: smaller differences do not count as structure.

    Returns
    -------
    ndarray of uint64, shape of the image
        The number of bits in which two words differ, 0 to 60, is how unlike two places are.
    """
    margin = dilation + 1
    padded = np.pad(image, margin, mode="edge")
    out = np.empty(image.shape, dtype=np.uint64)
    floor = np.float32(27 * noise_floor**2)
    # Each call repeats two slices of its neighbours, so few and long stretches.
    in_chunks(
        lambda a, b: _describe_slab(padded, margin, dilation, PAIRS, LEVELS, floor, out, a, b),
        image.shape[0],
        threads,
        chunks_per_thread=1,
    )
    return out

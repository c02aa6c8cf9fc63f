"""The border of the lungs at full resolution."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.coarse import CoarseImage, Mask, Spacing
from ctreview.compiled import compiled_in_parallel
from ctreview.volume.box import bounding_box
from ctreview.volume.distance import dilated, distance

__all__ = ["draw_border"]

Labels = npt.NDArray[np.uint8]

OPAQUE_HU = -600.0
"""Where lung next to its border is denser, texture crosses the threshold of the border, and shape decides."""


def draw_border(image: npt.NDArray[Any], coarse: CoarseImage, lungs: Labels, dense: Mask, border_hu: float) -> Labels:
    """Draw at full resolution what was found in blocks.

    Parameters
    ----------
    image : ndarray, shape ``coarse.shape``
        In HU.
    coarse : CoarseImage
        Of the image.
    lungs : ndarray of uint8
        1 and 2 in the blocks of right and left lung, 0 elsewhere.
    dense : ndarray of bool
        Blocks of lung that are not aerated; there the image does not show the border, and the shape decides.
    border_hu : float
        Elsewhere what is below belongs to the lung, within about a block of where the blocks end.

    Returns
    -------
    ndarray of uint8, shape ``coarse.shape``
    """
    step = max(coarse.spacing[1:])
    inside = lungs > 0
    box = bounding_box(inside, 2)
    part, sides = inside[box], lungs[box]
    # distance to the surface between blocks: positive inside
    signed = distance(part, coarse.spacing) - distance(~part, coarse.spacing)
    signed -= np.where(part, 0.5, -0.5) * min(coarse.spacing)
    unseen = dense[box] & _at_surface(part) | (part & _under_opacity(coarse.array[box], signed, step, coarse.spacing))
    by_shape = dilated(unseen, 0.8 * step, coarse.spacing)
    grown = sides.copy()
    for side in (1, 2):
        if (sides == side).any():
            near = dilated(sides == side, 2.2 * step, coarse.spacing)
            grown[near & (grown == 0)] = side
    full = coarse.full_box(box)
    drawn = np.zeros(coarse.shape, dtype=np.uint8)
    _draw(image[full], signed, by_shape, grown, np.array(coarse.step), border_hu, 1.3 * step, -1.1 * step, drawn[full])
    return drawn


def _under_opacity(hu: npt.NDArray[np.float32], signed: npt.NDArray[np.float32], step: float, spacing: Spacing) -> Mask:
    """Blocks at the surface under which lung is so dense that its density does not tell it from the chest wall."""
    within = (signed > step).astype(np.float32)
    sigma = [4.0 / s for s in spacing]
    weight = ndimage.gaussian_filter(within, sigma, truncate=2.0)
    total = ndimage.gaussian_filter(np.where(within > 0, hu, 0).astype(np.float32), sigma, truncate=2.0)
    return np.asarray((weight > 0.05) & (total > OPAQUE_HU * weight) & (signed < 2.0 * step))


def _at_surface(part: Mask) -> Mask:
    """Blocks with a neighbour outside, by faces; the end of the grid is no outside."""
    inner = part.copy()
    for axis in range(3):
        for shift in (1, -1):
            moved = np.roll(part, shift, axis=axis)
            edge = [slice(None)] * 3
            edge[axis] = slice(0, 1) if shift == 1 else slice(-1, None)
            moved[tuple(edge)] = True
            inner &= moved
    return np.asarray(part & ~inner)


@compiled_in_parallel()
def _draw(
    image: Any,
    signed: Any,
    by_shape: Any,
    sides: Any,
    step: Any,
    border_hu: float,
    inner: float,
    outer: float,
    drawn: Any,
) -> None:  # pragma: no cover - compiled
    n0, n1, n2 = image.shape
    m0, m1, m2 = signed.shape
    for i in numba.prange(n0):
        bi = min(i // step[0], m0 - 1)
        fi = min(max((i + 0.5) / step[0] - 0.5, 0.0), m0 - 1.0)
        i0 = int(fi)
        i1, wi = min(i0 + 1, m0 - 1), fi - i0
        for j in range(n1):
            bj = min(j // step[1], m1 - 1)
            fj = min(max((j + 0.5) / step[1] - 0.5, 0.0), m1 - 1.0)
            j0 = int(fj)
            j1, wj = min(j0 + 1, m1 - 1), fj - j0
            for k in range(n2):
                bk = min(k // step[2], m2 - 1)
                side = sides[bi, bj, bk]
                if side == 0:
                    continue
                here = signed[bi, bj, bk]
                if here > inner:
                    drawn[i, j, k] = side
                    continue
                if here < 2.0 * outer:
                    continue
                fk = min(max((k + 0.5) / step[2] - 0.5, 0.0), m2 - 1.0)
                k0 = int(fk)
                k1, wk = min(k0 + 1, m2 - 1), fk - k0
                low = (signed[i0, j0, k0] * (1 - wk) + signed[i0, j0, k1] * wk) * (1 - wj) + (
                    signed[i0, j1, k0] * (1 - wk) + signed[i0, j1, k1] * wk
                ) * wj
                high = (signed[i1, j0, k0] * (1 - wk) + signed[i1, j0, k1] * wk) * (1 - wj) + (
                    signed[i1, j1, k0] * (1 - wk) + signed[i1, j1, k1] * wk
                ) * wj
                depth = low * (1 - wi) + high * wi
                if by_shape[bi, bj, bk]:
                    lung = depth > 0.0
                else:
                    lung = depth > inner or (depth > outer and image[i, j, k] < border_hu)
                if lung:
                    drawn[i, j, k] = side

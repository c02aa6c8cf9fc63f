"""How much an image looks like a bright or a dark tube, from its second derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.compiled import compiled

__all__ = ["eigenvalues", "update_tubeness"]

FloatImage = npt.NDArray[np.float32]


@compiled(fastmath=True, inline="always")
def eigenvalues(
    aa: float, bb: float, cc: float, ab: float, ac: float, bc: float
) -> tuple[float, float, float]:  # pragma: no cover - compiled
    """Eigenvalues of a symmetric 3×3 matrix in falling order, in closed form (Smith 1961)."""
    q = (aa + bb + cc) / 3.0
    off = ab * ab + ac * ac + bc * bc
    p2 = (aa - q) ** 2 + (bb - q) ** 2 + (cc - q) ** 2 + 2.0 * off
    if p2 <= 1e-12:
        return q, q, q
    p = np.sqrt(p2 / 6.0)
    xa, xb, xc = (aa - q) / p, (bb - q) / p, (cc - q) / p
    ya, yb, yc = ab / p, ac / p, bc / p
    r = 0.5 * (xa * (xb * xc - yc * yc) - ya * (ya * xc - yc * yb) + yb * (ya * yc - xb * yb))
    angle = np.arccos(min(1.0, max(-1.0, r))) / 3.0
    largest = q + 2.0 * p * np.cos(angle)
    smallest = q + 2.0 * p * np.cos(angle + 2.0943951023931953)
    return largest, 3.0 * q - largest - smallest, smallest


@compiled(fastmath=True)
def _measure(
    image: Any, inside: Any, spacing: Any, factor: float, least: float, flat: float, bright: Any, dark: Any
) -> None:  # pragma: no cover - compiled
    n0, n1, n2 = image.shape
    sa, sb, sc = spacing
    for i in range(n0):
        up, down = min(i + 1, n0 - 1), max(i - 1, 0)
        for j in range(n1):
            back, front = min(j + 1, n1 - 1), max(j - 1, 0)
            for k in range(n2):
                if not inside[i, j, k]:
                    continue
                left, right = min(k + 1, n2 - 1), max(k - 1, 0)
                centre = 2.0 * image[i, j, k]
                aa = (image[up, j, k] + image[down, j, k] - centre) / (sa * sa)
                bb = (image[i, back, k] + image[i, front, k] - centre) / (sb * sb)
                cc = (image[i, j, left] + image[i, j, right] - centre) / (sc * sc)
                ab = (image[up, back, k] + image[down, front, k] - image[up, front, k] - image[down, back, k]) / (
                    4.0 * sa * sb
                )
                ac = (image[up, j, left] + image[down, j, right] - image[up, j, right] - image[down, j, left]) / (
                    4.0 * sa * sc
                )
                bc = (image[i, back, left] + image[i, front, right] - image[i, back, right] - image[i, front, left]) / (
                    4.0 * sb * sc
                )
                high, middle, low = eigenvalues(aa, bb, cc, ab, ac, bc)
                # a tube bends in two directions and not along itself; a ball bends in all three, a plate in one
                if middle < 0.0 and image[i, j, k] >= least:
                    tube = factor * (-middle - 0.75 * max(0.0, -high) - 0.25 * max(0.0, high) - flat * (middle - low))
                    bright[i, j, k] = max(bright[i, j, k], tube)
                elif middle > 0.0:
                    tube = factor * (middle - 0.75 * max(0.0, low) - 0.25 * max(0.0, -low))
                    dark[i, j, k] = max(dark[i, j, k], tube)


def update_tubeness(
    smooth: FloatImage,
    inside: npt.NDArray[np.bool_],
    spacing: tuple[float, float, float],
    scale_mm: float,
    least_hu: float,
    flatness: float,
    bright: FloatImage,
    dark: FloatImage,
) -> None:
    """Raise two maps to how tube-like an image is at one scale.

    Parameters
    ----------
    smooth : ndarray of float32
        The image in HU after a Gaussian of standard deviation ``scale_mm``.
    inside : ndarray of bool
        Where to look.
    spacing : tuple of float
        Millimetres between voxels.
    scale_mm : float
        That of ``smooth``.
    least_hu : float
        Below this (in ``smooth``) nothing counts as a bright tube: a wide vessel has the density of blood in its
        middle, a wide band of ground glass has not.
    flatness : float
        How much it counts against a bright tube that it bends more in one direction than in the other, as the edge of
        a dense patch does; 0 for narrow vessels, which voxels and neighbours flatten.
    bright, dark : ndarray of float32
        Raised in place where this scale gives more. In HU: a long tube of Gaussian profile and contrast C gives at
        most C / 4, where its width (standard deviation) equals the scale; plates give 0 and balls a quarter.

    Notes
    -----
    Eigenvalues of the scale-normalised Hessian, as in Sato 1998 and Frangi 1998, but linear in contrast, so that its
    threshold is one of HU; the penalties for bending along the tube are ours.
    """
    _measure(
        smooth, inside, np.asarray(spacing, dtype=np.float32), scale_mm * scale_mm, least_hu, flatness, bright, dark
    )

"""Where a fissure may be seen: thin bright sheets away from vessels, near its expected place and direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.coarse import Mask
from ctreview.anatomy.lobes.slab import FissureSlab
from ctreview.anatomy.tubeness import eigenvalues
from ctreview.compiled import compiled
from ctreview.possible_values import require_possible
from ctreview.volume.distance import distance

__all__ = ["EvidenceSettings", "SheetEvidence", "find_sheet"]


@dataclass(frozen=True)
class EvidenceSettings:
    """How sheets are looked for.

    Attributes
    ----------
    across_mm, along_mm : float
        Standard deviations of the Gaussian across the expected surface and along it.
    across_voxels : float
        The same across it in voxels of the image, where those are large: thick slices make a sheet thick.
    vessel_mm : float
        Over what distance from a vessel a sheet gains weight.
    wall_mm : float
        Nothing is looked for nearer to the outside of the lung.
    steepest : float
        The least cosine of the angle between a sheet and the expected surface.
    """

    across_mm: float = 1.0
    along_mm: float = 1.75
    across_voxels: float = 0.4
    vessel_mm: float = 2.5
    wall_mm: float = 3.0
    steepest: float = 0.7

    def __post_init__(self) -> None:
        require_possible(self, across_mm=(0.1, 100.0), along_mm=(0.1, 100.0))


@dataclass(frozen=True, eq=False)
class SheetEvidence:
    """How much each sample of a slab looks like a fissure.

    Attributes
    ----------
    strength : ndarray of float32, shape of the slab
        0 where nothing is; 1 is what the strongest tenth of all lung in the slab reaches.
    slope : ndarray of float32, shape (…, 2)
        Rise of the sheet along both axes, samples over samples.
    inside : ndarray of bool
        Where was looked.
    """

    strength: npt.NDArray[np.float32]
    slope: npt.NDArray[np.float32]
    inside: Mask


def find_sheet(slab: FissureSlab, *, settings: EvidenceSettings | None = None) -> SheetEvidence:
    """Look for thin bright sheets in a slab."""
    settings = settings or EvidenceSettings()
    spacing = slab.spacing
    within = distance(slab.lung, spacing)
    inside: Mask = np.asarray(within > settings.wall_mm)
    usual = float(np.median(slab.hu[slab.lung])) if slab.lung.any() else -800.0
    image = np.where(within > 0.0, slab.hu, usual).astype(np.float32)
    across_mm = max(settings.across_mm, settings.across_voxels * slab.image_mm)
    along_mm = max(settings.along_mm, across_mm)
    sigma = [along_mm / spacing[0], along_mm / spacing[1], across_mm / spacing[2]]
    smooth = ndimage.gaussian_filter(image, sigma, truncate=3.0)
    strength = np.zeros(slab.hu.shape, dtype=np.float32)
    slope = np.zeros((*slab.hu.shape, 2), dtype=np.float32)
    _measure(smooth, inside, slab.steps, np.linalg.inv(slab.steps), settings.steepest, strength, slope)
    strength *= across_mm**2
    away = distance(~slab.vessel, spacing)
    strength *= 1.0 - np.exp(-(away**2) / (2.0 * settings.vessel_mm**2))
    looked = strength[inside]
    level = float(np.quantile(looked, 0.9)) if looked.size else 0.0
    return SheetEvidence(strength / max(level, 1.0), slope, inside)


@compiled(fastmath=True)
def _measure(
    image: Any, inside: Any, steps: Any, inverse: Any, steepest: float, strength: Any, slope: Any
) -> None:  # pragma: no cover - compiled
    n0, n1, n2 = image.shape
    hessian, normal = np.empty((3, 3)), np.empty(3)
    expected = inverse[2] / np.sqrt((inverse[2] ** 2).sum())  # the normal of the slab: the gradient of height
    for i in range(1, n0 - 1):
        for j in range(1, n1 - 1):
            for k in range(1, n2 - 1):
                if not inside[i, j, k]:
                    continue
                _second_derivatives(image, i, j, k, inverse, hessian)
                sheet = _sheet(hessian, normal)
                if sheet <= 0.0 or abs((normal * expected).sum()) < steepest:
                    continue
                strength[i, j, k] = sheet
                across = (normal * steps[:, 2]).sum()
                for a in range(2):
                    slope[i, j, k, a] = -(normal * steps[:, a]).sum() / across


@compiled(fastmath=True, inline="always")
def _second_derivatives(
    image: Any, i: int, j: int, k: int, inverse: Any, hessian: Any
) -> None:  # pragma: no cover - compiled
    """Second derivatives per millimetre of the patient, whose axes the samples do not follow."""
    centre = 2.0 * image[i, j, k]
    aa = image[i + 1, j, k] + image[i - 1, j, k] - centre
    bb = image[i, j + 1, k] + image[i, j - 1, k] - centre
    cc = image[i, j, k + 1] + image[i, j, k - 1] - centre
    ab = image[i + 1, j + 1, k] + image[i - 1, j - 1, k] - image[i + 1, j - 1, k] - image[i - 1, j + 1, k]
    ac = image[i + 1, j, k + 1] + image[i - 1, j, k - 1] - image[i + 1, j, k - 1] - image[i - 1, j, k + 1]
    bc = image[i, j + 1, k + 1] + image[i, j - 1, k - 1] - image[i, j + 1, k - 1] - image[i, j - 1, k + 1]
    ab, ac, bc = 0.25 * ab, 0.25 * ac, 0.25 * bc
    for p in range(3):
        for q in range(3):
            hessian[p, q] = (
                inverse[0, p] * (aa * inverse[0, q] + ab * inverse[1, q] + ac * inverse[2, q])
                + inverse[1, p] * (ab * inverse[0, q] + bb * inverse[1, q] + bc * inverse[2, q])
                + inverse[2, p] * (ac * inverse[0, q] + bc * inverse[1, q] + cc * inverse[2, q])
            )


@compiled(fastmath=True, inline="always")
def _sheet(hessian: Any, normal: Any) -> float:  # pragma: no cover - compiled
    """How much it bends in one direction and in no other, 0 where it does not; that direction in ``normal``."""
    high, middle, low = eigenvalues(
        hessian[0, 0], hessian[1, 1], hessian[2, 2], hessian[0, 1], hessian[0, 2], hessian[1, 2]
    )
    sheet = -low - max(abs(middle), abs(high))
    if sheet <= 0.0:
        return 0.0
    # the longest column of (H − middle)(H − high), in which only the sheet's own direction is left
    longest = 0.0
    for q in range(3):
        x = y = z = 0.0
        for p in range(3):
            right = hessian[p, q] - (high if p == q else 0.0)
            x += (hessian[0, p] - (middle if p == 0 else 0.0)) * right
            y += (hessian[1, p] - (middle if p == 1 else 0.0)) * right
            z += (hessian[2, p] - (middle if p == 2 else 0.0)) * right
        length = x * x + y * y + z * z
        if length > longest:
            longest = length
            normal[0], normal[1], normal[2] = x, y, z
    normal /= np.sqrt(max(longest, 1e-30))
    return float(sheet)

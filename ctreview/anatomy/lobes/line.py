"""Whether a fissure is seen along a surface: how much sheet there is in it, beside what there is around by chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.coarse import Mask
from ctreview.anatomy.lobes.evidence import SheetEvidence
from ctreview.anatomy.lobes.slab import FissureSlab
from ctreview.possible_values import require_possible

__all__ = ["LineContrast", "LineSettings", "line_contrast"]

Image = npt.NDArray[np.float32]


@dataclass(frozen=True)
class LineSettings:
    """How clear a fissure is along a surface.

    Attributes
    ----------
    along_mm : float
        Standard deviation of the mean along the surface.
    most_strength : float
        More strength of a sheet than this counts as this.
    noise_mm : float
        From this height over the surface on there is no fissure, and what is found is there by chance.
    noise_along_mm : float
        Over what length chance is alike.
    least_share : float
        A mean rests on at least this share of its surroundings; else there is none.
    """

    along_mm: float = 3.0
    most_strength: float = 3.0
    noise_mm: float = 5.0
    noise_along_mm: float = 15.0
    least_share: float = 0.3

    def __post_init__(self) -> None:
        require_possible(self)


@dataclass(frozen=True, eq=False)
class LineContrast:
    """How far the sheets of a slab exceed what is there by chance.

    Attributes
    ----------
    ratio : ndarray of float32, shape of the slab
        Mean strength along the surface, in standard deviations of what it is away from it; 0 where it is not measured.
    measured : ndarray of bool
        Where it is.
    """

    ratio: Image
    measured: Mask


def line_contrast(slab: FissureSlab, sheet: SheetEvidence, *, settings: LineSettings | None = None) -> LineContrast:
    """Measure how much sheet there is, as means along the surface that the slab follows."""
    settings = settings or LineSettings()
    sigma = (settings.along_mm / slab.spacing[0], settings.along_mm / slab.spacing[1], 0.0)
    clear = sheet.inside & ~slab.vessel
    share = ndimage.gaussian_filter(clear.astype(np.float32), sigma, truncate=2.5)
    strength = np.where(clear, np.minimum(sheet.strength, settings.most_strength), 0.0).astype(np.float32)
    mean = ndimage.gaussian_filter(strength, sigma, truncate=2.5) / np.maximum(share, 1e-3)
    measured = share >= settings.least_share
    usual, varies = _by_chance(mean, measured, slab, settings)
    ratio = np.where(measured, (mean - usual) / np.maximum(varies, 0.02), 0.0)
    return LineContrast(ratio.astype(np.float32), measured)


def _by_chance(mean: Image, measured: Mask, slab: FissureSlab, settings: LineSettings) -> tuple[Image, Image]:
    """What means are away from the surface around each column, and what they vary by."""
    off = measured & (np.abs(slab.heights) * slab.patient_per_template >= settings.noise_mm)
    sigma = [settings.noise_along_mm / spacing for spacing in slab.spacing[:2]]
    count, first, second = (
        ndimage.gaussian_filter(np.where(off, power, 0.0).sum(axis=2).astype(np.float32), sigma)
        for power in (1.0, mean, mean**2)
    )
    usual = first / np.maximum(count, 1e-3)
    varies = np.sqrt(np.maximum(second / np.maximum(count, 1e-3) - usual**2, 0.0))
    return usual[..., None], varies[..., None]

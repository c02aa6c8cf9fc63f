"""Descriptive figures of the lung's density: moments, percentiles, high attenuation area.

High attenuation area (HAA) is the share of lung from −600 up to −250 HU, vessels included, as defined for cohorts
of adults (Lederer 2009).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.errors import SegmentationFailed, WrongUse
from ctreview.opacity.bands import HIGH_ATTENUATION_HU
from ctreview.volume.geometry import require_same_grid
from ctreview.volume.labels import LabelMap
from ctreview.volume.regions import Regions
from ctreview.volume.volume import Volume

__all__ = ["PERCENTILES", "DensityHistogram", "density_histogram", "histograms_by_region"]

PERCENTILES = (5, 10, 15, 25, 50, 75, 90, 95)
LOWEST, HIGHEST = -1200, 400
"""Everything beyond is counted at these ends."""


@dataclass(frozen=True)
class DensityHistogram:
    """Figures of one region's voxels.

    Attributes
    ----------
    volume_ml : float
        How much was looked at.
    mean_hu, sd_hu : float
        Mean and standard deviation.
    skewness, kurtosis : float
        Third and fourth standardised moment; kurtosis as excess over that of a Gaussian (0). Both fall as fibrosis or
        ground glass spread. 0 where every voxel is alike.
    percentiles_hu : tuple of float
        At `PERCENTILES`.
    haa_percent : float
        High attenuation area, per cent.
    """

    volume_ml: float
    mean_hu: float
    sd_hu: float
    skewness: float
    kurtosis: float
    percentiles_hu: tuple[float, ...]
    haa_percent: float


def density_histogram(volume: Volume, lungs: LabelMap, *, vessels: LabelMap | None = None) -> DensityHistogram:
    """Describe the density of both lungs; vessels are left out only where they are handed in.

    Raises
    ------
    WrongUse
        The volume is not in HU.
    GridMismatch
        The grids differ.
    SegmentationFailed
        Nothing is left to describe.
    """
    volume.require_hu("a histogram of density needs")
    require_same_grid(*(item for item in (volume, lungs, vessels) if item is not None))
    where = lungs.mask("right_lung", "left_lung")
    if vessels is not None:
        where &= vessels.array == 0
    if not where.any():
        raise SegmentationFailed("the lungs are empty", remedy="Check the lung segmentation.")
    return _describe(_counts(volume.array[where]), volume.geometry.voxel_ml)


def histograms_by_region(
    volume: Volume, regions: Regions, *, names: Sequence[str] | None = None
) -> dict[str, DensityHistogram]:
    """Describe the density of each region, by its name; empty regions are left out.

    Parameters
    ----------
    names : sequence of str, optional
        Only these; all where not given.

    Raises
    ------
    WrongUse
        The volume is not in HU, or a name is not known.
    GridMismatch
        The grids differ.
    """
    volume.require_hu("a histogram of density needs")
    require_same_grid(volume, regions)
    unknown = set(names or ()) - set(regions.names)
    if unknown:
        raise WrongUse(f"no region is called {sorted(unknown)[0]!r}")
    found = {}
    size = HIGHEST - LOWEST + 1
    counted = regions.count((_clipped(volume.array) - LOWEST).astype(np.uint16), size)
    for name, counts in counted.items():
        if counts.any() and (names is None or name in names):
            found[name] = _describe(counts, volume.geometry.voxel_ml)
    return found


def _clipped(hu: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    whole = hu if hu.dtype.kind in "iu" else np.rint(hu)
    return np.clip(whole, LOWEST, HIGHEST).astype(np.int32)


def _counts(hu: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    return np.bincount(_clipped(hu) - LOWEST, minlength=HIGHEST - LOWEST + 1).astype(np.int64)


def _describe(counts: npt.NDArray[np.int64], voxel_ml: float) -> DensityHistogram:
    """All figures from whole-HU counts: exact, and no sort of millions of voxels."""
    hu = np.arange(LOWEST, HIGHEST + 1, dtype=float)
    total = int(counts.sum())
    share = counts / total
    mean = float(share @ hu)
    second, third, fourth = (float(share @ (hu - mean) ** power) for power in (2, 3, 4))
    sd = float(np.sqrt(second))
    alike = sd < 1e-9
    ranks = np.cumsum(counts)
    at = [hu[int(np.searchsorted(ranks, max(1.0, p / 100 * total)))] for p in PERCENTILES]
    low, high = HIGH_ATTENUATION_HU
    return DensityHistogram(
        volume_ml=total * voxel_ml,
        mean_hu=mean,
        sd_hu=sd,
        skewness=0.0 if alike else third / sd**3,
        kurtosis=0.0 if alike else fourth / sd**4 - 3.0,
        percentiles_hu=tuple(float(v) for v in at),
        haa_percent=100.0 * float(share[(hu >= low) & (hu < high)].sum()),
    )

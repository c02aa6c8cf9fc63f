"""The lung's physics: its mass, the depth of its breath, and the histogram of its density.

Takes a `Volume` in HU with its lungs or regions; gives grams, ratios with checks, and figures.
"""

from __future__ import annotations

from ctreview.lung.histogram import PERCENTILES, DensityHistogram, density_histogram, histograms_by_region
from ctreview.lung.inspiration import Inspiration, InspirationSettings, compare_inspiration, hu_at_volume_ratio
from ctreview.lung.mass import excess_mass_g, lung_mass_g, mass_by_region_g

__all__ = [
    "PERCENTILES",
    "DensityHistogram",
    "Inspiration",
    "InspirationSettings",
    "compare_inspiration",
    "density_histogram",
    "excess_mass_g",
    "histograms_by_region",
    "hu_at_volume_ratio",
    "lung_mass_g",
    "mass_by_region_g",
]

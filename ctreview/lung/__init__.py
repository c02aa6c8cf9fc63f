"""What breath and growth do to the lung: ratios of volume, and the checks that follow from them."""

from __future__ import annotations

from ctreview.lung.growth import Growth, expected_growth
from ctreview.lung.inspiration import Inspiration, InspirationSettings, compare_inspiration, hu_at_volume_ratio

__all__ = [
    "Growth",
    "Inspiration",
    "InspirationSettings",
    "compare_inspiration",
    "expected_growth",
    "hu_at_volume_ratio",
]

"""What breath, growth and age do to the size of the lung, and the checks that follow from them."""

from __future__ import annotations

from ctreview.lung.growth import UNKNOWN_AGE_HU, Growth, check_age_of_small_lungs, expected_growth
from ctreview.lung.inspiration import Inspiration, InspirationSettings, compare_inspiration, hu_at_volume_ratio
from ctreview.lung.size import check_lung_size, expected_capacity_ml, lies_within_image

__all__ = [
    "UNKNOWN_AGE_HU",
    "Growth",
    "Inspiration",
    "InspirationSettings",
    "check_age_of_small_lungs",
    "check_lung_size",
    "compare_inspiration",
    "expected_capacity_ml",
    "expected_growth",
    "hu_at_volume_ratio",
    "lies_within_image",
]

"""Volume to how sharp, how noisy and how well calibrated its image is, measured in the image itself."""

from __future__ import annotations

from ctreview.image_quality.air import outside_air_hu
from ctreview.image_quality.noise import Noise, measure_noise
from ctreview.image_quality.quality import (
    ImageQuality,
    ImageQualityChecks,
    ImageQualityLimits,
    compare_image_quality,
    measure_image_quality,
)
from ctreview.image_quality.spread import PointSpread, measure_spread

__all__ = [
    "ImageQuality",
    "ImageQualityChecks",
    "ImageQualityLimits",
    "Noise",
    "PointSpread",
    "compare_image_quality",
    "measure_image_quality",
    "measure_noise",
    "measure_spread",
    "outside_air_hu",
]

"""Volume to how sharp, how noisy and how well calibrated its image is, measured in the image itself."""

from __future__ import annotations

from ctreview.image_quality.spread import PointSpread, measure_spread

__all__ = ["PointSpread", "measure_spread"]

"""Volume, lungs and vessels to ground glass, consolidation and dependent opacity.

``measure_parenchyma`` brings the lung between its vessels to one resolution, ``fit_normal_lung`` says what healthy
lung looks like in this patient, ``common_thresholds`` makes one rule for all timepoints, ``excess_density`` takes
normal lung off, and ``classify`` draws the borders; `JointClassification`
does so for two registered scans. ``fixed_bands`` counts the bands of the literature.
"""

from __future__ import annotations

from ctreview.opacity.bands import FIXED_BANDS_HU, HIGH_ATTENUATION_HU, Band, fixed_bands
from ctreview.opacity.classify import classify
from ctreview.opacity.excess import Excess, excess_density
from ctreview.opacity.joint import JointClassification
from ctreview.opacity.normal import Gravity, NormalLung, fit_normal_lung
from ctreview.opacity.parenchyma import Parenchyma, measure_parenchyma
from ctreview.opacity.scheme import OPACITY_SCHEME
from ctreview.opacity.settings import OpacitySettings
from ctreview.opacity.thresholds import Thresholds, common_thresholds, own_thresholds

__all__ = [
    "FIXED_BANDS_HU",
    "HIGH_ATTENUATION_HU",
    "OPACITY_SCHEME",
    "Band",
    "Excess",
    "Gravity",
    "JointClassification",
    "NormalLung",
    "OpacitySettings",
    "Parenchyma",
    "Thresholds",
    "classify",
    "common_thresholds",
    "excess_density",
    "fit_normal_lung",
    "fixed_bands",
    "measure_parenchyma",
    "own_thresholds",
]

"""What is measured in one scan of the chest, and its document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ctreview.change import RegionMeasures, Timepoint, measure, measurements_document
from ctreview.checks import Check
from ctreview.opacity import HIGH_ATTENUATION_HU, Thresholds, fixed_bands

__all__ = ["bands_dict", "measure_scan", "scan_document", "thresholds_dict"]

BANDS_HU = {"haa": HIGH_ATTENUATION_HU}
"""Bands of density whose share of each region is measured."""


def measure_scan(point: Timepoint) -> dict[str, RegionMeasures]:
    """Measures of every region, with the shares of `BANDS_HU`."""
    return measure(point.volume, point.regions, point.opacity, bands_hu=BANDS_HU)


def bands_dict(point: Timepoint) -> tuple[dict[str, Any], ...]:
    """The fixed bands of the literature, without vessels, ready for JSON."""
    return tuple(asdict(band) for band in fixed_bands(point.volume, point.organ, point.vessels))


def scan_document(
    point: Timepoint,
    measures: Mapping[str, RegionMeasures],
    checks: Sequence[Check],
    thresholds: Thresholds,
    bands: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """The content of ``measurements.json``."""
    return measurements_document(point, measures, checks, thresholds=thresholds_dict(thresholds), fixed_bands=bands)


def thresholds_dict(thresholds: Thresholds) -> dict[str, Any]:
    """Where opacity begins in one scan, ready for JSON."""
    return {
        "normal_hu": thresholds.normal_hu,
        "excess_hu": thresholds.excess_hu,
        "ground_glass_hu": thresholds.ground_glass_hu,
        "consolidation_hu": thresholds.consolidation_hu,
        "rule": thresholds.rule,
    }

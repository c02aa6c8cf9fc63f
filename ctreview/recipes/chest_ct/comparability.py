"""Whether two scans may be compared, and how their conditions widen the intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ctreview.change import (
    Conditions,
    RegionMeasures,
    Timepoint,
    check_order,
    check_parts,
    check_references,
)
from ctreview.checks import Check
from ctreview.dicom.comparability import compare_acquisitions, kernels_differ
from ctreview.image_quality import ImageQuality, compare_image_quality
from ctreview.lung import compare_inspiration, expected_growth
from ctreview.opacity import Thresholds
from ctreview.recipes.chest_ct.references import REFERENCE_LIMITS_HU, reference_hu
from ctreview.recipes.chest_ct.scan import ScanAnalysis
from ctreview.recipes.chest_ct.settings import ChestCtSettings

__all__ = ["Comparability", "check_comparability", "scan_checks", "unique"]


@dataclass(frozen=True)
class Comparability:
    """What was found of two scans beside each other, and how that widens the intervals."""

    checks: tuple[Check, ...]
    conditions: Conditions


def check_comparability(
    points: tuple[Timepoint, Timepoint],
    qualities: tuple[ImageQuality, ImageQuality],
    measures: tuple[Mapping[str, RegionMeasures], ...],
    thresholds: tuple[Thresholds, ...],
    days: int | None,
    age_years: float | None,
    *,
    same_patient: bool = False,
    settings: ChestCtSettings | None = None,
) -> Comparability:
    """Protocol, sharpness and noise of the images, order, growth, depth of breath, HU of air and blood."""
    settings = settings or ChestCtSettings()
    protocols = points[0].volume.acquisition, points[1].volume.acquisition
    growth = expected_growth(age_years, days)
    breath = compare_inspiration(
        measures[0]["lungs"].volume_ml,
        measures[1]["lungs"].volume_ml,
        normal_hu=thresholds[0].normal_hu,
        growth=1.0 if growth is None else growth.factor,
        settings=settings.inspiration,
    )
    images = compare_image_quality(*qualities)
    first, second = (
        reference_hu(point.volume, point.organ, spread_mm=quality.spread.in_plane_mm)
        for point, quality in zip(points, qualities, strict=True)
    )
    references = check_references(first, second, REFERENCE_LIMITS_HU)
    checks = (
        *compare_acquisitions(*protocols, same_patient=same_patient),
        *images,
        check_parts(*measures),
        check_order(days),
        *(() if growth is None else (growth.check,)),
        *breath.checks,
        *references,
    )
    conditions = Conditions(
        volume_ratio=breath.volume_ratio, kernels_differ=kernels_differ(*protocols) or any(c.widens for c in images)
    )
    return Comparability(checks, conditions)


def scan_checks(scan: ScanAnalysis, thresholds: Thresholds, when: str) -> tuple[Check, ...]:
    """The checks of one scan, with the scan named; those about both stay as they are."""
    own = (*scan.lungs.checks, *scan.size_checks, *scan.vessels.checks, *scan.normal.checks)
    named = tuple(
        replace(check, name=f"{when.replace('-', '')}_{check.name}", message=f"{when.capitalize()}: {check.message}")
        for check in own
    )
    return named + tuple(check for check in thresholds.checks if check not in own)


def unique(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """Checks without those that say the same twice."""
    return tuple(dict.fromkeys(checks))

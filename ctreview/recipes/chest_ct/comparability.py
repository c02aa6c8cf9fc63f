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
from ctreview.dicom.comparability import compare_acquisitions
from ctreview.image_quality import ImageQuality, compare_image_quality
from ctreview.lung import UNKNOWN_AGE_HU, Growth, check_age_of_small_lungs, compare_inspiration, expected_growth
from ctreview.opacity import NormalLung, Thresholds
from ctreview.recipes.chest_ct.references import (
    AIR,
    BLOOD,
    CONTRAST_HU,
    air_residual_hu,
    comparable_references,
    reference_hu,
)
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
    thresholds: tuple[Thresholds, Thresholds],
    normals: tuple[NormalLung, NormalLung],
    days: int | None,
    age_years: float | None,
    *,
    same_patient: bool = False,
    settings: ChestCtSettings | None = None,
) -> Comparability:
    """Protocol, sharpness and noise of the images, order, age, growth, depth of breath, HU of air and blood."""
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
    contrasts = protocols[0].contrast, protocols[1].contrast
    references = check_references(first, second, comparable_references(first, second, contrasts))
    age = check_age_of_small_lungs(min(measure["lungs"].volume_ml for measure in measures), age_years)
    protocol = compare_acquisitions(
        *protocols,
        same_patient=same_patient,
        sharpness_measured=all(quality.spread.measured for quality in qualities),
    )
    checks = (
        *protocol,
        *images,
        check_parts(*measures),
        check_order(days),
        age,
        *(() if growth is None else (growth.check,)),
        *breath.checks,
        *references.values(),
    )
    airs_widen = any(check.widens for check in (images.air, references.get(AIR)) if check is not None)
    bloods_widen = any(check.widens for check in (protocol.contrast, references.get(BLOOD)) if check is not None)
    outside = qualities[0].air_hu, qualities[1].air_hu
    conditions = Conditions(
        volume_ratio=breath.volume_ratio,
        kernels_differ=protocol.kernel.widens,
        gaps_mm=(qualities[0].gap_mm, qualities[1].gap_mm) if images.slice_gap.widens else (0.0, 0.0),
        air_hu=air_residual_hu(first, second, outside) if airs_widen else 0.0,
        contrast_hu=CONTRAST_HU if bloods_widen else 0.0,
        growth_hu=_growth_hu(growth, thresholds, normals),
        unknown_age_hu=UNKNOWN_AGE_HU if age.widens else 0.0,
    )
    return Comparability(checks, conditions)


def _growth_hu(
    growth: Growth | None, thresholds: tuple[Thresholds, Thresholds], normals: tuple[NormalLung, NormalLung]
) -> float:
    """How far the common rule may be off for growth: no more than each scan's own normal lung contradicts it."""
    if growth is None:
        return 0.0
    doubt = growth.doubt_hu(thresholds[0].normal_hu)
    if any(normal.source != "histogram" for normal in normals):
        return doubt
    own, common = normals[1].mu_hu - normals[0].mu_hu, thresholds[1].normal_hu - thresholds[0].normal_hu
    return min(doubt, abs(own - common))


def scan_checks(scan: ScanAnalysis, point: Timepoint, thresholds: Thresholds, when: str) -> tuple[Check, ...]:
    """The checks of one scan, with the scan named; those about both stay as they are."""
    own = (*scan.checks(point), *scan.normal.checks)
    named = tuple(
        replace(check, name=f"{when.replace('-', '')}_{check.name}", message=f"{when.capitalize()}: {check.message}")
        for check in own
    )
    return named + tuple(check for check in thresholds.checks if check not in own)


def unique(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """Checks without those that say the same twice."""
    return tuple(dict.fromkeys(checks))

"""What is done with two scans beside each other: may they be compared, registration, what changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ctreview.change import (
    Conditions,
    Fate,
    Interval,
    RegionChange,
    RegionMeasures,
    Timepoint,
    check_coverage,
    check_growth,
    check_order,
    check_parts,
    check_references,
    fate_ml,
    find_fate,
    judge,
)
from ctreview.checks import Check
from ctreview.dicom.comparability import compare_acquisitions
from ctreview.errors import DifferentPatients, RegistrationFailed
from ctreview.lung import compare_inspiration
from ctreview.opacity import Thresholds
from ctreview.progress import Progress
from ctreview.recipes.chest_ct.references import REFERENCE_LIMITS_HU, reference_hu
from ctreview.recipes.chest_ct.scan import ScanAnalysis
from ctreview.recipes.chest_ct.settings import ChestCtSettings
from ctreview.registration import Registration, register
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

__all__ = [
    "Gate",
    "ages_at",
    "check_comparability",
    "days_between",
    "follow",
    "own_checks",
    "region_changes",
    "register_lungs",
    "require_one_patient",
    "unique",
]


def require_one_patient(early: Volume, late: Volume) -> None:
    """Refuse two scans whose patient's id, birth date or sex differ.

    Raises
    ------
    DifferentPatients
        It names the fields, never their content.
    """
    conflicts = early.acquisition.patient.conflicts(late.acquisition.patient)
    if conflicts:
        raise DifferentPatients(
            f"the two scans differ in the patient's {' and '.join(conflicts)}",
            remedy="Give two scans of one patient, or allow different patients; there is no verdict then.",
        )


def days_between(early: Volume, late: Volume) -> int | None:
    """Days from baseline to follow-up, below 0 where they were given in the other order; None if a date is unknown."""
    first, second = early.acquisition.acquired, late.acquisition.acquired
    return None if first is None or second is None else (second.date() - first.date()).days


def ages_at(
    early: Volume, late: Volume, age_years: float | None, days: int | None
) -> tuple[float | None, float | None]:
    """Age at each scan; where one is unknown it follows from the other."""
    apart = (days or 0) / 365.25
    first = early.acquisition.age_years if age_years is None else age_years
    second = late.acquisition.age_years if age_years is None else age_years + apart
    if first is None and second is not None:
        first = max(0.0, second - apart)
    if second is None and first is not None:
        second = first + apart
    return first, second


def register_lungs(
    points: tuple[Timepoint, Timepoint], settings: ChestCtSettings, progress: Progress
) -> tuple[Registration | None, tuple[Check, ...]]:
    """The registration if it may be believed, and the checks that say so."""
    try:
        found = register(
            points[0].volume,
            points[1].volume,
            fixed_mask=_without_airways(points[0].organ),
            moving_mask=_without_airways(points[1].organ),
            fixed_ignore=points[0].opacity,
            moving_ignore=points[1].opacity,
            settings=settings.registration,
            progress=progress,
        )
    except RegistrationFailed as failure:
        message = (
            f"The two scans could not be registered: {failure.found}. Volumes stand; what became of what is withheld."
        )
        return None, (Check("registration", "failed", "found", ok=False, message=message, effect="widens"),)
    # without a registration each scan is judged by itself, so a poor one withholds fate and not the verdict
    checks = tuple(replace(check, effect="tells") for check in found.checks)
    if not found.ok:
        message = "The registration is not good enough to say what became of what; volumes stand, fate is withheld."
        return None, (Check("registration", "poor", "good", ok=False, message=message, effect="widens"), *checks)
    return found, checks


@dataclass(frozen=True)
class Gate:
    """What two scans look like beside each other, and how that widens the intervals."""

    found: tuple[Check, ...]
    conditions: Conditions


def check_comparability(
    points: tuple[Timepoint, Timepoint],
    measures: tuple[Mapping[str, RegionMeasures], ...],
    thresholds: tuple[Thresholds, ...],
    days: int | None,
    age_years: float | None,
    settings: ChestCtSettings,
) -> Gate:
    """Protocol, order, growth, depth of breath, HU of air and blood."""
    headers = compare_acquisitions(points[0].volume.acquisition, points[1].volume.acquisition)
    growth = check_growth(age_years, days)
    grown = 1.0 if growth is None or growth.ok or not isinstance(growth.value, float) else 1.0 + growth.value / 100.0
    breath = compare_inspiration(
        measures[0]["lungs"].volume_ml,
        measures[1]["lungs"].volume_ml,
        normal_hu=thresholds[0].normal_hu,
        growth=grown,
        settings=settings.inspiration,
    )
    first, second = (reference_hu(point.volume, point.organ) for point in points)
    references = check_references(first, second, REFERENCE_LIMITS_HU)
    found = (
        *headers,
        check_parts(*measures),
        check_order(days),
        *(() if growth is None else (growth,)),
        *breath.checks,
        *references,
    )
    kernels_differ = any(check.widens for check in headers)
    return Gate(found, Conditions(volume_ratio=breath.volume_ratio, kernels_differ=kernels_differ))


def own_checks(scan: ScanAnalysis, thresholds: Thresholds, when: str) -> tuple[Check, ...]:
    """The checks of one scan, with the scan named; those about both stay as they are."""
    own = (*scan.lungs.checks, *scan.vessels.checks, *scan.normal.checks)
    named = tuple(
        replace(check, name=f"{when.replace('-', '')}_{check.name}", message=f"{when.capitalize()}: {check.message}")
        for check in own
    )
    return named + tuple(check for check in thresholds.checks if check not in own)


def follow(
    points: tuple[Timepoint, Timepoint], found: Registration | None, settings: ChestCtSettings
) -> tuple[Fate | None, tuple[Check, ...]]:
    """What became of each voxel, and whether both scans see all of it; nothing where they were not registered."""
    if found is None:
        return None, ()
    fate = find_fate(points[0].opacity, points[1].opacity, found.transform, settings=settings.fate)
    opacity_ml = sum(point.opacity.volume_ml("ground_glass", "consolidation") for point in points)
    return fate, (check_coverage(fate.unseen_ml, opacity_ml),)


def region_changes(
    points: tuple[Timepoint, Timepoint],
    measures: tuple[Mapping[str, RegionMeasures], ...],
    intervals: Mapping[str, Mapping[str, Interval | None]],
    fate: Fate | None,
    checks: tuple[Check, ...],
    settings: ChestCtSettings,
) -> tuple[RegionChange, ...]:
    """What changed in every region that both scans have."""
    fates = {} if fate is None else fate_ml(fate, points[0].regions, points[1].regions)
    found = []
    for name, change in intervals.items():
        opacity, before, after = change["opacity_ml"], measures[0][name], measures[1][name]
        assert opacity is not None
        verdict = judge(opacity, before, after, checks, settings=settings.verdict)
        found.append(RegionChange(name, before, after, change, fates.get(name), verdict))
    return tuple(found)


def unique(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """Checks without those that say the same twice."""
    return tuple(dict.fromkeys(checks))


def _without_airways(lungs: LabelMap) -> LabelMap:
    """Both lungs alone: the trachea slides along them, and its length is a matter of the field of view."""
    return replace(lungs, array=lungs.array * lungs.mask("right_lung", "left_lung"))

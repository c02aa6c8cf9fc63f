"""Ground glass in thorax CT, in one scan (`segment`) and between two (`compare`): the steps in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from ctreview.anatomy import divide, find_lungs, find_vessels
from ctreview.change import (
    Comparison,
    Conditions,
    Fate,
    Interval,
    Perturbation,
    RegionChange,
    RegionMeasures,
    Response,
    Timepoint,
    check_coverage,
    check_growth,
    check_order,
    check_references,
    failed_first,
    fate_ml,
    find_fate,
    find_intervals,
    find_response,
    judge,
    measure,
    name_residual,
)
from ctreview.checks import Check
from ctreview.dicom.comparability import compare_acquisitions
from ctreview.dicom.series import Series
from ctreview.errors import DifferentPatients, RegistrationFailed, WrongModality
from ctreview.lung import compare_inspiration
from ctreview.opacity import (
    Excess,
    NormalLung,
    OpacitySettings,
    Parenchyma,
    Thresholds,
    classify,
    common_thresholds,
    excess_density,
    fit_normal_lung,
    measure_parenchyma,
    own_thresholds,
)
from ctreview.progress import Progress, part, quiet
from ctreview.recipes.facts import scan_facts
from ctreview.recipes.references import REFERENCE_LIMITS_HU, reference_hu
from ctreview.recipes.settings import ChestCtSettings
from ctreview.recipes.together import Stopwatch, both
from ctreview.registration import Registration, register
from ctreview.volume.labels import LabelMap
from ctreview.volume.load import load_volume
from ctreview.volume.regions import Regions
from ctreview.volume.volume import Volume

__all__ = ["MEASUREMENTS_SCHEMA", "ChestCtSettings", "Segmentation", "Source", "compare", "segment"]

Source = Volume | Series | Path | str
"""A scan: an image in memory, a series of `find_series`, or a path."""

MEASUREMENTS_SCHEMA = "ctreview.measurements/1"
"""Name and version of the shape that `Segmentation.to_dict` gives."""


@dataclass(frozen=True, eq=False)
class Segmentation:
    """What `segment` found in one scan.

    Attributes
    ----------
    timepoint : Timepoint
        The scan with its lungs, vessels, regions and opacity.
    measures : mapping of str to RegionMeasures
        By region.
    normal : NormalLung
        What was taken as this patient's normal lung.
    thresholds : Thresholds
        Where opacity begins.
    checks : tuple of Check
        The failed ones first.
    settings, timings : mapping
        Settings of every step, and its seconds; ready for JSON.
    """

    timepoint: Timepoint
    measures: Mapping[str, RegionMeasures] = field(repr=False)
    normal: NormalLung = field(repr=False)
    thresholds: Thresholds = field(repr=False)
    checks: tuple[Check, ...] = field(repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    timings: Mapping[str, float] = field(default_factory=dict, repr=False)

    @property
    def volume(self) -> Volume:
        """The scan."""
        return self.timepoint.volume

    @property
    def lungs(self) -> LabelMap:
        """Right lung, left lung, trachea and main bronchi."""
        return self.timepoint.organ

    @property
    def vessels(self) -> LabelMap | None:
        """Vessels and airway walls, left out of the opacity."""
        return self.timepoint.vessels

    @property
    def regions(self) -> Regions:
        """The parts that are counted."""
        return self.timepoint.regions

    @property
    def opacity(self) -> LabelMap:
        """Ground glass, consolidation, dependent opacity."""
        return self.timepoint.opacity

    def to_dict(self) -> dict[str, Any]:
        """The content of ``measurements.json``: no identity, no array, no date."""
        return {
            "schema": MEASUREMENTS_SCHEMA,
            "scan": dict(self.timepoint.facts),
            "regions": [{"region": name, **found.to_dict()} for name, found in self.measures.items()],
            "checks": [_check_dict(check) for check in self.checks],
            "thresholds": _thresholds_dict(self.thresholds),
        }


def segment(
    source: Source,
    *,
    settings: ChestCtSettings | None = None,
    series: str | None = None,
    age_years: float | None = None,
    threads: int | None = None,
    progress: Progress = quiet,
) -> Segmentation:
    """Find lungs, ground glass and consolidation in one CT and measure them.

    Parameters
    ----------
    source : Volume, Series or path
    settings : ChestCtSettings, optional
    series : str, optional
        Which series, where the path holds several.
    age_years : float, optional
        Instead of the age in the header.
    threads : int, optional
        At most so many at once.
    progress : Progress

    Returns
    -------
    Segmentation

    Raises
    ------
    InputRefused
        The scan cannot be read.
    WrongModality
        It is no CT.
    SegmentationFailed
        No lung was found.
    """
    settings = (settings or ChestCtSettings()).with_threads(threads)
    clock = Stopwatch()
    with clock("load"):
        volume = _load(source, series, settings, part(progress, 0.0, 0.15))
    seen = _see(volume, age_years, settings, clock, part(progress, 0.15, 0.8))
    thresholds = own_thresholds(seen.normal, settings=settings.opacity)
    with clock("opacity"):
        opacity = classify(seen.excess, thresholds, settings=settings.opacity, progress=part(progress, 0.8, 0.95))
    with clock("measures"):
        measures = measure(volume, seen.regions, opacity)
    progress(1.0, 1.0, "measuring")
    return Segmentation(
        timepoint=seen.timepoint(opacity),
        measures=measures,
        normal=seen.normal,
        thresholds=thresholds,
        checks=failed_first(_unique((*seen.lungs.checks, *seen.vessels.checks, *thresholds.checks))),
        settings=settings.to_dict(),
        timings=clock.seconds,
    )


def compare(
    baseline: Source,
    followup: Source,
    *,
    settings: ChestCtSettings | None = None,
    baseline_series: str | None = None,
    followup_series: str | None = None,
    age_years: float | None = None,
    allow_different_patients: bool = False,
    threads: int | None = None,
    progress: Progress = quiet,
) -> Comparison:
    """Measure how much ground glass came or went between two CTs of one patient, where, and how sure that is.

    Volumes are measured on each scan's own grid; registration only says which part became what. Where it fails, the
    volumes stand and fate is withheld.

    Parameters
    ----------
    baseline, followup : Volume, Series or path
        In this order; nothing is ever swapped by date.
    settings : ChestCtSettings, optional
    baseline_series, followup_series : str, optional
        Which series, where a path holds several.
    age_years : float, optional
        At baseline, instead of the age in the header.
    allow_different_patients : bool
        Go on where id, birth date or sex differ; there is no verdict then.
    threads : int, optional
        At most so many at once.
    progress : Progress

    Returns
    -------
    Comparison

    Raises
    ------
    InputRefused
        A scan cannot be read.
    WrongModality
        One is no CT.
    DifferentPatients
        Two patients, and that was not allowed.
    SegmentationFailed
        No lung was found in one of them.
    """
    settings = (settings or ChestCtSettings()).with_threads(threads)
    clock = Stopwatch()

    with clock("load"):
        early = _load(baseline, baseline_series, settings, part(progress, 0.0, 0.05))
        late = _load(followup, followup_series, settings, part(progress, 0.05, 0.1))
    if not allow_different_patients:
        _require_one_patient(early, late)
    days = _days_between(early, late)
    ages = _ages(early, late, age_years, days)

    before, after = both(
        lambda listener: _see(early, ages[0], settings, clock, listener),
        lambda listener: _see(late, ages[1], settings, clock, listener),
        threads=settings.threads,
        progress=part(progress, 0.1, 0.5),
    )
    with clock("normal lung"):
        before, after = _help_each_other(before, after, settings)
        thresholds = common_thresholds((before.normal, after.normal), settings=settings.opacity)

    with clock("opacity"):
        points = both(
            lambda listener: before.classified(thresholds[0], settings.opacity, listener),
            lambda listener: after.classified(thresholds[1], settings.opacity, listener),
            threads=settings.threads,
            progress=part(progress, 0.5, 0.6),
        )
    with clock("registration"):
        found, registered = _register(points, settings, part(progress, 0.6, 0.85))
    with clock("fate"):
        fate = (
            None
            if found is None
            else find_fate(points[0].opacity, points[1].opacity, found.transform, settings=settings.fate)
        )
    with clock("measures"):
        measures = tuple(measure(point.volume, point.regions, point.opacity) for point in points)
    checks = _compare_scans(points, measures, thresholds, days, ages[0], settings)
    with clock("interval"):
        responses = both(
            lambda listener: _respond(points[0], before.excess, thresholds[0], settings, listener),
            lambda listener: _respond(points[1], after.excess, thresholds[1], settings, listener),
            threads=settings.threads,
            progress=part(progress, 0.85, 0.97),
        )
        intervals = find_intervals(*responses, conditions=checks.conditions, settings=settings.interval)

    gate = _unique(
        (
            *checks.found,
            *registered,
            *_own_checks(before, thresholds[0], "baseline"),
            *_own_checks(after, thresholds[1], "follow-up"),
            *_coverage(fate, measures),
        )
    )
    regions = _changes(points, measures, intervals, fate, gate, settings)
    progress(1.0, 1.0, "comparing")
    return Comparison(
        baseline=_with_fate(points[0], None if fate is None else fate.baseline),
        followup=_with_fate(points[1], None if fate is None else fate.followup),
        interval_days=days,
        regions=regions,
        checks=failed_first(gate),
        registration=None if found is None else {"engine": found.engine, **found.figures},
        thresholds={
            "rule": thresholds[0].rule,
            "baseline": _thresholds_dict(thresholds[0]),
            "followup": _thresholds_dict(thresholds[1]),
        },
        residual=name_residual(measures[1], points[1].regions),
        transform=None if found is None else found.transform,
        settings=settings.to_dict(),
        seeds={"interval": settings.interval.seed, "registration": settings.registration.seed},
        timings=clock.seconds,
        writer=_write,
    )


# -- one scan ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Seen:
    """One scan up to where a threshold is needed."""

    volume: Volume
    age_years: float | None
    lungs: LabelMap
    vessels: LabelMap
    regions: Regions
    parenchyma: Parenchyma
    normal: NormalLung
    excess: Excess

    def timepoint(self, opacity: LabelMap) -> Timepoint:
        return Timepoint(
            volume=self.volume,
            organ=self.lungs,
            opacity=opacity,
            regions=self.regions,
            vessels=self.vessels,
            facts=scan_facts(self.volume, self.age_years),
        )

    def classified(self, thresholds: Thresholds, settings: OpacitySettings, progress: Progress) -> Timepoint:
        return self.timepoint(classify(self.excess, thresholds, settings=settings, progress=progress))


def _load(source: Source, series: str | None, settings: ChestCtSettings, progress: Progress) -> Volume:
    volume = (
        source
        if isinstance(source, Volume)
        else load_volume(source, series=series, settings=settings.load, progress=progress)
    )
    if volume.unit != "HU" or volume.acquisition.modality not in (None, "CT"):
        raise WrongModality(
            f"this is {volume.acquisition.modality or 'no CT'}, and density in HU is needed",
            where=None if isinstance(source, Volume | Series) else source,
            remedy="Give a CT.",
        )
    return volume.canonical()


def _see(
    volume: Volume, age_years: float | None, settings: ChestCtSettings, clock: Stopwatch, progress: Progress
) -> _Seen:
    """Lungs, vessels, regions, normal lung, and density beyond it."""
    with clock("lungs"):
        lungs = find_lungs(volume, settings=settings.lungs, progress=part(progress, 0.0, 0.4))
    with clock("vessels"):
        vessels = find_vessels(volume, lungs, settings=settings.vessels, progress=part(progress, 0.4, 0.75))
    with clock("regions"):
        regions = divide(lungs)
    with clock("normal lung"):
        parenchyma = measure_parenchyma(
            volume, lungs, vessels, settings=settings.opacity, progress=part(progress, 0.8, 0.95)
        )
        age = volume.acquisition.age_years if age_years is None else age_years
        normal = fit_normal_lung(
            volume, lungs, vessels, age_years=age, parenchyma=parenchyma, settings=settings.opacity
        )
        excess = excess_density(volume, lungs, vessels, normal, parenchyma=parenchyma, settings=settings.opacity)
    progress(1.0, 1.0, "comparing with normal lung")
    return _Seen(volume, age, lungs, vessels, regions, parenchyma, normal, excess)


def _thresholds_dict(thresholds: Thresholds) -> dict[str, Any]:
    return {
        "normal_hu": thresholds.normal_hu,
        "excess_hu": thresholds.excess_hu,
        "ground_glass_hu": thresholds.ground_glass_hu,
        "consolidation_hu": thresholds.consolidation_hu,
        "rule": thresholds.rule,
    }


def _check_dict(check: Check) -> dict[str, Any]:
    return {key: getattr(check, key) for key in ("name", "value", "limit", "ok", "says")}


def _unique(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """Checks without those that say the same twice."""
    return tuple(dict.fromkeys(checks))


# -- two scans --------------------------------------------------------------------------------------------------------


def _require_one_patient(early: Volume, late: Volume) -> None:
    conflicts = early.acquisition.patient.conflicts(late.acquisition.patient)
    if conflicts:
        raise DifferentPatients(
            f"the two scans differ in the patient's {' and '.join(conflicts)}",
            remedy="Give two scans of one patient, or allow different patients; there is no verdict then.",
        )


def _days_between(early: Volume, late: Volume) -> int | None:
    first, second = early.acquisition.acquired, late.acquisition.acquired
    return None if first is None or second is None else (second.date() - first.date()).days


def _ages(early: Volume, late: Volume, age_years: float | None, days: int | None) -> tuple[float | None, float | None]:
    """Age at each scan; where one is unknown it follows from the other."""
    apart = (days or 0) / 365.25
    first = early.acquisition.age_years if age_years is None else age_years
    second = late.acquisition.age_years if age_years is None else age_years + apart
    if first is None and second is not None:
        first = max(0.0, second - apart)
    if second is None and first is not None:
        second = first + apart
    return first, second


def _help_each_other(before: _Seen, after: _Seen, settings: ChestCtSettings) -> tuple[_Seen, _Seen]:
    """Where too little of one lung is normal, take the other timepoint's normal lung for it."""
    return _helped(before, after.normal, settings), _helped(after, before.normal, settings)


def _helped(seen: _Seen, other: NormalLung, settings: ChestCtSettings) -> _Seen:
    if seen.normal.anchor == "histogram" or other.anchor != "histogram":
        return seen
    fitted = partial(fit_normal_lung, seen.volume, seen.lungs, seen.vessels, parenchyma=seen.parenchyma)
    normal = fitted(age_years=seen.age_years, other=other, settings=settings.opacity)
    excess = excess_density(
        seen.volume, seen.lungs, seen.vessels, normal, parenchyma=seen.parenchyma, settings=settings.opacity
    )
    return replace(seen, normal=normal, excess=excess)


def _register(
    points: tuple[Timepoint, Timepoint], settings: ChestCtSettings, progress: Progress
) -> tuple[Registration | None, tuple[Check, ...]]:
    """The registration if it may be believed, and the checks that say so."""
    try:
        found = register(
            points[0].volume,
            points[1].volume,
            fixed_mask=points[0].organ,
            moving_mask=points[1].organ,
            fixed_ignore=points[0].opacity,
            moving_ignore=points[1].opacity,
            settings=settings.registration,
            progress=progress,
        )
    except RegistrationFailed as failure:
        says = (
            f"The two scans could not be registered: {failure.found}. Volumes stand; what became of what is withheld."
        )
        return None, (Check("registration", "failed", "found", ok=False, says=says),)
    # volumes rest on native grids, so a poor registration withholds fate and not the verdict
    checks = tuple(replace(check, blocks=False) for check in found.checks)
    if not found.ok:
        says = "The registration is not good enough to say what became of what; volumes stand, fate is withheld."
        return None, (Check("registration", "poor", "good", ok=False, says=says), *checks)
    return found, checks


def _respond(
    point: Timepoint, excess: Excess, thresholds: Thresholds, settings: ChestCtSettings, progress: Progress
) -> Response:
    """How the numbers of one scan move with what they rest on."""
    done = 0

    def variant(perturbation: Perturbation) -> LabelMap:
        nonlocal done
        progress(done, len(settings.interval.shifts_hu), "varying the threshold")
        done += 1
        return classify(excess, thresholds, shift_hu=perturbation.threshold_hu, settings=settings.opacity)

    return find_response(
        point.volume,
        point.regions,
        point.opacity,
        vessels=point.vessels,
        variants=variant,
        shifts_hu=settings.interval.shifts_hu,
        block_mm=settings.interval.block_mm,
    )


@dataclass(frozen=True)
class _Gate:
    """What two scans look like beside each other, and how that widens the intervals."""

    found: tuple[Check, ...]
    conditions: Conditions


def _compare_scans(
    points: tuple[Timepoint, Timepoint],
    measures: tuple[Mapping[str, RegionMeasures], ...],
    thresholds: tuple[Thresholds, ...],
    days: int | None,
    age_years: float | None,
    settings: ChestCtSettings,
) -> _Gate:
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
    found = (*headers, check_order(days), *(() if growth is None else (growth,)), *breath.checks, *references)
    kernels_differ = any(check.name == "kernel" and not check.ok for check in headers)
    return _Gate(found, Conditions(volume_ratio=breath.volume_ratio, kernels_differ=kernels_differ))


def _own_checks(seen: _Seen, thresholds: Thresholds, when: str) -> tuple[Check, ...]:
    """The checks of one scan, with the scan named; those about both stay as they are."""
    own = (*seen.lungs.checks, *seen.vessels.checks, *seen.normal.checks)
    named = tuple(
        replace(check, name=f"{when.replace('-', '')}_{check.name}", says=f"{when.capitalize()}: {check.says}")
        for check in own
    )
    return named + tuple(check for check in thresholds.checks if check not in own)


def _coverage(fate: Fate | None, measures: tuple[Mapping[str, RegionMeasures], ...]) -> tuple[Check, ...]:
    if fate is None:
        return ()
    return (check_coverage(fate.unseen_ml, sum(found["lungs"].opacity_ml for found in measures)),)


def _changes(
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


def _with_fate(point: Timepoint, fate: LabelMap | None) -> Timepoint:
    return replace(point, fate=fate)


def _write(comparison: Comparison, folder: Path) -> Path:
    """Write a result folder; the page's libraries are loaded only now."""
    from ctreview.report import write_comparison  # noqa: PLC0415

    return write_comparison(comparison, folder)

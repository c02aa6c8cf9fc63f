"""Ground glass in thorax CT, in one scan (`segment`) and between two (`compare`): the steps in order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from ctreview.anatomy import with_lobes_of_lungs
from ctreview.change import Comparison, Timepoint, failed_first, find_intervals, name_residual
from ctreview.checks import Check
from ctreview.edits import Journal
from ctreview.errors import WrongUse
from ctreview.lung import expected_growth
from ctreview.opacity import classify, own_thresholds
from ctreview.possible_values import require_age
from ctreview.progress import Progress, part, quiet
from ctreview.recipes.chest_ct.candidates import accepting
from ctreview.recipes.chest_ct.changes import opacity_fate, region_changes
from ctreview.recipes.chest_ct.comparability import check_comparability, scan_checks, unique
from ctreview.recipes.chest_ct.corrections import (
    NO_EDITS,
    Edits,
    carried_opacity,
    check_added_lung,
    corrected,
    corrected_pair,
    replayed,
    split_by_scan,
)
from ctreview.recipes.chest_ct.degrading import degraded_ml
from ctreview.recipes.chest_ct.engines import engines_of
from ctreview.recipes.chest_ct.field_of_view import check_pair
from ctreview.recipes.chest_ct.loading import ScanInput, load_ct
from ctreview.recipes.chest_ct.measuring import bands_dict, measure_scan, thresholds_dict
from ctreview.recipes.chest_ct.pair import analyse_pair
from ctreview.recipes.chest_ct.prepared import Prepared
from ctreview.recipes.chest_ct.registering import register_lungs
from ctreview.recipes.chest_ct.scan import analyse_scan
from ctreview.recipes.chest_ct.segmentation import Segmentation
from ctreview.recipes.chest_ct.sensitivity import with_open_candidates
from ctreview.recipes.chest_ct.settings import ChestCtSettings
from ctreview.recipes.chest_ct.side_by_side import analyse_side_by_side
from ctreview.recipes.steps import LabelsListener, StepTimer, ignore_labels, run_both
from ctreview.recipes.two_timepoints import ages_at, days_between, require_one_patient, require_two_images

__all__ = ["compare", "compare_prepared", "prepare", "segment"]


def segment(
    source: ScanInput,
    *,
    settings: ChestCtSettings | None = None,
    series: str | None = None,
    age_years: float | None = None,
    accept_dense: Collection[str] = (),
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
    accept_dense : collection of str
        Ids of dense candidates that are taken into the lungs as what was proposed; ``"all"`` for every one.
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
    WrongUse
        No candidate has one of the ids.
    """
    settings = (settings or ChestCtSettings()).with_threads(threads)
    require_age(age_years)
    engines_of(settings)
    timer = StepTimer()
    with timer("load"):
        volume = load_ct(source, series, settings=settings, progress=part(progress, 0.0, 0.15))
    scan = analyse_scan(volume, age_years, settings=settings, timer=timer, progress=part(progress, 0.15, 0.8))
    thresholds = own_thresholds(scan.normal, settings=settings.opacity)
    with timer("opacity"):
        opacity = classify(scan.excess, thresholds, settings=settings.opacity, progress=part(progress, 0.8, 0.95))
    with timer("measures"):
        point = scan.timepoint(opacity)
        (accepted,) = accepting((point,), accept_dense)
        if accepted:
            point = corrected(point, replayed(point, opacity, accepted))
        measures, bands = measure_scan(point), bands_dict(point)
    progress(1.0, 1.0, "measuring")
    return Segmentation(
        timepoint=point,
        measures=measures,
        normal=scan.normal,
        thresholds=thresholds,
        checks=failed_first(_with_lobes(unique((*scan.checks(point), *thresholds.checks)), (point,))),
        fixed_bands=bands,
        settings=settings.to_dict(),
        timings=timer.seconds,
        accepted=accepted,
    )


def compare(
    baseline: ScanInput,
    followup: ScanInput,
    *,
    settings: ChestCtSettings | None = None,
    baseline_series: str | None = None,
    followup_series: str | None = None,
    age_years: float | None = None,
    same_patient: bool = False,
    allow_different_patients: bool = False,
    edits: Edits | Journal = NO_EDITS,
    accept_dense: Collection[str] = (),
    threads: int | None = None,
    progress: Progress = quiet,
) -> Comparison:
    """Measure how much ground glass came or went between two CTs of one patient, where, and how sure that is.

    Volumes are measured on each scan's own grid. Registration says which part became what, and lets both scans be
    judged side by side: what both show alike is called the same in both. Where it fails, each scan is judged by
    itself, the volumes stand, and fate is withheld.

    Parameters
    ----------
    baseline, followup : Volume, Series or path
        In this order; nothing is ever swapped by date.
    settings : ChestCtSettings, optional
    baseline_series, followup_series : str, optional
        Which series, where a path holds several.
    age_years : float, optional
        At baseline, instead of the age in the header.
    same_patient : bool
        State that both scans are of one patient although the ids differ, as those of two hospitals do; the result
        records it. Year of birth and sex still have to agree.
    allow_different_patients : bool
        Go on where id, birth date or sex differ; there is no verdict then.
    edits : pair of sequences of Edit, or Journal
        A reader's corrections of baseline and follow-up; they are replayed on what the computer finds. Those of a
        journal are told apart by the image that they were drawn on.
    accept_dense : collection of str
        Ids of dense candidates of either scan that are taken into the lungs as what was proposed, after ``edits``;
        ``"all"`` for every one that is open. The records stand in ``accepted``.
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
    WrongUse
        No candidate has one of the ids.
    """
    prepared = prepare(
        baseline,
        followup,
        settings=settings,
        baseline_series=baseline_series,
        followup_series=followup_series,
        age_years=age_years,
        same_patient=same_patient,
        allow_different_patients=allow_different_patients,
        threads=threads,
        progress=part(progress, 0.0, 0.85),
    )
    lost: tuple[Check, ...] = ()
    if isinstance(edits, Journal):
        edits, lost = split_by_scan(edits, prepared.points)
    first, second = accepting(prepared.points, accept_dense, edits)
    edits = ((*edits[0], *first), (*edits[1], *second))
    found = compare_prepared(prepared, edits=edits, progress=part(progress, 0.85, 1.0))
    return replace(found, checks=failed_first((*found.checks, *lost)), accepted=(*first, *second))


def prepare(
    baseline: ScanInput,
    followup: ScanInput,
    *,
    settings: ChestCtSettings | None = None,
    baseline_series: str | None = None,
    followup_series: str | None = None,
    age_years: float | None = None,
    same_patient: bool = False,
    allow_different_patients: bool = False,
    threads: int | None = None,
    progress: Progress = quiet,
    on_labels: LabelsListener = ignore_labels,
) -> Prepared:
    """Load, segment and register two scans: all of `compare` that a reader's corrections do not change.

    Parameters and errors are those of `compare`; ``on_labels`` is told of lungs and opacity as soon as they are there.
    """
    settings = (settings or ChestCtSettings()).with_threads(threads)
    require_age(age_years)
    engines_of(settings)
    if same_patient and allow_different_patients:
        raise WrongUse("two scans are of the same patient or of different ones", remedy="State one of the two.")
    timer = StepTimer()
    with timer("load"):
        early = load_ct(baseline, baseline_series, settings=settings, progress=part(progress, 0.0, 0.06))
        late = load_ct(followup, followup_series, settings=settings, progress=part(progress, 0.06, 0.12))
    require_two_images(early, late)
    if not allow_different_patients:
        require_one_patient(early, late, same_patient=same_patient)
    days = days_between(early, late)
    ages = ages_at(early, late, age_years, days)

    growth = expected_growth(ages[0], days)
    pair = analyse_pair(
        (early, late),
        ages,
        growth=1.0 if growth is None else growth.factor,
        on_labels=on_labels,
        settings=settings,
        timer=timer,
        progress=part(progress, 0.12, 0.6),
    )
    with timer("registration"):
        registration, checks = register_lungs(pair.points, settings=settings, progress=part(progress, 0.6, 0.85))
        checks = (*check_pair(pair.points, registration), *checks)
    transform = registration.transform if registration is not None and registration.ok else None
    pair = analyse_side_by_side(pair, transform, settings=settings, timer=timer, progress=part(progress, 0.85, 1.0))
    degraded = degraded_ml(pair, transform, settings=settings, timer=timer)
    return Prepared(pair, registration, checks, days, ages[0], settings, timer.seconds, same_patient, degraded)


def compare_prepared(prepared: Prepared, *, edits: Edits = NO_EDITS, progress: Progress = quiet) -> Comparison:
    """Replay a reader's corrections and say what changed: fate, measures, intervals, verdicts.

    Parameters
    ----------
    prepared : Prepared
    edits : pair of sequences of Edit
        Corrections of baseline and follow-up.
    progress : Progress

    Returns
    -------
    Comparison
        An edit that no longer applies stands among the checks, with the reason.
    """
    settings, thresholds, transform = prepared.settings, prepared.pair.thresholds, prepared.transform
    timer = StepTimer(prepared.timings)
    with timer("edits"):
        others = carried_opacity(prepared.points, edits, transform)
        points, refused = corrected_pair(prepared.points, edits, others)
        for when, own, limits in zip(("baseline", "followup"), edits, thresholds, strict=True):
            refused += check_added_lung(when, own, limits)
    with timer("fate"):
        fate, covered = opacity_fate(points, prepared.registration, settings=settings)
    with timer("measures"):
        measures = tuple(measure_scan(point) for point in points)
        bands = {"baseline": bands_dict(points[0]), "followup": bands_dict(points[1])}
    before, after = prepared.pair.scans
    compared = check_comparability(
        points,
        (before.quality, after.quality),
        measures,
        thresholds,
        (before.normal, after.normal),
        prepared.interval_days,
        prepared.age_years,
        same_patient=prepared.same_patient,
        settings=settings,
    )
    with timer("interval"):
        sensitivities = run_both(
            lambda listener: prepared.sensitivity(0, points[0], edits[0], others[0], progress=listener),
            lambda listener: prepared.sensitivity(1, points[1], edits[1], others[1], progress=listener),
            threads=settings.threads,
            progress=part(progress, 0.1, 0.9),
        )
        sensitivities = with_open_candidates(sensitivities, points, transform)
        intervals = find_intervals(*sensitivities, conditions=compared.conditions, settings=prepared.interval)

    checks = unique((*compared.checks, *_checks_so_far(prepared, points), *covered, *refused))
    checks = _with_lobes(checks, points)
    regions = region_changes(points, measures, intervals, fate, checks, settings=settings)
    progress(1.0, 1.0, "comparing")
    registration = prepared.registration if prepared.transform is not None else None
    return Comparison(
        baseline=replace(points[0], fate=None if fate is None else fate.baseline),
        followup=replace(points[1], fate=None if fate is None else fate.followup),
        interval_days=prepared.interval_days,
        regions=regions,
        checks=failed_first(checks),
        registration=None if registration is None else {"engine": registration.engine, **registration.figures},
        thresholds={
            "rule": thresholds[0].rule,
            "baseline": thresholds_dict(thresholds[0]),
            "followup": thresholds_dict(thresholds[1]),
        },
        fixed_bands=bands,
        residual=name_residual(measures[1], points[1].regions),
        transform=transform,
        settings=settings.to_dict(),
        stated={"same_patient": True} if prepared.same_patient else {},
        seeds={"interval": settings.interval.seed, "registration": settings.registration.seed},
        timings=timer.seconds,
        writer=_write,
    )


def _with_lobes(checks: tuple[Check, ...], points: tuple[Timepoint, ...]) -> tuple[Check, ...]:
    """The same checks; where there are lobes, those about a lung are about its lobes too."""
    return with_lobes_of_lungs(checks) if all(point.parts is not None for point in points) else checks


def _checks_so_far(prepared: Prepared, points: tuple[Timepoint, Timepoint]) -> tuple[Check, ...]:
    """About the registration and about each scan, whose candidates a reader has judged."""
    (before, after), (first, second) = prepared.pair.scans, prepared.pair.thresholds
    of_baseline = scan_checks(before, points[0], first, "baseline")
    of_followup = scan_checks(after, points[1], second, "follow-up")
    return (*prepared.registration_checks, *of_baseline, *of_followup)


def _write(comparison: Comparison, folder: Path, /, *, overwrite: bool) -> Path:
    """Write a result folder; the page's libraries are loaded only now."""
    from ctreview.report import write_comparison  # noqa: PLC0415

    return write_comparison(comparison, folder, overwrite=overwrite)

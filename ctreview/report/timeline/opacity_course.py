"""What ctreview measured, on the clinic's time axis: the scans, and opacity in millilitres with its interval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ctreview.clinical.measures import ClinicalMeasure
from ctreview.clinical.partial_dates import PartialDate
from ctreview.clinical.quantities import Quantity
from ctreview.clinical.timeline import ClinicalTimeline, ClinicalValue, ScanTime, Text
from ctreview.errors import WrongUse
from ctreview.report.languages.german_places import place
from ctreview.report.words import region_name

__all__ = ["LOBES", "WHOLE", "with_results"]

WHOLE = ("lungs",)
LOBES = ("right_upper_lobe", "right_middle_lobe", "right_lower_lobe", "left_upper_lobe", "left_lower_lobe")

Change = Mapping[str, Any]
"""The content of a ``change.json``."""

NOT_INTERPRETABLE = Text("the change is not interpretable", "die Änderung ist nicht beurteilbar")


def with_results(
    timeline: ClinicalTimeline,
    changes: Sequence[Change],
    *,
    first: PartialDate | None = None,
    regions: Sequence[str] = WHOLE,
    source: str = "",
    names: Sequence[str] = (),
) -> tuple[ClinicalTimeline, tuple[ScanTime, ...]]:
    """Put results on a timeline.

    The first scan's opacity is as found beside the second one. The whisker of a later scan is the interval of its
    change since the first scan, around its own value: an absolute volume has no interval of its own.

    Parameters
    ----------
    timeline : ClinicalTimeline
    changes : sequence of mapping
        For every later scan the content of ``change.json`` of its comparison with the first one, as in
        ``ct.follow(…).against_baseline``.
    first : PartialDate, optional
        When the first scan was made. Where the timeline has as many scans of the patient as there are results, those
        are taken; where it counts days, day zero.
    regions : sequence of str
        Whose opacity is shown; those that a result lacks are left out.
    source : str
        Of the values, such as ``"phantom"``.
    names : sequence of str
        What scans are called that the timeline does not name itself; ``CT 1`` and so on if not given.

    Returns
    -------
    timeline : ClinicalTimeline
        With the scans and values.
    scans : tuple of ScanTime
        The scans of the results, in their order: those that were there, or those that were added.

    Raises
    ------
    WrongUse
        It is not known when the first scan was, or the timeline's scans lie otherwise apart than those of the results.
    """
    if not changes:
        return timeline, ()
    own = tuple(one for one in timeline.scans if one.source == source)
    if first is None and len(own) == len(changes) + 1:
        _require_agreement(own, changes)
        scans, placed = own, timeline
    else:
        called = names or tuple(f"CT {number}" for number in range(1, len(changes) + 2))
        scans = tuple(_scans(_start(timeline, first), changes, source, called))
        placed = timeline.with_scans(scans)
    values = tuple(value for region in regions for value in _values(region, scans, changes, source))
    return placed.with_values(values), scans


def _start(timeline: ClinicalTimeline, first: PartialDate | None) -> PartialDate:
    if first is not None:
        return first
    if not timeline.in_calendar:
        return PartialDate(0, 0, "day")
    raise WrongUse(
        "the timeline does not say when the scans were made",
        remedy="Give it one row of the kind scan for each, in their order.",
    )


def _scans(first: PartialDate, changes: Sequence[Change], source: str, names: Sequence[str]) -> Iterator[ScanTime]:
    yield ScanTime(Text(names[0]), first, source)
    for number, change in enumerate(changes, start=2):
        days = change["interval_days"]
        if days is None:
            raise WrongUse(
                f"it is not known how long after the first scan scan {number} was made",
                remedy="Give the timeline one row of the kind scan for each, in their order.",
            )
        yield ScanTime(Text(names[number - 1]), first.moved(days), source)


def _require_agreement(scans: Sequence[ScanTime], changes: Sequence[Change]) -> None:
    start = scans[0].when
    for scan, change in zip(scans[1:], changes, strict=True):
        days, here = change["interval_days"], scan.when
        bounds = (start.earliest, start.latest, here.earliest, here.latest)
        if days is None or any(one is None for one in bounds):
            continue
        least = (here.earliest or 0) - (start.latest or 0)
        most = (here.latest or 0) - (start.earliest or 0)
        if not least <= days <= most:
            said = f"{least}" if least == most else f"{least} to {most}"
            raise WrongUse(
                f"in the timeline {scan.name.english} lies {said} days after the first scan, in the result {days}",
                remedy="Mend the dates of the scans; results have to be given in their order.",
            )


def _values(region: str, scans: Sequence[ScanTime], changes: Sequence[Change], source: str) -> Iterator[ClinicalValue]:
    measure = ClinicalMeasure(
        f"opacity_ml/{region}",
        "lung",
        f"Opacity, {'both lungs' if region == 'lungs' else region_name(region)}",
        f"Verdichtung: {place(region)}",
    )
    found = [next((one for one in change["regions"] if one["region"] == region), None) for change in changes]
    if found[0] is not None:
        yield _value(measure, found[0]["baseline"]["opacity_ml"], scans[0], source)
    for scan, one in zip(scans[1:], found, strict=True):
        if one is None:
            continue
        change = one["change"]["opacity_ml"]
        ml = one["followup"]["opacity_ml"]
        if one["verdict"] == "not_interpretable" or change is None:
            yield _value(measure, ml, scan, source, note=NOT_INTERPRETABLE)
        else:
            ends = (ml + change["low"] - change["value"], ml + change["high"] - change["value"])
            yield _value(measure, ml, scan, source, interval=ends)


def _value(
    measure: ClinicalMeasure,
    ml: float,
    scan: ScanTime,
    source: str,
    *,
    interval: tuple[float, float] | None = None,
    note: Text | None = None,
) -> ClinicalValue:
    quantity = Quantity(round(ml, 1), "mL")
    return ClinicalValue(measure, quantity, scan.when, None, "", interval, source, note or Text(""))

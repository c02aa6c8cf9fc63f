"""What ctreview measured in MRI of muscle, on the clinic's time axis."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ctreview.clinical.measures import ClinicalMeasure
from ctreview.clinical.partial_dates import PartialDate, parse_day, parse_partial_date
from ctreview.clinical.quantities import Quantity
from ctreview.clinical.timeline import ClinicalTimeline, ClinicalValue, Text
from ctreview.clinical.units import ucum
from ctreview.errors import UnreadableFile, WrongUse
from ctreview.report.muscle_words import measure_words, region_words
from ctreview.report.timeline.opacity_course import NOT_INTERPRETABLE

__all__ = ["read_muscle", "with_muscle"]

SHOWN = (
    "fat_fraction_median",
    "stir_ratio_median",
    "water_t2_median",
    "mono_exponential_t2_median",
    "largest_section_cm2",
    "muscle_asymmetry",
)
"""Measures of an examination that stand for themselves; a volume depends on how much of the limb was imaged."""

IN_COMMON = Text("in the part that both examinations show", "in dem Teil, den beide Untersuchungen zeigen")

CAVEAT = Text("a check of the examination tells something about it", "eine Prüfung der Untersuchung sagt etwas dazu")

Examined = Mapping[str, Any]
"""The content of a ``muscle.json`` or of a ``muscle_change.json``."""


def with_muscle(timeline: ClinicalTimeline, results: Sequence[tuple[str, Examined]]) -> ClinicalTimeline:
    """Put results of muscle MRI on a timeline.

    Of two examinations that were compared muscle volumes are shown too: those of the part that both show, and at the
    later one a whisker for the interval of their change.

    Parameters
    ----------
    timeline : ClinicalTimeline
    results : sequence of (str, mapping)
        When the examination, or the earlier of two, was made: a date as in the CSV file, or the number of a day where
        the timeline counts days; and what was measured.

    Raises
    ------
    WrongUse
        It is not known when an examination was made.
    """
    values = [value for said, found in results for value in _of_result(_when(said, timeline), found)]
    return timeline.with_values(tuple(values))


def read_muscle(folder: Path) -> Examined:
    """The ``muscle_change.json`` or ``muscle.json`` of a result.

    Raises
    ------
    UnreadableFile
        There is neither.
    """
    for name in ("muscle_change.json", "muscle.json"):
        try:
            found = json.loads((folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(found, dict):
            return found
    raise UnreadableFile(
        "there is no result of muscle MRI in this folder", where=folder, remedy="Give what `ctreview muscle` wrote."
    )


def _when(said: str, timeline: ClinicalTimeline) -> PartialDate:
    try:
        return parse_partial_date(said) if timeline.in_calendar else parse_day(said)
    except ValueError as error:
        like = "a date, as 2021-09-14" if timeline.in_calendar else "the number of a day, as 63"
        raise WrongUse(f"{said!r} does not say when an examination was made", remedy=f"Write {like}.") from error


def _of_result(when: PartialDate, found: Examined) -> Iterator[ClinicalValue]:
    if "measurements" in found:
        yield from _measured(when, found)
        return
    days = found["interval_days"]
    if days is None:
        raise WrongUse(
            "it is not known how long after the first examination the second was made",
            remedy="Give the results of each examination alone, with its date.",
        )
    later = when.moved(days)
    for one in found["changes"]:
        if one["key"] == "muscle_ml":
            yield from _volume(one, when, later)
    yield from _measured(when, found["baseline"])
    yield from _measured(later, found["followup"])


def _measured(when: PartialDate, found: Examined) -> Iterator[ClinicalValue]:
    for key in SHOWN:
        for one in found["measurements"]:
            if one["key"] == key and one["value"] is not None:
                value = float(f"{one['value']:.4g}")
                unit = ucum(one["unit"]) if one["unit"] else "1"
                note = CAVEAT if one.get("caveats") else Text("")
                yield ClinicalValue(_measure(key, one["region"]), Quantity(value, unit), when, note=note)


def _volume(found: Mapping[str, Any], first: PartialDate, later: PartialDate) -> Iterator[ClinicalValue]:
    measure = _measure("muscle_ml", found["region"])
    before, after, change = found["baseline"], found["followup"], found["change"]
    stopped = found["verdict"] == "not_interpretable"
    ends = (after + change["low"] - change["value"], after + change["high"] - change["value"])
    interval, note = (None, NOT_INTERPRETABLE) if stopped else (ends, IN_COMMON)
    yield ClinicalValue(measure, Quantity(round(before, 1), "mL"), first, note=IN_COMMON)
    yield ClinicalValue(measure, Quantity(round(after, 1), "mL"), later, interval=interval, note=note)


def _measure(key: str, region: str) -> ClinicalMeasure:
    english, german = (
        f"{measure_words(key, language) or key}, {region_words(region, language)}" for language in ("en", "de")
    )
    return ClinicalMeasure(f"{key}/{region}", "muscle", english, german)

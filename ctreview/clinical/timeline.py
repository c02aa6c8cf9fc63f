"""The clinical timeline: what was measured, given and done, each with when it was as far as that is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ctreview.clinical.measures import ClinicalMeasure
from ctreview.clinical.partial_dates import UNKNOWN, PartialDate
from ctreview.clinical.quantities import Quantity, ReferenceRange

__all__ = ["ClinicalEvent", "ClinicalSeries", "ClinicalTimeline", "ClinicalValue", "ScanTime", "Text", "Treatment"]

DAYS_OF_A_YEAR = 365.25

OF_NO_PATIENT = frozenset({"phantom", "published"})
"""Sources whose days identify nobody: invented, or public."""


@dataclass(frozen=True)
class Text:
    """A text in English and, where it was given, in German."""

    english: str
    german: str = ""

    def said(self, language: str) -> str:
        """The text in a language; in the other one where it was not given."""
        return self.german if language == "de" and self.german else self.english

    def __bool__(self) -> bool:
        return bool(self.english or self.german)


NO_TEXT = Text("")


@dataclass(frozen=True)
class ClinicalValue:
    """A score, a blood value, or a measure of an image.

    Attributes
    ----------
    measure : ClinicalMeasure
    quantity : Quantity
    when : PartialDate
    reference : ReferenceRange or None
        In the unit of the quantity, as it was given with the value.
    assay : str
        How it was determined; empty where that is not said.
    interval : tuple of float or None
        Between what it may lie, in the unit of the quantity; of measures of images.
    source : str
        Whose value it is: ``"published"``, ``"phantom"``; empty for the patient's own.
    note : Text
    line : int or None
        Where it stands in the file it was read from.
    """

    measure: ClinicalMeasure
    quantity: Quantity
    when: PartialDate
    reference: ReferenceRange | None = None
    assay: str = ""
    interval: tuple[float, float] | None = None
    source: str = ""
    note: Text = NO_TEXT
    line: int | None = None


@dataclass(frozen=True)
class Treatment:
    """A drug, or another treatment, over some time.

    Attributes
    ----------
    name, dose, route : Text
    start, end : PartialDate
        First and last day; unknown where that is not said.
    ongoing : bool
        Whether it goes on beyond what is recorded; ``end`` is unknown then.
    source : str
    note : Text
    line : int or None
    """

    name: Text
    start: PartialDate
    end: PartialDate = UNKNOWN
    ongoing: bool = False
    dose: Text = NO_TEXT
    route: Text = NO_TEXT
    source: str = ""
    note: Text = NO_TEXT
    line: int | None = None

    @property
    def undated(self) -> bool:
        """Whether neither its begin nor its end is known at all."""
        ends = (self.start.earliest, self.start.latest, self.end.earliest, self.end.latest)
        return not self.ongoing and all(day is None for day in ends)


@dataclass(frozen=True)
class ClinicalEvent:
    """Something that happened or was found once: an admission, an antibody, a pathogen."""

    name: Text
    when: PartialDate
    source: str = ""
    note: Text = NO_TEXT
    line: int | None = None


@dataclass(frozen=True)
class ScanTime:
    """When a scan was made.

    Attributes
    ----------
    name : Text
        ``CT 1``.
    when : PartialDate
    source : str
    note : Text
    line : int or None
    """

    name: Text
    when: PartialDate
    source: str = ""
    note: Text = NO_TEXT
    line: int | None = None


@dataclass(frozen=True)
class ClinicalSeries:
    """Values that may stand on one axis: one measure out of one maximum, by one assay, of one source, in one unit.

    Attributes
    ----------
    measure : ClinicalMeasure
    unit : str
        UCUM code, that of the first value.
    highest : float or None
        What its values are out of, as they or the instrument say.
    assay, source : str
    values : tuple of ClinicalValue
        In that unit, in the order of time; those without a date last.
    comparable : bool
        Whether its values may be joined: not where the assay matters and is not named.
    """

    measure: ClinicalMeasure
    unit: str
    highest: float | None
    assay: str
    source: str
    values: tuple[ClinicalValue, ...]

    @property
    def comparable(self) -> bool:
        """Whether its values may be joined by a line."""
        return not self.measure.by_assay or bool(self.assay)


@dataclass(frozen=True)
class ClinicalTimeline:
    """All that is known of a patient's course.

    Attributes
    ----------
    values, treatments, events, scans : tuple
    notes : tuple of Text
        What has to be said beneath the figure.
    in_calendar : bool
        Whether days are those of the calendar; else they count from day zero.
    references : tuple of (measure key, unit, ReferenceRange)
        Reference ranges by age.
    age_years : float or None
        At day zero.
    """

    values: tuple[ClinicalValue, ...] = ()
    treatments: tuple[Treatment, ...] = ()
    events: tuple[ClinicalEvent, ...] = ()
    scans: tuple[ScanTime, ...] = ()
    notes: tuple[Text, ...] = ()
    in_calendar: bool = True
    references: tuple[tuple[str, str, ReferenceRange], ...] = field(default=())
    age_years: float | None = None

    def dates(self) -> Iterator[PartialDate]:
        """When anything was."""
        yield from (when for _, when in self._dated())

    @property
    def has_undated(self) -> bool:
        """Whether anything in it has no place on an axis of time."""
        marks: tuple[ScanTime | ClinicalValue | ClinicalEvent, ...] = (*self.scans, *self.values, *self.events)
        return any(one.when.middle is None for one in marks) or any(one.undated for one in self.treatments)

    @property
    def names_days(self) -> bool:
        """Whether it holds a day of the calendar of a patient, which may identify; a month does not."""
        return any(when.names_day and source not in OF_NO_PATIENT for source, when in self._dated())

    def _dated(self) -> Iterator[tuple[str, PartialDate]]:
        """Whose entry it is, and when."""
        yield from ((one.source, one.when) for one in self.scans)
        yield from ((one.source, one.when) for one in self.values)
        yield from ((one.source, one.when) for one in self.events)
        for one in self.treatments:
            yield from ((one.source, one.start), (one.source, one.end))

    @property
    def day_zero(self) -> int:
        """The day of the first scan; the first day of all where there is no scan, and 0 where there is no date."""
        if not self.in_calendar:
            return 0
        scans = [one.when.earliest for one in self.scans if one.when.earliest is not None]
        every = [one.earliest for one in self.dates() if one.earliest is not None]
        return min(scans or every or [0])

    def with_scans(self, scans: Sequence[ScanTime]) -> ClinicalTimeline:
        """The same with more scans."""
        return replace(self, scans=(*self.scans, *scans))

    def with_values(self, values: Sequence[ClinicalValue]) -> ClinicalTimeline:
        """The same with more values, before the others."""
        return replace(self, values=(*values, *self.values))

    def series(self) -> tuple[ClinicalSeries, ...]:
        """The values by series, in the order of their first ones; each value in the unit of the first."""
        groups: dict[tuple[object, ...], list[ClinicalValue]] = {}
        for one in self.values:
            assay = one.assay if one.measure.by_assay else ""
            key = (one.measure.category, one.measure.key, _out_of(one), assay.casefold(), one.source)
            groups.setdefault(key, []).append(one)
        return tuple(self._series(values) for values in groups.values())

    def _series(self, values: Sequence[ClinicalValue]) -> ClinicalSeries:
        first = values[0]
        unit = first.quantity.unit
        ordered = sorted((_in_unit(self._referred(one), unit) for one in values), key=_in_time)
        return ClinicalSeries(first.measure, unit, _out_of(first), first.assay, first.source, tuple(ordered))

    def _referred(self, value: ClinicalValue) -> ClinicalValue:
        """A value with the reference range of its age, where it came with none."""
        age = self.age_at(value.when)
        if value.reference is not None or age is None:
            return value
        for key, unit, reference in self.references:
            low, high = reference.age_years or (0.0, float("inf"))
            if key == value.measure.key and low <= age < high:
                return replace(value, reference=reference.converted(unit, value.quantity.unit))
        return value

    def age_at(self, when: PartialDate) -> float | None:
        """The age at a time, in years; None where the age at day zero or the time is not known."""
        if self.age_years is None or when.middle is None:
            return None
        return self.age_years + (when.middle - self.day_zero) / DAYS_OF_A_YEAR


def _out_of(value: ClinicalValue) -> float | None:
    """What a value is out of, as it or its instrument says."""
    return value.measure.highest if value.quantity.highest is None else value.quantity.highest


def _in_unit(value: ClinicalValue, unit: str) -> ClinicalValue:
    own = value.quantity.unit
    if own == unit:
        return value
    reference = None if value.reference is None else value.reference.converted(own, unit)
    return replace(value, quantity=value.quantity.to(unit), reference=reference)


def _in_time(value: ClinicalValue) -> tuple[bool, float, int]:
    middle = value.when.middle
    return middle is None, middle or 0.0, value.line or 0

"""A clinic's timeline as a CSV file: every row looked at, and all that is wrong said at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from ctreview.clinical.measures import Category, ClinicalMeasure, find_measure, own_measure
from ctreview.clinical.partial_dates import UNKNOWN, PartialDate, later_by, parse_day, parse_partial_date
from ctreview.clinical.quantities import Quantity, ReferenceRange, parse_quantity, parse_reference
from ctreview.clinical.timeline import (
    ClinicalEvent,
    ClinicalTimeline,
    ClinicalValue,
    ScanTime,
    Text,
    Treatment,
)
from ctreview.clinical.units import same_kind, shown_unit, ucum
from ctreview.errors import TimelineRefused, UnreadableFile
from ctreview.possible_values import require_age
from ctreview.tables import ColumnNames, RowFault, TextRow, TextTable, date_format, read_table_file

__all__ = ["COLUMNS", "read_timeline"]

COLUMNS = ColumnNames(
    "the timeline",
    {
        "kind": ("art", "type", "typ"),
        "name": ("bezeichnung", "parameter"),
        "value": ("wert", "ergebnis", "result"),
        "unit": ("einheit",),
        "date": ("datum", "start", "beginn", "from", "von"),
        "end": ("ende", "stop", "to", "bis"),
        "day": ("tag", "start_day", "tag_beginn"),
        "end_day": ("tag_ende",),
        "reference": ("referenz", "reference_range", "referenzbereich", "normbereich", "grenzwert", "limit"),
        "assay": ("methode", "method", "verfahren", "test"),
        "dose": ("dosis", "dosierung"),
        "route": ("applikation", "applikationsweg", "gabe"),
        "age": ("alter",),
        "source": ("quelle",),
        "note": ("bemerkung", "hinweis", "anmerkung", "comment", "kommentar"),
        "name_de": ("name_deutsch",),
        "dose_de": ("dosis_deutsch",),
        "route_de": ("applikation_deutsch",),
        "note_de": ("bemerkung_deutsch",),
    },
    required=("kind", "name"),
)
"""The columns of a timeline, and what else they are called."""

KINDS: Mapping[str, tuple[str, ...]] = {
    "scan": ("aufnahme", "bildgebung", "ct", "mrt", "mri"),
    "score": ("punktwert",),
    "blood": ("labor", "laborwert", "blut", "lab"),
    "muscle": ("muskel",),
    "lung": ("lunge",),
    "treatment": ("therapie", "behandlung", "medikament", "drug"),
    "event": ("ereignis", "befund", "finding"),
    "reference": ("referenz", "referenzbereich"),
    "note": ("hinweis", "anmerkung"),
}
"""What a row may be, and what else that is called."""

Read = TypeVar("Read")

_ONGOING = frozenset({"ongoing", "laufend", "dauerhaft"})
_VALUES: Mapping[str, Category] = {"score": "score", "blood": "blood", "muscle": "muscle", "lung": "lung"}


def read_timeline(path: Path | str, *, age_years: float | None = None) -> ClinicalTimeline:
    """Read a timeline.

    Parameters
    ----------
    path : path
        A CSV file with the columns of `COLUMNS`; ``ctreview timeline --template`` writes one to start from.
    age_years : float, optional
        At day zero, which is that of the first scan; reference ranges by age need it.

    Returns
    -------
    ClinicalTimeline

    Raises
    ------
    UnreadableFile
        The file cannot be read, or has no column for the kind or the name.
    TimelineRefused
        Rows cannot be used; all of them are named.
    """
    path = Path(path)
    require_age(age_years)
    table = read_table_file(path, COLUMNS)
    if not table.rows:
        raise UnreadableFile("the timeline has no row", where=path, remedy="ctreview timeline --template writes one.")
    rows = _Rows(table)
    rows.read()
    if rows.faults:
        raise TimelineRefused(sorted(rows.faults))
    return replace(rows.timeline(), age_years=age_years)


@dataclass(frozen=True)
class _Dates:
    """The start and the end that a row names."""

    start: PartialDate
    end: PartialDate
    ongoing: bool


class _Rows:
    """Reads one row after the other and notes what is wrong."""

    def __init__(self, table: TextTable) -> None:
        self._table = table
        self._in_calendar = not any(row.cells.get("day") or row.cells.get("end_day") for row in table.rows)
        written = [row.cells.get(name, "") for row in table.rows for name in ("date", "end")]
        self._order = date_format(written)
        self.faults: list[RowFault] = []
        self._values: list[ClinicalValue] = []
        self._treatments: list[Treatment] = []
        self._events: list[ClinicalEvent] = []
        self._scans: list[ScanTime] = []
        self._notes: list[Text] = []
        self._references: list[tuple[str, str, ReferenceRange]] = []
        self._first_of: dict[str, ClinicalValue] = {}

    def read(self) -> None:
        """Read all rows; what is found is kept, what is wrong noted."""
        for row in self._table.rows:
            for wrong in self._row(row):
                self.faults.append(RowFault(row.line, wrong))

    def timeline(self) -> ClinicalTimeline:
        """What was read."""
        return ClinicalTimeline(
            tuple(self._values),
            tuple(self._treatments),
            tuple(self._events),
            tuple(self._scans),
            tuple(self._notes),
            self._in_calendar,
            tuple(self._references),
        )

    def _row(self, row: TextRow) -> list[str]:
        """Keep one row; what is wrong with it, in words."""
        wrong: list[str] = []
        cells = row.cells
        kind = next((one for one, others in KINDS.items() if cells["kind"].casefold() in (one, *others)), None)
        if kind is None:
            return [f"{cells['kind']!r} is no kind of row. Write one of {', '.join(KINDS)}."]
        if not cells["name"] and kind != "note":
            wrong.append("there is no name.")
        if row.surplus:
            wrong.append("it has more cells than there are columns. Put a text with the separator between quotes.")
        dates = self._dates(row, wrong)
        if kind in _VALUES:
            self._value(row, _VALUES[kind], dates, wrong)
        elif kind == "reference":
            self._reference(row, wrong)
        else:
            self._other(kind, row, dates)
        if kind != "treatment" and (cells.get("end") or cells.get("end_day")):
            wrong.append("only a treatment has an end.")
        return wrong

    def _other(self, kind: str, row: TextRow, dates: _Dates) -> None:
        cells, line = row.cells, row.line
        name, note, source = _text(row, "name"), _text(row, "note"), cells.get("source", "")
        if kind == "treatment":
            dose, route = _text(row, "dose"), _text(row, "route")
            times = dates.start, dates.end, dates.ongoing
            self._treatments.append(Treatment(name, *times, dose, route, source, note, line))
        elif kind == "event":
            self._events.append(ClinicalEvent(name, dates.start, source, note, line))
        elif kind == "scan":
            self._scans.append(ScanTime(name, dates.start, source, note, line))
        elif note:
            self._notes.append(note)

    def _dates(self, row: TextRow, wrong: list[str]) -> _Dates:
        cells = row.cells
        if not self._in_calendar and (cells.get("date") or cells.get("end")):
            wrong.append("it has a date, and other rows count days. Use one of both in the whole file.")
            return _Dates(UNKNOWN, UNKNOWN, ongoing=False)
        said, ends = (cells.get(name, "") for name in (("date", "end") if self._in_calendar else ("day", "end_day")))
        start = self._one_date(said, "start", wrong)
        ongoing = ends.casefold() in _ONGOING
        end = UNKNOWN if ongoing else self._end(ends, start, wrong)
        if start.earliest is not None and end.latest is not None and end.latest < start.earliest:
            wrong.append("it ends before it begins.")
        return _Dates(start, end, ongoing)

    def _one_date(self, said: str, which: str, wrong: list[str]) -> PartialDate:
        try:
            return parse_partial_date(said, self._order) if self._in_calendar else parse_day(said)
        except ValueError as error:
            reason = str(error) if "write" in str(error) or "its " in str(error) else "there is no such day"
            wrong.append(f"its {which} cannot be used: {reason}. A month (2021-09), 2021-09..2021-11 or ? will do.")
            return UNKNOWN

    def _end(self, said: str, start: PartialDate, wrong: list[str]) -> PartialDate:
        if not said.upper().startswith("P"):
            return self._one_date(said, "end", wrong)
        try:
            return later_by(start, said, in_calendar=self._in_calendar)
        except ValueError as error:
            wrong.append(f"its end cannot be used: {error}.")
            return UNKNOWN

    def _value(self, row: TextRow, category: Category, dates: _Dates, wrong: list[str]) -> None:
        cells = row.cells
        measure = find_measure(cells["name"]) or own_measure(cells["name"], category, cells.get("name_de", ""))
        unit = _tried(lambda: _unit(cells.get("unit", ""), measure), wrong)
        quantity = _tried(lambda: parse_quantity(cells.get("value", ""), unit or ""), wrong)
        said = cells.get("reference", "")
        reference = _tried(lambda: parse_reference(said), wrong) if said else None
        if unit is None or quantity is None:
            return
        _require_possible(quantity, measure, wrong)
        assay, source, note = cells.get("assay", ""), cells.get("source", ""), _text(row, "note")
        value = ClinicalValue(measure, quantity, dates.start, reference, assay, None, source, note, row.line)
        first = self._first_of.setdefault(measure.key, value)
        if same_kind(quantity.unit, first.quantity.unit):
            self._values.append(value)
        else:
            units = f"{shown_unit(quantity.unit)} cannot be converted to {shown_unit(first.quantity.unit)}"
            wrong.append(f"{units}, the unit of line {first.line}.")

    def _reference(self, row: TextRow, wrong: list[str]) -> None:
        cells = row.cells
        measure = find_measure(cells["name"]) or own_measure(cells["name"], "blood")
        unit = _tried(lambda: _unit(cells.get("unit", ""), measure), wrong)
        found = _tried(lambda: parse_reference(cells.get("reference", ""), cells.get("age", "")), wrong)
        if unit is not None and found is not None:
            self._references.append((measure.key, unit, found))


def _tried(read: Callable[[], Read], wrong: list[str]) -> Read | None:
    try:
        return read()
    except ValueError as error:
        wrong.append(f"{error}.")
        return None


def _unit(written: str, measure: ClinicalMeasure) -> str:
    if not written:
        if measure.unit is None:
            raise ValueError("there is no unit")
        return measure.unit
    code = ucum(written)
    return code.replace("[IU]", "U") if measure.catalytic else code


def _require_possible(quantity: Quantity, measure: ClinicalMeasure, wrong: list[str]) -> None:
    """Note where a score is out of something else than its instrument, or beyond it."""
    known = measure.variants or (() if measure.highest is None else (measure.highest,))
    most = quantity.highest
    if most is None and len(known) == 1:
        most = known[0]  # what it is out of is not said, and known all the same
    if measure.variants and most not in measure.variants:
        choice = " or ".join(f"{one:g}" for one in measure.variants)
        wrong.append(f"{measure.english} is out of {choice}; write for instance 70/{measure.variants[0]:g}.")
    elif known and most not in known:
        wrong.append(f"{measure.english} is out of {known[0]:g}, not {most:g}; is it another instrument?")
    lowest = measure.lowest
    if (most is not None and quantity.value > most) or (lowest is not None and quantity.value < lowest):
        ends = f"{0 if lowest is None else lowest:g} to {most:g}" if most is not None else f"{lowest:g} or more"
        wrong.append(f"{measure.english} is a number from {ends}, not {quantity.value:g}.")


def _text(row: TextRow, name: str) -> Text:
    return Text(row.cells.get(name, ""), row.cells.get(f"{name}_de", ""))

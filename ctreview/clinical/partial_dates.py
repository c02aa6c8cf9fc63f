"""When something was, as exactly as is known and no more."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from ctreview.tables import DateFormat, parse_date

__all__ = ["UNKNOWN", "PartialDate", "later_by", "parse_day", "parse_partial_date"]

Precision = Literal["day", "month", "year", "span", "unknown"]

_MONTH = re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})|(?P<m2>\d{1,2})[./](?P<y2>\d{4})")
_YEAR = re.compile(r"\d{4}")
_DAY = re.compile(r"[+\-−]?\d+")
_DURATION = re.compile(r"P(?=\d)(?:(?P<Y>\d+)Y)?(?:(?P<M>\d+)M)?(?:(?P<W>\d+)W)?(?:(?P<D>\d+)D)?")
_UNKNOWN = frozenset({"", "?", "unknown", "unbekannt"})

DAYS_OF_A_MONTH = 30.4375


@dataclass(frozen=True)
class PartialDate:
    """A day that is known to lie between two others.

    Attributes
    ----------
    earliest, latest : int or None
        The first and the last day that it may be: the number of the day in the calendar (`datetime.date.toordinal`),
        or a number of days since day zero. None where nothing is known to that side.
    precision : {"day", "month", "year", "span", "unknown"}
        How it was written.
    approximate : bool
        Whether even that is only about right.
    names_day : bool
        Whether a day of the calendar was written, which may identify a patient; a month does not.
    """

    earliest: int | None
    latest: int | None
    precision: Precision = "span"
    approximate: bool = False
    names_day: bool = False

    @property
    def known(self) -> bool:
        """Whether there is a first and a last day."""
        return self.earliest is not None and self.latest is not None

    @property
    def middle(self) -> float | None:
        """The middle of the days that it may be; None where it is not bounded on both sides."""
        if self.earliest is None or self.latest is None:
            return None
        return (self.earliest + self.latest) / 2.0

    def moved(self, days: int) -> PartialDate:
        """The same, so many days later."""
        early, late = (None if end is None else end + days for end in (self.earliest, self.latest))
        return replace(self, earliest=early, latest=late)


UNKNOWN = PartialDate(None, None, "unknown")


def parse_partial_date(text: str, order: DateFormat = "") -> PartialDate:
    """Read a day, a month, a year, or what is known of one.

    ``2021-09-03`` and what `parse_date` takes; ``2021-09``, ``09/2021``, ``2021``; ``2021-09..2021-11`` for some day
    between, ``..2021-09`` for one in it or before, ``2021-09..`` for one in it or after; ``?`` for unknown. A ``~``
    behind it says that it is approximate. The forms follow ISO 8601-2.

    Raises
    ------
    ValueError
        It is none of these.
    """
    return _parse(text, lambda one: _calendar(one, order))


def parse_day(text: str) -> PartialDate:
    """Read a number of days since day zero; ``..``, ``?`` and ``~`` as in `parse_partial_date`.

    Raises
    ------
    ValueError
        It is no whole number.
    """
    return _parse(text, _offset)


def later_by(start: PartialDate, duration: str, *, in_calendar: bool) -> PartialDate:
    """What lies a duration of ISO 8601 (``P6M``, ``P2W``, ``P10D``) after a day that is known as well as ``start`` is.

    Months are those of the calendar where the days are; else 30.4 days each.

    Raises
    ------
    ValueError
        It is no such duration.
    """
    found = _DURATION.fullmatch(duration.replace(" ", "").upper())
    if found is None:
        raise ValueError("this is no duration; write P6M for six months, P2W for two weeks")
    years, months, weeks, days = (int(found[unit] or 0) for unit in "YMWD")
    months += 12 * years

    def moved(day: int | None) -> int | None:
        if day is None:
            return None
        return (_months_later(day, months) if in_calendar else day + round(months * DAYS_OF_A_MONTH)) + 7 * weeks + days

    return PartialDate(moved(start.earliest), moved(start.latest), "span", start.approximate, start.names_day)


def _parse(text: str, one_day: Callable[[str], PartialDate]) -> PartialDate:
    plain = text.strip()
    approximate, plain = plain.endswith("~"), plain.removesuffix("~").strip()
    if plain.casefold() in _UNKNOWN:
        return UNKNOWN
    if ".." not in plain:
        return replace(one_day(plain), approximate=approximate)
    first, last = (part.strip() for part in plain.split("..", 1))
    earlier, later = (one_day(end) if end else UNKNOWN for end in (first, last))
    if earlier.earliest is not None and later.latest is not None and earlier.earliest > later.latest:
        raise ValueError("its second day lies before its first")
    names_day = earlier.names_day or later.names_day
    return PartialDate(earlier.earliest, later.latest, "span" if first or last else "unknown", approximate, names_day)


def _calendar(text: str, order: DateFormat) -> PartialDate:
    if _YEAR.fullmatch(text):
        year = int(text)
        return PartialDate(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal(), "year")
    if found := _MONTH.fullmatch(text):
        year, month = int(found["y"] or found["y2"]), int(found["m"] or found["m2"])
        first = date(year, month, 1)
        last = first.replace(day=calendar.monthrange(year, month)[1])
        return PartialDate(first.toordinal(), last.toordinal(), "month")
    day = parse_date(text, order).toordinal()
    return PartialDate(day, day, "day", names_day=True)


def _offset(text: str) -> PartialDate:
    if not _DAY.fullmatch(text):
        raise ValueError("this is no whole number of days")
    day = int(text.replace("−", "-"))
    return PartialDate(day, day, "day")


def _months_later(day: int, months: int) -> int:
    start = date.fromordinal(day)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last)).toordinal()

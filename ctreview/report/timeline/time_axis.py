"""The time axis: days of the calendar by their months, or days since the first scan."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from ctreview.clinical.partial_dates import PartialDate
from ctreview.clinical.timeline import ClinicalTimeline
from ctreview.report.words import MINUS

__all__ = ["MONTHS", "TimeAxis", "TimeTick", "time_axis"]

MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "de": ("Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"),
}

MOST_TICKS = 9
MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)
DAY_STEPS = (1, 2, 5, 7, 14, 30, 60, 90, 180, 365, 730, 1825, 3650)
ROOM = 0.04
"""Left free at both ends, as a share of the time shown."""


@dataclass(frozen=True)
class TimeTick:
    """A mark on the axis."""

    x: float
    label: str


@dataclass(frozen=True)
class TimeAxis:
    """Days along the width of the figure.

    Attributes
    ----------
    first, last : float
        The days at its two ends.
    left, right : float
        Where these lie.
    in_calendar : bool
        Whether it names months; else it counts days from ``zero``.
    zero : int
    """

    first: float
    last: float
    left: float
    right: float
    in_calendar: bool
    zero: int

    def x(self, day: float) -> float:
        """Where a day lies."""
        return self.left + (self.right - self.left) * (day - self.first) / (self.last - self.first)

    def ticks(self, language: str) -> tuple[TimeTick, ...]:
        """At most ten or so marks, with what they are called."""
        return self._months(language) if self.in_calendar else self._days()

    def _months(self, language: str) -> tuple[TimeTick, ...]:
        begin, end = (date.fromordinal(int(day)) for day in (self.first, self.last))
        first, last = (12 * one.year + one.month - 1 for one in (begin, end))
        step = next((step for step in MONTH_STEPS if (last - first) / step <= MOST_TICKS), MONTH_STEPS[-1])
        found = []
        for month in range(first - first % step, last + 1, step):
            day = date(month // 12, month % 12 + 1, 1).toordinal()
            if self.first <= day <= self.last:
                name = MONTHS[language][month % 12] if step < 12 else ""
                found.append(TimeTick(self.x(day), f"{name} {month // 12}".strip()))
        return tuple(found)

    def _days(self) -> tuple[TimeTick, ...]:
        begin, end = self.first - self.zero, self.last - self.zero
        step = next((step for step in DAY_STEPS if (end - begin) / step <= MOST_TICKS), DAY_STEPS[-1])
        days = range(math.ceil(begin / step) * step, math.floor(end) + 1, step)
        return tuple(TimeTick(self.x(day + self.zero), f"{day}".replace("-", MINUS)) for day in days)


def time_axis(timeline: ClinicalTimeline, left: float, right: float, *, identify: bool) -> TimeAxis:
    """The axis that holds all that has a date.

    Months are named where no day of the calendar stands in the timeline, since a month identifies nobody, and where
    identity is asked for; else days count from the first scan.
    """
    dated = [end for one in timeline.dates() for end in _ends(one)]
    days = dated or [timeline.day_zero]
    first, last = min(days), max(days)
    room = max(ROOM * (last - first), 3.0)
    before = 2.0 * room if any(one.start.earliest is None for one in timeline.treatments) else room
    named = bool(dated) and timeline.in_calendar and (identify or not timeline.names_days)
    return TimeAxis(first - before, last + room, left, right, named, timeline.day_zero)


def _ends(one: PartialDate) -> list[int]:
    return [day for day in (one.earliest, one.latest) if day is not None]

"""Ultrasound measures of a side and a day set against those of another, with what repeated measures differ by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any, Literal

import numpy as np
from scipy.stats import t as student_t

from ctreview.change import Interval, VariedNumber, change_of
from ctreview.errors import DifferentPatients
from ctreview.muscle.ultrasound import Ultrasound
from ctreview.muscle.ultrasound_measures import BorderedNumber, UltrasoundMeasures, UltrasoundSide

__all__ = ["ComparedUltrasound", "UltrasoundComparison", "UltrasoundRepeatability", "compare_ultrasound"]

_NORMAL = 1.959964
"""Half the width of what holds 95 % of a normal distribution, in its standard deviations."""

Number = Literal["thickness_mm", "grey_mean"]
_NUMBERS: Mapping[Number, Callable[[UltrasoundMeasures], BorderedNumber]] = {
    "thickness_mm": lambda one: one.thickness_mm,
    "grey_mean": lambda one: one.grey_mean,
}


@dataclass(frozen=True)
class UltrasoundRepeatability:
    """What measures of one side and day differ by.

    Attributes
    ----------
    sd : float
        Within a side and day, pooled over all that were measured more than once.
    freedom : int
        Degrees of freedom of that: measures less the sides and days that they are of.
    coefficient : float
        Two single measures differ by less than this in 95 % of cases (1.96 √2 SD, with Student's t in place of 1.96).
    """

    sd: float
    freedom: int

    @property
    def coefficient(self) -> float:
        """See the class."""
        return float(2**0.5 * self.sd * student_t.ppf(0.975, self.freedom))

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {"sd": self.sd, "freedom": self.freedom, "coefficient": self.coefficient}


@dataclass(frozen=True)
class UltrasoundComparison:
    """Two sides of a day, or two days of a side, set against each other.

    Attributes
    ----------
    first, second : tuple of int
        Which measures, from 0; of dates the earlier ones are the first, of sides those of the right.
    of : {"sides", "dates"}
    side : {"right", "left"} or None
        Whose dates; None of sides.
    interval_days : int or None
        From the first to the second; None of sides of which it is not known that they are of one day.
    thickness_mm, grey : Interval
        Second minus first, of means of repeated measures.
    thickness_percent, grey_percent : Interval or None
        Of sides 2 (L − R) / (L + R); of dates the change over the first. None where that divides by 0.
    """

    first: tuple[int, ...]
    second: tuple[int, ...]
    of: Literal["sides", "dates"]
    side: UltrasoundSide | None
    interval_days: int | None
    thickness_mm: Interval
    grey: Interval
    thickness_percent: Interval | None
    grey_percent: Interval | None

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        changes = {
            name: None if one is None else one.to_dict() for name, one in vars(self).items() if name in _INTERVALS
        }
        return {
            "first": list(self.first),
            "second": list(self.second),
            "of": self.of,
            "side": self.side,
            "interval_days": self.interval_days,
            **changes,
        }


_INTERVALS = ("thickness_mm", "grey", "thickness_percent", "grey_percent")


@dataclass(frozen=True)
class ComparedUltrasound:
    """All comparisons, and what repeated measures differ by.

    Attributes
    ----------
    comparisons : tuple of UltrasoundComparison
    repeatability : mapping of str to UltrasoundRepeatability
        By ``"thickness_mm"`` and ``"grey_mean"``; empty where nothing was measured twice.
    """

    comparisons: tuple[UltrasoundComparison, ...]
    repeatability: Mapping[Number, UltrasoundRepeatability]


def compare_ultrasound(images: Sequence[Ultrasound], measures: Sequence[UltrasoundMeasures]) -> ComparedUltrasound:
    """Set sides of one date, and dates of one side, against each other.

    Measures of one side and day are repeats of each other, and count by their mean. Dates are compared where side and
    day of both are known; sides also where a day is not known.

    The border of each may be off by one pixel; what repeats differ by comes on top, where there are any.

    Parameters
    ----------
    images : sequence of Ultrasound
        Whose headers are looked at.
    measures : sequence of UltrasoundMeasures

    Raises
    ------
    DifferentPatients
        Two headers name two patients.
    """
    _require_one_patient(images)
    groups: dict[tuple[UltrasoundSide, date | None], list[int]] = {}
    for number, one in enumerate(measures):
        if one.side is not None:
            groups.setdefault((one.side, one.day), []).append(number)
    known = {name: found for name in _NUMBERS if (found := _repeatability(measures, groups.values(), name)) is not None}
    compared = []
    for (a, first), (b, second) in combinations(groups.items(), 2):
        (side, day), (other, later) = a, b
        days = None if day is None or later is None else (later - day).days
        if side != other and not days:
            pair = (first, second) if side == "right" else (second, first)
            compared.append(_compared(measures, pair, "sides", None, days, known))
        elif side == other and days:
            pair = (first, second) if days > 0 else (second, first)
            compared.append(_compared(measures, pair, "dates", side, abs(days), known))
    return ComparedUltrasound(tuple(compared), known)


def _require_one_patient(images: Sequence[Ultrasound]) -> None:
    for one, other in combinations(images, 2):
        conflicts = one.acquisition.patient.conflicts(other.acquisition.patient)
        if conflicts:
            raise DifferentPatients(
                f"the {' and '.join(conflicts)} of two ultrasound images differ",
                remedy="Give images of one patient.",
            )


def _repeatability(measures: Sequence[UltrasoundMeasures], groups: Any, name: Number) -> UltrasoundRepeatability | None:
    """None where nothing was measured twice."""
    values = [np.array([_NUMBERS[name](measures[number]).value for number in group]) for group in groups]
    freedom = sum(len(one) - 1 for one in values)
    if not freedom:
        return None
    squares = sum(float(((one - one.mean()) ** 2).sum()) for one in values)
    return UltrasoundRepeatability((squares / freedom) ** 0.5, freedom)


def _compared(
    measures: Sequence[UltrasoundMeasures],
    pair: tuple[list[int], list[int]],
    of: Literal["sides", "dates"],
    side: UltrasoundSide | None,
    days: int | None,
    known: Mapping[Number, UltrasoundRepeatability],
) -> UltrasoundComparison:
    found: dict[Number, tuple[Interval, Interval | None]] = {}
    for name in _NUMBERS:
        first, second = (_varied([measures[number] for number in group], name, known.get(name)) for group in pair)
        change = change_of(first, second)
        percent: Interval | None
        if of == "dates":
            percent = None if first.value <= 0 else change_of(first, second, relative=True)
        else:
            middle = (first.value + second.value) / 2
            percent = None if middle <= 0 else _scaled(change, 100.0 / middle)
        found[name] = change, percent
    (thickness, thickness_percent), (grey, grey_percent) = found["thickness_mm"], found["grey_mean"]
    first_ones, second_ones = tuple(pair[0]), tuple(pair[1])
    return UltrasoundComparison(
        first_ones, second_ones, of, side, days, thickness, grey, thickness_percent, grey_percent
    )


def _varied(
    measures: Sequence[UltrasoundMeasures], name: Number, known: UltrasoundRepeatability | None
) -> VariedNumber:
    """The mean of repeats; the border of each is drawn by one hand, so that it errs alike in them."""
    numbers = [_NUMBERS[name](one) for one in measures]
    value, low, high = (float(np.mean([getattr(one, part) for one in numbers])) for part in ("value", "low", "high"))
    own = {"border, one pixel": (low, high)}
    if known is not None:
        # a rectangular distribution of this half width has the standard deviation of the mean
        factor = float(student_t.ppf(0.975, known.freedom)) / _NORMAL
        half = 3**0.5 * factor * known.sd / len(numbers) ** 0.5
        own["repeated measures"] = (value - half, value + half)
    return VariedNumber(value, own=own)


def _scaled(one: Interval, factor: float) -> Interval:
    return Interval(
        one.value * factor,
        one.low * factor,
        one.high * factor,
        one.level,
        dominant=one.dominant,
        sources={name: half * factor for name, half in one.sources.items()},
    )

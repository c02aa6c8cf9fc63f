"""When a scan was made and how old the patient was, out of a header's statements held against each other.

Anonymisers replace a date by a placeholder, one field at a time: what is left of the others is more plausible.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from ctreview.dicom.elements import Elements
from ctreview.dicom.tags import Tag

__all__ = ["PatientDates", "dicom_date", "dicom_time", "patient_dates"]

FIRST_YEAR = 1971
"""The first patient was scanned by CT in October 1971, by MR in 1977."""

OLDEST_YEARS = 116.0
"""Nobody alive is older; one person ever was by more than six years."""

PLACEHOLDERS = frozenset(
    [(year, 1, 1) for year in (1, 1000, 1111, 1582, 1600, 1700, 1753, 1800, 1899, 1900, 1901, 1910, 1960, 1970, 1980)]
    + [(2000, 1, 1), (1111, 11, 11), (1899, 12, 30), (1900, 12, 31), (1911, 11, 11), (9999, 12, 31), (2999, 12, 31)]
)
"""Days that programs write where they have none; a day may also be one of them in truth."""

SAME_EXAMINATION_DAYS = 7
"""Dates of one examination lie closer together; series are made, and sent, some days after the scan at most."""

NEWBORN_KG, NEWBORN_M = 12.0, 0.85
"""Nobody is heavier or taller on the day of birth, by far."""

_UNITS = {"D": 365.25, "W": 365.25 / 7, "M": 12.0, "Y": 1.0}
_TOLERANCE_YEARS = {"D": 0.05, "W": 0.1, "M": 0.25, "Y": 1.0}
"""How far a stated age may be from that of the birth date; it was perhaps taken on the day of the booking."""


@dataclass(frozen=True)
class PatientDates:
    """What could be believed.

    Attributes
    ----------
    acquired : datetime or None
        When the scan was made.
    birth_date : date or None
        None where it is missing or a placeholder.
    age_years : float or None
        At acquisition.
    """

    acquired: datetime | None
    birth_date: date | None
    age_years: float | None


def patient_dates(header: Elements, warnings: list[str]) -> PatientDates:
    """Date, birth date and age; sentences about what is missing or contradicts itself are added to ``warnings``."""
    birth = dicom_date(header.text(Tag.PatientBirthDate))
    acquired = _acquired(header, birth, warnings)
    stated, unit = _stated_age(header.text(Tag.PatientAge), warnings)
    if birth is not None and not _possible_birth(birth):
        warnings.append("The birth date is a placeholder and was not used.")
        birth = None
    if birth is None or acquired is None:
        return PatientDates(acquired, birth, stated)
    computed = (acquired.date() - birth).days / 365.25
    reason = _against_birth_date(birth, computed, stated, unit, _grown(header))
    if reason is not None:
        warnings.append(reason)
        return PatientDates(acquired, None, stated)
    if stated is None and (birth.year, birth.month, birth.day) in PLACEHOLDERS:
        warnings.append("The birth date is one that programs write where they have none; the age may be wrong.")
    if stated is not None and _apart(computed, stated, unit) > _TOLERANCE_YEARS[unit]:
        first = birth.month == birth.day == 1
        taken = "the stated age" if first else "the birth date"
        warnings.append(f"Birth date and stated age disagree by more than {_tolerance(unit)}; {taken} was used.")
        return PatientDates(acquired, birth, stated if first else computed)
    return PatientDates(acquired, birth, computed)


def _tolerance(unit: str) -> str:
    return {"Y": "a year", "M": "three months", "W": "a month", "D": "two weeks"}[unit]


def _possible_birth(birth: date) -> bool:
    return birth.year > FIRST_YEAR - OLDEST_YEARS and birth.year < 9999


def _against_birth_date(birth: date, computed: float, stated: float | None, unit: str, grown: bool) -> str | None:
    """Why a birth date is not believed."""
    if computed < 0:
        return "The birth date is later than the scan and was not used."
    if computed > OLDEST_YEARS:
        return "The birth date makes the patient older than anybody; it is taken for a placeholder and was not used."
    if computed == 0 and (grown or stated is None or _apart(0.0, stated, unit) > _TOLERANCE_YEARS[unit]):
        return "The birth date is the day of the scan; it is taken for a placeholder and was not used."
    placeholder = (birth.year, birth.month, birth.day) in PLACEHOLDERS
    if placeholder and stated is not None and _apart(computed, stated, unit) > _TOLERANCE_YEARS[unit]:
        return "The birth date is a placeholder; the stated age was used."
    return None


def _apart(computed: float, stated: float, unit: str) -> float:
    """Years between an age and a stated one, which is rounded down to whole units."""
    return max(stated - computed, computed - stated - 1.0 / _UNITS[unit], 0.0)


def _grown(header: Elements) -> bool:
    """Whether weight or height are not those of a newborn."""
    weight, height = header.number(Tag.PatientWeight) or 0.0, header.number(Tag.PatientSize) or 0.0
    return weight > NEWBORN_KG or height > NEWBORN_M


def _stated_age(text: str | None, warnings: list[str]) -> tuple[float | None, str]:
    """PatientAge in years, and the unit in which it was given: ``067Y``, ``012M``, ``006W``, ``003D``."""
    found = re.fullmatch(r"\s*(\d{1,4})\s*([DWMYdwmy]?)\s*", text or "")
    if found is None:
        return None, "Y"
    unit = found[2].upper() or "Y"
    years = int(found[1]) / _UNITS[unit]
    if years > OLDEST_YEARS:
        warnings.append("The stated age is that of nobody and was not used.")
        return None, "Y"
    return years, unit


def _acquired(header: Elements, birth: date | None, warnings: list[str]) -> datetime | None:
    """The date that most of the header's statements support, and the time beside it."""
    given = _given(header)
    if not given:
        warnings.append("No date of acquisition is given.")
        return None
    believed = [(name, when) for name, when in given if not _placeholder(when.date(), birth)]
    if not believed:
        warnings.append("The date of acquisition is a placeholder and was not used.")
        return None

    def support(when: datetime) -> int:
        return sum(abs((other - when).days) <= SAME_EXAMINATION_DAYS for _, other in believed)

    name, chosen = max(believed, key=lambda item: support(item[1]))  # the first of those with most support
    if len(believed) < len(given):
        others = " and ".join(dict.fromkeys(name for name, when in given if (name, when) not in believed))
        warnings.append(f"The date of {others} is a placeholder; that of {name} was used.")
    if support(chosen) < len(believed):
        days = max(abs((other - chosen).days) for _, other in believed)
        warnings.append(f"The header's dates are up to {days} days apart; that of {name} was used.")
    return chosen


def _given(header: Elements) -> Sequence[tuple[str, datetime]]:
    joint = header.text(Tag.AcquisitionDateTime) or ""
    choices = [("acquisition", joint[:8], joint[8:].partition("+")[0].partition("-")[0])]
    for name, day, moment in (
        ("acquisition", Tag.AcquisitionDate, Tag.AcquisitionTime),
        ("the series", Tag.SeriesDate, Tag.SeriesTime),
        ("the study", Tag.StudyDate, Tag.StudyTime),
    ):
        choices.append((name, header.text(day) or "", header.text(moment) or ""))
    found = _parsed(choices)
    return found or _parsed([("the content", header.text(Tag.ContentDate) or "", header.text(Tag.ContentTime) or "")])


def _parsed(choices: Sequence[tuple[str, str, str]]) -> list[tuple[str, datetime]]:
    return [
        (name, datetime.combine(found, dicom_time(clock) or time()))
        for name, day, clock in choices
        if (found := dicom_date(day)) is not None
    ]


def _placeholder(day: date, birth: date | None) -> bool:
    if day.year < FIRST_YEAR or day.year > 2200 or (day.year, day.month, day.day) in PLACEHOLDERS:
        return True
    return birth is not None and _possible_birth(birth) and day < birth


def dicom_date(text: str | None) -> date | None:
    """A date as DICOM writes it, ``20210930`` (or, before 1993, ``2021.09.30``)."""
    digits = (text or "").replace(".", "").replace("-", "")[:8]
    if len(digits) != 8 or not digits.isascii() or not digits.isdigit():
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def dicom_time(text: str | None) -> time | None:
    """A time as DICOM writes it, ``142501.25``."""
    whole = (text or "").replace(":", "").partition(".")[0]
    if not (whole.isascii() and whole.isdigit()) or len(whole) < 2:
        return None
    whole = whole.ljust(6, "0")
    try:
        return time(int(whole[:2]), int(whole[2:4]), min(int(whole[4:6]), 59))
    except ValueError:
        return None

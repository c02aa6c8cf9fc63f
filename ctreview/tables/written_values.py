"""Dates and numbers as people write them in tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

__all__ = ["DateFormat", "date_format", "parse_date", "parse_number", "with_decimal_points"]

DateFormat = str
"""The order of day, month and year where only numbers stand between slashes: ``"dmy"``, ``"mdy"`` or ``""`` (open)."""

_ISO = re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?:[T ].*)?")
_COMPACT = re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})")
_DOTTED = re.compile(r"(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4})")
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_WHOLE = re.compile(r"[+-]?\d+")


def date_format(texts: Iterable[str]) -> DateFormat:
    """Find out from a whole column whether the day or the month stands first between slashes.

    One date with a number above 12 tells; where none does, or two contradict each other, it stays open.
    """
    found = [match for text in texts if (match := _SLASHED.fullmatch(text))]
    day_first = any(int(match[1]) > 12 for match in found)
    month_first = any(int(match[2]) > 12 for match in found)
    return "" if day_first == month_first else "dmy" if day_first else "mdy"


def parse_date(text: str, order: DateFormat) -> date:
    """Read ``2021-09-03``, ``20210903``, ``3.9.2021``, and ``3/9/2021`` where the column says what stands first.

    Raises
    ------
    ValueError
        It is no date, or it is open which number is the month.
    """
    if found := _SLASHED.fullmatch(text):
        first, second, year = (int(number) for number in found.groups())
        if not order and first != second:
            raise ValueError("it is open whether the day or the month stands first; write YYYY-MM-DD")
        return date(year, second, first) if order == "dmy" else date(year, first, second)
    for pattern in (_ISO, _COMPACT, _DOTTED):
        if found := pattern.fullmatch(text):
            return date(int(found["y"]), int(found["m"]), int(found["d"]))
    raise ValueError("this is no date; write YYYY-MM-DD")


def parse_number(text: str) -> float:
    """Read a number with a decimal point or a decimal comma.

    Raises
    ------
    ValueError
        It is no number.
    """
    return float(text.replace(",", ".") if _DECIMAL_COMMA.fullmatch(text) else text)


def with_decimal_points(texts: Sequence[str]) -> list[str]:
    """A column with decimal points, where every cell is a number and some are written with a decimal comma.

    A column with anything else in it is left as it is: there a comma may be part of a text.
    """
    numbers = all(not text or _DECIMAL_COMMA.fullmatch(text) or _WHOLE.fullmatch(text) for text in texts)
    if not numbers or not any("," in text for text in texts):
        return list(texts)
    return [text.replace(",", ".") for text in texts]

"""Values and reference ranges as a laboratory writes them: with comparators, out of a maximum, with a limit."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from ctreview.clinical.units import convert
from ctreview.tables import parse_number

__all__ = ["Quantity", "ReferenceRange", "parse_quantity", "parse_reference"]

Comparator = Literal["", "<", "<=", ">", ">="]

_NUMBER = r"[+\-−]?\d+(?:[.,]\d+)?"
_QUANTITY = re.compile(rf"(?P<sign><=|>=|≤|≥|<|>)?\s*(?P<value>{_NUMBER})(?:\s*/\s*(?P<most>{_NUMBER}))?")
_LIMIT = re.compile(rf"(?P<sign><=|>=|≤|≥|<|>)?\s*(?P<value>{_NUMBER})")
_RANGE = re.compile(rf"(?P<low>{_NUMBER})\s*(?:-|–|—|\.\.|to|bis)\s*(?P<high>{_NUMBER})")

_COMPARATORS: dict[str, Comparator] = {"": "", "<": "<", "<=": "<=", "≤": "<=", ">": ">", ">=": ">=", "≥": ">="}


@dataclass(frozen=True)
class Quantity:
    """A measured value.

    Attributes
    ----------
    value : float
    unit : str
        Its UCUM code.
    comparator : {"", "<", "<=", ">", ">="}
        ``"<"`` where only that much is known: less than ``value``.
    highest : float or None
        What the value is out of, 52 in ``20/52``.
    """

    value: float
    unit: str
    comparator: Comparator = ""
    highest: float | None = None

    def to(self, unit: str) -> Quantity:
        """The same in another unit.

        Raises
        ------
        ValueError
            The two measure different things.
        """
        return replace(self, value=convert(self.value, self.unit, unit), unit=unit)


@dataclass(frozen=True)
class ReferenceRange:
    """Between which values a healthy person lies, both ends included unless ``open_ends``.

    Attributes
    ----------
    low, high : float or None
        None where there is no limit to that side.
    open_ends : bool
        Whether the limit itself is already outside, as in ``< 3.17``.
    age_years : tuple of float or None
        The ages that it is for, the second one not included; None for any.
    """

    low: float | None
    high: float | None
    open_ends: bool = False
    age_years: tuple[float, float] | None = None

    def converted(self, unit: str, target: str) -> ReferenceRange:
        """The same limits, given in one unit, in another."""
        low, high = (None if end is None else convert(end, unit, target) for end in (self.low, self.high))
        return replace(self, low=low, high=high)

    def side(self, quantity: Quantity) -> Literal["below", "within", "above", "open"]:
        """Where a value in the same unit lies; ``"open"`` where its comparator does not tell."""
        value, above_it, below_it = quantity.value, quantity.comparator[:1] == ">", quantity.comparator[:1] == "<"
        if self.high is not None and (value > self.high or (self.open_ends and value == self.high and not below_it)):
            return "open" if below_it else "above"
        if self.low is not None and (value < self.low or (self.open_ends and value == self.low and not above_it)):
            return "open" if above_it else "below"
        bounded = (not above_it or self.high is None) and (not below_it or self.low is None)
        return "within" if bounded else "open"


def parse_quantity(text: str, unit: str) -> Quantity:
    """Read ``0.26``, ``0,26``, ``< 0.2`` or ``20/52``.

    Raises
    ------
    ValueError
        It is none of these.
    """
    found = _QUANTITY.fullmatch(text.strip())
    if found is None:
        raise ValueError("the value is no number; write 0.26, < 0.2 or 20/52")
    most = None if found["most"] is None else _number(found["most"])
    return Quantity(_number(found["value"]), unit, _COMPARATORS[found["sign"] or ""], most)


def parse_reference(text: str, age: str = "") -> ReferenceRange:
    """Read ``2.0–5.0``, ``< 3.17``, ``> 40`` or a single upper limit; ``age`` as ``4-6``, in years.

    Raises
    ------
    ValueError
        It is none of these, or its ends are in the wrong order.
    """
    ages = _ages(age) if age else None
    if found := _RANGE.fullmatch(text.strip()):
        low, high = _number(found["low"]), _number(found["high"])
        if low > high:
            raise ValueError("the reference range ends below its beginning")
        return ReferenceRange(low, high, age_years=ages)
    if found := _LIMIT.fullmatch(text.strip()):
        sign, limit = _COMPARATORS[found["sign"] or ""] or "<=", _number(found["value"])
        low_end, high_end = (None, limit) if sign[0] == "<" else (limit, None)
        return ReferenceRange(low_end, high_end, len(sign) == 1, ages)
    raise ValueError("the reference range cannot be read; write 2.0-5.0, < 3.17 or > 40")


def _ages(text: str) -> tuple[float, float]:
    found = _RANGE.fullmatch(text.strip())
    if found is None or _number(found["low"]) >= _number(found["high"]):
        raise ValueError("the age is no range of years; write 4-6")
    return _number(found["low"]), _number(found["high"])


def _number(text: str) -> float:
    return parse_number(text.replace("−", "-"))

"""Units of the Unified Code for Units of Measure (UCUM), and numbers from one to another.

Units are read and converted by ucumvert and Pint; what a unit means is never written down here.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ucumvert import PintUcumRegistry

__all__ = ["POINTS", "convert", "same_kind", "shown_unit", "ucum"]

POINTS = "{score}"
"""The unit of a score: UCUM has points only as an annotation."""

_ANNOTATION = re.compile(r"\{[^{}]*\}")

_SIGNS = str.maketrans({"µ": "u", "μ": "u", "·": ".", "⋅": ".", "*": ".", "²": "2", "³": "3", " ": None})

_WORDS = {
    "points": POINTS,
    "point": POINTS,
    "punkte": POINTS,
    "score": POINTS,
    "day": "d",
    "days": "d",
    "tag": "d",
    "tage": "d",
    "week": "wk",
    "woche": "wk",
    "iu": "[IU]",
    "ie": "[IU]",
}
"""What tables write for a unit whose code is another."""


def ucum(written: str) -> str:
    """The code of a unit as people write it: ``µmol/(s·L)`` is ``umol/(s.L)``, ``IU/L`` is ``[IU]/L``.

    Raises
    ------
    ValueError
        UCUM has no such unit.
    """
    plain = re.sub(r"10\*(?=\d)", "10^", written).translate(_SIGNS).replace("10^", "10*")
    code = re.sub(r"(?<![\w\[{])[A-Za-z]+(?![\w\]}])", lambda word: _WORDS.get(word[0].lower(), word[0]), plain)
    _quantity(code)
    return code


def convert(value: float, unit: str, target: str) -> float:
    """A number in another unit.

    Raises
    ------
    ValueError
        The two measure different things.
    """
    if unit == target:
        return value
    if not same_kind(unit, target):
        raise ValueError(f"{shown_unit(unit)} cannot be converted to {shown_unit(target)}")
    return float(value * _quantity(unit).to(_quantity(target)).magnitude)


def same_kind(unit: str, target: str) -> bool:
    """Whether numbers in one unit can be given in the other."""
    return unit == target or bool(_quantity(unit).is_compatible_with(_quantity(target)))


def shown_unit(code: str) -> str:
    """A code for reading: ``umol/(s.L)`` as ``µmol/(s·L)``; nothing for points."""
    plain = _ANNOTATION.sub("", code)
    if plain in {"", "1"}:
        return ""
    plain = (
        re.sub(r"(?<![A-Za-z])u(?=[A-Za-z])", "µ", plain).replace(".", "·").replace("m2", "m²").replace("10*9", "10⁹")
    )
    return plain.replace("[IU]", "IU").replace("[arb'U]", "arb. U")


@cache
def _registry() -> PintUcumRegistry:
    from ucumvert import PintUcumRegistry  # noqa: PLC0415 - half a second, and only units need it

    return PintUcumRegistry()


@cache
def _quantity(code: str) -> Any:
    """One of a unit, as a Pint quantity."""
    plain = _ANNOTATION.sub("", code)
    if code and plain in {"", "1"}:
        return _registry().Quantity(1.0)
    from lark.exceptions import LarkError  # noqa: PLC0415 - comes with ucumvert
    from pint.errors import PintError  # noqa: PLC0415

    try:
        return _registry().Quantity(1.0, _registry().from_ucum(plain).units)
    except (LarkError, PintError, AttributeError) as error:
        raise ValueError(f"{code!r} is no unit of UCUM") from error

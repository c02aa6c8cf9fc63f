"""Values that a person or a program gives: refused where they enter if nothing could be meant by them."""

from __future__ import annotations

import math
import types
from collections.abc import Hashable, Mapping
from dataclasses import fields
from functools import cache
from numbers import Integral, Real
from typing import Any, Literal, SupportsFloat, Union, get_args, get_origin, get_type_hints

from ctreview.errors import WrongUse

__all__ = ["OLDEST_YEARS", "require_age", "require_possible"]

OLDEST_YEARS = 130
"""Nobody was older."""

Limits = tuple[float, float]

_BY_ENDING: Mapping[str, Limits] = {
    "mm": (0.0, 1000.0),
    "ml": (0.0, 100_000.0),
    "hu": (-10_000.0, 10_000.0),
    "share": (0.0, 1.0),
    "voxels": (0.0, 100.0),
}
"""What a number can be by the unit at the end of its name; a body is no larger."""


def require_age(age_years: object, *, derived: bool = False) -> None:
    """Refuse what is no age: only None stands for one that is not known.

    Parameters
    ----------
    age_years : object
    derived : bool
        Whether it was worked out from another age and an interval, so that it may lie beyond what people reach.

    Raises
    ------
    WrongUse
        It is not a number from 0 to `OLDEST_YEARS`: missing values of tables (NaN, ``pandas.NA``) and texts are none.
    """
    known = float(age_years) if isinstance(age_years, SupportsFloat) and _is_number(age_years) else None
    if age_years is None or (known is not None and (derived or 0 <= known <= OLDEST_YEARS)):
        return
    raise WrongUse(
        f"an age is a number of years from 0 to {OLDEST_YEARS}, not {_shown(age_years)}",
        remedy="Leave it out (None) where it is not known.",
    )


def require_possible(settings: Any, **limits: Limits) -> None:
    """Refuse settings of another kind than their class says, that are not finite, or beyond what can be.

    Parameters
    ----------
    settings : dataclass instance
    **limits
        Least and greatest value of fields, where the unit in the name does not say it.

    Raises
    ------
    WrongUse
        It names the field.
    """
    kinds = _kinds(settings.__class__)
    for item in fields(settings):
        value = getattr(settings, item.name)
        wanted = _wanted(value, kinds[item.name])
        if wanted:
            raise WrongUse(f"the setting {item.name} is {_shown(value)}, and {wanted} is needed")
        low, high = limits.get(item.name) or _BY_ENDING.get(item.name.rsplit("_", 1)[-1], (-math.inf, math.inf))
        for number in value if isinstance(value, tuple) else (value,):
            if _is_number(number) and not low <= number <= high:
                raise WrongUse(f"the setting {item.name} is {_shown(number)}, and from {low:g} to {high:g} makes sense")


@cache
def _kinds(kind: Hashable) -> dict[str, Any]:
    return get_type_hints(kind)


def _wanted(value: object, kind: Any) -> str:
    """What a value would have to be; nothing where it is that."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return "" if not all(_wanted(value, one) for one in inner) else _wanted(value, inner[0])
    if origin is Literal:
        return "" if value in inner else f"one of {', '.join(str(one) for one in inner)}"
    if origin is tuple:
        return _wanted_tuple(value, inner)
    if kind in _NUMBERS:
        word, test = _NUMBERS[kind]
        return "" if test(value) else word
    return "" if not isinstance(kind, type) or isinstance(value, kind) else f"a {kind.__name__}"


def _wanted_tuple(value: object, inner: tuple[Any, ...]) -> str:
    if not isinstance(value, tuple):
        return "a tuple"
    kinds = (inner[0],) * len(value) if inner[-1] is Ellipsis else inner
    if len(kinds) != len(value):
        return f"a tuple of {len(kinds)}"
    return next((found for one, kind in zip(value, kinds, strict=True) if (found := _wanted(one, kind))), "")


def _is_number(value: object) -> bool:
    try:
        return type(value) is not bool and isinstance(value, Real) and math.isfinite(value)
    except OverflowError:  # a whole number beyond all that are computed with
        return False


def _is_whole(value: object) -> bool:
    return type(value) is not bool and isinstance(value, Integral) and abs(int(value)) < 2**63


_NUMBERS: Mapping[type, tuple[str, Any]] = {
    float: ("a finite number", _is_number),
    int: ("a whole number", _is_whole),
    bool: ("true or false", lambda value: isinstance(value, bool)),
}


def _shown(value: object) -> str:
    """A number as it is; of all else only what kind it is of."""
    if type(value) is bool or not isinstance(value, Real):
        return f"a {type(value).__name__}"
    return f"{value:g}" if _is_number(value) else "no finite number"

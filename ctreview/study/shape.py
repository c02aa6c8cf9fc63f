"""What the files of a study may hold: checked when they are read, so that a malformed one is never half used.

A kind is a function that takes a value and where it stands, and raises `MalformedValue` where it is something else.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = [
    "Kind",
    "MalformedValue",
    "anything",
    "flag",
    "listed",
    "mapping",
    "matching",
    "number",
    "one_of",
    "optional",
    "path",
    "point",
    "record",
    "text",
    "whole",
]

Kind = Callable[[Any, str], None]


class MalformedValue(ValueError):
    """A value that cannot be what it should; says where it stands and what should be there, and quotes nothing."""

    def __init__(self, at: str, wanted: str) -> None:
        super().__init__(f"{at or 'the document'} is not {wanted}")


def anything(value: Any, at: str) -> None:
    """Every value that JSON has."""


def text(value: Any, at: str) -> None:
    """Text that can be written as UTF-8."""
    if not isinstance(value, str) or any("\ud800" <= one <= "\udfff" for one in value):
        raise MalformedValue(at, "a text")


def path(value: Any, at: str) -> None:
    """What can be a file's path on this system."""
    try:
        if isinstance(value, str) and value and b"\0" not in os.fsencode(value):
            return
    except UnicodeEncodeError:
        pass
    raise MalformedValue(at, "a path")


def flag(value: Any, at: str) -> None:
    """True or false."""
    if not isinstance(value, bool):
        raise MalformedValue(at, "true or false")


def whole(value: Any, at: str) -> None:
    """A whole number of at most 64 bits."""
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 2**63:
        raise MalformedValue(at, "a whole number")


def number(value: Any, at: str) -> None:
    """A finite number."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not _finite(value):
        raise MalformedValue(at, "a number")


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond all floats
        return False


def optional(kind: Kind) -> Kind:
    """The kind, or null."""

    def check(value: Any, at: str) -> None:
        if value is not None:
            kind(value, at)

    return check


def one_of(words: Sequence[str]) -> Kind:
    """One of these words."""

    def check(value: Any, at: str) -> None:
        if value not in words:
            raise MalformedValue(at, f"one of {', '.join(words)}")

    return check


def matching(pattern: str, wanted: str) -> Kind:
    """A text of this form; ``wanted`` says what that is."""

    def check(value: Any, at: str) -> None:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise MalformedValue(at, wanted)

    return check


def listed(kind: Kind, length: int | None = None) -> Kind:
    """A list of the kind, of so many."""

    def check(value: Any, at: str) -> None:
        if not isinstance(value, list) or (length is not None and len(value) != length):
            raise MalformedValue(at, "a list" if length is None else f"a list of {length}")
        for place, one in enumerate(value):
            kind(one, f"{at}[{place}]")

    return check


point: Kind = listed(number, 3)
"""A place in millimetres."""


def mapping(kind: Kind) -> Kind:
    """Values of the kind under any names."""

    def check(value: Any, at: str) -> None:
        if not isinstance(value, Mapping):
            raise MalformedValue(at, "a mapping")
        for name, one in value.items():
            text(name, f"a name in {at}")
            kind(one, f"{at}.{name}" if at else name)

    return check


def record(fields: Mapping[str, Kind], optional_fields: Mapping[str, Kind] | None = None) -> Kind:
    """Values of these kinds by their names, some of which may be missing; other names are left alone."""
    known = {**(optional_fields or {}), **fields}

    def check(value: Any, at: str) -> None:
        if not isinstance(value, Mapping):
            raise MalformedValue(at, "a mapping")
        inside = f"{at}." if at else ""
        for name, kind in known.items():
            if name in value:
                kind(value[name], f"{inside}{name}")
            elif name in fields:
                raise MalformedValue(f"{inside}{name}", "there")

    return check

"""From the plain values of JSON to typed ones, each checked against its annotation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from ctreview.errors import MalformedEdit

__all__ = ["typed"]


def typed(annotation: Any, value: object, name: str) -> Any:
    """A plain value as the annotation asks for it.

    Parameters
    ----------
    annotation : type
        ``str``, ``int``, ``float`` (whole numbers too), ``None``, a ``Literal``, a tuple, a dataclass of such fields,
        or a union of them.
    value : str, int, float, bool, None, list or mapping
    name : str
        What the value is called in an error: ``"settings.radius_mm"``.

    Returns
    -------
    object
        Numbers and text unchanged, lists as tuples, mappings as the dataclass.

    Raises
    ------
    MalformedEdit
        It is of another kind, or a field is missing. Fields that the dataclass does not have are left out.
    """
    if get_origin(annotation) is UnionType:
        return _of_union(get_args(annotation), value, name)
    if get_origin(annotation) in (tuple, Sequence):
        return _tuple(get_args(annotation), value, name)
    if is_dataclass(annotation):
        return _dataclass(annotation, value, name)
    if get_origin(annotation) is Literal:
        valid = value in get_args(annotation)
    elif annotation in (int, float):
        valid = isinstance(value, int if annotation is int else int | float) and not isinstance(value, bool)
    else:
        valid = isinstance(value, annotation)
    if not valid:
        raise MalformedEdit(f"its {name} is {_shown(value)}, not {_words(annotation)}")
    return value


def _of_union(members: tuple[Any, ...], value: object, name: str) -> Any:
    if value is None and NoneType in members:
        return None
    (other,) = (member for member in members if member is not NoneType)
    return typed(other, value, name)


def _tuple(members: tuple[Any, ...], value: object, name: str) -> tuple[Any, ...]:
    """A list; of any length where it has one kind of item (``tuple[X, ...]`` or ``Sequence[X]``)."""
    if not isinstance(value, list | tuple):
        raise MalformedEdit(f"its {name} is {_shown(value)}, not a list")
    kinds = members[:1] * len(value) if members[-1] is Ellipsis or len(members) == 1 else members
    if len(value) != len(kinds):
        raise MalformedEdit(f"its {name} holds {len(value)} values, not {len(kinds)}")
    pairs = zip(kinds, value, strict=True)
    return tuple(typed(kind, item, f"{name}[{number}]") for number, (kind, item) in enumerate(pairs))


def _dataclass(kind: Any, value: object, name: str) -> Any:
    if not isinstance(value, Mapping):
        raise MalformedEdit(f"its {name} is {_shown(value)}, not a mapping")
    names = [field.name for field in fields(kind)]
    missing = [one for one in names if one not in value]
    if missing:
        raise MalformedEdit(f"its {name} has no {', '.join(missing)}")
    prefix = "" if name == "payload" else f"{name}."
    hints = _hints(kind)
    return kind(**{one: typed(hints[one], value[one], prefix + one) for one in names})


_hints = cache(get_type_hints)


def _shown(value: object) -> str:
    """A value in an error: a reader's text may be long."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _words(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return f"one of {', '.join(repr(one) for one in get_args(annotation))}"
    return {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}.get(annotation, "nothing")

"""The fields of settings dataclasses: names, types, defaults and descriptions, for whoever offers them to a person.

The command line makes options of them and the window makes input fields, so that a default is written once.
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from ctreview.errors import UnreadableFile, WrongUse

__all__ = [
    "SettingsField",
    "described_attributes",
    "read_settings",
    "settings_fields",
    "with_setting",
    "with_settings",
]

_LEAVES = (bool, int, float, str, Path)


@dataclass(frozen=True)
class SettingsField:
    """One setting.

    Attributes
    ----------
    path : tuple of str
        The names of the fields from the outermost settings to this one.
    type : type
        What the value is, as the field is annotated.
    default : object
        What the settings object holds.
    help : str
        What the class says about it.
    """

    path: tuple[str, ...]
    type: Any
    default: Any
    help: str


def settings_fields(
    settings: Any, *, without: frozenset[str] = frozenset(), parts: frozenset[str] | None = None
) -> tuple[SettingsField, ...]:
    """Every setting that a person can write as words.

    Parameters
    ----------
    settings : dataclass instance
        Its values are the defaults; fields that hold dataclasses are walked into.
    without : set of str
        Names of fields that are left out, such as those with an option of their own.
    parts : set of str, optional
        Only the settings of these outermost fields.
    """
    return tuple(
        found
        for found in _walk(settings, ())
        if found.path[-1] not in without and (parts is None or found.path[0] in parts)
    )


def _walk(settings: Any, path: tuple[str, ...]) -> Iterator[SettingsField]:
    kinds = get_type_hints(type(settings))
    described = described_attributes(type(settings))
    for item in fields(settings):
        value = getattr(settings, item.name)
        if is_dataclass(value):
            yield from _walk(value, (*path, item.name))
        elif item.init and _writable(kinds[item.name]):
            yield SettingsField((*path, item.name), kinds[item.name], value, described.get(item.name, ""))


def _writable(kind: Any) -> bool:
    """Whether a value of this type can be written as words."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        kinds = [one for one in inner if one is not type(None)]
        return len(kinds) == 1 and _writable(kinds[0])
    if origin is Literal:
        return all(isinstance(word, str) for word in inner)
    if origin is tuple:
        return Ellipsis not in inner and all(one in _LEAVES for one in inner)
    return kind in _LEAVES


def described_attributes(kind: type) -> Mapping[str, str]:
    """Read what a numpydoc docstring says under "Attributes": text by name, on one line each."""
    text = inspect.getdoc(kind) or ""
    section = re.search(r"^Attributes\n-+\n(.*?)(?=^\S[^\n]*\n-{3,}\n|\Z)", text, re.DOTALL | re.MULTILINE)
    told: dict[str, str] = {}
    names: list[str] = []
    for line in section.group(1).splitlines() if section else []:
        if line and not line.startswith(" "):
            names = [name.strip() for name in line.split(" :")[0].split(",")]
            told |= dict.fromkeys(names, "")
        else:
            told |= {name: f"{told[name]} {_plain(line)}".strip() for name in names}
    return told


def _plain(line: str) -> str:
    """Without the marks of reStructuredText."""
    return line.strip().replace("``", "").replace("`", "")


def with_setting(settings: Any, path: tuple[str, ...], value: Any) -> Any:
    """The settings with one of them, named by its path, put in."""
    return with_settings(settings, {path: value})


def with_settings(settings: Any, given: Mapping[tuple[str, ...], Any]) -> Any:
    """The settings with all of these put in at once: one value may be allowed only together with another."""
    inner: dict[str, dict[tuple[str, ...], Any]] = {}
    for path, value in given.items():
        inner.setdefault(path[0], {})[path[1:]] = value
    new = {name: put[()] if () in put else with_settings(getattr(settings, name), put) for name, put in inner.items()}
    new = {name: value for name, value in new.items() if value != getattr(settings, name)}
    return replace(settings, **new) if new else settings


_Settings = TypeVar("_Settings")


def read_settings(standard: _Settings, plain: Mapping[str, Any], *, retired: frozenset[str] = frozenset()) -> _Settings:
    """Read settings that ``dataclasses.asdict`` gave, also after they went through JSON.

    Parameters
    ----------
    standard : dataclass instance
        What is not named keeps its value here.
    plain : mapping
    retired : set of str
        Settings of earlier versions, by their names with dots between, that are passed over.

    Raises
    ------
    UnreadableFile
        It names a setting that this version does not have, or gives one a value that cannot be.
    """
    try:
        settings = _read(standard, plain, "", retired)
    except WrongUse as wrong:
        raise UnreadableFile(wrong.found, remedy=wrong.remedy) from wrong
    assert isinstance(settings, type(standard))
    return settings


def _read(standard: Any, plain: Any, where: str, retired: frozenset[str]) -> Any:
    """A value of the kind of ``standard``; JSON knows no tuples."""
    if is_dataclass(standard) and not isinstance(standard, type):
        known = {item.name: getattr(standard, item.name) for item in fields(standard)}
        if not isinstance(plain, Mapping):
            raise UnreadableFile(f"its settings {where.rstrip('.')} are not settings")
        plain = {name: value for name, value in plain.items() if f"{where}{name}" not in retired}
        strange = sorted(set(plain) - set(known))
        if strange:
            raise UnreadableFile(
                f"it names settings that this ctreview does not have: {', '.join(where + name for name in strange)}",
                remedy="Open it with the version that wrote it, or run the steps anew with today's settings.",
            )
        return replace(
            standard, **{name: _read(known[name], plain[name], f"{where}{name}.", retired) for name in plain}
        )
    if not isinstance(plain, list | tuple):
        return plain
    kind = standard[0] if isinstance(standard, tuple) and standard else None  # stages of one kind, as many as wanted
    return tuple(_read(kind, one, where, retired) for one in plain)

"""Flags made from settings dataclasses, so that a default is written once and every setting can be reached.

The field ``threshold_sigma`` of the field ``opacity`` of the recipe's settings becomes ``--opacity-threshold-sigma``;
its help is what the class says of it under "Attributes".
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin, get_type_hints

import typer
from typer.core import TyperCommand

__all__ = ["CommandWithSettings", "Flag", "chosen_settings", "described_attributes", "flags_of", "with_setting"]

_KEPT = "ctreview.cli.settings_flags"
_LEAVES = (bool, int, float, str, Path)


@dataclass(frozen=True)
class Flag:
    """One setting as an option.

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

    @property
    def option(self) -> str:
        """How it is written: ``--opacity-threshold-sigma``."""
        return "--" + "-".join(self.path).replace("_", "-")

    @property
    def panel(self) -> str:
        """The heading under which help shows it."""
        part = self.path[0].replace("_", " ") if len(self.path) > 1 else "the recipe"
        return f"Settings: {part}"


def flags_of(
    settings: Any, *, without: frozenset[str] = frozenset(), parts: frozenset[str] | None = None
) -> tuple[Flag, ...]:
    """Every setting that can be written on a command line.

    Parameters
    ----------
    settings : dataclass instance
        Its values are the defaults; fields that hold dataclasses are walked into.
    without : set of str
        Names of fields that have an option of their own elsewhere, such as ``threads``.
    parts : set of str, optional
        Only the settings of these outermost fields.
    """
    return tuple(
        flag
        for flag in _walk(settings, ())
        if flag.path[-1] not in without and (parts is None or flag.path[0] in parts)
    )


def _walk(settings: Any, path: tuple[str, ...]) -> Iterator[Flag]:
    kinds = get_type_hints(type(settings))
    told = described_attributes(type(settings))
    for item in fields(settings):
        value = getattr(settings, item.name)
        if is_dataclass(value):
            yield from _walk(value, (*path, item.name))
        elif item.init and _writable(kinds[item.name]):
            yield Flag((*path, item.name), kinds[item.name], value, told.get(item.name, ""))


def _writable(kind: Any) -> bool:
    """Whether a value of this type can be given as words of a command line."""
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
    """Take reStructuredText's marks off."""
    return line.strip().replace("``", "").replace("`", "")


class CommandWithSettings(TyperCommand):
    """A command whose options include every setting of a recipe.

    The settings are imported when the command's options are first asked for, not when the program starts: they live
    beside the numerical code.
    """

    settings: Callable[[], Any]
    without: frozenset[str] = frozenset()
    parts: frozenset[str] | None = None

    def get_params(self, ctx: Any) -> list[Any]:
        """The command's own options and one for each setting."""
        own = list(super().get_params(ctx))
        if not hasattr(self, "_made"):
            self._made = _options(flags_of(type(self).settings(), without=self.without, parts=self.parts))
        return [*own[:-1], *self._made, *own[-1:]]  # --help stays last


def _options(flags: tuple[Flag, ...]) -> list[Any]:
    """Have typer make options from a signature that is put together here."""
    parameters = [
        inspect.Parameter(
            "_".join(flag.path),
            inspect.Parameter.KEYWORD_ONLY,
            default=flag.default,
            annotation=Annotated[
                flag.type,
                typer.Option(
                    flag.option if flag.type is not bool else f"{flag.option}/{flag.option.replace('--', '--no-', 1)}",
                    help=flag.help,
                    rich_help_panel=flag.panel,
                    callback=_keep(flag.path),
                    expose_value=False,
                ),
            ],
        )
        for flag in flags
    ]

    def holder(**given: Any) -> None: ...

    holder.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    holder.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    maker = typer.Typer(add_completion=False)
    maker.command()(holder)
    names = {parameter.name for parameter in parameters}
    return [parameter for parameter in typer.main.get_command(maker).params if parameter.name in names]


def _keep(path: tuple[str, ...]) -> Callable[[typer.Context, Any], Any]:
    def keep(ctx: typer.Context, value: Any) -> Any:
        ctx.meta.setdefault(_KEPT, {})[path] = value
        return value

    return keep


def chosen_settings(context: typer.Context, settings: Any) -> Any:
    """Give the settings with what the command line says put in."""
    given = cast("Mapping[tuple[str, ...], Any]", context.meta.get(_KEPT, {}))
    return _with(settings, given)


def with_setting(settings: Any, path: tuple[str, ...], value: Any) -> Any:
    """The settings with one of them, named by its path, put in."""
    return _with(settings, {path: value})


def _with(settings: Any, given: Mapping[tuple[str, ...], Any]) -> Any:
    """The settings with all of these put in at once, for one value may be allowed only together with another."""
    inner: dict[str, dict[tuple[str, ...], Any]] = {}
    for path, value in given.items():
        inner.setdefault(path[0], {})[path[1:]] = value
    new = {name: put[()] if () in put else _with(getattr(settings, name), put) for name, put in inner.items()}
    new = {name: value for name, value in new.items() if value != getattr(settings, name)}
    return replace(settings, **new) if new else settings

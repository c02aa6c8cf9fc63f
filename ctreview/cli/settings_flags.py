"""Flags made from settings dataclasses, so that a default is written once and every setting can be reached.

The field ``threshold_sigma`` of the field ``opacity`` of the recipe's settings becomes ``--opacity-threshold-sigma``;
its help is what the class says of it under "Attributes".
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any, cast

import typer
from typer.core import TyperCommand

from ctreview.settings_fields import SettingsField, settings_fields, with_settings

__all__ = ["CommandWithSettings", "chosen_settings", "option_name"]

_KEPT = "ctreview.cli.settings_flags"


def option_name(field: SettingsField) -> str:
    """How a setting is written: ``--opacity-threshold-sigma``."""
    return "--" + "-".join(field.path).replace("_", "-")


def _panel(field: SettingsField) -> str:
    """The heading under which help shows it."""
    part = field.path[0].replace("_", " ") if len(field.path) > 1 else "the recipe"
    return f"Settings: {part}"


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
            self._made = _options(settings_fields(type(self).settings(), without=self.without, parts=self.parts))
        return [*own[:-1], *self._made, *own[-1:]]  # --help stays last


def _options(settings: tuple[SettingsField, ...]) -> list[Any]:
    """Have typer make options from a signature that is put together here."""
    parameters = [
        inspect.Parameter(
            "_".join(field.path),
            inspect.Parameter.KEYWORD_ONLY,
            default=field.default,
            annotation=Annotated[
                field.type,
                typer.Option(
                    _spelling(field),
                    help=field.help,
                    rich_help_panel=_panel(field),
                    callback=_keep(field.path),
                    expose_value=False,
                ),
            ],
        )
        for field in settings
    ]

    def holder(**given: Any) -> None: ...

    holder.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    holder.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    maker = typer.Typer(add_completion=False)
    maker.command()(holder)
    names = {parameter.name for parameter in parameters}
    return [parameter for parameter in typer.main.get_command(maker).params if parameter.name in names]


def _spelling(field: SettingsField) -> str:
    """Its option; that of a setting that is on or off can also be written with ``--no-``."""
    option = option_name(field)
    return option if field.type is not bool else f"{option}/{option.replace('--', '--no-', 1)}"


def _keep(path: tuple[str, ...]) -> Callable[[typer.Context, Any], Any]:
    def keep(ctx: typer.Context, value: Any) -> Any:
        ctx.meta.setdefault(_KEPT, {})[path] = value
        return value

    return keep


def chosen_settings(context: typer.Context, settings: Any) -> Any:
    """Give the settings with what the command line says put in."""
    given = cast("Mapping[tuple[str, ...], Any]", context.meta.get(_KEPT, {}))
    return with_settings(settings, given)

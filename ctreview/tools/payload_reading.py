"""Payloads as a journal keeps them: filled in when they are written, typed and checked when they are read."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any

from ctreview.edits.record import Edit
from ctreview.errors import EditDoesNotApply, MalformedEdit, WrongUse
from ctreview.tools.kinds import RECORDED_DEFAULTS, TOOLS
from ctreview.tools.parts import PartBrushPayload
from ctreview.tools.payloads import (
    BrushPayload,
    FillByImagePayload,
    LiveWirePayload,
    OrganBrushPayload,
    Payload,
    ScribblePayload,
    TakePiecePayload,
)
from ctreview.tools.plain_values import typed

__all__ = ["read_payload", "require_well_formed", "with_defaults"]

_WITH_SETTINGS = (
    BrushPayload,
    TakePiecePayload,
    LiveWirePayload,
    ScribblePayload,
    OrganBrushPayload,
    PartBrushPayload,
    FillByImagePayload,
)

_NOT_RECORDED = frozenset({"canvas", "settings", "other", "memory", "offered"})
"""Parameters of tools that are no part of a payload, or have their own place in it."""


def with_defaults(kind: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """A payload with every value that its tool would take by default today; what it names already stands.

    Parameters
    ----------
    kind : str
        One of `TOOLS`; payloads of others are given back as they are.
    payload : mapping
    """
    if kind not in TOOLS:
        return dict(payload)
    tool, settings_type = TOOLS[kind].tool, TOOLS[kind].settings
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(tool).parameters.items()
        if name not in _NOT_RECORDED and parameter.default is not inspect.Parameter.empty
    }
    settings = {} if settings_type is None else {"settings": asdict(settings_type())}
    return _filled({**defaults, **settings}, payload)


def read_payload(kind: str, payload: Mapping[str, Any]) -> Payload:
    """The typed payload of a record; what it does not say is as in `RECORDED_DEFAULTS`.

    Parameters
    ----------
    kind : str
        One of `TOOLS`.
    payload : mapping
        As the journal has it.

    Raises
    ------
    MalformedEdit
        A value is missing or of the wrong kind.
    EditDoesNotApply
        It names a value that this version does not know.
    """
    plain = _filled(RECORDED_DEFAULTS[kind], payload)
    try:
        found: Payload = typed(TOOLS[kind].payload, plain, "payload")
    except WrongUse as error:  # settings that contradict one another
        raise MalformedEdit(f"its settings make no sense: {error.found}") from error
    _require_known(found, plain, "it names")
    if isinstance(found, _WITH_SETTINGS):
        _require_known(found.settings, plain["settings"], "its settings name")
    return found


def require_well_formed(edits: Iterable[Edit], *, where: object = None) -> tuple[Edit, ...]:
    """Check the payloads of a journal that was read; gives the edits back.

    Records of kinds that no tool makes, and values that this version does not know, are left to replay, which refuses
    them one by one.

    Parameters
    ----------
    edits : iterable of Edit
    where : path, optional
        The journal's, for the error.

    Raises
    ------
    MalformedEdit
        A payload cannot be what its tool was given; the error names the edit.
    """
    checked = tuple(edits)
    for edit in checked:
        if edit.kind not in TOOLS:
            continue
        try:
            read_payload(edit.kind, edit.payload)
        except EditDoesNotApply:
            continue
        except MalformedEdit as error:
            raise MalformedEdit(
                f"edit {edit.id} ({edit.kind}) cannot be read: {error.found}",
                where=where,
                remedy="Restore the journal from a backup; nothing was changed.",
            ) from error
    return checked


def _require_known(found: Any, plain: Mapping[str, Any], clause: str) -> None:
    unknown = set(plain) - {field.name for field in fields(found)}
    if unknown:
        raise EditDoesNotApply(f"{clause} {', '.join(sorted(unknown))}, which this version does not know")


def _filled(standard: Mapping[str, Any], payload: Mapping[str, Any]) -> dict[str, Any]:
    found = {**standard, **payload}
    if "settings" in standard and isinstance(found["settings"], Mapping):
        found["settings"] = {**standard["settings"], **found["settings"]}
    return found

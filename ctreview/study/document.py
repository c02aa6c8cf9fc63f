"""JSON files that say which schema they follow."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ctreview.errors import UnreadableFile
from ctreview.study.shape import Kind, MalformedValue, anything
from ctreview.volume.atomic import atomic_path

__all__ = ["LARGEST_DOCUMENT", "Migration", "read_document", "write_document"]

LARGEST_DOCUMENT = 1 << 26
"""Most bytes of a document of a study; those of a long reading have some hundred kB."""

Migration = Callable[[dict[str, Any]], dict[str, Any]]
"""Turns a document of one schema version into one of the next."""


def write_document(path: Path, schema: str, content: Mapping[str, Any]) -> None:
    """Write a JSON file whole or not at all; ``schema`` is its first field."""
    text = json.dumps({"schema": schema, **content}, indent=1, ensure_ascii=False, allow_nan=False)
    with atomic_path(path) as draft:
        draft.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")


def read_document(
    path: Path, schema: str, kind: Kind = anything, *, migrations: Mapping[int, Migration] | None = None
) -> dict[str, Any]:
    """Read a JSON file of a schema such as ``"ctreview.study/2"``, bringing older versions up to date.

    Parameters
    ----------
    path : Path
        The file.
    schema : str
        Name and version that is understood.
    kind : Kind
        What the document has to be once it is up to date.
    migrations : mapping of int to Migration, optional
        How to get from each older version to the next one.

    Raises
    ------
    UnreadableFile
        Missing, no JSON, of another schema, written by a newer version of ctreview, or with a value missing or of
        another kind than it should be, which is named.
    """
    content = _parsed(path)
    name, wanted = schema.rsplit("/", 1)
    found_name, _, found = str(content.get("schema") if isinstance(content, dict) else None).rpartition("/")
    if found_name != name or not (found.isascii() and found.isdigit()) or len(found) > 4:
        raise UnreadableFile(f"this is no {name} file", where=path)
    version = int(found)
    if version > int(wanted):
        raise UnreadableFile(
            f"it was written by a newer ctreview (schema version {version}, this one reads up to {wanted})",
            where=path,
            remedy="Open it with that version. Nothing was changed.",
        )
    try:
        for step in range(version, int(wanted)):
            if not migrations or step not in migrations:
                raise UnreadableFile(f"schema version {step} is no longer read", where=path)
            content = migrations[step](content)
        kind(content, "")
    except (MalformedValue, KeyError, TypeError, AttributeError) as wrong:
        found = str(wrong) if isinstance(wrong, MalformedValue) else "something is missing in it"
        raise UnreadableFile(f"the file is malformed: {found}", where=path, remedy=_RESTORE) from wrong
    content.pop("schema")
    return dict(content)


_RESTORE = "Restore it from a backup; nothing was changed."


def _parsed(path: Path) -> Any:
    """The JSON value that a file holds."""
    try:
        if path.exists() and not path.is_file():
            raise UnreadableFile("this is no file", where=path, remedy=_RESTORE)
        if path.stat().st_size > LARGEST_DOCUMENT:
            raise UnreadableFile(f"the file is larger than {LARGEST_DOCUMENT >> 20} MiB", where=path)
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except FileNotFoundError as missing:
        raise UnreadableFile("the file is missing", where=path, remedy="Restore it from a backup.") from missing
    except json.JSONDecodeError as broken:
        raise UnreadableFile(f"the file cannot be read: {broken}", where=path, remedy=_RESTORE) from broken
    except (OSError, ValueError, RecursionError) as broken:
        reason = broken.strerror if isinstance(broken, OSError) else "it holds what no document of a study holds"
        raise UnreadableFile(f"the file cannot be read: {reason}", where=path, remedy=_RESTORE) from broken


def _refuse(word: str) -> float:
    raise ValueError(f"{word} is no number")

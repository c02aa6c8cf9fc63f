"""JSON files that say which schema they follow."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ctreview.errors import UnreadableFile
from ctreview.volume.atomic import atomic_path

__all__ = ["Migration", "read_document", "write_document"]

Migration = Callable[[dict[str, Any]], dict[str, Any]]
"""Turns a document of one schema version into one of the next."""


def write_document(path: Path, schema: str, content: Mapping[str, Any]) -> None:
    """Write a JSON file whole or not at all; ``schema`` is its first field."""
    text = json.dumps({"schema": schema, **content}, indent=1, ensure_ascii=False, allow_nan=False)
    with atomic_path(path) as draft:
        draft.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")


def read_document(path: Path, schema: str, migrations: Mapping[int, Migration] | None = None) -> dict[str, Any]:
    """Read a JSON file of a schema such as ``"ctreview.study/2"``, bringing older versions up to date.

    Parameters
    ----------
    path : Path
        The file.
    schema : str
        Name and version that is understood.
    migrations : mapping of int to Migration, optional
        How to get from each older version to the next one.

    Raises
    ------
    UnreadableFile
        Missing, no JSON, of another schema, or written by a newer version of ctreview.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as missing:
        raise UnreadableFile("the file is missing", where=path, remedy="Restore it from a backup.") from missing
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as broken:
        raise UnreadableFile(f"the file cannot be read: {broken}", where=path) from broken
    name, wanted = schema.rsplit("/", 1)
    found_name, _, found = str(content.get("schema") if isinstance(content, dict) else None).rpartition("/")
    if found_name != name or not found.isdigit():
        raise UnreadableFile(f"this is no {name} file", where=path)
    version = int(found)
    if version > int(wanted):
        raise UnreadableFile(
            f"it was written by a newer ctreview (schema version {version}, this one reads up to {wanted})",
            where=path,
            remedy="Open it with that version. Nothing was changed.",
        )
    for step in range(version, int(wanted)):
        if not migrations or step not in migrations:
            raise UnreadableFile(f"schema version {step} is no longer read", where=path)
        content = migrations[step](content)
    content.pop("schema")
    return dict(content)

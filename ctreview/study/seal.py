"""The seal of a signature: digests of all that was signed, so that whatever differs later is named.

It shows accidents and edits that were not recorded. Who can write into the study can compute it anew, unless it was
made with a key that is kept elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ctreview.errors import UnreadableFile, WrongUse

__all__ = ["KEY_FILE_VARIABLE", "KEY_VARIABLE", "changed_since", "contents_of", "seal_of", "seal_state", "signing_key"]

KEY_VARIABLE = "CTREVIEW_SIGNING_KEY"
KEY_FILE_VARIABLE = "CTREVIEW_SIGNING_KEY_FILE"
SHORTEST_KEY = 16
"""Bytes; a shorter key could be guessed."""

PLAIN, KEYED = "sha256", "hmac-sha256"

_OF_READING = ("journal.jsonl", "findings.json", "grades.json", "key_images.json", "blinded.json")
_FOLDERS_OF_READING = ("key_images", "comparison", "regions")


def signing_key() -> bytes | None:
    """The key of seals: the text of one environment variable, or the content of the file that another one names.

    Raises
    ------
    WrongUse
        It is too short, or the file cannot be read.
    """
    key = os.environ.get(KEY_VARIABLE, "").encode()
    file = os.environ.get(KEY_FILE_VARIABLE)
    if not key and file:
        try:
            key = Path(file).read_bytes().strip()
        except OSError as error:
            raise WrongUse(f"the key of {KEY_FILE_VARIABLE} cannot be read ({error.strerror})", where=file) from error
    if (key or file) and len(key) < SHORTEST_KEY:
        raise WrongUse(f"a key for signatures has at least {SHORTEST_KEY} bytes, not {len(key)}")
    return key or None


def contents_of(study: Path, reading: Path) -> dict[str, str]:
    """SHA-256 (hex) of every file that a signature of the reading covers, by its path in the reading or in the study.

    Links are left out: what they lead to is not the study's. Of ``source.json`` counts which image it is, not where
    that lies.
    """
    found = {name: _digest(reading / name) for name in _OF_READING if _is_own(reading / name)}
    for folder in _FOLDERS_OF_READING:
        found |= {path.relative_to(reading).as_posix(): _digest(path) for path in _files_in(reading / folder)}
    of_study = [study / "plan.json", *_files_in(study / "timepoints")]
    of_study += [path for path in _files_in(study / "comparisons") if path.name == "transform.h5"]
    return found | {path.relative_to(study).as_posix(): _digest(path) for path in of_study if _is_own(path)}


def changed_since(signed: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """What differs between the files that were signed and those of today, in words.

    A file that came to a folder of results is none that anything rests on, and not named.
    """
    new = [name for name in now if name not in signed and not name.startswith(("comparison/", "regions/"))]
    return (
        *(f"{name} was changed" for name in signed if name in now and now[name] != signed[name]),
        *(f"{name} is missing" for name in signed if name not in now),
        *(f"{name} was added" for name in new),
    )


def seal_of(document: Mapping[str, Any], key: bytes | None) -> dict[str, str]:
    """The digest of a signature without its seal, with the key where there is one; ready for JSON."""
    content = {name: value for name, value in document.items() if name not in ("schema", "seal")}
    data = json.dumps(content, sort_keys=True, allow_nan=False).encode()
    if key is None:
        return {"kind": PLAIN, "digest": hashlib.sha256(data).hexdigest()}
    return {"kind": KEYED, "digest": hmac.new(key, data, hashlib.sha256).hexdigest()}


def seal_state(document: Mapping[str, Any], key: bytes | None, where: Path) -> str:
    """What a seal amounts to: ``"sealed"``, ``"sealed with a key"`` and so on, as `Reading.signature` lists.

    Raises
    ------
    UnreadableFile
        The seal is not that of the document.
    """
    seal = document["seal"]
    if seal is None:
        return "signed, not sealed"
    if seal["kind"] == KEYED and key is None:
        return "sealed with a key that is not at hand"
    keyed = seal["kind"] == KEYED
    if not hmac.compare_digest(seal_of(document, key if keyed else None)["digest"], seal["digest"]):
        other = ", or it was made with another key" if keyed else ""
        raise UnreadableFile(
            f"reader, time, verdict or numbers of this signature were changed after it was signed{other}",
            where=where,
            remedy="Restore the folder from a backup, or read the study anew.",
        )
    return "sealed with a key" if keyed else "sealed"


def _is_own(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _files_in(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):  # follows no link
        folders.sort()
        yield from (path for name in sorted(files) if _is_own(path := Path(root) / name))


def _digest(path: Path) -> str:
    data = path.read_bytes()
    if path.name == "source.json":
        data = _without_place(data)
    return hashlib.sha256(data).hexdigest()


def _without_place(data: bytes) -> bytes:
    try:
        source = json.loads(data)
    except (ValueError, RecursionError):
        return data
    if not isinstance(source, dict):
        return data
    return json.dumps({name: value for name, value in source.items() if name != "path"}, sort_keys=True).encode()

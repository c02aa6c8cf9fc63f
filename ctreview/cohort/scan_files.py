"""The files of a scan: whether they are those of before, without reading them, and what is in them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["content_digest", "file_state"]

_BLOCK = 1 << 20


def file_state(path: Path) -> str:
    """Digest of the names, sizes and times of change of all files at a path; no file is opened.

    Raises
    ------
    OSError
        The folder cannot be read.
    """
    digest = hashlib.sha256()
    for file in _files(path):
        found = file.stat()
        digest.update(f"{file.relative_to(path.parent).as_posix()}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:32]


def content_digest(path: Path) -> str:
    """Digest of what all files at a path hold, whatever they are called and wherever they lie below it.

    Raises
    ------
    OSError
        A file cannot be read.
    """
    found = []
    for file in _files(path):
        digest = hashlib.sha256()
        with file.open("rb") as opened:
            while block := opened.read(_BLOCK):
                digest.update(block)
        found.append(digest.digest())
    return hashlib.sha256(b"".join(sorted(found))).hexdigest()[:32]


def _files(path: Path) -> Iterator[Path]:
    """All files below a folder, in an order that does not depend on the system; a file itself."""
    if not path.is_dir():
        yield path
        return
    for folder, folders, files in os.walk(path, onerror=_refuse, followlinks=True):
        folders.sort()
        yield from (Path(folder) / name for name in sorted(files))


def _refuse(error: OSError) -> None:
    raise error

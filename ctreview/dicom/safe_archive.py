"""Opening a ZIP archive, or one that lies in another, without trusting the sizes it declares."""

from __future__ import annotations

import io
import threading
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import BinaryIO, cast

from ctreview.errors import UnreadableFile

__all__ = ["close_archives", "open_archive", "open_member", "require_safe_member"]

MAX_MEMBER_BYTES = 2 << 30
"""Unpacked size of one member."""

MAX_NESTED_BYTES = 1 << 30
"""Unpacked size of an archive within an archive, which is held in memory."""

MAX_RATIO = 200
"""Unpacked over packed size. A deflated empty image reaches about 150 where it has a header, a bomb 1000."""

_RATIO_FREE_BYTES = 64 << 20
"""Members up to this size may be packed as tightly as they like: they do no harm."""


def require_safe_member(info: zipfile.ZipInfo, archive: object) -> None:
    """Refuse a member that would unpack to far more than it is.

    Raises
    ------
    UnreadableFile
        It names ``archive``.
    """
    if info.file_size > MAX_MEMBER_BYTES:
        raise UnreadableFile("a member of the archive unpacks to more than 2 GiB", where=archive)
    if info.file_size > _RATIO_FREE_BYTES and info.file_size > MAX_RATIO * max(info.compress_size, 1):
        raise UnreadableFile(
            "a member of the archive unpacks to hundreds of times its size, which no image does", where=archive
        )


_MOST_OPEN = 3
_opened: OrderedDict[tuple[Path, int, int, tuple[str, ...]], zipfile.ZipFile] = OrderedDict()
_lock = threading.RLock()
"""Archives stay open while a folder is scanned or a series is read: the directory of one with 60,000 members takes half
a second to read, and would be read anew for each of them."""


def open_archive(path: Path, inside: tuple[str, ...]) -> zipfile.ZipFile:
    """An archive on disk, or the one that lies in it under the given names; it stays open until `close_archives`.

    Raises
    ------
    UnreadableFile
        An archive within the archive is larger, or packed tighter, than any study is.
    """
    state = path.stat()
    key = (path, state.st_mtime_ns, state.st_size, inside)
    with _lock:
        archive = _opened.pop(key, None)
        if archive is None:
            archive = (
                zipfile.ZipFile(path) if not inside else _nested(open_archive(path, inside[:-1]), path, inside[-1])
            )
        _opened[key] = archive
        while len(_opened) > _MOST_OPEN:
            _opened.popitem(last=False)[1].close()
        return archive


def _nested(outer: zipfile.ZipFile, path: Path, name: str) -> zipfile.ZipFile:
    info = outer.getinfo(name)
    if info.file_size > MAX_NESTED_BYTES:
        raise UnreadableFile("an archive within the archive is larger than 1 GiB", where=path)
    require_safe_member(info, path)
    with outer.open(info) as stream:
        data = io.BytesIO(cast(BinaryIO, stream).read(info.file_size + 1))
    return zipfile.ZipFile(data)


def open_member(path: Path, inside: tuple[str, ...]) -> tuple[BinaryIO, int]:
    """A member's bytes as a stream that the caller closes, and how many they are said to be."""
    with _lock:  # so that nobody closes the archive in between; an open member keeps its file
        archive = open_archive(path, inside[:-1])
        info = archive.getinfo(inside[-1])
        return cast(BinaryIO, archive.open(info)), info.file_size


def close_archives() -> None:
    """Close what stayed open."""
    with _lock:
        while _opened:
            _opened.popitem()[1].close()

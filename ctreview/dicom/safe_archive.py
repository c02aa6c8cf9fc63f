"""Opening a ZIP archive, or one that lies in another, without trusting the sizes it declares."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from ctreview.errors import UnreadableFile

__all__ = ["opened_archive", "require_safe_member"]

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


@contextmanager
def opened_archive(path: Path, inside: tuple[str, ...]) -> Iterator[zipfile.ZipFile]:
    """An archive on disk, or the one that lies in it under the given names.

    Raises
    ------
    UnreadableFile
        An archive within the archive is larger, or packed tighter, than any study is.
    """
    with ExitStack() as stack:
        archive = stack.enter_context(zipfile.ZipFile(path))
        for name in inside:
            info = archive.getinfo(name)
            if info.file_size > MAX_NESTED_BYTES:
                raise UnreadableFile("an archive within the archive is larger than 1 GiB", where=path)
            require_safe_member(info, path)
            with archive.open(info) as stream:
                data = io.BytesIO(cast(BinaryIO, stream).read(info.file_size + 1))
            archive = stack.enter_context(zipfile.ZipFile(data))
        yield archive

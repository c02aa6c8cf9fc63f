"""Bytes out of a file that may be packed: exactly as many as were announced, and no more than a bomb is allowed."""

from __future__ import annotations

import bz2
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from ctreview.errors import UnreadableFile
from ctreview.volume.stored_image import Encoding, VoxelFile

__all__ = ["Reader", "cut_off", "is_regular", "opened", "opened_voxels", "read_rest"]

MAX_RATIO = 200
"""Unpacked over packed size."""

RATIO_FREE_BYTES = 1 << 30
"""Up to this size a file may be packed as tightly as it likes: an empty mask is."""

MAX_SKIP = 1 << 28
"""Bytes in front of the voxels."""

_READ = 1 << 18
_BITS: dict[Encoding, int] = {"gzip": 31, "zlib": 15}


class Reader(Protocol):
    """Gives the next bytes; none only where the data end."""

    def read(self, count: int) -> bytes:
        """At most ``count`` bytes."""


class _Inflating:
    """Unpacks gzip (also of several members) and zlib."""

    def __init__(self, stream: BinaryIO, encoding: Encoding) -> None:
        self._stream, self._encoding = stream, encoding
        self._packed = b""
        self._unpacker = self._fresh()

    def _fresh(self) -> Any:
        from isal import isal_zlib  # noqa: PLC0415 - three times as fast as Python's own, and only needed here

        return isal_zlib.decompressobj(wbits=_BITS[self._encoding])

    def read(self, count: int) -> bytes:
        pieces: list[bytes] = []
        while count > 0:
            packed = self._packed or self._stream.read(_READ)
            if self._unpacker.eof:
                packed = packed.lstrip(b"\0")  # padding after a member
                if not packed:
                    break
                if self._encoding != "gzip" or packed[:1] != b"\x1f":
                    break
                self._unpacker = self._fresh()
            piece = self._unpacker.decompress(packed, count)
            self._packed = self._unpacker.unused_data if self._unpacker.eof else self._unpacker.unconsumed_tail
            if not piece and not packed:
                break
            pieces.append(piece)
            count -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def close(self) -> None:
        """Say whether the last member was whole, its checksum compared.

        Raises
        ------
        EOFError
            The file ends within it.
        """
        if not self._unpacker.eof:
            raise EOFError


def is_regular(path: Path) -> bool:
    """Whether a path is a file itself: no link, no folder, no device, no pipe."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):
        return False


@contextmanager
def opened(path: Path, encoding: Encoding, start: int = 0) -> Iterator[Reader]:
    """The bytes of a file from ``start`` on, unpacked.

    Raises
    ------
    UnreadableFile
        It cannot be opened, or what is packed in it is damaged.
    """
    try:
        with path.open("rb", buffering=0 if encoding == "raw" else _READ) as stream:
            stream.seek(start)
            if encoding == "raw":
                yield stream
            elif encoding == "bzip2":
                with bz2.BZ2File(stream) as unpacked:
                    yield unpacked
            else:
                yield _Inflating(stream, encoding)
    except UnreadableFile:
        raise
    except PermissionError as error:
        raise UnreadableFile("the file may not be read", where=path, remedy="Ask for permission.") from error
    except (zlib.error, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise UnreadableFile(f"the file cannot be read ({error.strerror})", where=path) from error
        raise UnreadableFile("the packed data are damaged", where=path, remedy="Copy the file again.") from error
    except Exception as error:
        if type(error).__name__ not in ("error", "IsalError"):
            raise
        raise UnreadableFile("the packed data are damaged", where=path, remedy="Copy the file again.") from error


def announced(voxels: VoxelFile, need: int) -> None:
    """Compare a file's length with what its header announces, before anything is read or room is made for it.

    Raises
    ------
    UnreadableFile
        It is cut off, longer where nothing else may be in it, or packed tighter than any image is.
    """
    if voxels.skip > MAX_SKIP:
        raise UnreadableFile(f"the header puts the voxels at byte {voxels.skip}", where=voxels.path)
    there = voxels.path.stat().st_size - voxels.start
    if voxels.encoding == "raw":
        have = max(there - voxels.skip, 0)
        if have < need:
            raise cut_off(voxels.path, have, need)
        if voxels.exact and have > need:
            raise UnreadableFile(
                f"the file holds {have} bytes, and its header announces {need}",
                where=voxels.path,
                remedy="Give header and data that belong together.",
            )
    elif there <= 0:
        raise cut_off(voxels.path, 0, need)
    elif need > RATIO_FREE_BYTES and need > MAX_RATIO * there:
        raise UnreadableFile(
            f"its header announces {need} bytes in {there} packed ones, which no image is", where=voxels.path
        )


def cut_off(path: Path, have: int, need: int) -> UnreadableFile:
    """The error for a file that ends too early."""
    return UnreadableFile(f"the file is cut off: {have} bytes of {need}", where=path, remedy="Copy the file again.")


@contextmanager
def opened_voxels(voxels: VoxelFile, need: int) -> Iterator[Reader]:
    """The voxels' bytes, from the first one on, after `announced` had no objection."""
    announced(voxels, need)
    raw = voxels.encoding == "raw"
    with opened(voxels.path, voxels.encoding, voxels.start + (voxels.skip if raw else 0)) as reader:
        left = 0 if raw else voxels.skip
        while left > 0:
            step = len(reader.read(min(left, _READ)))
            if not step:
                raise cut_off(voxels.path, 0, need)
            left -= step
        yield reader


def read_rest(reader: Reader) -> bool:
    """Read on to the end of what is packed, so that its checksum is compared; give whether there was more.

    What goes on for longer than a megabyte is not read.
    """
    more = bool(reader.read(1 << 20))
    if isinstance(reader, _Inflating) and not more:
        reader.close()
    return more

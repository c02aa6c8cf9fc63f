"""HDF5 files without the times at which they were written, so that the same content is the same bytes.

ITK's writer offers no way to leave them out. They stand in object headers of version 2, each of which ends with a
checksum (HDF5 File Format Specification, IV.A.1.b; the checksum is Bob Jenkins' lookup3).
"""

from __future__ import annotations

import struct

__all__ = ["without_times"]

_SIGNATURE = b"OHDR\x02"
_TIMES_KEPT, _PHASE_CHANGE_KEPT = 0x20, 0x10
_WORD = 0xFFFFFFFF


def without_times(data: bytes) -> bytes:
    """The same file with every time of its objects at 0.

    Bytes that only look like an object header have no checksum that fits, and stay as they are.
    """
    made = bytearray(data)
    start = data.find(_SIGNATURE)
    while start >= 0:
        end = _end_of(data, start)
        if end is not None:
            made[start + 6 : start + 22] = bytes(16)
            made[end : end + 4] = struct.pack("<I", _lookup3(bytes(made[start:end])))
        start = data.find(_SIGNATURE, start + 1)
    return bytes(made)


def _end_of(data: bytes, start: int) -> int | None:
    """Where the checksum of an object header that keeps times stands; None where none does."""
    flags = data[start + 5] if start + 5 < len(data) else 0
    if not flags & _TIMES_KEPT:
        return None
    at = start + 22 + (4 if flags & _PHASE_CHANGE_KEPT else 0)
    width = 1 << (flags & 3)
    end = at + width + int.from_bytes(data[at : at + width], "little")
    fits = end + 4 <= len(data) and end - start < 1 << 16
    return end if fits and struct.pack("<I", _lookup3(data[start:end])) == data[end : end + 4] else None


def _turned(value: int, by: int) -> int:
    return ((value << by) | (value >> (32 - by))) & _WORD


def _lookup3(key: bytes) -> int:
    """``hashlittle`` of lookup3 with the initial value 0."""
    a = b = c = (0xDEADBEEF + len(key)) & _WORD
    if not key:
        return c
    blocks = (len(key) - 1) // 12
    words: tuple[int, ...] = struct.unpack(f"<{3 * blocks + 3}I", key.ljust(12 * blocks + 12, b"\0"))
    for at in range(0, 3 * blocks, 3):
        a, b, c = (a + words[at]) & _WORD, (b + words[at + 1]) & _WORD, (c + words[at + 2]) & _WORD
        a, b, c = _mixed(a, b, c)
    a, b, c = (a + words[-3]) & _WORD, (b + words[-2]) & _WORD, (c + words[-1]) & _WORD
    c = ((c ^ b) - _turned(b, 14)) & _WORD
    a = ((a ^ c) - _turned(c, 11)) & _WORD
    b = ((b ^ a) - _turned(a, 25)) & _WORD
    c = ((c ^ b) - _turned(b, 16)) & _WORD
    a = ((a ^ c) - _turned(c, 4)) & _WORD
    b = ((b ^ a) - _turned(a, 14)) & _WORD
    return ((c ^ b) - _turned(b, 24)) & _WORD


def _mixed(a: int, b: int, c: int) -> tuple[int, int, int]:
    for first, second, third in ((4, 6, 8), (16, 19, 4)):
        a = ((a - c) & _WORD) ^ _turned(c, first)
        c = (c + b) & _WORD
        b = ((b - a) & _WORD) ^ _turned(a, second)
        a = (a + c) & _WORD
        c = ((c - b) & _WORD) ^ _turned(b, third)
        b = (b + a) & _WORD
    return a, b, c

"""Fragments of encapsulated pixel data (PS3.5 A.4) and which of them make up a frame."""

from __future__ import annotations

import struct

from ctreview.dicom.elements import MalformedDataSet

__all__ = ["frames_of"]

_ITEM, _END = 0xFFFEE000, 0xFFFEE0DD


def frames_of(data: bytes | memoryview, frames: int) -> list[bytes]:
    """The compressed bytes of each frame.

    Parameters
    ----------
    data : bytes
        The value of PixelData, from its first item on.
    frames : int
        How many frames the header claims.

    Raises
    ------
    MalformedDataSet
        An item is cut off, or the fragments cannot be divided among the frames.
    """
    items = _items(memoryview(data))
    if not items:
        raise MalformedDataSet("the pixel data are empty")
    (_, table), fragments = items[0], items[1:]
    if not fragments:
        raise MalformedDataSet("the pixel data hold no fragment")
    if frames == 1:
        return [b"".join(part for _, part in fragments)]
    if len(fragments) == frames:
        return [bytes(part) for _, part in fragments]
    starts = _starts(table, fragments, frames)
    joined: list[bytes] = []
    for number, start in enumerate(starts):
        stop = starts[number + 1] if number + 1 < len(starts) else len(fragments)
        joined.append(b"".join(part for _, part in fragments[start:stop]))
    return joined


def _items(data: memoryview) -> list[tuple[int, memoryview]]:
    """Each item's offset and content, the offset table first."""
    items: list[tuple[int, memoryview]] = []
    pos = 0
    while pos + 8 <= len(data):
        group, element, length = struct.unpack_from("<HHI", data, pos)
        tag = group << 16 | element
        if tag == _END:
            return items
        if tag != _ITEM:
            raise MalformedDataSet("the pixel data's fragments are broken")
        if length > len(data) - pos - 8:
            raise MalformedDataSet("the file ends within its compressed pixel data")
        items.append((pos, data[pos + 8 : pos + 8 + length]))
        pos += 8 + length
    return items


def _starts(table: memoryview, fragments: list[tuple[int, memoryview]], frames: int) -> list[int]:
    """The first fragment of each frame: by the offset table, else where a JPEG stream starts."""
    base = fragments[0][0]
    if len(table) == 4 * frames:
        place = {offset - base: number for number, (offset, _) in enumerate(fragments)}
        offsets = struct.unpack(f"<{frames}I", table)
        if all(offset in place for offset in offsets):
            return [place[offset] for offset in offsets]
    starts = [n for n, (_, part) in enumerate(fragments) if bytes(part[:2]) in (b"\xff\xd8", b"\xff\x4f")]
    if len(starts) == frames and starts[0] == 0:
        return starts
    raise MalformedDataSet(f"{len(fragments)} fragments cannot be divided among {frames} frames")

"""A walk over the elements of a DICOM data set (PS3.5) that reads only what is asked for.

It stops in front of the pixel data, steps over everything that `tags` does not list, and never trusts a length
that goes beyond the file. pydicom reads more and takes five to ten times as long; the tests compare the two on
every file that either knows.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from ctreview.dicom.character_sets import without_controls
from ctreview.dicom.tags import VR_OF, Tag

__all__ = ["MAX_DEPTH", "Elements", "MalformedDataSet", "Walker"]

MAX_DEPTH = 32
"""Sequences nested deeper than this are not followed; the standard's own need less than ten."""

MAX_HEADER_BYTES = 256 << 20
"""Headers end before this; those of enhanced files with thousands of frames take some tens of megabytes."""

MAX_VALUE_BYTES = 1 << 20
"""A longer value of an element that is asked for is not what the element is for, and counts as absent."""

MAX_ITEMS = 200_000
"""Items of one sequence that are read: more frames than any scanner makes."""

_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_LONG_VRS = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
_SHORT_VRS = frozenset(
    vr.encode()
    for vr in [
        "AE",
        "AS",
        "AT",
        "CS",
        "DA",
        "DS",
        "DT",
        "FL",
        "FD",
        "IS",
        "LO",
        "LT",
        "PN",
        "SH",
        "SL",
        "SS",
        "ST",
        "TM",
        "UI",
        "UL",
        "US",
    ]
)
_PIXELS = frozenset((Tag.PixelData, Tag.FloatPixelData, Tag.DoubleFloatPixelData))
_BINARY = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "SV": "q", "UV": "Q", "AT": "I"}
_CHUNK = 1 << 15


class MalformedDataSet(Exception):
    """The bytes are not what the standard allows; the message is a clause for the reader."""


class Elements:
    """Elements of one data set or item, by tag.

    Values are kept as bytes and understood when asked for; what cannot be understood counts as absent, since a
    header is full of fields that do not matter.
    """

    __slots__ = ("little", "values")

    def __init__(self, *, little: bool = True) -> None:
        self.values: dict[int, tuple[str, bytes | list[Elements]]] = {}
        self.little = little

    def __contains__(self, tag: int) -> bool:
        return tag in self.values

    def text(self, tag: int) -> str | None:
        """The text of an element without padding, ``None`` where absent or empty."""
        found = self.values.get(tag)
        if found is None or isinstance(found[1], list):
            return None
        return without_controls(found[1].decode("latin-1")).strip() or None

    def raw(self, tag: int) -> bytes:
        """The bytes of an element, empty where absent."""
        found = self.values.get(tag)
        return b"" if found is None or isinstance(found[1], list) else found[1]

    def words(self, tag: int) -> tuple[str, ...]:
        """The parts of a text of several values, each without padding."""
        text = self.text(tag)
        return () if text is None else tuple(part.strip(" \0") for part in text.split("\\"))

    def numbers(self, tag: int) -> tuple[float, ...]:
        """The numbers of an element, whether written as text or binary; empty where any is not a finite number."""
        vr, data = self.values.get(tag, ("", b""))
        if isinstance(data, list) or not data:
            return ()
        code = _BINARY.get(vr)
        try:
            if code is not None:
                count = len(data) // struct.calcsize(code)
                order = "<" if self.little else ">"
                numbers = tuple(float(n) for n in struct.unpack_from(f"{order}{count}{code}", data))
            else:
                numbers = tuple(float(part) for part in data.decode("latin-1").strip(" \0").split("\\"))
        except (ValueError, struct.error):
            return ()
        return numbers if all(abs(n) < 1e300 for n in numbers) else ()

    def number(self, tag: int) -> float | None:
        """The first number of an element."""
        numbers = self.numbers(tag)
        return numbers[0] if numbers else None

    def integer(self, tag: int) -> int | None:
        """The first number of an element, if it is a whole one."""
        number = self.number(tag)
        return int(number) if number is not None and number == int(number) else None

    def items(self, tag: int) -> list[Elements]:
        """The items of a sequence, empty where absent."""
        found = self.values.get(tag)
        return found[1] if found is not None and isinstance(found[1], list) else []

    def first(self, tag: int) -> Elements:
        """The first item of a sequence, or one without elements."""
        items = self.items(tag)
        return items[0] if items else Elements(little=self.little)


class Walker:
    """Walks from element to element through a stream, reading no further than it must.

    Parameters
    ----------
    stream : binary file
        Open, at the start.
    size : int
        How many bytes it holds.
    """

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self.size = size
        self.buffer = bytearray(stream.read(min(size, _CHUNK)))
        self.explicit = True
        self.little = True

    def need(self, end: int) -> None:
        """Have the bytes up to ``end`` in the buffer, or say that the file ends before."""
        if end > MAX_HEADER_BYTES:
            raise MalformedDataSet("its header goes on for more than 256 MiB")
        if end > self.size:
            raise MalformedDataSet(f"the file ends at byte {self.size}, within an element that goes on to byte {end}")
        while len(self.buffer) < end:
            more = self._stream.read(max(end - len(self.buffer), min(len(self.buffer), 1 << 22)))
            if not more:
                raise MalformedDataSet(f"the file ends at byte {len(self.buffer)}, within its header")
            self.buffer += more

    def data_set(self, pos: int, end: int, into: Elements, *, depth: int = 0, only_group: int | None = None) -> int:
        """Read elements from ``pos`` on into ``into``; stops before pixel data, at ``end`` or after an item's end.

        Returns
        -------
        int
            Where the walk stopped.
        """
        while pos + 8 <= end:
            tag, vr, length, value = self.head(pos, only_group)
            if only_group is not None and tag >> 16 != only_group:
                return pos
            if tag in _PIXELS and depth == 0:
                return pos
            if tag in (_ITEM_END, _SEQUENCE_END):
                if depth > 0:
                    return value
                pos = value  # left over from a sequence whose lengths were wrong
                continue
            pos = self._element(tag, vr, length, value, end, into, depth)
        return end

    def head(self, pos: int, only_group: int | None = None) -> tuple[int, str, int, int]:
        """Give tag, value representation, length, and where the value starts, of the element at ``pos``."""
        buffer = self.buffer
        if pos + 12 > len(buffer):
            self.need(min(pos + 12, self.size))
            self.need(pos + 8)
        explicit, order = self.explicit, "<" if self.little else ">"
        if only_group == 2:
            explicit, order = True, "<"
        group, element = struct.unpack_from(f"{order}HH", buffer, pos)
        tag = group << 16 | element
        vr = bytes(buffer[pos + 4 : pos + 6])
        if explicit and vr in _SHORT_VRS:
            return tag, vr.decode(), struct.unpack_from(f"{order}H", buffer, pos + 6)[0], pos + 8
        if explicit and vr in _LONG_VRS and group != 0xFFFE:
            self.need(pos + 12)
            return tag, vr.decode(), struct.unpack_from(f"{order}I", buffer, pos + 8)[0], pos + 12
        return tag, VR_OF.get(tag, ""), struct.unpack_from(f"{order}I", buffer, pos + 4)[0], pos + 8

    def _element(self, tag: int, vr: str, length: int, pos: int, end: int, into: Elements, depth: int) -> int:
        wanted = tag in VR_OF
        if length == _UNDEFINED or (wanted and vr == "SQ") or (vr == "UN" and VR_OF.get(tag) == "SQ"):
            return self._sequence(tag, vr, length, pos, end, into, depth)
        if pos + length > end:
            raise MalformedDataSet(
                f"element ({tag >> 16:04x},{tag & 0xFFFF:04x}) claims {length} bytes, more than there are"
            )
        if wanted and length <= MAX_VALUE_BYTES:
            self.need(pos + length)
            into.values[tag] = (VR_OF[tag] if vr == "UN" else vr, bytes(self.buffer[pos : pos + length]))
        return pos + length

    def _sequence(self, tag: int, vr: str, length: int, pos: int, end: int, into: Elements, depth: int) -> int:
        if depth >= MAX_DEPTH:
            raise MalformedDataSet(f"sequences are nested more than {MAX_DEPTH} deep")
        explicit = self.explicit
        if vr == "UN":  # PS3.5 6.2.2: the content of an unknown sequence is implicit; some write it explicit
            self.explicit = self._explicit_inside(pos)
        stop = end if length == _UNDEFINED else pos + length
        if stop > end:
            raise MalformedDataSet(f"sequence ({tag >> 16:04x},{tag & 0xFFFF:04x}) claims more bytes than there are")
        items: list[Elements] = []
        while pos + 8 <= stop:
            self.need(pos + 8)
            group, element, size = struct.unpack_from("<HHI" if self.little else ">HHI", self.buffer, pos)
            mark = group << 16 | element
            pos += 8
            if mark == _SEQUENCE_END:
                break
            if mark not in (_ITEM, _SEQUENCE_END) and tag not in VR_OF and length == _UNDEFINED:
                pos = self._after_delimiter(pos - 8, stop)
                break
            if mark != _ITEM or len(items) >= MAX_ITEMS:
                raise MalformedDataSet(f"sequence ({tag >> 16:04x},{tag & 0xFFFF:04x}) is broken")
            item = Elements(little=self.little)
            inside = stop if size == _UNDEFINED else pos + size
            if inside > stop:
                raise MalformedDataSet("an item claims more bytes than its sequence has")
            pos = self._item(tag, pos, inside, size == _UNDEFINED, item, depth)
            items.append(item)
        self.explicit = explicit
        if tag in VR_OF:
            into.values[tag] = ("SQ", items)
        return pos

    def _item(self, tag: int, pos: int, inside: int, undefined: bool, item: Elements, depth: int) -> int:
        if not undefined and tag not in VR_OF:
            return inside
        return self.data_set(pos, inside, item, depth=depth + 1)

    def _explicit_inside(self, pos: int) -> bool:
        """Whether the first element of a sequence's first item names its value representation."""
        if pos + 14 > self.size:
            return False
        self.need(pos + 14)
        vr = bytes(self.buffer[pos + 12 : pos + 14])
        return vr in _SHORT_VRS or vr in _LONG_VRS

    def _after_delimiter(self, pos: int, stop: int) -> int:
        """Where a sequence that nobody asked for ends, after an item in it gave a wrong length.

        An icon whose compressed pixels were not counted in the lengths around it is such a one.
        """
        end = struct.pack("<HHI" if self.little else ">HHI", _SEQUENCE_END >> 16, _SEQUENCE_END & 0xFFFF, 0)
        start = pos
        while True:
            at = self.buffer.find(end, start)
            if at >= 0:
                return at + 8
            start = max(len(self.buffer) - 7, pos)
            if len(self.buffer) >= stop:
                raise MalformedDataSet("a sequence is broken and has no end")
            self.need(min(len(self.buffer) + _CHUNK, stop))

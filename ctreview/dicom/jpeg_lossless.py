"""JPEG Lossless (ISO 10918-1 Annex H), which most archives hold CT in, decoded outside Python's lock.

GDCM decodes it too, but holds the lock and takes twice as long. This reads what CT and MR use, one component in one
scan; of anything else `decode_plan` says no, and GDCM does it. The tests hold both against each other to the bit.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.compiled import compiled
from ctreview.dicom.elements import MalformedDataSet

__all__ = ["DecodePlan", "decode", "decode_plan"]

_SPARE = 16
"""Zero bytes behind the stream, so that the loop need not look for its end at every bit."""


@dataclass(frozen=True, slots=True)
class DecodePlan:
    """What a stream's headers say.

    Attributes
    ----------
    rows, columns, precision : int
        Of the image; bits of a sample.
    predictor : int
        1 … 7 (Table H.1).
    tables : bytes
        Code lengths (16 bytes) and categories of the Huffman table in use.
    start : int
        Where the coded data begin.
    """

    rows: int
    columns: int
    precision: int
    predictor: int
    tables: bytes
    start: int


def decode_plan(data: bytes) -> DecodePlan | None:
    """Read the headers of a stream; ``None`` where it is of a kind that is left to GDCM."""
    tables: dict[int, bytes] = {}
    size: tuple[int, int, int] | None = None
    pos = 2
    while pos + 4 <= len(data):
        if data[pos] != 0xFF:
            return None
        marker, length = data[pos + 1], int.from_bytes(data[pos + 2 : pos + 4], "big")
        body = data[pos + 4 : pos + 2 + length]
        if marker == 0xC4:
            _add_tables(body, tables)
        elif marker == 0xC3 and len(body) >= 6:
            precision, rows, columns, components = struct.unpack(">BHHB", body[:6])
            size = (rows, columns, precision) if components == 1 else None
        elif marker == 0xDA:
            return _planned(body, tables, size, pos + 2 + length)
        elif marker == 0xDD or marker in (0xC0, 0xC1, 0xC2) or 0xC5 <= marker <= 0xCF:
            return None  # restarts, or another process
        pos += 2 + length
    return None


def _add_tables(body: bytes, tables: dict[int, bytes]) -> None:
    pos = 0
    while pos + 17 <= len(body):
        count = sum(body[pos + 1 : pos + 17])
        tables[body[pos]] = body[pos + 1 : pos + 17 + count]
        pos += 17 + count


def _planned(body: bytes, tables: dict[int, bytes], size: tuple[int, int, int] | None, start: int) -> DecodePlan | None:
    if size is None or len(body) != 6 or body[0] != 1:
        return None
    table, predictor, transform = tables.get(body[2] >> 4), body[3], body[5] & 15
    if table is None or not 1 <= predictor <= 7 or transform:
        return None
    return DecodePlan(*size, predictor, table, start)


def decode(data: bytes, how: DecodePlan) -> npt.NDArray[np.uint16]:
    """Decode a stream.

    Returns
    -------
    ndarray of uint16, shape (rows, columns)

    Raises
    ------
    MalformedDataSet
        It ends too early or holds a code that its table does not know.
    """
    coded = _unstuffed(np.frombuffer(data, dtype=np.uint8)[how.start :])
    out = np.empty((how.rows, how.columns), dtype=np.uint16)
    used = _decode(coded, _codes(how.tables), out, 1 << (how.precision - 1), how.predictor)
    if used < 0 or used > 8 * (len(coded) - _SPARE) + 7:
        raise MalformedDataSet("the JPEG Lossless stream is broken or ends too early")
    return out


def _unstuffed(coded: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The coded bytes up to the next marker, without the zero that follows each 0xFF among them (B.1.1.5)."""
    full = np.flatnonzero(coded[:-1] == 0xFF)
    after = coded[full + 1]
    ends = full[(after != 0)]
    stop = int(ends[0]) if len(ends) else len(coded)
    kept = np.delete(coded[:stop], full[full < stop - 1] + 1)
    return np.concatenate([kept, np.zeros(_SPARE, np.uint8)])


@lru_cache(maxsize=16)
def _codes(tables: bytes) -> npt.NDArray[np.uint16]:
    """For each 16 bits that may come next: length of the code (high byte) and its category (low byte); 0 if none."""
    found = np.zeros(1 << 16, dtype=np.uint16)
    code, value = 0, 16
    for length in range(1, 17):
        for _ in range(tables[length - 1]):
            if value >= len(tables) or tables[value] > 16:
                raise MalformedDataSet("the Huffman table is broken")
            low = code << (16 - length)
            found[low : low + (1 << (16 - length))] = length << 8 | tables[value]
            code, value = code + 1, value + 1
        code <<= 1
    return found


@compiled()
def _decode(coded: Any, codes: Any, out: Any, start: int, predictor: int) -> int:  # noqa: C901, PLR0912 - one hot loop
    """Fill ``out``; give back how many bits were used, or −1 at an unknown code."""
    rows, columns = out.shape
    held: Any = 0  # the last bytes read; signed, so that numba mixes no signed and unsigned numbers
    bits: Any = 0  # how many of the low bits of ``held`` are still to be used
    pos = 0
    last = len(coded)
    guess: Any
    left: Any
    step: Any
    for row in range(rows):
        left = 0
        for column in range(columns):
            while bits <= 48 and pos < last:
                held = ((held & 0xFFFFFFFFFFFF) << 8) | np.int64(coded[pos])
                pos += 1
                bits += 8
            if bits < 32:
                return -1
            entry = np.int64(codes[(held >> (bits - 16)) & 0xFFFF])
            if entry == 0:
                return -1
            bits -= entry >> 8
            category = entry & 0xFF
            step = 0
            if category == 16:
                step = 32768
            elif category > 0:
                bits -= category
                step = (held >> bits) & ((1 << category) - 1)
                if step < 1 << (category - 1):
                    step -= (1 << category) - 1
            if row == 0:
                guess = start if column == 0 else left
            elif column == 0:
                guess = np.int64(out[row - 1, 0])
            elif predictor == 1:
                guess = left
            else:
                above, corner = np.int64(out[row - 1, column]), np.int64(out[row - 1, column - 1])
                if predictor == 2:
                    guess = above
                elif predictor == 3:
                    guess = corner
                elif predictor == 4:
                    guess = left + above - corner
                elif predictor == 5:
                    guess = left + ((above - corner) >> 1)
                elif predictor == 6:
                    guess = above + ((left - corner) >> 1)
                else:
                    guess = (left + above) >> 1
            left = (guess + step) & 0xFFFF
            out[row, column] = left
    used: int = 8 * pos - bits
    return used

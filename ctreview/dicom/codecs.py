"""Decoders of compressed pixels, each called by name.

GDCM (BSD) decodes JPEG and JPEG 2000, CharLS through pyjpegls (MIT) JPEG-LS; JPEG Lossless is also decoded here
(`jpeg_lossless`), and run lengths are. pydicom would choose among whatever is installed, some of it under the GPL; so
it is not asked.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.dicom.elements import MalformedDataSet
from ctreview.dicom.frame import PixelLayout
from ctreview.dicom.syntaxes import SYNTAXES

__all__ = ["decompressed", "is_jpeg_lossless"]

_JPEG_LOSSLESS = ("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70")


def decompressed(data: bytes, layout: PixelLayout, *, quick: bool = False) -> npt.NDArray[Any]:
    """One frame's pixels, shape (rows, columns), from its compressed bytes.

    Parameters
    ----------
    data : bytes
        The frame's stream.
    layout : PixelLayout
        What the header says of it.
    quick : bool
        Whether to use our own decoder of JPEG Lossless, which takes a second to load and is then three times as fast.

    Raises
    ------
    MalformedDataSet
        The bytes do not decode to as many pixels as the header claims.
    """
    decoder = SYNTAXES[layout.syntax].decoder
    if decoder == "rle":
        return _rle(data, layout)
    data = _without_boxes(data)
    _require_size(data, layout)
    if decoder == "jpegls":
        return _jpegls(data, layout)
    if quick and is_jpeg_lossless(layout):
        found = _jpeg_lossless(data, layout)
        if found is not None:
            return found
    return _gdcm(data, layout)


def _require_size(data: bytes, layout: PixelLayout) -> None:
    """Check a stream's own idea of its size before a decoder makes room for it."""
    rows, columns = _jpeg2000_size(data) if data[:2] == b"\xff\x4f" else _jpeg_size(data)
    if (rows, columns) != (layout.rows, layout.columns):
        raise MalformedDataSet(
            f"the stream holds {rows} × {columns} pixels instead of {layout.rows} × {layout.columns}"
        )


def _without_boxes(data: bytes) -> bytes:
    """The code stream of a JPEG 2000 file, which some writers put where the bare stream belongs (ISO 15444-1 I.4)."""
    if data[4:8] != b"jP  ":
        return data
    pos = 0
    while pos + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[pos : pos + 8])
        head = 8
        if length == 1 and pos + 16 <= len(data):
            length, head = int.from_bytes(data[pos + 8 : pos + 16], "big"), 16
        stop = len(data) if length == 0 else pos + length
        if length and length < head:
            break
        if kind == b"jp2c":
            return data[pos + head : stop]
        pos = stop
    raise MalformedDataSet("the JPEG 2000 file holds no code stream")


def _jpeg2000_size(data: bytes) -> tuple[int, int]:
    """Rows and columns of a JPEG 2000 stream, from its SIZ marker (ISO 15444-1 A.5.1)."""
    if len(data) < 24 or data[2:4] != b"\xff\x51":
        raise MalformedDataSet("the JPEG 2000 stream does not start with its size")
    width, height, left, top = struct.unpack(">4I", data[8:24])
    return height - top, width - left


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Rows and columns of a JPEG or JPEG-LS stream, from its frame header (ISO 10918-1 B.2.2)."""
    pos = 2
    while pos + 9 <= len(data) and data[pos] == 0xFF:
        marker = data[pos + 1]
        if marker == 0xFF:  # filling
            pos += 1
            continue
        if marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)):
            rows, columns = struct.unpack(">2H", data[pos + 5 : pos + 9])
            return rows, columns
        pos += 2 + int.from_bytes(data[pos + 2 : pos + 4], "big")
    raise MalformedDataSet("the JPEG stream has no frame header")


def _dtype(layout: PixelLayout) -> np.dtype[Any]:
    return np.dtype(f"{'i' if layout.signed else 'u'}{layout.allocated // 8}")


def _shaped(buffer: bytes | npt.NDArray[Any], layout: PixelLayout) -> npt.NDArray[Any]:
    array = np.frombuffer(buffer, dtype=_dtype(layout))
    if array.size != layout.rows * layout.columns:
        raise MalformedDataSet(f"it decodes to {array.size} pixels instead of {layout.rows} × {layout.columns}")
    return array.reshape(layout.rows, layout.columns)


def _jpegls(data: bytes, layout: PixelLayout) -> npt.NDArray[Any]:
    import jpeg_ls  # noqa: PLC0415 - only where such a file is met

    try:
        return _shaped(np.ascontiguousarray(jpeg_ls.decode(np.frombuffer(data, dtype=np.uint8))).tobytes(), layout)
    except (RuntimeError, ValueError) as error:
        raise MalformedDataSet("the JPEG-LS stream does not decode") from error


def is_jpeg_lossless(layout: PixelLayout) -> bool:
    """Whether slices are of the kind that our own decoder reads, which leaves Python's lock to other threads."""
    whole = layout.allocated == 16 and (layout.stored == 16 or not layout.signed)
    return layout.syntax in _JPEG_LOSSLESS and whole


def _jpeg_lossless(data: bytes, layout: PixelLayout) -> npt.NDArray[Any] | None:
    from ctreview.dicom import jpeg_lossless  # noqa: PLC0415 - brings numba

    how = jpeg_lossless.decode_plan(data)
    if how is None or (how.rows, how.columns) != (layout.rows, layout.columns):
        return None
    return jpeg_lossless.decode(data, how).view(_dtype(layout))


def _gdcm(data: bytes, layout: PixelLayout) -> npt.NDArray[Any]:
    import gdcm  # noqa: PLC0415 - only where such a file is met

    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(data)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((layout.columns, layout.rows, 1))
    image.SetDataElement(element)
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(gdcm.PhotometricInterpretation.MONOCHROME2))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(layout.syntax)))
    image.SetPixelFormat(gdcm.PixelFormat(1, layout.allocated, layout.stored, layout.high_bit, int(layout.signed)))
    buffer = image.GetBuffer()
    if buffer is None:
        raise MalformedDataSet("the compressed stream does not decode")
    return _shaped(buffer.encode("utf-8", "surrogateescape"), layout)


def _rle(data: bytes, layout: PixelLayout) -> npt.NDArray[Any]:
    """Undo the run lengths of PS3.5 Annex G: one segment for each byte of a sample, the highest first."""
    width = layout.allocated // 8
    if len(data) < 64:
        raise MalformedDataSet("the run-length header is cut off")
    count, *offsets = struct.unpack("<16I", data[:64])
    if count != width:
        raise MalformedDataSet(f"there are {count} run-length segments instead of {width}")
    size = layout.rows * layout.columns
    planes = np.empty((width, size), dtype=np.uint8)
    for number in range(width):
        stop = offsets[number + 1] if number + 1 < width else len(data)
        if not 64 <= offsets[number] <= stop <= len(data):
            raise MalformedDataSet("the run-length segments are broken")
        planes[number] = _unpacked(data[offsets[number] : stop], size)
    big = np.ascontiguousarray(planes.T).reshape(-1).view(f">u{width}")
    return big.astype(f"u{width}").view(_dtype(layout)).reshape(layout.rows, layout.columns)


def _unpacked(segment: bytes, size: int) -> npt.NDArray[np.uint8]:
    out = bytearray()
    pos, end = 0, len(segment)
    while pos < end and len(out) < size:
        head = segment[pos]
        if head < 128:
            out += segment[pos + 1 : pos + 2 + head]
            pos += 2 + head
        elif head > 128 and pos + 1 < end:
            out += segment[pos + 1 : pos + 2] * (257 - head)
            pos += 2
        else:
            pos += 1
    if len(out) < size:
        raise MalformedDataSet("there are fewer pixels than the header says")
    return np.frombuffer(bytes(out[:size]), dtype=np.uint8)

"""From stored bytes to stored numbers, slice by slice."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from ctreview.dicom.codecs import decompressed
from ctreview.dicom.elements import Elements, MalformedDataSet, Walker
from ctreview.dicom.encapsulated import frames_of
from ctreview.dicom.frame import Frame, PixelLayout
from ctreview.dicom.header import inflated
from ctreview.dicom.source import FileRef
from ctreview.dicom.syntaxes import SYNTAXES
from ctreview.errors import UnreadableFile, UnsupportedSeries

__all__ = ["MAX_SIDE", "require_decodable", "stored_pixels", "stored_values"]

MAX_SIDE = 16_384
"""Rows or columns above this are no cross-section of a patient."""

Stored = npt.NDArray[Any]


def require_decodable(frame: Frame) -> None:
    """Check by the header alone that a slice can be decoded.

    Raises
    ------
    UnsupportedSeries
        The transfer syntax, colour, or depth is one that is not read; it is named.
    UnreadableFile
        There are fewer bytes than the header claims.
    """
    layout, file = frame.layout, frame.file
    syntax = SYNTAXES.get(layout.syntax)
    if syntax is None or syntax.decoder is None:
        name = syntax.name if syntax is not None else layout.syntax
        raise UnsupportedSeries(
            f"the transfer syntax ({name}) is not read",
            where=file,
            remedy="Ask the archive for an uncompressed or JPEG Lossless copy.",
        )
    if layout.samples != 1:
        raise UnsupportedSeries("colour images carry no density and are not read", where=file)
    if max(layout.rows, layout.columns) > MAX_SIDE:
        raise UnreadableFile(f"the header claims {layout.rows} × {layout.columns} pixels", where=file)
    depths = {"integer": (8, 16, 32), "float": (32,), "double": (64,)}[layout.number]
    if layout.allocated not in depths or not 1 <= layout.stored <= layout.allocated:
        raise UnsupportedSeries(f"pixels of {layout.stored} bits in {layout.allocated} are not read", where=file)
    if not layout.stored - 1 <= layout.high_bit < layout.allocated:
        raise UnreadableFile(f"the header puts the highest of {layout.stored} bits at {layout.high_bit}", where=file)
    if syntax.decoder == "native" and not syntax.deflated:
        _require_bytes(layout, file)


def _require_bytes(layout: PixelLayout, file: FileRef) -> None:
    need = layout.frame_bytes * layout.frames
    there = layout.available if layout.length is None else min(layout.length, layout.available)
    if layout.length is None:
        raise UnreadableFile("the pixel data look compressed, against what the transfer syntax says", where=file)
    if there < need:
        raise UnreadableFile(
            f"the header claims {layout.frames} × {layout.rows} × {layout.columns} pixels ({need} bytes), and there "
            f"are {there} bytes",
            where=file,
            remedy="The file is cut off or its header is wrong; send it again from the archive.",
        )


def stored_pixels(frames: Sequence[Frame], *, quick: bool = False) -> Iterator[Stored]:
    """The stored numbers of slices, in the given order, each of shape (rows, columns).

    Frames of one file that follow each other are read with the file opened once; ``quick`` is that of
    `codecs.decompressed`.

    Raises
    ------
    UnreadableFile
        A file broke between the scan and now, or its compressed data are damaged.
    """
    for file, group in groupby(frames, key=lambda frame: frame.file):
        with file.open() as (stream, size):
            try:
                yield from _of_file(file, stream, size, list(group), quick)
            except MalformedDataSet as error:
                raise UnreadableFile(f"the pixel data are broken: {error}", where=file) from error


def _of_file(file: FileRef, stream: BinaryIO, size: int, frames: list[Frame], quick: bool) -> Iterator[Stored]:
    layout = frames[0].layout
    syntax = SYNTAXES[layout.syntax]
    if syntax.deflated:
        stream, size = _inflated_stream(file, stream)
    if syntax.decoder != "native":
        stream.seek(layout.offset)
        pieces = frames_of(stream.read(size - layout.offset), layout.frames)
        for frame in frames:
            yield decompressed(pieces[frame.number], layout, quick=quick)
        return
    for frame in frames:
        stream.seek(layout.offset + frame.number * layout.frame_bytes)
        data = stream.read(layout.frame_bytes)
        if len(data) < layout.frame_bytes:
            raise MalformedDataSet("there are fewer pixels than the header says")
        yield native(data, layout)


def _inflated_stream(file: FileRef, stream: BinaryIO) -> tuple[BinaryIO, int]:
    walker = Walker(stream, 1 << 62)
    start = walker.data_set(132, 1 << 62, Elements(), only_group=2)
    data = inflated(bytes(walker.buffer[start:]) + stream.read(), file)
    return io.BytesIO(data), len(data)


def native(data: bytes, layout: PixelLayout) -> Stored:
    """Uncompressed bytes as an array in the machine's byte order, bits beyond the stored ones still in it."""
    order = "<" if SYNTAXES[layout.syntax].little else ">"
    kind = "f" if layout.number != "integer" else "i" if layout.signed else "u"
    array = np.frombuffer(data, dtype=f"{order}{kind}{layout.allocated // 8}")
    array = array.reshape(layout.rows, layout.columns)
    return array if order == "<" else array.astype(array.dtype.newbyteorder("="))


def stored_values(raw: Stored, layout: PixelLayout) -> Stored:
    """The numbers within the stored bits: shifted down, rid of overlays above them, and signed.

    Parameters
    ----------
    raw : ndarray
        As `stored_pixels` gives it.
    """
    if layout.number != "integer" or layout.stored == layout.allocated:
        return raw
    low = layout.high_bit + 1 - layout.stored
    if layout.signed:
        up = layout.allocated - 1 - layout.high_bit
        shifted = np.left_shift(raw, up, dtype=raw.dtype)
        return np.asarray(np.right_shift(shifted, up + low))
    return np.asarray(
        np.bitwise_and(np.right_shift(raw, low) if low else raw, raw.dtype.type((1 << layout.stored) - 1))
    )

"""Decoders against each other, and decoding on several cores."""

from __future__ import annotations

import subprocess
from pathlib import Path

import gdcm
import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate, generate_frames

from ctreview.dicom import find_series, parallel
from ctreview.dicom.codecs import _gdcm, decompressed
from ctreview.dicom.decode import stored_pixels
from ctreview.dicom.elements import MalformedDataSet
from ctreview.dicom.encapsulated import frames_of
from ctreview.dicom.frame import PixelLayout
from ctreview.dicom.header import read_header
from ctreview.dicom.jpeg_lossless import decode_plan
from ctreview.dicom.parallel import decode_all, decodes_slowly
from ctreview.dicom.source import FileRef
from ctreview.errors import UnreadableFile
from ctreview.volume import load_volume
from tests.dicom.making import make_stack

SYNTAX = gdcm.TransferSyntax


def _transcode(folder: Path, syntax: int) -> None:
    for path in sorted(folder.glob("*.dcm")):
        reader = gdcm.ImageReader()
        reader.SetFileName(str(path))
        assert reader.Read()
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer = gdcm.ImageWriter()
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        writer.SetFileName(str(path))
        assert writer.Write()


def _smooth(shape: tuple[int, int, int], noise: float, kind: type) -> np.ndarray:
    rng = np.random.default_rng(3)
    z, y, x = np.indices(shape)
    values = 1000 + 700 * np.sin(x / 9) * np.cos(y / 7 + z) + rng.normal(0, noise, shape)
    values[:, :3] = rng.integers(0, 4096, values[:, :3].shape)
    return np.round(values).clip(0, 4095).astype(kind)


def _piece(path: Path) -> tuple[bytes, PixelLayout]:
    layout = read_header(FileRef(path)).layout
    assert layout is not None
    return frames_of(path.read_bytes()[layout.offset :], 1)[0], layout


@pytest.mark.parametrize("syntax", [SYNTAX.JPEGLosslessProcess14_1, SYNTAX.JPEGLosslessProcess14])
@pytest.mark.parametrize(("kind", "bits"), [(np.uint16, 12), (np.uint16, 16), (np.int16, 16)])
def test_our_jpeg_lossless_equals_gdcm(tmp_path: Path, syntax: int, kind: type, bits: int) -> None:
    array = _smooth((2, 40, 37), 20, kind)
    if kind is np.int16:
        array = array - 2000
    if bits == 16 and kind is np.uint16:
        array[0, 5, :10] = 65535
        array[0, 6, :10] = 0
    make_stack(tmp_path, array, bits=bits)
    _transcode(tmp_path, syntax)
    for path in tmp_path.glob("*.dcm"):
        data, layout = _piece(path)
        assert decode_plan(data) is not None
        ours = decompressed(data, layout, quick=True)
        assert np.array_equal(ours, _gdcm(data, layout))
        assert ours.dtype == _gdcm(data, layout).dtype


def _bits(values: list[tuple[int, int]]) -> bytes:
    text = "".join(f"{value:0{length}b}" for value, length in values if length)
    text += "1" * (-len(text) % 8)
    data = bytes(int(text[i : i + 8], 2) for i in range(0, len(text), 8))
    return data.replace(b"\xff", b"\xff\x00")


def _encoded(array: np.ndarray, predictor: int) -> bytes:
    """A JPEG Lossless stream by the book, with five-bit codes for all categories."""
    codes: list[tuple[int, int]] = []
    for row, column in np.ndindex(array.shape):
        a = int(array[row, column - 1])
        b, c = int(array[row - 1, column]), int(array[row - 1, column - 1])
        guess = [0, a, b, c, a + b - c, a + ((b - c) >> 1), b + ((a - c) >> 1), (a + b) >> 1][predictor]
        guess = (1 << 15 if column == 0 else a) if row == 0 else b if column == 0 else guess
        step = (int(array[row, column]) - guess) & 0xFFFF
        step -= 65536 if step > 32768 else 0
        category = abs(step).bit_length()
        codes.append((category, 5))
        if 0 < category < 16:
            codes.append((step if step > 0 else step + (1 << category) - 1, category))
    table = bytes([0, *[0] * 4, 17, *[0] * 11, *range(17)])
    frame = bytes([16, *array.shape[0].to_bytes(2, "big"), *array.shape[1].to_bytes(2, "big"), 1, 1, 0x11, 0])
    segments = b""
    for marker, body in ((0xC3, frame), (0xC4, table), (0xDA, bytes([1, 1, 0, predictor, 0, 0]))):
        segments += bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body
    return b"\xff\xd8" + segments + _bits(codes) + b"\xff\xd9"


@pytest.mark.parametrize("predictor", range(1, 8))
def test_every_predictor(predictor: int) -> None:
    array = np.random.default_rng(predictor).integers(0, 65536, (9, 11)).astype(np.uint16)
    layout = PixelLayout("1.2.840.10008.1.2.4.57", 9, 11, 1, 1, "MONOCHROME2", 16, 16, 15, False, 0, None, 0)
    data = _encoded(array, predictor)
    assert np.array_equal(decompressed(data, layout, quick=True), array)
    with pytest.raises(MalformedDataSet):
        decompressed(data[: len(data) // 2], layout, quick=True)


@pytest.fixture
def compressed(tmp_path: Path) -> Path:
    make_stack(tmp_path, _smooth((6, 30, 31), 20, np.uint16), bits=12)
    _transcode(tmp_path, SYNTAX.JPEG2000Lossless)
    return tmp_path


def test_several_processes_decode_the_same(compressed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (series,) = find_series(compressed)
    assert not decodes_slowly(series.frames)
    monkeypatch.setattr(parallel, "_PROCESS_PAYS_OFF_S", 0.0)
    found = dict(decode_all(series.frames, processes=3))
    assert sorted(found) == list(range(6))
    for number, raw in enumerate(stored_pixels(series.frames)):
        assert np.array_equal(found[number], raw)


def test_a_slice_that_does_not_decode_is_named(compressed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_PROCESS_PAYS_OFF_S", 0.0)
    path = sorted(compressed.glob("*.dcm"))[3]
    data = bytearray(path.read_bytes())
    at = data.index(b"\xff\x4f\xff\x51")
    data[at + 8 : at + 12] = (9999).to_bytes(4, "big")
    path.write_bytes(bytes(data))
    for processes in (1, 2):
        (series,) = find_series(compressed)
        with pytest.raises(UnreadableFile, match=rf"{path.name}.*9999 pixels instead of"):
            list(decode_all(series.frames, processes=processes))


def test_without_child_processes_it_works_all_the_same(compressed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_PROCESS_PAYS_OFF_S", 0.0)
    expected = load_volume(compressed).array

    def broken(*args: object, **kwargs: object) -> object:
        raise OSError("no processes here")

    monkeypatch.setattr(subprocess, "Popen", broken)
    assert np.array_equal(load_volume(compressed).array, expected)


def test_a_child_that_dies_costs_nothing(compressed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_PROCESS_PAYS_OFF_S", 0.0)
    (series,) = find_series(compressed)
    real = parallel._started

    def dying() -> subprocess.Popen[bytes]:
        child = real()
        child.kill()
        child.wait()
        return child

    monkeypatch.setattr(parallel, "_started", dying)
    assert sorted(dict(decode_all(series.frames, processes=2))) == list(range(6))


def test_jpeg_2000_files_instead_of_bare_streams(tmp_path: Path) -> None:
    """ISO 15444-1 Annex I: boxes around the code stream."""
    make_stack(tmp_path, _smooth((3, 30, 31), 20, np.uint16), bits=12)
    plain = load_volume(tmp_path).array
    _transcode(tmp_path, SYNTAX.JPEG2000Lossless)
    for path in tmp_path.iterdir():
        data = pydicom.dcmread(path)
        (stream,) = generate_frames(data.PixelData, number_of_frames=1)
        boxes = b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0\0\0\x14ftypjp2 \0\0\0\0jp2 "
        boxes += b"\0\0\0\x08jp2h" + (len(stream) + 8).to_bytes(4, "big") + b"jp2c" + stream
        data.PixelData = encapsulate([boxes])
        data.save_as(path)
    assert np.array_equal(load_volume(tmp_path).array, plain)

"""The walk over elements, against pydicom."""

from __future__ import annotations

import io
import struct
import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_files

from ctreview.dicom import find_series
from ctreview.dicom.elements import Elements, MalformedDataSet, Walker
from ctreview.dicom.header import NotDicom, read_header
from ctreview.dicom.source import FileRef
from ctreview.errors import UnreadableFile
from ctreview.volume import load_volume
from tests.dicom.making import make_slice, ramp, save


def _compared(path: Path) -> bool:
    """Whether both readers open the file; then they must agree."""
    try:
        ours = read_header(FileRef(path))
    except (NotDicom, UnreadableFile):
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        assert ours.series_uid == str(theirs.get("SeriesInstanceUID", "") or "")
        assert ours.sop_uid == str(theirs.get("SOPInstanceUID", "") or "")
        if ours.layout is not None:
            assert ours.layout.rows == (theirs.get("Rows") or 0)
            assert ours.layout.columns == (theirs.get("Columns") or 0)
            assert ours.layout.allocated == (theirs.get("BitsAllocated") or 0)
        position = theirs.get("ImagePositionPatient")
        if position and ours.frames:
            assert ours.frames[0].position == pytest.approx([float(part) for part in position])
        kvp = theirs.get("KVP")
        if kvp:
            assert ours.acquisition.kvp == pytest.approx(float(kvp))
        name = theirs.get("PatientID")
        if name:
            assert ours.acquisition.patient.id == str(name).strip()
    return True


def test_pydicoms_own_files_read_alike() -> None:
    paths = [Path(path) for path in get_testdata_files() if Path(path).is_file()]
    assert sum(_compared(path) for path in paths if path.suffix == ".dcm") > 50


@pytest.mark.data
def test_real_headers_read_alike(shared_data: Path) -> None:
    folders = ("odd_series", "vendors", "transfer_syntaxes", "two_kernels")
    paths = [path for folder in folders for path in (shared_data / folder).rglob("*") if path.is_file()]
    assert sum(_compared(path) for path in paths) > 100


def _item(content: bytes) -> bytes:
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content


def test_deep_nesting_is_refused_and_does_not_exhaust_the_stack() -> None:
    content = b""
    for _ in range(1000):
        content = struct.pack("<HH2sHI", 0x5200, 0x9230, b"SQ", 0, len(content) + 8) + _item(content)
    walker = Walker(io.BytesIO(content), len(content))
    with pytest.raises(MalformedDataSet, match="deep"):
        walker.data_set(0, len(content), Elements())


def test_a_length_beyond_the_file_is_refused() -> None:
    content = struct.pack("<HH2sH", 0x0010, 0x0020, b"LO", 5000) + b"short"
    walker = Walker(io.BytesIO(content), len(content))
    with pytest.raises(MalformedDataSet, match="claims"):
        walker.data_set(0, len(content), Elements())


def test_numbers_that_are_none_count_as_absent() -> None:
    elements = Elements()
    elements.values[1] = ("DS", b"1.5\\abc")
    elements.values[2] = ("DS", b"nan")
    elements.values[3] = ("DS", b"1e999")
    elements.values[4] = ("US", b"\x01")
    elements.values[5] = ("DS", b"  2.5 ")
    assert [elements.number(tag) for tag in range(1, 6)] == [None, None, None, None, 2.5]


def _element(tag: int, vr: bytes, value: bytes) -> bytes:
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr
    long = vr in (b"OB", b"SQ", b"UN")
    return head + (b"\0\0" + struct.pack("<I", len(value)) if long else struct.pack("<H", len(value))) + value


def _tag(tag: int, length: int) -> bytes:
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, length)


ITEM, ITEM_END, SEQUENCE_END, UNDEFINED = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD, 0xFFFFFFFF


@pytest.mark.parametrize("name", ["unknown", "icon", "stray"])
def test_malformed_sequences_that_nobody_asked_for_are_stepped_over(tmp_path: Path, name: str) -> None:
    """A private sequence of unknown type with explicit items; an icon whose pixels its lengths leave out."""
    inside = _element(0x00110010, b"LO", b"made up ")
    unknown = struct.pack("<HH", 0x11, 0x1001) + b"UN\0\0\xff\xff\xff\xff" + _tag(ITEM, UNDEFINED) + inside
    unknown += _tag(ITEM_END, 0) + _tag(SEQUENCE_END, 0)
    pixels = struct.pack("<HH", 0x7FE0, 0x10) + b"OB\0\0\xff\xff\xff\xff" + _tag(ITEM, 0) + _tag(ITEM, 30) + bytes(30)
    pixels += _tag(SEQUENCE_END, 0)
    content = _element(0x00280010, b"US", b"\4\0") + pixels
    icon = struct.pack("<HH", 0x88, 0x200) + b"SQ\0\0\xff\xff\xff\xff" + _tag(ITEM, len(content) - 20) + content
    icon += _tag(SEQUENCE_END, 0)
    blob, before = {
        "unknown": (unknown, b"\x10\x00\x10\x00PN"),
        "icon": (icon, b"\xe0\x7f\x10\x00OW"),
        "stray": (_tag(SEQUENCE_END, 0), b"\x10\x00\x10\x00PN"),
    }[name]
    whole = save(make_slice(ramp((1, 8, 8))[0]), tmp_path / "a.dcm").read_bytes()
    at = whole.index(before)
    (tmp_path / "a.dcm").write_bytes(whole[:at] + blob + whole[at:])
    (series,) = find_series(tmp_path / "a.dcm")
    assert series.acquisition.patient.name == "Doe^Jane"
    assert np.array_equal(load_volume(series).array, ramp((1, 8, 8)))

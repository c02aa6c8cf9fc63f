"""The walk over elements, against pydicom."""

from __future__ import annotations

import io
import struct
import warnings
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_files

from ctreview.dicom.elements import Elements, MalformedDataSet, Walker
from ctreview.dicom.header import NotDicom, read_header
from ctreview.dicom.source import FileRef
from ctreview.errors import UnreadableFile


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

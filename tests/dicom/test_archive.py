"""ZIP archives and DICOMDIR: read in place, and none of their tricks works."""

from __future__ import annotations

import io
import os
import stat
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from pydicom.fileset import FileSet

from ctreview.dicom import archive as archive_module
from ctreview.dicom import files as files_module
from ctreview.dicom import find_series
from ctreview.dicom.safe_archive import close_archives
from ctreview.errors import InconsistentSeries, InputRefused, NoSeriesFound, UnreadableFile
from ctreview.volume import load_volume
from tests.dicom.making import make_stack, ramp

SHAPE = (4, 5, 6)


def _zipped(folder: Path, path: Path, *, deflate: bool = True, within: str = "study/series") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED) as packed:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                packed.write(file, f"{within}/{file.name}")
    return path


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    make_stack(tmp_path / "stack", ramp(SHAPE))
    (tmp_path / "stack" / "readme.txt").write_text("junk")
    return tmp_path / "stack"


@pytest.mark.parametrize("deflate", [True, False])
def test_an_archive_reads_like_its_folder(stack: Path, tmp_path: Path, deflate: bool) -> None:
    path = _zipped(stack, tmp_path / "a.zip", deflate=deflate)
    before = sorted(tmp_path.rglob("*"))
    volume = load_volume(path)
    assert np.array_equal(volume.array, ramp(SHAPE))
    assert sorted(tmp_path.rglob("*")) == before


def test_an_archive_in_an_archive_in_a_folder(stack: Path, tmp_path: Path) -> None:
    inner = _zipped(stack, tmp_path / "inner.zip")
    (tmp_path / "given").mkdir()
    with zipfile.ZipFile(tmp_path / "given" / "outer.zip", "w") as packed:
        packed.write(inner, "patient/inner.zip")
    volume = load_volume(tmp_path / "given")
    assert np.array_equal(volume.array, ramp(SHAPE))


def test_too_deep_is_refused(stack: Path, tmp_path: Path) -> None:
    path = _zipped(stack, tmp_path / "0.zip")
    for depth in range(1, 5):
        outer = tmp_path / f"{depth}.zip"
        with zipfile.ZipFile(outer, "w") as packed:
            packed.write(path, path.name)
        path = outer
    with pytest.raises(UnreadableFile, match="nested more than 3 deep"):
        find_series(path)


@pytest.mark.parametrize(
    "name", ["../../evil.dcm", "/etc/evil.dcm", "a/../../evil.dcm", "C:\\evil.dcm", "..\\evil.dcm"]
)
def test_names_that_lead_out_are_left_out(stack: Path, tmp_path: Path, name: str) -> None:
    path = _zipped(stack, tmp_path / "a.zip")
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr(zipfile.ZipInfo(name), next(stack.glob("*.dcm")).read_bytes())
    before = sorted(tmp_path.rglob("*"))
    (series,) = find_series(path)
    assert series.shape[0] == SHAPE[0]
    assert any("leads out of the archive was left out" in warning for warning in series.warnings)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_link_is_left_out(stack: Path, tmp_path: Path) -> None:
    path = _zipped(stack, tmp_path / "a.zip")
    info = zipfile.ZipInfo("link.dcm")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr(info, "/etc/passwd")
    (series,) = find_series(path)
    assert "A link in the archive was left out." in series.warnings


def test_a_bomb_is_refused_before_it_unpacks(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed, packed.open("big.dcm", "w") as stream:
        for _ in range(100):
            stream.write(bytes(1 << 20))
    with pytest.raises(UnreadableFile, match=r"bomb\.zip.*hundreds of times"):
        find_series(path)


def test_a_bomb_that_lies_about_its_size(stack: Path, tmp_path: Path) -> None:
    """The directory says 1 kB, the stream goes on for megabytes; no more is taken than was said."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.dcm", next(stack.glob("*.dcm")).read_bytes() + bytes(1 << 22))
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = (1024).to_bytes(4, "little")
    path.write_bytes(bytes(data))
    with pytest.raises(InputRefused):
        load_volume(path)


def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "MAX_MEMBERS", 50)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        for number in range(60):
            packed.writestr(f"{number}.dcm", b"")
    with pytest.raises(UnreadableFile, match="more than 50 files"):
        find_series(tmp_path / "a.zip")


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_module, "MAX_FILES", 20)
    for number in range(30):
        (tmp_path / f"{number}.dcm").write_bytes(b"x")
    with pytest.raises(InputRefused, match="more than 20 files"):
        find_series(tmp_path)


def test_truncated_at_any_byte(stack: Path, tmp_path: Path) -> None:
    whole = _zipped(stack, tmp_path / "a.zip").read_bytes()
    path = tmp_path / "cut.zip"
    for length in range(0, len(whole), max(1, len(whole) // 60)):
        path.write_bytes(whole[:length])
        with pytest.raises(InputRefused):
            load_volume(path)


def test_an_encrypted_member_is_left_out(stack: Path, tmp_path: Path) -> None:
    path = _zipped(stack, tmp_path / "a.zip")
    data = bytearray(path.read_bytes())
    first, directory = data.find(b"PK\x03\x04"), data.find(b"PK\x01\x02")
    data[first + 6] |= 1
    data[directory + 8] |= 1
    path.write_bytes(bytes(data))
    (series,) = find_series(path)
    assert any("encrypted" in warning for warning in series.warnings)


def test_a_damaged_member_is_named(stack: Path, tmp_path: Path) -> None:
    path = _zipped(stack, tmp_path / "a.zip", deflate=False)
    with zipfile.ZipFile(path) as packed:
        info = next(info for info in packed.infolist() if info.filename.endswith("im001.dcm"))
    data = bytearray(path.read_bytes())
    data[info.header_offset + 400] ^= 0xFF
    path.write_bytes(bytes(data))
    with pytest.raises((UnreadableFile, InconsistentSeries), match=r"im001\.dcm"):
        load_volume(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_cyclic_links_and_pipes_in_a_folder_do_not_hang(stack: Path) -> None:
    (stack / "loop").symlink_to(stack, target_is_directory=True)
    (stack / "self").symlink_to(stack / "self")
    os.mkfifo(stack / "pipe.dcm")
    assert find_series(stack)[0].shape[0] == SHAPE[0]


def _file_set(stack: Path, folder: Path) -> Path:
    found = FileSet()
    for path in sorted(stack.glob("*.dcm")):
        found.add(path)
    found.write(folder)
    return folder / "DICOMDIR"


def test_a_dicomdir_leads_to_its_files(stack: Path, tmp_path: Path) -> None:
    directory = _file_set(stack, tmp_path / "cd")
    assert np.array_equal(load_volume(directory).array, ramp(SHAPE))
    assert np.array_equal(load_volume(tmp_path / "cd").array, ramp(SHAPE))


def test_a_file_that_the_dicomdir_names_and_that_is_gone(stack: Path, tmp_path: Path) -> None:
    directory = _file_set(stack, tmp_path / "cd")
    last = sorted(path for path in (tmp_path / "cd").rglob("*") if path.is_file() and path != directory)[-1]
    last.unlink()
    with pytest.raises(InconsistentSeries, match=last.name):
        load_volume(directory)


def test_a_dicomdir_that_leads_out(stack: Path, tmp_path: Path) -> None:
    directory = _file_set(stack, tmp_path / "cd")
    data = directory.read_bytes()
    at = data.find(b"\x04\x00\x00\x15CS")
    length = int.from_bytes(data[at + 6 : at + 8], "little")
    evil = b"..\\..\\etc\\passwd"[:length].ljust(length)
    directory.write_bytes(data[: at + 8] + evil + data[at + 8 + length :])
    with pytest.raises(UnreadableFile, match="outside its own folder"):
        find_series(directory)


def test_a_broken_dicomdir(tmp_path: Path) -> None:
    (tmp_path / "DICOMDIR").write_bytes(b"nothing")
    with pytest.raises(UnreadableFile, match="DICOMDIR"):
        find_series(tmp_path / "DICOMDIR")


def test_an_archive_named_otherwise(stack: Path, tmp_path: Path) -> None:
    path = _zipped(stack, tmp_path / "a.zip").rename(tmp_path / "export.bin")
    assert find_series(path)[0].shape[0] == SHAPE[0]


def test_nothing_is_read_twice_into_memory(stack: Path, tmp_path: Path) -> None:
    """A member is a stream; only its header is taken at the scan."""
    path = _zipped(stack, tmp_path / "a.zip")
    packed = archive_module.open_archive(path, ())
    assert isinstance(packed.open(packed.infolist()[0]), io.BufferedIOBase)
    close_archives()


def test_the_directory_of_an_archive_is_read_once(stack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _zipped(stack, tmp_path / "a.zip")
    opened: list[Path] = []
    plain = zipfile.ZipFile

    def counting(file: Path, *rest: str) -> zipfile.ZipFile:
        opened.append(file)
        return plain(file, *rest)

    monkeypatch.setattr("ctreview.dicom.safe_archive.zipfile.ZipFile", counting)
    load_volume(find_series(path)[0])
    assert len(opened) == 2  # the scan, and the pixels


def test_sixty_thousand_members_are_listed_quickly(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        for number in range(60_000):
            packed.writestr(f"{number}", b"x")
    start = time.perf_counter()
    with pytest.raises(NoSeriesFound):
        find_series(tmp_path / "a.zip")
    assert time.perf_counter() - start < 60

"""Malformed, hostile and foreign files of a study end as one clear error, and none leads out of it."""

from __future__ import annotations

import copy
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ctreview.edits import Edit
from ctreview.errors import InputRefused, UnreadableFile, WrongUse
from ctreview.study import AnalysisPlan, Finding, KeyImage, Study
from tests.study.test_store import GRID, labels, volume

FILES = (
    "study.json",
    "plan.json",
    "timepoints/1/source.json",
    "readers/anna/findings.json",
    "readers/anna/key_images.json",
    "readers/anna/blinded.json",
    "readers/anna/signed.json",
)
STRANGE: tuple[Any, ...] = (None, True, -1, 10**30, 1e308, "", "../../etc", [], [[]], {}, {"a": None}, "\ud800")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with every kind of file."""
    study = Study.create(tmp_path_factory.mktemp("whole") / "study")
    with study.planned(AnalysisPlan("chest_ct", {"load": {}}, images=("x",), version="1")):
        study.add_timepoint(volume(), path="before", series="2", masks=[labels()])
    reading = study.reading("anna")
    reading.blind(4)
    reading.record(Edit("put", "opacity", {"number": 1}, "anna", "abc", GRID))
    axis = ((0.0, 0.0, 0.0), (0.0, 8.0, 0.0))
    reading.write_findings([Finding("nodule", 1, (1, 2, 3), long_axis=axis, short_axis=axis)])
    reading.write_key_images([KeyImage(1, (1.0, 2.0, 3.0), "axial", -600.0, 1500.0)], {})
    reading.sign({"verdict": "decreased"})
    return study.folder


@pytest.fixture
def study(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "study"))


def read_everything(folder: Path) -> None:
    """Read all that ctreview ever reads of a study."""
    study = Study.open(folder)
    assert study.timepoints == (1,)
    study.source(1)
    if study.plan is not None:
        assert study.plan.digest
    for reading in study.readings:
        pictures = [reading.picture(image) for image in reading.key_images()]
        assert pictures.count(None) == len(pictures)
        reading.findings()
        reading.blinded()
        reading.edits()
        reading.signature()


def _values(plain: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths to every value of a document."""
    inside = plain.items() if isinstance(plain, dict) else enumerate(plain) if isinstance(plain, list) else ()
    for key, value in inside:
        yield (*path, key)
        yield from _values(value, (*path, key))


def _put(plain: Any, path: tuple[Any, ...], value: Any) -> Any:
    made = copy.deepcopy(plain)
    place = made
    for key in path[:-1]:
        place = place[key]
    if value is STRANGE:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return made


@pytest.mark.parametrize("name", FILES)
def test_a_value_that_is_missing_or_of_another_kind_is_read_or_refused(study: Path, name: str) -> None:
    path = study / name
    whole = json.loads(path.read_text())
    refused = []
    for place in _values(whole):
        for strange in (*STRANGE, STRANGE):
            path.write_text(json.dumps(_put(whole, place, strange)))
            try:
                read_everything(study)
            except InputRefused as error:
                refused.append(str(error))
    assert len(refused) >= len(STRANGE)
    assert all(str(study) in one for one in refused)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"schema": ' + b"9" * 5000 + b"}",
        b'{"schema": NaN}',
    ],
    ids=["empty", "cut", "list", "null", "no text", "deep", "long number", "no number"],
)
def test_a_file_that_is_no_document_is_one_clear_error(study: Path, name: str, content: bytes) -> None:
    (study / name).write_bytes(content)
    with pytest.raises(UnreadableFile, match=Path(name).stem):
        read_everything(study)


@pytest.mark.skipif(os.name == "nt", reason="no pipes in folders there")
def test_a_pipe_in_place_of_a_document_is_not_waited_for(study: Path) -> None:
    (study / "plan.json").unlink()
    os.mkfifo(study / "plan.json")
    with pytest.raises(UnreadableFile, match="no file"):
        read_everything(study)


def test_a_document_beyond_all_sizes_is_not_read(study: Path) -> None:
    with (study / "plan.json").open("r+b") as file:
        file.truncate(1 << 27)
    with pytest.raises(UnreadableFile, match="MiB"):
        read_everything(study)


@pytest.mark.parametrize("record", [b"[]", b"null", b'"x"', b"[" * 100_000, b'{"schema": "ctreview.journal/1"'])
def test_a_line_of_a_journal_that_is_no_record_is_refused(study: Path, record: bytes) -> None:
    import zlib

    path = study / "readers/anna/journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + f"{zlib.crc32(record):08x} ".encode() + record + b"\n" + lines[1])
    with pytest.raises(UnreadableFile, match="damaged"):
        read_everything(study)


@pytest.mark.parametrize("name", ["²", "007", "12345", "-1", "x"])
def test_folders_that_no_timepoint_is_called_by_are_none(study: Path, name: str) -> None:
    (study / "timepoints" / name).mkdir()
    (study / "readers" / f"ben.{name}").mkdir()
    assert Study.open(study).timepoints == (1,)
    assert len(Study.open(study).readings) == 2


@pytest.mark.parametrize("name", ["../../../outside", "/etc/passwd", "a/b", "a\\b", "..", "", "a\0b", "x" * 65])
def test_an_id_of_a_key_image_never_leads_out_of_the_study(study: Path, name: str) -> None:
    path = study / "readers/anna/key_images.json"
    plain = json.loads(path.read_text())
    plain["key_images"][0]["id"] = name
    path.write_text(json.dumps(plain))
    with pytest.raises(UnreadableFile, match="id"):
        Study.open(study).reading("anna").key_images()
    with pytest.raises(WrongUse, match="id"):
        KeyImage(1, (1.0, 2.0, 3.0), "axial", 0.0, 1.0, id=name)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
@pytest.mark.parametrize("name", ["readers/anna/key_images", "readers/anna/findings.json", "timepoints/2"])
def test_a_link_in_a_study_is_never_copied(study: Path, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "letter.txt").write_text("confidential")
    link = study / name
    link.unlink(missing_ok=True)
    link.symlink_to(outside)
    with pytest.raises(UnreadableFile, match="link"):
        Study.open(study).copy_to(tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_picture_that_is_a_link_is_not_shown(study: Path, tmp_path: Path) -> None:
    reading = Study.open(study).reading("anna")
    (image,) = reading.key_images()
    (tmp_path / "outside.png").write_bytes(b"confidential")
    (reading.folder / "key_images").mkdir()
    (reading.folder / "key_images" / f"{image.id}.png").symlink_to(tmp_path / "outside.png")
    assert reading.picture(image) is None


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_a_scan_whose_name_is_no_utf8_is_found_again(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "study")
    name = os.fsdecode(b"/scans/m\xfcller")
    study.add_timepoint(volume(), path=name, series=None, masks=[labels()])
    assert os.fsencode(study.source(1).path) == b"/scans/m\xfcller"

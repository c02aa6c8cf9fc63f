"""Bad input ends with one clear line and the right exit code, before anything is written."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import SECRETS


@pytest.fixture
def patient(scans, tmp_path) -> Path:
    """A copy of one scan that may be spoilt."""
    return Path(shutil.copytree(scans / "before", tmp_path / "patient"))


def refused(said, code: int, *words: str) -> None:
    """Check that a command ended as it should: one line, no result, nobody named."""
    assert said.code == code
    assert said.out == ""
    assert said.err.startswith("ctreview: ")
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err
    assert [word for word in words if word not in said.err] == []
    assert not [secret for secret in SECRETS if secret in said.err]


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.dcm"))


def test_an_empty_folder(command, tmp_path):
    (tmp_path / "empty").mkdir()
    refused(command("segment", tmp_path / "empty", "--out", tmp_path / "out"), 3, str(tmp_path / "empty"))
    assert not (tmp_path / "out").exists()


def test_text_named_dcm(command, tmp_path):
    (tmp_path / "letter").mkdir()
    (tmp_path / "letter" / "a.dcm").write_text("Dear colleague, thank you for referring")
    refused(command("segment", tmp_path / "letter", "--out", tmp_path / "out"), 3)


def test_a_truncated_file(command, patient, tmp_path):
    cut = files(patient)[3]
    cut.write_bytes(cut.read_bytes()[:-500])
    refused(command("segment", patient, "--out", tmp_path / "out"), 3, cut.name)


def test_fewer_pixels_than_the_header_says(command, patient, tmp_path):
    import pydicom

    for path in files(patient):
        image = pydicom.dcmread(path)
        image.Rows = int(image.Rows) * 2
        image.save_as(path)
    refused(command("segment", patient, "--out", tmp_path / "out"), 3, "pixels")


def test_a_missing_slice(command, patient, tmp_path):
    files(patient)[10].unlink()
    refused(command("segment", patient, "--out", tmp_path / "out"), 3, "missing")


def test_an_mr_given_as_ct(command, patient, tmp_path):
    import pydicom

    for path in files(patient):
        image = pydicom.dcmread(path)
        image.Modality = "MR"
        image.SOPClassUID = image.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
        image.save_as(path)
    refused(command("segment", patient, "--out", tmp_path / "out"), 3, "MR")


def test_two_patients(command, scans, patient, tmp_path):
    import pydicom

    for path in files(patient):
        image = pydicom.dcmread(path)
        image.PatientID, image.PatientSex = "OTHER-1", "M"
        image.save_as(path)
    refused(command("compare", patient, scans / "after", "--out", tmp_path / "out"), 3, "id and sex")
    assert not (tmp_path / "out").exists()


def test_several_series_are_listed_and_one_is_asked_for(command, scans, tmp_path):
    said = command("segment", scans, "--out", tmp_path / "out")
    refused(said, 2, "--series")


def test_a_series_that_is_not_there(command, scans, tmp_path):
    said = command("segment", scans, "--series", "mr99", "--out", tmp_path / "out")
    refused(said, 2, "mr99")


def test_a_scan_without_lungs(command, tmp_path):
    from ctreview.volume.geometry import Geometry
    from ctreview.volume.volume import Volume
    from ctreview.volume.write import write_nifti

    geometry = Geometry.aligned((40, 60, 60), (3.0, 3.0, 3.0), frame_of_reference="source:test")
    head = np.full(geometry.shape, -1000, dtype=np.int16)
    head[5:35, 10:50, 10:50] = 40
    write_nifti(Volume(head, geometry), tmp_path / "head.nii.gz")
    refused(command("segment", tmp_path / "head.nii.gz", "--out", tmp_path / "out"), 4)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_holds_something_else_is_never_replaced(command, scans, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    said = command("segment", scans / "before", "--out", tmp_path / "thesis", "--overwrite")
    refused(said, 2, "thesis")
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "years of work"


@pytest.mark.parametrize(
    "words",
    [
        ["compare", "one"],
        ["segment", "one"],
        ["nonsense"],
        ["segment", "one", "--out", "x", "--age", "young"],
        ["segment", "one", "--out", "x", "--threads", "0"],
        ["segment", "one", "--out", "x", "--no-such-option"],
    ],
    ids=" ".join,
)
def test_wrong_use(command, words):
    refused(command(*words), 2, "--help")


def test_no_command_shows_the_help(process):
    said = process()
    assert said.code == 2
    assert "compare" in said.out + said.err

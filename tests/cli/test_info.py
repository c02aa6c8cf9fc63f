"""``ctreview info``."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from ctreview.cli.info import FACTS
from tests.cli.conftest import SECRETS
from tests.dicom.making import make_slice, make_stack, ramp, save
from tests.volume.image_files import nifti, qform, sform


def test_it_lists_series_with_their_grid(command, scans):
    said = command("info", scans, "--json")
    document = json.loads(said.out)
    assert said.code == 0
    assert document["schema"] == "ctreview.info/1"
    assert [one["usable"] for one in document["series"]] == [True, True]
    assert len({one["key"] for one in document["series"]}) == 2
    for one in document["series"]:
        assert one["modality"] == "CT"
        assert one["spacing_mm"] == [4.0, 4.0, 4.0]
        assert one["shape"][0] == one["files"]
        assert one["posture"] == "HFS"


def test_the_table_has_a_line_for_each_series(command, scans):
    said = command("info", scans)
    assert said.code == 0
    assert said.err == ""
    assert said.out.count("CT, axial") == 2
    assert said.out.count("4 mm slice spacing") == 2


def test_it_says_which_series_may_be_compared(command, scans):
    said = command("info", scans, "--json")
    (pair,) = json.loads(said.out)["pairs"]
    assert pair["comparable"] is True
    assert "may be compared" in command("info", scans).out


@pytest.mark.data
def test_two_kernels_may_be_compared_with_a_remark_about_the_kernel(command, shared_data):
    said = command("info", shared_data / "two_kernels_soft", "--json")
    (pair,) = json.loads(said.out)["pairs"]
    assert pair["comparable"] is True
    assert any("kernels differ (" in remark for remark in pair["remarks"])


@pytest.mark.data
def test_slices_of_eight_millimetres_are_not_to_be_compared(command, shared_data):
    said = command("info", shared_data / "two_kernels", "--json")
    (pair,) = json.loads(said.out)["pairs"]
    assert pair["comparable"] is False
    assert any("8 mm" in remark for remark in pair["remarks"])
    assert any("B40f" in remark and "B70f" in remark for remark in pair["remarks"])


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_nobody_is_named(command, scans, words):
    said = command("info", scans, *words)
    assert not [secret for secret in SECRETS if secret in said.out + said.err]


def test_a_folder_without_images_is_refused(command, tmp_path):
    (tmp_path / "notes.txt").write_text("no image")
    said = command("info", tmp_path)
    assert said.code == 3
    assert said.out == ""
    assert str(tmp_path) in said.err


def test_a_folder_that_does_not_exist_is_refused(command, tmp_path):
    assert command("info", tmp_path / "nowhere").code == 3


@pytest.mark.data
def test_a_series_that_cannot_be_used_says_why(command, shared_data):
    said = command("info", shared_data / "odd_series", "--json")
    refused = [one for one in json.loads(said.out)["series"] if not one["usable"]]
    assert refused
    assert all(one["refusal"] for one in refused)
    assert any("missing" in one["refusal"] for one in refused)


def _image(path: Path, shift: int = 0) -> Path:
    array = np.full((6, 20, 20), -1000 + shift, np.int16)
    array[:, 5:15, 5:15] = 40 + shift
    return nifti(path, array, **sform(), **qform())


def test_a_nifti_file_is_described(command, tmp_path):
    said = command("info", _image(tmp_path / "thorax.nii"))
    assert said.code == 0
    assert "NIfTI, 6 slices" in said.out
    assert "2.5 mm slice spacing" in said.out
    (one,) = json.loads(command("info", tmp_path / "thorax.nii", "--json").out)["series"]
    assert one["usable"] is True
    assert one["shape"] == [6, 20, 20]
    assert one["spacing_mm"] == [2.5, 0.9, 0.7]
    assert set(one) == {*FACTS}


def test_of_a_folder_with_a_nifti_file_it_says_to_give_the_file(command, tmp_path):
    _image(tmp_path / "thorax.nii")
    said = command("info", tmp_path)
    assert said.code == 3
    assert "Give the file itself" in said.err


def test_numbers_that_are_no_hu_are_called_so(command, tmp_path):
    said = command("segment", _image(tmp_path / "a.nii", 1024), "--out", tmp_path / "out")
    assert said.code == 3
    assert "no value lies below −900: these are no HU" in said.err


@pytest.mark.parametrize(("age", "written"), [("006M", 0.5), ("067Y", 67.0), ("101Y", 90.0)])
def test_an_age_gives_no_birth_date_away(command, tmp_path, age, written):
    save(make_slice(ramp((1, 4, 4))[0], PatientBirthDate="", PatientAge=age), tmp_path / "a.dcm")
    (one,) = json.loads(command("info", tmp_path, "--json").out)["series"]
    assert one["age_years"] == written


def test_a_birth_date_becomes_an_age_of_one_decimal(command, tmp_path):
    save(make_slice(ramp((1, 4, 4))[0], PatientBirthDate="20170314", StudyDate="20210930"), tmp_path / "a.dcm")
    (one,) = json.loads(command("info", tmp_path, "--json").out)["series"]
    assert one["age_years"] == 4.5


@pytest.mark.parametrize("words", [[], ["--json"]])
@pytest.mark.parametrize("broken", [False, True])
def test_names_that_are_not_utf_8_are_shown_somehow(process, tmp_path, words, broken):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/M\xfcller"))
    make_stack(folder, ramp((3, 4, 4)))
    if broken:
        (folder / "bad.dcm").write_bytes(b"")
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8:strict"}
    said = process("info", folder, *words, env=environment)
    assert said.code == (3 if broken else 0)
    assert "fault in ctreview" not in said.err
    if words:
        assert json.loads(said.out)["series"]
    elif broken:
        assert "M\\xfcller" in said.out


def test_characters_that_a_terminal_obeys_come_from_no_header_and_no_name(command, tmp_path):
    folder = tmp_path / "a\x1b[31mred"
    make_stack(folder, ramp((3, 4, 4)), ConvolutionKernel="B40f\x1b[2J", ManufacturerModelName="X\x07\x9b1m")
    (folder / "bad.dcm").write_bytes(b"")
    said = command("info", folder)
    assert not [character for character in said.out + said.err if character < " " and character != "\n"]
    assert "\x9b" not in said.out

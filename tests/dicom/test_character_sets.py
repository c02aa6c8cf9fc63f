"""Names of every script, and characters that a terminal would obey."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctreview.dicom import find_series
from ctreview.dicom.character_sets import decoded_text
from tests.dicom.making import make_slice, ramp, save


@pytest.mark.parametrize(
    ("sets", "name"),
    [
        (["", "ISO 2022 IR 87"], "Sato^Hana=佐藤^花=さとう^はな"),
        (["", "ISO 2022 IR 149"], "Kim^Minji=金^敏知=김^민지"),
        (["ISO 2022 IR 13", "ISO 2022 IR 87"], "ｻﾄｳ^ﾊﾅ=佐藤^花"),
        (["ISO 2022 IR 6", "ISO 2022 IR 144"], "Иванова^Анна"),
        (["ISO 2022 IR 100", "ISO 2022 IR 126"], "Müller^Ωμέγα"),
        (["", "ISO 2022 IR 58"], "Wang^Li=王^丽"),
        (["ISO_IR 192"], "Đặng^Ánh=鄧^映"),
        (["GB18030"], "Wang^Li=王^丽"),
        (["ISO_IR 100"], "Åström^Ève"),
    ],
)
def test_names_of_every_script(tmp_path: Path, sets: list[str], name: str) -> None:
    data = make_slice(ramp((1, 4, 4))[0], SpecificCharacterSet=sets, PatientName=name)
    (series,) = find_series(save(data, tmp_path / "a.dcm"))
    assert series.acquisition.patient.name == name


def test_no_control_character_comes_out_of_a_header(tmp_path: Path) -> None:
    data = make_slice(
        ramp((1, 4, 4))[0],
        SeriesDescription="chest\x1b]0;owned\x07\x1b[2J",
        ConvolutionKernel="B40f\x1b[31m",
        ManufacturerModelName="\x9b31mX",
    )
    (series,) = find_series(save(data, tmp_path / "a.dcm"))
    made = series.acquisition
    for text in (made.description, made.kernel, made.scanner):
        assert text
        assert text.isprintable()


def test_an_escape_sequence_that_nobody_knows_is_left_out() -> None:
    assert decoded_text(b"A\x1b[31mB", ()) == "A[31mB"

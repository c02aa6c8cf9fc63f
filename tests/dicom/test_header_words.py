"""Words in headers: contrast agents, names of many scripts, and characters that a terminal would obey."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctreview.dicom import find_series
from ctreview.dicom.character_sets import decoded_text
from ctreview.dicom.contrast import names_contrast
from tests.dicom.making import make_slice, ramp, save

WITHOUT = """
nativ|ohne KM|W/O|w/o contrast|NON CONTRAST|Non-contrast|N/A|sans|sans injection|SANS PDC|without|No contrast|NONE|NO|0|
kein KM|keine|KM: nein|KM-|C-|unenhanced|nativo|senza mdc|sin contraste|sem contraste|zonder contrast|uten|utan|bez|
bez kontrastu|без контраста|нет|平扫|無|単純|NECT|non injecté|IV CONTRAST: NONE|NOT GIVEN|natief zonder
"""
UNKNOWN = "-|--|.|?|x|oral|ORAL CONTRAST|per os|Gastrografin|BARIUM|WATER|123|see report|unknown|k.A."
GIVEN = """
Omnipaque 300|ULTRAVIST 370|Iohexol|Imeron 350|iomeprol|VISIPAQUE|ISOVUE300|Isovue-370 100cc|OMNI 100CC|OPTIRAY 320|
Xenetix|Iopamiro|Gadovist|DOTAREM|Iodixanol 320 mg/ml|IV CONTRAST|mit KM|KM i.v.|avec injection|YES|CE|C+|Applied|
Non-ionic|NON IONIC 300|OMNIPAQUE & ORAL|Omnipaque 350 without oral|con contraste|造影剤
"""


def words(text: str) -> list[str]:
    return [word.strip() for word in text.replace("\n", "").split("|")]


@pytest.mark.parametrize("word", words(WITHOUT))
def test_words_for_without(word: str) -> None:
    assert names_contrast(word) is False


@pytest.mark.parametrize("word", words(UNKNOWN))
def test_what_cannot_be_told_is_unknown(word: str) -> None:
    assert names_contrast(word) is None


@pytest.mark.parametrize("word", words(GIVEN))
def test_agents_and_words_for_with(word: str) -> None:
    assert names_contrast(word) is True


def test_a_volume_against_the_word_is_unknown(tmp_path: Path) -> None:
    data = make_slice(ramp((1, 4, 4))[0], ContrastBolusAgent="nativ", ContrastBolusVolume="80")
    (series,) = find_series(save(data, tmp_path / "a.dcm"))
    assert series.acquisition.contrast is None


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


@pytest.mark.parametrize(
    "elements",
    [{"Modality": None}, {"ConversionType": "WSD"}, {"Modality": "", "ConversionType": "DI"}],
)
def test_ct_of_other_programs_is_read(tmp_path: Path, elements: dict[str, str | None]) -> None:
    for number in range(3):
        data = make_slice(ramp((1, 4, 4))[0], position=(0, 0, 2 * number), number=number, **elements)
        save(data, tmp_path / f"{number}.dcm")
    (series,) = find_series(tmp_path)
    assert series.usable
    assert series.modality == "CT"

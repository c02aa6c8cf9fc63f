"""Words of radiographers for contrast agents, and for none."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctreview.dicom import find_series
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

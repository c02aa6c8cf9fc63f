"""What kind of object a file is, whoever wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctreview.dicom import find_series
from tests.dicom.making import make_slice, ramp, save


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

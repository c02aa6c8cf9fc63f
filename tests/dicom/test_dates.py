"""Birth date, stated age and the dates of an examination, held against each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ctreview.dicom import Series, find_series
from tests.dicom.making import make_slice, ramp, save


def read(folder: Path, **elements: Any) -> Series:
    (series,) = find_series(save(make_slice(ramp((1, 4, 4))[0], **elements), folder / "a.dcm"))
    return series


@pytest.mark.parametrize(
    ("birth", "stated", "study", "age"),
    [
        ("", "001Y", "20210930", 1.0),
        ("19000101", "001Y", "20210930", 1.0),
        ("19000101", "012M", "20210930", 1.0),
        ("18000101", "006W", "20210930", 6 * 7 / 365.25),
        ("20000101", "067Y", "20210930", 67.0),
        ("19000101", None, "20210930", None),
        ("19000101", "067Y", "19000101", 67.0),
        ("20210930", "067Y", "20210930", 67.0),
        ("20210930", None, "20210930", None),
        ("20211001", "004Y", "20210930", 4.0),
        ("20170314", "004Y", "20210930", 4.545),
        ("20170314", "4y", "20210930", 4.545),
        ("20170314", "999Y", "20210930", 4.545),
        ("20170314", None, "20210930", 4.545),
    ],
)
def test_the_age_is_what_is_plausible(
    tmp_path: Path, birth: str, stated: str | None, study: str, age: float | None
) -> None:
    series = read(tmp_path, PatientBirthDate=birth, PatientAge=stated, StudyDate=study)
    found = series.acquisition.age_years
    assert found == (None if age is None else pytest.approx(age, abs=0.01))


@pytest.mark.parametrize(
    ("birth", "stated", "age"),
    [
        ("20210929", "001D", 1 / 365.25),
        ("20210929", None, 1 / 365.25),
        ("20210930", "000D", 0.0),
        ("19190505", "102Y", 102.4),
        ("19190505", None, 102.4),
        ("20000101", "021Y", 21.75),
    ],
)
def test_newborns_and_centenarians_keep_theirs(tmp_path: Path, birth: str, stated: str | None, age: float) -> None:
    series = read(tmp_path, PatientBirthDate=birth, PatientAge=stated)
    assert series.acquisition.age_years == pytest.approx(age, abs=0.01)
    assert series.acquisition.patient.birth_date is not None
    assert not any("birth" in warning for warning in series.warnings)


def test_a_newborn_of_seventy_kilograms_is_none(tmp_path: Path) -> None:
    series = read(tmp_path, PatientBirthDate="20210930", PatientAge="000D", PatientWeight="70")
    assert series.acquisition.patient.birth_date is None


@pytest.mark.parametrize(("stated", "said"), [("006Y", True), ("005Y", False), ("004Y", False), ("002Y", True)])
def test_a_disagreement_of_more_than_a_year_is_said(tmp_path: Path, stated: str, said: bool) -> None:
    series = read(tmp_path, PatientBirthDate="20170314", PatientAge=stated)
    assert any("disagree by more than a year" in warning for warning in series.warnings) == said


def test_a_placeholder_is_said_without_a_date(tmp_path: Path) -> None:
    series = read(tmp_path, PatientBirthDate="19000101", PatientAge="001Y")
    assert any("placeholder" in warning for warning in series.warnings)
    assert not any("1900" in warning for warning in series.warnings)


@pytest.mark.parametrize("field", ["AcquisitionDate", "SeriesDate", "StudyDate"])
@pytest.mark.parametrize("day", ["19000101", "18000101", "20000101", "19600101", "20160101"])
def test_a_date_that_is_a_placeholder_or_before_birth_loses(tmp_path: Path, field: str, day: str) -> None:
    dates = {"AcquisitionDate": "20210930", "SeriesDate": "20210930", "StudyDate": "20210930"}
    series = read(tmp_path, PatientBirthDate="20170501", **(dates | {field: day}))
    assert series.acquisition.acquired is not None
    assert f"{series.acquisition.acquired:%Y%m%d}" == "20210930"
    assert any("placeholder" in warning for warning in series.warnings)


def test_dates_of_which_one_is_years_off_are_said_and_most_win(tmp_path: Path) -> None:
    series = read(tmp_path, AcquisitionDate="20190930", SeriesDate="20210930", StudyDate="20210930")
    assert series.acquisition.acquired is not None
    assert series.acquisition.acquired.year == 2021
    assert any("730 days apart" in warning or "731 days apart" in warning for warning in series.warnings)


def test_placeholders_alone_are_no_date(tmp_path: Path) -> None:
    series = read(tmp_path, AcquisitionDate="19000101", StudyDate="19000101")
    assert series.acquisition.acquired is None


@pytest.mark.parametrize(("size", "height"), [("1.05", 1.05), ("105", 1.05), ("0", None), ("7", None)])
def test_height_is_in_metres(tmp_path: Path, size: str, height: float | None) -> None:
    assert read(tmp_path, PatientSize=size).acquisition.height_m == height

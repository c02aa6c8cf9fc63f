"""Slices that one series UID joins and that are not one volume, although together they make an even grid."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ctreview.dicom import Series, find_series
from ctreview.errors import SeveralSeriesFound, UnsupportedSeries
from ctreview.volume import load_volume
from tests.dicom.making import make_enhanced, make_slice, make_stack, ramp, save

SHAPE = (6, 5, 4)


def _interleaved(folder: Path, one: dict[str, Any], other: dict[str, Any]) -> tuple[Series, ...]:
    """Two stacks of 4 mm, the second half a spacing higher."""
    make_stack(folder, ramp(SHAPE, 1), spacing=(4, 1, 1), prefix="a", **one)
    make_stack(folder, ramp(SHAPE, 2), spacing=(4, 1, 1), prefix="b", first=101, origin=(0, 0, 2), **other)
    return find_series(folder)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"AcquisitionNumber": 1, "AcquisitionTime": "101500"}, {"AcquisitionNumber": 2, "AcquisitionTime": "101640"}),
        ({"AcquisitionNumber": 1}, {"AcquisitionNumber": 2}),
        ({"AcquisitionTime": "101500"}, {"AcquisitionTime": "101640"}),
        ({}, {}),
        ({"ConvolutionKernel": "B40f"}, {"ConvolutionKernel": "B70f"}),
        ({"StudyInstanceUID": "1.2.3"}, {"StudyInstanceUID": "1.2.4"}),
        ({"StudyDate": "20200101"}, {"StudyDate": "20210930"}),
    ],
)
def test_volumes_that_interleave_evenly_stay_apart(tmp_path: Path, one: dict[str, Any], other: dict[str, Any]) -> None:
    found = _interleaved(tmp_path, one, other)
    assert [series.shape[0] for series in found] == [6, 6]
    assert [series.spacing[0] for series in found if series.spacing] == pytest.approx([4, 4])
    assert len({series.key for series in found}) == 2
    with pytest.raises(SeveralSeriesFound):
        load_volume(tmp_path)
    loaded = {load_volume(series).array.tobytes() for series in found}
    assert loaded == {ramp(SHAPE, 1).tobytes(), ramp(SHAPE, 2).tobytes()}


@pytest.mark.parametrize("numbering", ["one by one", "in turns", "in turns, with times", "two halves"])
def test_what_counts_along_within_one_pass_stays_one(tmp_path: Path, numbering: str) -> None:
    for number in range(12):
        data = make_slice(ramp(SHAPE)[0], position=(0, 0, 2 * number), number=number + 1)
        data.AcquisitionNumber = {"one by one": number, "two halves": number // 6}.get(numbering, number % 2)
        if "times" in numbering:
            data.AcquisitionTime = f"1015{number:02d}"
        save(data, tmp_path / f"{number}.dcm")
    (series,) = find_series(tmp_path)
    assert series.shape[0] == 12


@pytest.mark.parametrize("start", [0, 12])
def test_two_studies_under_one_series_uid_are_two_series(tmp_path: Path, start: int) -> None:
    """At the same places, and one on top of the other."""
    for number, day in enumerate(("20210101", "20220101")):
        make_stack(
            tmp_path,
            ramp(SHAPE, number),
            prefix=f"{number}",
            first=500 * number,
            origin=(0, 0, start * number),
            StudyInstanceUID=f"1.2.{number}",
            StudyDate=day,
        )
    first, second = find_series(tmp_path)
    assert (first.part, second.part) == ("study 1", "study 2")
    assert first.usable
    assert second.usable
    assert np.array_equal(load_volume(second).array, ramp(SHAPE, 1))


def test_a_study_uid_for_every_slice_tells_nothing(tmp_path: Path) -> None:
    for number in range(6):
        data = make_slice(ramp(SHAPE)[0], position=(0, 0, 2 * number), number=number, StudyInstanceUID=f"1.2.{number}")
        save(data, tmp_path / f"{number}.dcm")
    (series,) = find_series(tmp_path)
    assert series.shape[0] == 6


def test_exact_copies_are_read_once(tmp_path: Path) -> None:
    paths = make_stack(tmp_path, ramp(SHAPE))
    for path in paths[:3]:
        shutil.copy(path, path.with_name(f"{path.stem} (1).dcm"))
    (series,) = find_series(tmp_path)
    assert series.usable
    assert "3 files are exact copies of others and were left out." in series.warnings
    assert np.array_equal(load_volume(series).array, ramp(SHAPE))


def test_one_uid_with_other_pixels_is_no_copy(tmp_path: Path) -> None:
    paths = make_stack(tmp_path, ramp(SHAPE))
    paths[0].with_name("other.dcm").write_bytes(paths[0].read_bytes()[:-2] + b"\1\1")
    (series,) = find_series(tmp_path)
    assert not series.usable


# --- rescaling


@pytest.mark.parametrize("missing", [{"RescaleIntercept": None}, {"RescaleSlope": None}, {"RescaleSlope": "0"}])
def test_ct_without_rescaling_is_refused(tmp_path: Path, missing: dict[str, Any]) -> None:
    make_stack(tmp_path, ramp(SHAPE), **missing)
    (series,) = find_series(tmp_path)
    assert not series.usable
    with pytest.raises(UnsupportedSeries, match="no rescaling to HU in 6 of 6 slices"):
        load_volume(tmp_path)


def test_one_slice_without_rescaling_is_enough(tmp_path: Path) -> None:
    for number, plane in enumerate(ramp(SHAPE)):
        data = make_slice(plane, position=(0, 0, 2 * number), number=number, RescaleIntercept="-1024")
        if number == 3:
            del data.RescaleIntercept
        save(data, tmp_path / f"{number}.dcm")
    with pytest.raises(UnsupportedSeries, match="no rescaling to HU in 1 of 6 slices"):
        load_volume(tmp_path)


def test_a_decimal_comma_is_no_number(tmp_path: Path) -> None:
    for path in make_stack(tmp_path, ramp(SHAPE), RescaleIntercept="-1024.0"):
        path.write_bytes(path.read_bytes().replace(b"-1024.0", b"-1024,0"))
    with pytest.raises(UnsupportedSeries, match="no rescaling"):
        load_volume(tmp_path)


def test_enhanced_frames_need_it_too(tmp_path: Path) -> None:
    data = make_enhanced(ramp((3, 4, 4)), [(0, 0, 2 * n) for n in range(3)], rescale=[(1, -1024)] * 3)
    del data.PerFrameFunctionalGroupsSequence[1].PixelValueTransformationSequence
    with pytest.raises(UnsupportedSeries, match="no rescaling to HU in 1 of 3 slices"):
        load_volume(save(data, tmp_path / "a.dcm"))


def test_mr_needs_none(tmp_path: Path) -> None:
    make_stack(tmp_path, ramp(SHAPE), Modality="MR", RescaleIntercept=None, RescaleSlope=None)
    assert np.array_equal(load_volume(tmp_path).array, ramp(SHAPE))


# --- what lies between slices


@pytest.mark.parametrize(
    ("thickness", "elements", "words"),
    [
        ("1", {}, "1 mm thick every 10 mm: 90 % not scanned."),
        ("5", {}, "5 mm thick every 10 mm: 50 % not scanned."),
        ("5", {"SpacingBetweenSlices": "5"}, "5 mm apart, and they lie 10 mm apart: every second one may have been"),
        ("10", {}, "The slices are 10 mm thick"),
    ],
)
def test_gaps_and_thick_slices_are_said(tmp_path: Path, thickness: str, elements: dict[str, str], words: str) -> None:
    make_stack(tmp_path, ramp(SHAPE), spacing=(10, 1, 1), SliceThickness=thickness, **elements)
    (series,) = find_series(tmp_path)
    assert any(words in warning for warning in series.warnings)
    assert any(words in note for note in load_volume(series).notes)


def test_slices_numbered_in_steps_are_said(tmp_path: Path) -> None:
    for number in range(5):
        save(make_slice(ramp(SHAPE)[0], position=(0, 0, 2 * number), number=2 * number), tmp_path / f"{number}.dcm")
    (series,) = find_series(tmp_path)
    assert any("numbered in steps of 2" in warning for warning in series.warnings)


@pytest.mark.parametrize("thickness", ["2", "2.5", "1.9"])
def test_contiguous_slices_need_no_words(tmp_path: Path, thickness: str) -> None:
    make_stack(tmp_path, ramp(SHAPE), SliceThickness=thickness)
    (series,) = find_series(tmp_path)
    assert series.warnings == ()

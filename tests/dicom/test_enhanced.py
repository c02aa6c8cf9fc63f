"""Enhanced multiframe files: shared and own groups, several stacks, echoes and time points in one file."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest

from ctreview.dicom import find_series
from ctreview.errors import InconsistentSeries, SeveralSeriesFound, UnreadableFile
from ctreview.volume import load_volume
from tests.dicom.making import AXIAL, make_enhanced, make_stack, ramp, save

CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)


def test_every_frame_has_its_place_and_its_rescaling(tmp_path: Path) -> None:
    array = ramp((4, 5, 6))
    heights = [6, 0, 4, 2]  # frames in no order
    rescale = [(1.0, 10.0 * n) for n in range(4)]
    data = make_enhanced(array, [(-3, 4, height) for height in heights], rescale=rescale, KVP="100")
    volume = load_volume(save(data, tmp_path / "a.dcm"))
    assert volume.array.dtype == np.int16
    for frame, height in enumerate(heights):
        assert np.array_equal(volume.array[height // 2], array[frame] + 10 * frame)
    assert volume.geometry.origin == pytest.approx([-3, 4, 0])
    assert volume.geometry.spacing == pytest.approx((2, 1, 1))
    assert volume.acquisition.slice_thickness_mm == 2


def test_stacks_of_one_file_are_series_of_their_own(tmp_path: Path) -> None:
    array = ramp((7, 5, 6))
    positions = [(0, 0, 2 * n) for n in range(4)] + [(0, 3 * n, 50) for n in range(3)]
    orientations = [AXIAL] * 4 + [CORONAL] * 3
    content = [{"StackID": "1"}] * 4 + [{"StackID": "2"}] * 3
    save(make_enhanced(array, positions, orientations=orientations, content=content), tmp_path / "a.dcm")
    found = find_series(tmp_path)
    assert [one.shape[0] for one in found] == [4, 3]
    assert np.array_equal(load_volume(found[0]).array, array[:4])
    coronal = load_volume(found[1])
    assert coronal.geometry.is_canonical
    assert np.array_equal(coronal.array, array[4:, ::-1].transpose(1, 0, 2))


def test_stacks_with_a_gap_between_them(tmp_path: Path) -> None:
    positions = [(0, 0, 2 * n) for n in range(4)] + [(0, 0, 100 + 2 * n) for n in range(4)]
    content = [{"StackID": "1"}] * 4 + [{"StackID": "2"}] * 4
    save(make_enhanced(ramp((8, 5, 6)), positions, content=content), tmp_path / "a.dcm")
    assert [one.part for one in find_series(tmp_path)] == ["stack 1", "stack 2"]
    same = [{"StackID": "1"}] * 8
    save(make_enhanced(ramp((8, 5, 6)), positions, content=same), tmp_path / "a.dcm")
    with pytest.raises(InconsistentSeries, match="missing"):
        load_volume(tmp_path)


def test_echoes_and_time_points_are_told_apart(tmp_path: Path) -> None:
    array = ramp((12, 5, 6)) + 1000
    positions = [(0, 0, 2 * (n % 3)) for n in range(12)]
    content = [{"TemporalPositionIndex": 1 + n // 6} for n in range(12)]
    echo = [(2.3, 4.6)[(n // 3) % 2] for n in range(12)]
    data = make_enhanced(array, positions, content=content, echo=echo, modality="MR")
    save(data, tmp_path / "a.dcm")
    found = find_series(tmp_path)
    assert [one.part for one in found] == [
        "echo 2.3, time point 1",
        "echo 2.3, time point 2",
        "echo 4.6, time point 1",
        "echo 4.6, time point 2",
    ]
    assert np.array_equal(load_volume(found[1]).array, array[6:9])
    with pytest.raises(SeveralSeriesFound, match=r"mr3\.1 \(echo 2\.3, time point 1"):
        load_volume(tmp_path)


def test_fewer_groups_than_frames_are_refused_not_guessed(tmp_path: Path) -> None:
    data = make_enhanced(ramp((4, 5, 6)), [(0, 0, 2 * n) for n in range(4)])
    del data.PerFrameFunctionalGroupsSequence[3]
    save(data, tmp_path / "a.dcm")
    with pytest.raises(UnreadableFile, match="3 of 4 frames"):
        load_volume(tmp_path)


def test_more_frames_claimed_than_there_are(tmp_path: Path) -> None:
    data = make_enhanced(ramp((4, 5, 6)), [(0, 0, 2 * n) for n in range(4)], NumberOfFrames=None)
    data.NumberOfFrames = 2_000_000
    save(data, tmp_path / "a.dcm")
    with pytest.raises(UnreadableFile, match="2000000 frames"):
        load_volume(tmp_path)


def test_a_legacy_converted_series_equals_its_slices(tmp_path: Path) -> None:
    from highdicom.legacy import LegacyConvertedEnhancedCTImage

    paths = make_stack(tmp_path / "classic", ramp((5, 8, 9)), origin=(-3, 7, 11), KVP="120", ConvolutionKernel="B70f")
    slices = [pydicom.dcmread(path) for path in paths]
    for one in slices:
        one.AccessionNumber = one.StudyID = one.StudyTime = one.Manufacturer = ""
        one.AcquisitionNumber = "1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = LegacyConvertedEnhancedCTImage(
            legacy_datasets=slices,
            series_instance_uid="1.2.3.4.5",
            series_number=9,
            sop_instance_uid="1.2.3.4.5.6",
            instance_number=1,
        )
    save(whole, tmp_path / "enhanced" / "a.dcm")
    classic, enhanced = load_volume(tmp_path / "classic"), load_volume(tmp_path / "enhanced")
    assert np.array_equal(classic.array, enhanced.array)
    assert classic.geometry.same_grid(enhanced.geometry)
    assert enhanced.acquisition.kernel == "B70f"
    assert enhanced.acquisition.kvp == 120

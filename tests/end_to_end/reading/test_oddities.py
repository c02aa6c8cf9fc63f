"""Headers that are wrong where it does no harm, and values that need care."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ctreview.dicom import find_series
from ctreview.volume import LoadSettings, load_volume
from tests.dicom.making import make_slice, make_stack, ramp, save

SHAPE = (4, 5, 6)


def test_rescaling_is_that_of_each_slice(tmp_path: Path) -> None:
    array = np.abs(ramp(SHAPE)).astype(np.uint16)
    for number, plane in enumerate(array):
        data = make_slice(plane, position=(0, 0, 2 * number), number=number, RescaleSlope=str(1 + number))
        data.RescaleIntercept = str(-1024 + number)
        save(data, tmp_path / f"{number}.dcm")
    volume = load_volume(tmp_path)
    assert volume.array.dtype == np.int16
    expected = np.stack([plane * (1.0 + number) - 1024 + number for number, plane in enumerate(array)])
    assert np.array_equal(volume.array, expected)


def test_a_fractional_slope_gives_floats(tmp_path: Path) -> None:
    make_stack(tmp_path, ramp(SHAPE), RescaleSlope="0.5")
    volume = load_volume(tmp_path)
    assert volume.array.dtype == np.float32
    assert np.array_equal(volume.array, np.maximum(ramp(SHAPE) * 0.5, -1500))


@pytest.mark.parametrize(("bits", "high", "signed"), [(12, 11, False), (12, 11, True), (12, 15, False), (10, 12, True)])
def test_odd_bits_stored_and_overlays_above_them(tmp_path: Path, bits: int, high: int, signed: bool) -> None:
    rng = np.random.default_rng(0)
    half = 1 << (bits - 1)
    values = rng.integers(-half if signed else 0, half if signed else 2 * half, SHAPE)
    low = high + 1 - bits
    stored = (values & ((1 << bits) - 1)) << low
    junk = rng.integers(0, 2**16, SHAPE) & ~(((1 << bits) - 1) << low) & 0xFFFF
    array = (stored | junk).astype(np.uint16)
    make_stack(tmp_path, array, bits=bits, HighBit=high, PixelRepresentation=int(signed))
    assert np.array_equal(load_volume(tmp_path, settings=LoadSettings(padding="keep")).array, values)


def test_values_beyond_16_bits_are_clipped_and_said(tmp_path: Path) -> None:
    array = np.zeros(SHAPE, np.uint16)
    array[0, 0, 0], array[0, 0, 1] = 65535, 33791
    make_stack(tmp_path, array, RescaleIntercept="-1024")
    volume = load_volume(tmp_path)
    assert volume.array[0, 0, 0] == 32767
    assert volume.array[0, 0, 1] == 32767
    assert any("clipped" in note for note in volume.notes)


@pytest.mark.parametrize(("elements", "value"), [({"PixelPaddingValue": -2000}, -2000), ({}, -3024)])
def test_padding_becomes_air(tmp_path: Path, elements: dict[str, int], value: int) -> None:
    array = np.full(SHAPE, 40, np.int16)
    array[:, 0] = value
    make_stack(tmp_path, array, **elements)
    assert set(load_volume(tmp_path).array.ravel()) == {-1024, 40}
    assert set(load_volume(tmp_path, settings=LoadSettings(padding="keep")).array.ravel()) == {value, 40}


def test_a_padding_range_becomes_air(tmp_path: Path) -> None:
    array = np.full(SHAPE, 40, np.int16)
    array[:, 0], array[:, 1] = -1200, -1150
    make_stack(tmp_path, array, PixelPaddingValue=-1200, PixelPaddingRangeLimit=-1100)
    assert set(load_volume(tmp_path).array.ravel()) == {-1024, 40}


def test_padding_outside_the_stored_bits(tmp_path: Path) -> None:
    """12 bits stored, and 63536 (−2000 as 16 bits) where nothing was measured."""
    array = np.full(SHAPE, 1064, np.uint16)
    array[:, 0] = 63536
    make_stack(tmp_path, array, bits=12, RescaleIntercept="-1024", PixelPaddingValue=63536)
    assert set(load_volume(tmp_path).array.ravel()) == {-1024, 40}


def test_a_padding_value_amid_tissue_is_not_believed(tmp_path: Path) -> None:
    make_stack(tmp_path, np.zeros(SHAPE, np.int16), PixelPaddingValue=0)
    volume = load_volume(tmp_path)
    assert set(volume.array.ravel()) == {0}
    assert any("not believed" in note for note in volume.notes)


def test_wrong_spacing_between_slices_is_ignored(tmp_path: Path) -> None:
    make_stack(tmp_path, ramp(SHAPE), SpacingBetweenSlices="7", SliceThickness="5")
    volume = load_volume(tmp_path)
    assert volume.geometry.spacing[0] == pytest.approx(2)
    assert volume.acquisition.slice_thickness_mm == 5


def test_pixels_need_not_be_square(tmp_path: Path) -> None:
    make_stack(tmp_path, ramp(SHAPE), spacing=(2.0, 1.5, 0.5))
    assert load_volume(tmp_path).geometry.spacing == pytest.approx((2, 1.5, 0.5))


def test_missing_and_malformed_uids_and_empty_dates(tmp_path: Path) -> None:
    make_stack(tmp_path, ramp(SHAPE), SeriesInstanceUID=None, FrameOfReferenceUID=None, StudyDate="")
    (series,) = find_series(tmp_path)
    assert series.usable
    assert series.frame_of_reference.startswith("source:")
    assert "The series UID is missing." in series.warnings
    assert "No date of acquisition is given." in series.warnings
    assert load_volume(tmp_path).geometry.frame_of_reference == series.frame_of_reference


def _stack_of_frames_of_reference(folder: Path, uids: list[str]) -> None:
    for number, uid in enumerate(uids):
        plane = np.full((5, 6), number, np.int16)
        data = make_slice(plane, position=(0, 0, 2 * number), number=number, FrameOfReferenceUID=uid)
        save(data, folder / f"{number}.dcm")


def test_a_frame_of_reference_for_each_slice_tells_nothing(tmp_path: Path) -> None:
    _stack_of_frames_of_reference(tmp_path, [f"1.2.3.{number}" for number in range(6)])
    (series,) = find_series(tmp_path)
    assert series.usable
    assert any("frame of reference of its own" in note for note in series.warnings)
    assert series.frame_of_reference.startswith("source:")
    assert load_volume(tmp_path).geometry.shape[0] == 6


def test_two_frames_of_reference_are_two_places(tmp_path: Path) -> None:
    _stack_of_frames_of_reference(tmp_path, ["1.2.3.1"] * 3 + ["1.2.3.2"] * 3)
    (series,) = find_series(tmp_path)
    assert not series.usable
    assert "different frames of reference" in str(series.refusal)


def test_a_little_unevenness_is_accepted_and_said(tmp_path: Path) -> None:
    for number, height in enumerate((0, 1.0, 2.04, 3.0, 4.0)):
        save(make_slice(ramp(SHAPE)[0], position=(0, 0, height), number=number), tmp_path / f"{number}.dcm")
    volume = load_volume(tmp_path)
    assert volume.geometry.spacing[0] == pytest.approx(1.0)
    assert any("leave an even grid by up to 0.04 mm" in note for note in volume.notes)


def test_uneven_spacing_is_resampled_on_request(tmp_path: Path) -> None:
    heights = (0, 2, 4, 6, 8, 11, 14, 17)
    for number, height in enumerate(heights):
        plane = np.full((5, 6), 10 * height, np.int16)
        save(make_slice(plane, position=(0, 0, height), number=number), tmp_path / f"{number}.dcm")
    volume = load_volume(tmp_path, settings=LoadSettings(uneven="resample"))
    assert volume.geometry.spacing[0] == pytest.approx(2)
    assert volume.geometry.shape[0] == 9
    assert np.abs(volume.array[:, 0, 0] - 20 * np.arange(9)).max() == 0
    assert any("interpolated" in note for note in volume.notes)


@pytest.mark.parametrize("tilt", [20.0, -13.0])
@pytest.mark.parametrize("downwards", [True, False])
def test_a_tilted_gantry_is_sheared_onto_a_right_box(tmp_path: Path, tilt: float, downwards: bool) -> None:
    """Values are a linear function of the place in the patient, so that any error of place shows."""
    shape = (9, 24, 20)
    sine, cosine = np.sin(np.radians(tilt)), np.cos(np.radians(tilt))
    rows, columns = np.array([1.0, 0, 0]), np.array([0, cosine, -sine])
    step = np.array([0, 0, -3.0 if downwards else 3.0])  # the table moves straight through the tilted gantry
    plain = np.array([5.0, 11.0, 7.0])
    k, i, j = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    places = k[..., None] * step + i[..., None] * 0.9 * columns + j[..., None] * 0.8 * rows
    make_stack(
        tmp_path,
        np.round(places @ plain).astype(np.int16),
        orientation=(*rows, *columns),
        spacing=(3.0, 0.9, 0.8),
        step=step,
    )
    volume = load_volume(tmp_path)
    assert any(f"tilted by {abs(tilt):.1f}°" in note for note in volume.notes)
    directions = volume.geometry.directions
    assert np.abs(directions.T @ directions - np.eye(3)).max() < 1e-6
    index = np.stack(np.meshgrid(*(np.arange(n) for n in volume.geometry.shape), indexing="ij"), axis=-1)
    expected = volume.geometry.to_lps(index) @ plain
    assert volume.original is not None
    at = volume.original.to_index(volume.geometry.to_lps(index))
    measured = np.all((at >= 0) & (at <= np.array(volume.original.shape) - 1), axis=-1)
    assert measured.sum() > 0.95 * 9 * 23 * 20 - 200
    assert np.abs(volume.array - expected)[measured].max() <= 1.01
    outside = np.any((at < -1) | (at > np.array(volume.original.shape)), axis=-1)
    assert set(volume.array[outside]) <= {-1024}

    kept = load_volume(tmp_path, settings=LoadSettings(tilt="keep"))
    index = np.stack(np.meshgrid(*(np.arange(n) for n in kept.geometry.shape), indexing="ij"), axis=-1)
    assert np.abs(kept.array - kept.geometry.to_lps(index) @ plain).max() <= 0.51


def _chest(shape: tuple[int, int, int] = (8, 40, 40)) -> np.ndarray:
    array = np.full(shape, -1000, np.int16)
    array[:, 8:32, 8:32] = 40
    array[:, 12:24, 12:28] = -820
    return array


def test_ct_that_another_program_converted_is_taken_as_hu_and_said(tmp_path: Path) -> None:
    make_stack(tmp_path, _chest(), ImageType=["DERIVED", "SECONDARY"], RescaleType="US")
    volume = load_volume(tmp_path)
    assert volume.unit == "HU"
    assert any("taken as HU" in note for note in volume.notes)
    assert np.array_equal(volume.array, _chest())


@pytest.mark.parametrize(("kind", "shift"), [("US", 1024), ("MGML", 0)])
def test_numbers_that_are_no_hu_say_why(tmp_path: Path, kind: str, shift: int) -> None:
    make_stack(tmp_path, _chest() + np.int16(shift), ImageType=["DERIVED", "SECONDARY"], RescaleType=kind)
    volume = load_volume(tmp_path)
    assert volume.unit == "arbitrary"
    assert volume.unit_reason == f"the header calls them {kind}"

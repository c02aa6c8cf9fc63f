"""Every folder of real series against the reference beside it, dcm2niix and SimpleITK."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ctreview.dicom import find_series
from ctreview.errors import InconsistentSeries, UnsupportedSeries
from ctreview.volume import LoadSettings, load_volume
from ctreview.volume.image_file import read_image_file
from tests.end_to_end.reading.oracles import apart_mm, converted, itk_series, unlike

pytestmark = pytest.mark.data

AS_STORED = LoadSettings(padding="keep", philips="displayed")

WITH_REFERENCE = [
    "vendors/anatomical/001",
    "vendors/anatomical/001_implicit",
    "vendors/generic/anatomical/001",
    "vendors/generic/anatomical/001_implicit",
    "vendors/generic/anatomical/002_non_isotropic",
    "vendors/generic/compressed/001",
    "vendors/generic/compressed_j2k/001",
    "vendors/generic/compressed_jpeg/001",
    "vendors/generic/compressed_jpegls/001",
    "vendors/generic/compressed_rle/001",
    "vendors/philips_enhanced/anatomical/001",
    "vendors/philips_enhanced/anatomical/001_implicit",
    "vendors/siemens_multiframe/anatomical/001",
    "odd_series/slicecount/001",
]


@pytest.mark.parametrize("folder", WITH_REFERENCE)
def test_the_reference_beside_it(shared_data: Path, folder: str) -> None:
    path = shared_data / folder
    volume = load_volume(path, settings=AS_STORED)
    for ending in ("_ground_truth", "_ground_truth_reoriented"):
        reference = read_image_file(path.with_name(f"{path.name}{ending}.nii.gz"))
        assert apart_mm(volume, reference) < 0.01
        assert unlike(volume, reference) < 1e-4


@pytest.mark.parametrize("folder", WITH_REFERENCE)
def test_dcm2niix_agrees(shared_data: Path, folder: str) -> None:
    volume = load_volume(shared_data / folder)  # with Philips' precise scaling, dcm2niix' default too
    (theirs,) = converted(shared_data / folder).values()
    assert apart_mm(volume, theirs) < 0.01
    assert unlike(volume, theirs) <= 1e-6 * float(np.abs(theirs.array).max())


@pytest.mark.parametrize("folder", ["two_kernels/b40f", "two_kernels/b70f", "t1_mr/dicom"])
def test_dcm2niix_and_simpleitk_agree(shared_data: Path, folder: str) -> None:
    volume = load_volume(shared_data / folder, settings=AS_STORED)
    (theirs,) = converted(shared_data / folder).values()
    for other in (theirs, itk_series(shared_data / folder)):
        assert apart_mm(volume, other) < 0.01
        assert unlike(volume, other) == 0


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["covid_p001/dicom", "normal001/dicom"])
def test_whole_thorax_scans_agree(shared_data: Path, folder: str) -> None:
    volume = load_volume(shared_data / folder, settings=AS_STORED)
    (theirs,) = converted(shared_data / folder).values()
    for other in (theirs, itk_series(shared_data / folder)):
        assert apart_mm(volume, other) < 0.01
        assert np.array_equal(volume.array, other.array)


def test_t1_matches_the_published_reference(shared_data: Path) -> None:
    volume = load_volume(shared_data / "t1_mr" / "dicom")
    reference = read_image_file(shared_data / "t1_mr" / "reference.nii.gz")
    assert apart_mm(volume, reference) < 0.01
    assert unlike(volume, reference) == 0


def test_a_tilted_gantry_is_sheared_as_dcm2niix_does(shared_data: Path) -> None:
    folder = shared_data / "odd_series" / "gantrytilting" / "001"
    volume = load_volume(folder)
    theirs = next(one for name, one in converted(folder).items() if "Tilt" in name)
    assert apart_mm(volume, theirs) < 0.01
    differs = volume.array != theirs.array
    # dcm2niix blends the first and last row of each slice with the filling value the other way round
    rows = [np.unique(np.nonzero(plane)[0]) for plane in differs]
    assert all(len(each) <= 2 for each in rows)
    assert any("tilted by 14.0°" in note for note in volume.notes)
    assert volume.original is not None
    kept = load_volume(folder, settings=LoadSettings(tilt="keep"))
    assert np.abs(kept.geometry.corners() - volume.original.corners()).max() < 0.01


def test_a_tilted_head_of_mixed_spacing_is_refused_and_resampled_on_request(shared_data: Path) -> None:
    folder = shared_data / "tilted_head_ct"
    with pytest.raises(InconsistentSeries, match=r"changes between 1\.08\d and 7 mm|6\.99\d mm"):
        load_volume(folder)
    (series,) = find_series(folder)
    volume = load_volume(folder, settings=LoadSettings(uneven="resample"))
    theirs = next(one for name, one in converted(folder).items() if "Tilt" in name)
    # the same right box within the plane; along the normal dcm2niix takes another spacing
    assert volume.geometry.shape[1:] == theirs.geometry.shape[1:]
    assert np.abs(volume.geometry.origin - theirs.geometry.origin).max() < 0.01
    assert np.abs(volume.geometry.affine[:3, 1:3] - theirs.geometry.affine[:3, 1:3]).max() < 1e-4
    assert volume.geometry.spacing[0] == pytest.approx(4.0, abs=0.01)
    # the first slices lie 4 mm apart, so that the second of the volume is the second of the scanner
    frame = series.frames[1]
    point = np.array(frame.position) + 200 * 0.4882812 * np.array(frame.orientation[:3])  # type: ignore[index]
    at = volume.geometry.to_index(point + 250 * 0.4882812 * np.array(frame.orientation[3:]))  # type: ignore[index]
    assert at[0] == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    ("folder", "says"),
    [
        ("odd_series/notavolume/001", "all 4 slices lie at the same position"),
        ("odd_series/sliceincrement/001", r"1 of 5 slices are missing \(after 10\.0 mm"),
        ("odd_series/sliceincrement/002", r"1 of 5 slices are missing \(after 1\.5 mm"),
    ],
)
def test_what_is_no_volume_is_refused(shared_data: Path, folder: str, says: str) -> None:
    with pytest.raises(InconsistentSeries, match=says):
        load_volume(shared_data / folder)


def test_two_orientations_are_two_series(shared_data: Path) -> None:
    folder = shared_data / "odd_series" / "sliceorientation" / "001"
    found = find_series(folder)
    assert [one.key for one in found] == ["mr202", "mr501"]
    theirs = converted(folder)
    for one in found:
        other = next(volume for name, volume in theirs.items() if name.startswith(str(one.number)))
        assert apart_mm(load_volume(one), other) < 0.01
        assert unlike(load_volume(one), other) == 0


def test_colour_is_refused(shared_data: Path) -> None:
    with pytest.raises(UnsupportedSeries):
        load_volume(shared_data / "vendors" / "generic" / "rgb" / "001")


def test_philips_scaling_is_the_scanners_own_or_the_displayed_one(shared_data: Path) -> None:
    folder = shared_data / "vendors" / "philips_enhanced" / "anatomical" / "001"
    precise, displayed = load_volume(folder), load_volume(folder, settings=AS_STORED)
    inside = displayed.array > 0
    ratio = precise.array[inside] / displayed.array[inside]
    assert float(ratio.std() / ratio.mean()) < 1e-5
    assert float(ratio.mean()) == pytest.approx(1 / (4.25885225885225 * 0.0002765719254966825), rel=1e-4)

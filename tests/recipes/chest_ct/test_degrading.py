"""What a scan would show were it imaged as the other one is."""

import dataclasses

import pytest

from ctreview.image_quality import Noise, PointSpread
from ctreview.recipes.chest_ct.degrading import degraded_ml


@pytest.fixture
def scans(prepared):
    """Two scans of one sharpness and noise."""
    before, after = prepared.pair.scans
    sharp = dataclasses.replace(before.quality, spread=PointSpread(0.6, 0.9, 500), noise=Noise(12.0, 0.4, 500))
    return tuple(dataclasses.replace(scan, quality=sharp) for scan in (before, after))


def with_quality(scan, **changes):
    return dataclasses.replace(scan, quality=dataclasses.replace(scan.quality, **changes))


def with_slices(scan, thickness_mm):
    acquisition = dataclasses.replace(scan.volume.acquisition, slice_thickness_mm=thickness_mm)
    return dataclasses.replace(scan, volume=dataclasses.replace(scan.volume, acquisition=acquisition))


def degraded(prepared, scans, transform=None):
    return degraded_ml(dataclasses.replace(prepared.pair, scans=scans), transform, settings=prepared.settings)


def test_scans_that_image_alike_are_not_measured_again(prepared, scans):
    assert degraded(prepared, scans) == ({}, {})


def test_the_sharper_scan_is_blurred_within_slices_and_across_them(prepared, scans):
    blurred = with_quality(scans[1], spread=PointSpread(0.95, 1.4, 500))
    found, of_blurred = degraded(prepared, (scans[0], blurred))
    assert set(found) == {"sharpness", "slice thickness"}
    assert of_blurred == {}
    held = prepared.points[0].opacity.counted_ml()
    for change in found.values():
        assert set(change) == set(scans[0].regions.names)
        assert 0.0 < abs(change["lungs"][-1]) < 0.3 * held


def test_thin_slices_are_made_as_thick_as_the_others_by_the_header_where_the_image_does_not_tell(prepared, scans):
    before, after = (with_quality(scan, spread=PointSpread(0.6, 0.6, 0)) for scan in scans)
    found, of_thick = degraded(prepared, (with_slices(before, 1.5), with_slices(after, 3.0)))
    assert set(found) == {"slice thickness"}
    assert of_thick == {}


def test_the_less_noisy_scan_is_made_noisier(prepared, scans):
    noisy = with_quality(scans[0], noise=Noise(40.0, 0.4, 500))
    of_noisy, found = degraded(prepared, (noisy, scans[1]))
    assert of_noisy == {}
    assert set(found) == {"noise"}
    assert found["noise"]["lungs"][-1] != 0.0


def test_side_by_side_noise_in_one_scan_changes_less_and_reaches_the_other(prepared, scans):
    noisy = with_quality(scans[0], noise=Noise(40.0, 0.4, 500)), scans[1]
    alone, beside = (degraded(prepared, noisy, transform) for transform in (None, prepared.transform))
    change = [beside[number]["noise"]["lungs"][-1] for number in (0, 1)]
    assert change[0] != 0.0
    assert abs(change[1] - change[0]) < abs(alone[1]["noise"]["lungs"][-1])

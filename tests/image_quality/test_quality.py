from __future__ import annotations

from dataclasses import replace

import pytest

from ctreview.errors import WrongUse
from ctreview.image_quality import (
    ImageQuality,
    ImageQualityLimits,
    Noise,
    PointSpread,
    compare_image_quality,
    measure_noise,
    outside_air_hu,
)
from tests.image_quality.bodies import ellipsoid

SHARP = ImageQuality(PointSpread(0.6, 0.8, 1000), Noise(20.0, 0.4, 500), -1000.0, 2.0)


def test_the_noise_that_was_added_is_found() -> None:
    found = measure_noise(ellipsoid((0.6, 0.8), noise_hu=25.0))
    assert found is not None
    assert found.sd_hu == pytest.approx(25.0, rel=0.1)


def test_white_noise_has_no_grain() -> None:
    found = measure_noise(ellipsoid((0.6, 0.8), noise_hu=25.0))
    assert found is not None
    assert found.grain_mm < 0.3


def test_air_around_the_body_is_read_to_a_few_hu() -> None:
    assert outside_air_hu(ellipsoid((0.6, 0.8), noise_hu=10.0, air_hu=-985.0)) == pytest.approx(-985.0, abs=2.0)


def test_air_that_was_cut_off_says_nothing() -> None:
    assert outside_air_hu(ellipsoid((0.6, 0.8), air_hu=-1024.0)) is None


def test_air_that_reads_lower_than_the_usual_cut_is_read_where_nothing_was_cut_off() -> None:
    assert outside_air_hu(ellipsoid((0.6, 0.8), noise_hu=10.0, air_hu=-1033.0)) == pytest.approx(-1033.0, abs=2.0)


def test_lung_that_the_image_cuts_is_no_air_around_the_body() -> None:
    whole = ellipsoid((0.6, 0.8), noise_hu=10.0)
    half = whole.crop((0, 100, 40), (40, 200, 160))  # through the middle of the lung, with little air beyond the skin
    lung = (half.array < -700) & (half.array > -940)
    assert outside_air_hu(half, lung) == pytest.approx(-1000.0, abs=2.0)


def test_a_scan_images_like_itself() -> None:
    assert all(check.ok for check in compare_image_quality(SHARP, SHARP))


def failed(other: ImageQuality) -> dict[str, str]:
    return {check.name: check.effect for check in compare_image_quality(SHARP, other) if not check.ok}


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (replace(SHARP, spread=PointSpread(0.9, 1.2, 1000)), {"sharpness": "widens"}),
        (replace(SHARP, spread=PointSpread(1.6, 1.8, 1000)), {"sharpness": "stops", "resolution": "stops"}),
        (replace(SHARP, spread=PointSpread(0.6, 2.0, 1000)), {"sharpness": "widens", "resolution": "stops"}),
        (replace(SHARP, noise=Noise(40.0, 0.4, 500)), {"noise": "widens"}),
        (replace(SHARP, slice_spacing_mm=5.0), {"slice_gap": "widens"}),
        (replace(SHARP, air_hu=-970.0), {"air_around_the_body": "stops"}),
        (replace(SHARP, noise=None, air_hu=None), {}),
    ],
)
def test_what_differs_widens_and_what_differs_much_stops(other: ImageQuality, expected: dict[str, str]) -> None:
    assert failed(other) == expected


def test_limits_out_of_order_are_refused() -> None:
    with pytest.raises(WrongUse, match="alike"):
        ImageQualityLimits(alike_noise=3.0, greatest_noise=2.0)

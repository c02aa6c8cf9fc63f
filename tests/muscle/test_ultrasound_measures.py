"""What a region of ultrasound measures, how far its border moves that, and what is set against what."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest

from ctreview.dicom.acquisition import Acquisition
from ctreview.errors import WrongUse
from ctreview.muscle.ultrasound import Ultrasound, UltrasoundRegion
from ctreview.muscle.ultrasound_compared import compare_ultrasound
from ctreview.muscle.ultrasound_measures import BorderedNumber, UltrasoundMeasures, measure_ultrasound

EARLY, LATE = date(2023, 3, 1), date(2024, 2, 29)


def compared(*given):
    measures = [
        UltrasoundMeasures(
            side,
            day,
            BorderedNumber(mm, mm - 0.2, mm + 0.2),
            BorderedNumber.of(1.0),
            BorderedNumber.of(mm),
            9.0,
            0.1,
            0.1,
        )
        for side, day, mm in given
    ]
    return compare_ultrasound([SimpleNamespace(acquisition=Acquisition())] * len(given), measures)


def test_a_loss_is_a_loss_in_whichever_order_the_files_are_given():
    (one,) = compared(("right", LATE, 20.0), ("right", EARLY, 25.0)).comparisons
    assert (one.first, one.second, one.of, one.interval_days) == ((1,), (0,), "dates", 365)
    assert one.thickness_mm.value == pytest.approx(-5.0)
    assert one.thickness_percent.value == pytest.approx(-20.0)


@pytest.mark.parametrize(
    "given",
    [
        ((None, EARLY, 25.0), (None, LATE, 20.0)),
        (("right", EARLY, 25.0), ("right", None, 20.0)),
        (("right", EARLY, 25.0), ("left", LATE, 20.0)),
    ],
    ids=["side not known", "day not known", "other side of another day"],
)
def test_what_may_be_the_wrong_pair_is_not_compared(given):
    assert compared(*given).comparisons == ()


def test_sides_without_days_are_not_called_of_one_day():
    (one,) = compared(("right", None, 25.0), ("left", None, 20.0)).comparisons
    assert one.of == "sides"
    assert one.interval_days is None
    assert one.thickness_percent.value == pytest.approx(-200 * 5 / 45)


def test_repeats_count_by_their_mean_and_widen_the_interval_by_what_they_differ():
    once = compared(("right", EARLY, 25.0), ("left", EARLY, 20.0))
    again = compared(("right", EARLY, 24.0), ("left", EARLY, 20.0), ("right", EARLY, 26.0))
    assert once.repeatability == {}
    (alone,), (one,) = once.comparisons, again.comparisons
    assert (one.first, one.second) == ((0, 2), (1,))
    assert one.thickness_mm.value == alone.thickness_mm.value == -5.0
    assert again.repeatability["thickness_mm"].sd == pytest.approx(2**0.5)
    assert alone.thickness_mm.half_width < 0.4
    assert one.thickness_mm.half_width > 5, "of two measures little is known of how far a third would be off"


def ultrasound(*regions: UltrasoundRegion) -> Ultrasound:
    frames = np.zeros((1, 60, 80), np.uint8)
    frames[0, 20:40] = 100
    return Ultrasound(frames, regions, None, Acquisition())


def box(top: int, bottom: int) -> np.ndarray:
    mask = np.zeros((60, 80), bool)
    mask[top:bottom, 20:60] = True
    return mask


def test_the_border_moves_thickness_by_a_pixel_at_both_edges():
    image = ultrasound(UltrasoundRegion(0, 0, 59, 79, 0.2, 0.1))
    found = measure_ultrasound(image, box(20, 40)).measures
    assert (found.thickness_mm.value, found.thickness_mm.low, found.thickness_mm.high) == pytest.approx((4.0, 3.6, 4.4))
    assert found.grey_mean.value == found.grey_mean.high == 100.0
    assert found.grey_mean.low < 95, "the border further out takes what is dark"


@pytest.mark.parametrize(
    ("regions", "reason"),
    [
        ((), "states no scale"),
        ((UltrasoundRegion(0, 0, 30, 79, 0.2, 0.2),), "outside what is calibrated"),
        ((UltrasoundRegion(0, 0, 59, 79, 0.2, 0.2), UltrasoundRegion(0, 0, 59, 79, 0.4, 0.4)), "unlike scale"),
    ],
    ids=["no scale", "outside", "two scales"],
)
def test_millimetres_are_refused_where_the_scale_is_not_known(regions, reason):
    with pytest.raises(WrongUse, match=reason):
        measure_ultrasound(ultrasound(*regions), box(20, 40))

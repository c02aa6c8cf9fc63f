"""Which ultrasound measures are set against each other, and in which order."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest

from ctreview.dicom.acquisition import Acquisition
from ctreview.muscle.ultrasound_measures import UltrasoundMeasures, compare_ultrasound

EARLY, LATE = date(2023, 3, 1), date(2024, 2, 29)


def compared(*given):
    measures = [UltrasoundMeasures(side, day, mm, 1.0, 100.0, 10.0) for side, day, mm in given]
    return compare_ultrasound([SimpleNamespace(acquisition=Acquisition())] * len(given), measures)


def test_a_loss_is_a_loss_in_whichever_order_the_files_are_given():
    newest_first = compared(("right", LATE, 20.0), ("right", EARLY, 25.0))
    (one,) = newest_first
    assert (one.first, one.second, one.of, one.interval_days) == (1, 0, "dates", 365)
    assert one.thickness_percent == pytest.approx(-20.0)


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
    assert compared(*given) == ()


def test_sides_without_days_are_not_called_of_one_day():
    (one,) = compared(("right", None, 25.0), ("left", None, 20.0))
    assert one.of == "sides"
    assert one.interval_days is None

import dataclasses

import pytest

from ctreview.change import Interval, RegionMeasures, VerdictSettings, judge, repeatability_ml
from ctreview.checks import Check


def region(opacity_ml: float, volume_ml: float = 1000.0) -> RegionMeasures:
    return RegionMeasures(volume_ml, -800.0, opacity_ml, 100 * opacity_ml / volume_ml, {"ground_glass": opacity_ml})


def change(value: float, half: float) -> Interval:
    return Interval(value, value - half, value + half)


FAILED = Check("lung_volume_ratio", 0.5, 0.25, ok=False, message="", effect="stops")


@pytest.mark.parametrize(
    ("before", "after", "half", "verdict"),
    [
        (30, 10, 5, "decreased"),
        (10, 30, 5, "increased"),
        (30, 10, 25, "unchanged"),  # zero within the interval
        (10, 8.5, 1, "unchanged"),  # below 2 mL, 0.2 % of the region
        (10, 7.5, 1, "decreased"),
        (100, 92, 1, "unchanged"),  # below a tenth
        (0, 0, 0, "unchanged"),
        (0, 3, 2, "increased"),
    ],
)
def test_both_the_interval_and_the_repeatability_must_be_passed(before, after, half, verdict):
    assert judge(change(after - before, half), region(before), region(after)) == verdict


def test_an_interval_that_ends_at_zero_does_not_exclude_it():
    assert judge(Interval(-5.0, -10.0, 0.0), region(10), region(5)) == "unchanged"


def test_only_a_failed_check_that_blocks_forbids_a_verdict():
    args = change(-20, 5), region(30), region(10)
    assert judge(*args, [FAILED]) == "not_interpretable"
    assert judge(*args, [dataclasses.replace(FAILED, ok=True)]) == "decreased"
    assert judge(*args, [dataclasses.replace(FAILED, effect="tells")]) == "decreased"


def test_repeatability_is_the_largest_of_its_three():
    assert repeatability_ml(region(0, 100), region(0, 100)) == 1.0
    assert repeatability_ml(region(0, 4000), region(0, 6000)) == pytest.approx(10.0)
    assert repeatability_ml(region(50, 5000), region(300, 5000)) == pytest.approx(30.0)
    none = VerdictSettings(0.0, 0.0, 0.0)
    assert judge(change(0.1, 0.05), region(1), region(1.1), settings=none) == "increased"

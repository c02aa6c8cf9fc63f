import dataclasses

import pytest

from ctreview.change import Interval, RegionMeasures, VerdictSettings, equivalence_ml, judge, repeatability_ml
from ctreview.checks import Check
from ctreview.errors import WrongUse


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
        (30, 10, 25, "indeterminate"),  # zero within the interval, which reaches beyond the margin of 5 mL
        (30, 29, 3.5, "unchanged"),  # within the margin, 15 % of the larger opacity
        (30, 29, 4.5, "indeterminate"),
        (0, 0, 4.9, "unchanged"),  # within the margin, 0.5 % of the region
        (0, 0, 5.1, "indeterminate"),
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
    assert judge(Interval(-5.0, -10.0, 0.0), region(10), region(5)) == "indeterminate"


def test_only_a_failed_check_that_blocks_forbids_a_verdict():
    args = change(-20, 5), region(30), region(10)
    assert judge(*args, [FAILED]) == "not_interpretable"
    assert judge(*args, [dataclasses.replace(FAILED, ok=True)]) == "decreased"
    assert judge(*args, [dataclasses.replace(FAILED, effect="tells")]) == "decreased"


def test_the_margin_of_equivalence_is_the_largest_of_its_three():
    assert equivalence_ml(region(0, 100), region(0, 100)) == 1.0
    assert equivalence_ml(region(0, 4000), region(0, 6000)) == pytest.approx(25.0)
    assert equivalence_ml(region(50, 5000), region(300, 5000)) == pytest.approx(45.0)
    with pytest.raises(WrongUse):
        VerdictSettings(equivalent_share_of_region=-0.1)


@pytest.mark.parametrize(
    ("regions", "region", "concerned"),
    [
        ((), "left_lung", True),
        (("right_lung",), "right_lung", True),
        (("right_lung",), "right_lung/basal", True),
        (("right_lung",), "left_lung", False),
        (("right_lung",), "left_lung/basal", False),
        (("right_lung",), "lungs", True),
        (("right_lung",), "lungs/basal", True),
        (("right_lung/basal",), "right_lung", True),
    ],
)
def test_a_check_concerns_its_regions_their_parts_and_the_whole(regions, region, concerned):
    assert dataclasses.replace(FAILED, regions=regions).concerns(region, "lungs") is concerned


def test_repeatability_is_the_largest_of_its_three():
    assert repeatability_ml(region(0, 100), region(0, 100)) == 1.0
    assert repeatability_ml(region(0, 4000), region(0, 6000)) == pytest.approx(10.0)
    assert repeatability_ml(region(50, 5000), region(300, 5000)) == pytest.approx(30.0)
    none = VerdictSettings(0.0, 0.0, 0.0)
    assert judge(change(0.1, 0.05), region(1), region(1.1), settings=none) == "increased"

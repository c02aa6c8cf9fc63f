"""Numbers that follow a correction before the comparison is made anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.change import Comparison, Interval, RegionChange, RegionMeasures, Timepoint, carry_over
from ctreview.checks import Check
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

from .bodies import box_regions, grid, labels


def measures(glass: float, solid: float = 0.0) -> RegionMeasures:
    total = glass + solid
    return RegionMeasures(1000.0, -800.0, total, total / 10, {"ground_glass": glass, "consolidation": solid})


def around(value: float, width: float) -> Interval:
    return Interval(value, value - width, value + width, dominant="threshold")


def region(name: str, before: RegionMeasures, after: RegionMeasures, width: float) -> RegionChange:
    step = after.opacity_ml - before.opacity_ml
    change = {
        "opacity_ml": around(step, width),
        "opacity_pp": around(step / 10, 1.0),
        "opacity_relative_percent": around(100.0 * step / before.opacity_ml, 9.0),
    }
    return RegionChange(name, before, after, change, {"resolved": 1.0}, "unchanged")


@pytest.fixture
def comparison() -> Comparison:
    geometry = grid()
    empty: LabelMap = labels(geometry)
    point = Timepoint(Volume(np.zeros(geometry.shape, np.int16), geometry), empty, empty, box_regions(geometry))
    regions = (
        region("lungs", measures(30.0), measures(28.0), 5.0),
        region("left_lung", measures(9.0), measures(9.0), 5.0),
    )
    return Comparison(point, point, 62, regions, (), None, {})


def ml(glass: float, solid: float = 0.0) -> dict[str, dict[str, float]]:
    return {"lungs": {"ground_glass": glass, "consolidation": solid}}


def test_volumes_are_exact_and_the_interval_moves_with_its_value(comparison: Comparison) -> None:
    (lungs,) = carry_over(comparison, ml(32.0), ml(10.0, 2.0))
    assert (lungs.baseline.opacity_ml, lungs.followup.opacity_ml) == (32.0, 12.0)
    assert lungs.followup.classes_ml == {"ground_glass": 10.0, "consolidation": 2.0}
    assert lungs.followup.opacity_percent == pytest.approx(1.2)
    assert lungs.change["opacity_ml"] == around(-20.0, 5.0)
    share = lungs.change["opacity_pp"]
    assert share is not None
    assert (share.value, share.low, share.high) == pytest.approx((-2.0, -3.0, -1.0))
    assert lungs.change["opacity_relative_percent"] is None
    assert lungs.fate_ml is None


@pytest.mark.parametrize(("after", "verdict"), [(10.0, "decreased"), (27.0, "indeterminate"), (50.0, "increased")])
def test_the_verdict_follows(comparison: Comparison, after: float, verdict: str) -> None:
    (lungs,) = carry_over(comparison, ml(30.0), ml(after))
    assert lungs.verdict == verdict


def test_what_forbids_a_verdict_still_does(comparison: Comparison) -> None:
    blocked = replace(comparison, checks=(Check("posture", "supine/prone", "same", False, "Turned.", effect="stops"),))
    (lungs,) = carry_over(blocked, ml(30.0), ml(5.0))
    assert lungs.verdict == "not_interpretable"


def test_the_settings_of_the_comparison_judge(comparison: Comparison) -> None:
    strict = replace(comparison, settings={"verdict": {"least_ml": 100.0}})
    (lungs,) = carry_over(strict, ml(30.0), ml(5.0))
    assert lungs.verdict == "unchanged"


def test_shares_follow_a_lung_that_a_reader_made_larger(comparison: Comparison) -> None:
    (lungs,) = carry_over(comparison, ml(30.0), ml(28.0, 250.0), volumes_ml=({"lungs": 1000.0}, {"lungs": 1250.0}))
    assert lungs.baseline == comparison["lungs"].baseline
    assert lungs.followup.volume_ml == 1250.0
    assert lungs.followup.opacity_percent == pytest.approx(100.0 * 278.0 / 1250.0)
    assert lungs.followup.mean_hu is None  # that of the lung that was measured
    share = lungs.change["opacity_pp"]
    assert share is not None
    assert share.value == pytest.approx(100.0 * 278.0 / 1250.0 - 3.0)


def test_without_a_correction_nothing_moves(comparison: Comparison) -> None:
    (lungs,) = carry_over(comparison, ml(30.0), ml(28.0))
    assert lungs.change["opacity_ml"] == comparison["lungs"].change["opacity_ml"]

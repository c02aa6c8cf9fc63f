"""Two scans of one patient, judged together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ctreview.errors import WrongUse
from ctreview.opacity import (
    JointClassification,
    OpacitySettings,
    classify,
    common_thresholds,
    excess_density,
    fit_normal_lung,
    measure_parenchyma,
)
from ctreview.volume.labels import LabelMap
from ctreview.volume.transform import Transform
from tests.opacity.bodies import Ball, Body, body

MIDDLE = (0.0, 0.0, 60.0)
OTHER_SIDE = (0.0, 0.0, -60.0)


def judged(*scans: Body) -> tuple[tuple[LabelMap, LabelMap], tuple[LabelMap, LabelMap], JointClassification]:
    """Opacity of two scans, each by itself and side by side."""
    seen = []
    for number, scan in enumerate(scans):
        place = replace(scan.volume.geometry, frame_of_reference=f"source:{number}")
        volume, lungs, vessels = (replace(one, geometry=place) for one in (scan.volume, scan.lungs, scan.vessels))
        parenchyma = measure_parenchyma(volume, lungs, vessels)
        normal = fit_normal_lung(volume, lungs, vessels, parenchyma=parenchyma)
        seen.append((normal, excess_density(volume, lungs, vessels, normal, parenchyma=parenchyma)))
    rules: Any = common_thresholds([normal for normal, _ in seen])
    first, second = (excess for _, excess in seen)
    alone = classify(first, rules[0]), classify(second, rules[1])
    transform = Transform(first.geometry, second.geometry, np.eye(4))
    beside = JointClassification.of((first, second), rules, transform)
    return alone, (beside.classify(0), beside.classify(1)), beside


def ml(labels: LabelMap) -> float:
    return labels.volume_ml("ground_glass", "consolidation")


def test_haze_about_the_threshold_is_the_same_in_both() -> None:
    alone, beside, _ = judged(body(Ball(MIDDLE, 20.0, 62.0), seed=1), body(Ball(MIDDLE, 20.0, 80.0), seed=2))
    assert ml(alone[1]) > 15 > 2 > ml(alone[0])
    assert abs(ml(beside[1]) - ml(beside[0])) < 0.2 * (ml(alone[1]) - ml(alone[0]))


@pytest.mark.parametrize("spacing", [(2.0, 1.2, 1.2), (3.0, 0.8, 0.8)])
def test_what_is_there_in_one_only_stays_there_and_comes_nowhere_else(spacing: tuple[float, float, float]) -> None:
    new, gone = Ball(MIDDLE, 18.0, 110.0), Ball(OTHER_SIDE, 14.0, 200.0)
    alone, beside, _ = judged(body(gone, seed=1), body(new, seed=2, spacing=spacing))
    for one, together in zip(alone, beside, strict=True):
        assert ml(together) == pytest.approx(ml(one), rel=0.03)


def test_healthy_lungs_stay_so() -> None:
    _, beside, _ = judged(body(seed=1, vessels=60), body(seed=2, vessels=60))
    assert max(map(ml, beside)) < 1.0


def test_a_scan_beside_itself_is_as_it_was() -> None:
    scan = body(Ball(MIDDLE, 18.0, 90.0), vessels=40)
    alone, beside, _ = judged(scan, scan)
    assert ml(beside[0]) == ml(beside[1]) == pytest.approx(ml(alone[0]), rel=0.01)


def test_a_shifted_threshold_moves_both() -> None:
    _, found, beside = judged(body(Ball(MIDDLE, 20.0, 85.0), seed=1), body(Ball(MIDDLE, 20.0, 88.0), seed=2))
    for number in (0, 1):
        higher = ml(beside.classify(number, shift_hu=30.0))
        assert higher < 0.5 * ml(found[number])


def test_a_mask_is_carried_where_both_are_alike_and_nowhere_else() -> None:
    new = Ball(MIDDLE, 18.0, 200.0)
    _, found, beside = judged(body(seed=1), body(new, seed=2))
    everywhere = np.ones(beside.excess[1].smoothed_hu.shape, dtype=bool)
    transferred = beside.matched[0].transferred(everywhere)
    inside = beside.excess[0].parenchyma.inside
    assert transferred[inside].mean() > 0.7
    # where the other scan has a new patch, the two are not alike
    patch = beside.excess[1].smoothed_hu > 120
    assert patch.any()
    assert transferred[patch].mean() < 0.05
    assert found[1].mask().any()


@pytest.mark.parametrize(("alike", "different"), [(50.0, 50.0), (60.0, 50.0), (-1.0, 50.0)])
def test_what_is_alike_is_less_apart_than_what_is_different(alike: float, different: float) -> None:
    with pytest.raises(WrongUse, match="alike"):
        OpacitySettings(alike_hu=alike, different_hu=different)

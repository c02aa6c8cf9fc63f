"""The patient's own normal lung: found beside ground glass, held to its prior, anchored elsewhere when it must."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from ctreview.errors import GridMismatch, SegmentationFailed, WrongUse
from ctreview.opacity import NormalLung, common_thresholds, fit_normal_lung, own_thresholds
from ctreview.opacity.priors import prior_for
from ctreview.volume.labels import LabelMap
from tests.opacity.bodies import LUNG_SCHEME, Body, body


@cache
def healthy() -> Body:
    return body()


def fit(scan: Body, **options: Any) -> NormalLung:
    return fit_normal_lung(scan.volume, scan.lungs, scan.vessels, **options)


def test_mean_and_rise_of_a_healthy_lung() -> None:
    normal = fit(healthy())
    assert normal.mu_hu == pytest.approx(-860, abs=4)
    assert normal.rise_hu == pytest.approx(40, abs=8)
    assert normal.sigma_hu < 15
    assert normal.source == "histogram"
    assert normal.normal_fraction > 0.98
    assert all(check.ok for check in normal.checks)


def test_noise_does_not_move_the_mean() -> None:
    assert fit(body(noise_hu=45.0)).mu_hu == pytest.approx(fit(body(noise_hu=5.0)).mu_hu, abs=3)


def test_ventral_ground_glass_does_not_flatten_the_rise() -> None:
    def ventral(_head: Any, back: Any, _left: Any) -> Any:
        return np.where(back < -15, 180.0, 0.0)

    ill = fit(body(added=ventral))
    assert ill.mu_hu == pytest.approx(-860, abs=6)
    assert ill.rise_hu == pytest.approx(fit(healthy()).rise_hu, abs=3)


def test_the_level_is_that_of_normal_lung_even_where_most_is_ill() -> None:
    ill = fit(body(added=lambda _head, back, _left: np.where(back < 12, 200.0, 0.0)))
    assert ill.mu_hu == pytest.approx(-860, abs=8)
    assert ill.source == "histogram"


def test_prone_turns_gravity_round() -> None:
    prone = fit(body(posture="HFP"))
    assert prone.gravity.down == -1
    geometry = body(posture="HFP").volume.geometry
    height = prone.gravity.height(geometry)
    assert height[0, 0, 0] > height[0, -1, 0]
    assert prone.mu_hu == pytest.approx(fit(healthy()).mu_hu, abs=4)


@pytest.mark.parametrize(("posture", "known"), [("HFS", True), ("FFP", True), (None, False), ("HFDR", False)])
def test_unknown_posture_is_said(posture: str | None, known: bool) -> None:
    checks = {check.name: check for check in fit(body(posture=posture)).checks}
    assert checks["posture_known"].ok is known


def test_unknown_age_is_said_and_an_argument_mends_it() -> None:
    scan = body(age_years=None)
    checks = {check.name: check for check in fit(scan).checks}
    assert not checks["age_known"].ok
    mended = fit(scan, age_years=40.0)
    assert {check.name: check.ok for check in mended.checks}["age_known"]


def all_ill(scan_hu: float = 330.0) -> Body:
    return body(added=lambda head, _back, _left: scan_hu + 0.0 * head)


def test_a_lung_that_is_ill_everywhere_is_anchored_on_age() -> None:
    normal = fit(all_ill())
    assert normal.source == "age"
    assert normal.mu_hu == prior_for(40.0).routine_hu
    assert not {check.name: check for check in normal.checks}["normal_lung_share"].ok


def test_or_on_the_other_timepoint_with_its_mass_kept() -> None:
    other = replace(fit(healthy()), mu_hu=-880.0)
    normal = fit(all_ill(), other=other)
    assert normal.source == "other timepoint"
    assert normal.mu_hu == pytest.approx(other.at_volume(normal.lung_ml))


def test_the_rim_under_the_pleura_is_learnt_and_capped() -> None:
    def rim(head: Any, back: Any, left: Any) -> Any:
        radius = np.sqrt((head / 80) ** 2 + (back / 70) ** 2 + ((np.abs(left) - 60) / 45) ** 2)
        return np.where(radius > 0.92, 30.0, 0.0)

    learnt = dict(fit(body(added=rim)).subpleural)
    assert max(learnt.values()) == pytest.approx(30, abs=12)
    thick = dict(fit(body(added=lambda h, b, x: rim(h, b, x) * 8)).subpleural)
    assert max(thick.values()) <= 40


def test_refusals() -> None:
    scan = healthy()
    empty = LabelMap(np.zeros(scan.volume.geometry.shape, np.uint8), scan.volume.geometry, LUNG_SCHEME)
    with pytest.raises(SegmentationFailed):
        fit_normal_lung(scan.volume, empty, None)
    with pytest.raises(WrongUse):
        fit_normal_lung(scan.volume.with_array(scan.volume.array, unit="ms"), scan.lungs, None)
    with pytest.raises(GridMismatch):
        fit_normal_lung(scan.volume, body(spacing=(2.0, 1.2, 1.21)).lungs, None)


def normal_of(mu: float, lung_ml: float, **changes: Any) -> NormalLung:
    base = fit(healthy())
    return replace(base, **{"mu_hu": mu, "lung_ml": lung_ml, "sigma_hu": 20.0, **changes})


def test_one_timepoint_in_common_is_its_own() -> None:
    normal = normal_of(-860.0, 4000.0)
    (common,) = common_thresholds([normal])
    own = own_thresholds(normal)
    assert common.normal_hu == pytest.approx(own.normal_hu)
    assert common.excess_hu == own.excess_hu


def test_breath_with_mass_kept_leaves_the_common_rule_at_home() -> None:
    deep = normal_of(-860.0, 5000.0)
    shallow = normal_of(deep.at_volume(4200.0), 4200.0)
    for normal, common in zip((deep, shallow), common_thresholds([deep, shallow]), strict=True):
        assert common.normal_hu == pytest.approx(normal.mu_hu)
        assert common.checks[-1].ok


def test_drift_of_the_fits_is_shared() -> None:
    first, second = common_thresholds([normal_of(-860.0, 5000.0), normal_of(-840.0, 5000.0)])
    assert first.normal_hu == pytest.approx(second.normal_hu)
    assert -860 < first.normal_hu < -840
    assert first.excess_hu == second.excess_hu


def test_a_fit_without_normal_lung_has_no_say() -> None:
    sure, unsure = normal_of(-870.0, 5000.0), normal_of(-860.0, 5000.0, source="age", normal_fraction=0.1)
    assert all(t.normal_hu == pytest.approx(-870.0) for t in common_thresholds([sure, unsure]))


def test_volumes_too_far_apart_are_judged_one_by_one_and_said() -> None:
    first, second = common_thresholds([normal_of(-880.0, 6000.0), normal_of(-800.0, 3500.0)])
    assert (first.normal_hu, second.normal_hu) == (-880.0, -800.0)
    assert not first.checks[-1].ok


def test_growth_is_handed_in_as_inflation() -> None:
    small, grown = normal_of(-800.0, 1000.0), normal_of(-800.0, 1300.0)
    common = common_thresholds([small, grown], inflation=[1.0, 1.0])
    assert [t.normal_hu for t in common] == pytest.approx([-800.0, -800.0])


def test_thresholds_are_clamped() -> None:
    low, high = (
        own_thresholds(normal_of(-860.0, 5000.0, sigma_hu=1.0)),
        own_thresholds(normal_of(-500.0, 5000.0, sigma_hu=300.0)),
    )
    assert low.excess_hu < high.excess_hu <= 110
    assert low.consolidation_hu == -300
    assert high.consolidation_hu == -200
    assert low.ground_glass_hu == pytest.approx(low.normal_hu + low.excess_hu)


@pytest.mark.parametrize("inflation", [[1.0], [1.0, 0.0]])
def test_inflation_must_fit(inflation: list[float]) -> None:
    with pytest.raises(WrongUse):
        common_thresholds([normal_of(-860.0, 5000.0)] * 2, inflation=inflation)


def test_a_lung_full_of_trapped_air_does_not_set_what_is_normal() -> None:
    scan = body(mean_hu=-810.0, added=lambda _head, _back, left: np.where(left < 0, -110.0, 0.0))
    normal = fit(scan)
    assert normal.mu_hu == pytest.approx(-810, abs=6)
    assert not {check.name: check for check in normal.checks}["lungs_alike"].ok


def test_of_two_plausible_lungs_the_lighter_sets_what_is_normal() -> None:
    ill = fit(body(mean_hu=-870.0, added=lambda _head, _back, left: np.where(left < 0, 110.0, 0.0)))
    assert ill.mu_hu == pytest.approx(-870, abs=6)
    assert {check.name: check for check in ill.checks}["lungs_alike"].ok

"""Opacity of known volume, and what is none."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any

import numpy as np
import pytest

from ctreview.errors import GridMismatch
from ctreview.opacity import (
    OpacitySettings,
    classify,
    excess_density,
    fit_normal_lung,
    measure_parenchyma,
    own_thresholds,
)
from ctreview.volume.labels import LabelMap
from tests.opacity.bodies import Ball, Body, body, dice

from .one_scan import find_opacity

MIDDLE = (0.0, 0.0, 60.0)


def find(scan: Body, **options: Any) -> LabelMap:
    return find_opacity(scan.volume, scan.lungs, scan.vessels, **options)


def opacity_ml(labels: LabelMap) -> float:
    return labels.volume_ml("ground_glass", "consolidation")


@cache
def prepared() -> tuple[Body, Any, Any]:
    scan = body(Ball(MIDDLE, 20.0))
    parenchyma = measure_parenchyma(scan.volume, scan.lungs, scan.vessels)
    normal = fit_normal_lung(scan.volume, scan.lungs, scan.vessels, parenchyma=parenchyma)
    return scan, normal, excess_density(scan.volume, scan.lungs, scan.vessels, normal, parenchyma=parenchyma)


@pytest.mark.parametrize("spacing", [(2.0, 1.2, 1.2), (1.0, 0.9, 0.9), (3.0, 0.7, 0.7)])
@pytest.mark.parametrize("radius", [10.0, 18.0])
def test_volume_of_a_clear_ball(radius: float, spacing: tuple[float, float, float]) -> None:
    ball = Ball(MIDDLE, radius)
    scan = body(ball, spacing=spacing)
    found = find(scan)
    # a blurred ball's half level lies a little inside its surface: more so the smaller it is
    assert opacity_ml(found) == pytest.approx(ball.ml, rel=0.05 if radius > 12 else 0.07)
    assert dice(found.mask("ground_glass"), scan.ball(ball)) > 0.92


@pytest.mark.parametrize("added", [110.0, 200.0, 350.0])
def test_volume_does_not_depend_on_contrast(added: float) -> None:
    ball = Ball(MIDDLE, 20.0, added)
    assert opacity_ml(find(body(ball))) == pytest.approx(ball.ml, rel=0.05)


@pytest.mark.parametrize(("noise_hu", "blur_mm"), [(0.0, 0.5), (15.0, 1.0), (40.0, 0.5)])
def test_noise_and_smoothing_do_not_bias_the_volume(noise_hu: float, blur_mm: float) -> None:
    ball = Ball(MIDDLE, 16.0, 180.0)
    assert opacity_ml(find(body(ball, noise_hu=noise_hu, blur_mm=blur_mm))) == pytest.approx(ball.ml, rel=0.05)


def test_a_ball_that_touches_the_pleura() -> None:
    ball = Ball((0.0, -55.0, 60.0), 22.0)
    scan = body(ball)
    true = scan.ball(ball) & (scan.lungs.array > 0)
    found = find(scan)
    assert dice(found.mask("ground_glass"), true) > 0.94
    assert opacity_ml(found) == pytest.approx(true.sum() * scan.volume.geometry.voxel_ml, rel=0.05)


def test_consolidation_is_told_from_ground_glass() -> None:
    solid, haze = Ball((0.0, 0.0, -60.0), 15.0, own_hu=20.0), Ball(MIDDLE, 15.0)
    found = find(body(solid, haze))
    assert found.volume_ml("consolidation") == pytest.approx(solid.ml, rel=0.08)
    assert found.volume_ml("ground_glass") == pytest.approx(haze.ml, rel=0.08)


@pytest.mark.parametrize("core_mm", [7.0, 13.0])
def test_haze_around_a_dense_core_is_kept(core_mm: float) -> None:
    haze, core = Ball(MIDDLE, 22.0, 180.0), Ball(MIDDLE, core_mm, own_hu=20.0)
    found = find(body(haze, core))
    assert opacity_ml(found) == pytest.approx(haze.ml, rel=0.06)
    assert found.volume_ml("ground_glass") == pytest.approx(haze.ml - core.ml, rel=0.12)


def test_vessels_are_no_opacity() -> None:
    found = find(body(vessels=150))
    assert opacity_ml(found) < 1.0


def test_fine_vessels_that_were_not_found_are_no_opacity_either() -> None:
    scan = body(vessels=150, vessel_mm=(0.4, 1.2))
    assert opacity_ml(find_opacity(scan.volume, scan.lungs, None)) < 2.0


def test_opacity_never_lies_on_vessels_or_outside_the_lung() -> None:
    scan = body(Ball(MIDDLE, 25.0), vessels=60)
    found = find(scan).mask()
    assert found.any()
    assert not (found & (scan.vessels.array > 0)).any()
    assert not (found & (scan.lungs.array == 0)).any()


@pytest.mark.parametrize("noise_hu", [10.0, 45.0])
def test_a_healthy_lung_has_none(noise_hu: float) -> None:
    scan = body(noise_hu=noise_hu)
    assert opacity_ml(find(scan)) < 0.003 * scan.lungs.volume_ml("right_lung", "left_lung")


def test_a_child_is_not_judged_as_an_adult() -> None:
    # resting expiration at four years: far denser than any fixed band allows
    scan = body(mean_hu=-680.0, rise_hu=120.0, age_years=4.0)
    assert opacity_ml(find(scan)) < 0.005 * scan.lungs.volume_ml("right_lung", "left_lung")


def test_specks_are_not_counted() -> None:
    assert opacity_ml(find(body(Ball(MIDDLE, 2.5, 300.0)))) == 0


def layer(head: Any, back: Any, left: Any) -> Any:
    floor = 70 * np.sqrt(np.clip(1 - (head / 80) ** 2 - ((np.abs(left) - 60) / 45) ** 2, 0, 1))
    return 110.0 * np.clip((back - floor + 9) / 5, 0, 1) * (floor > 45)


def test_a_faint_layer_on_the_lowest_pleura_is_dependent() -> None:
    found = find(body(added=layer))
    assert found.volume_ml("dependent_opacity") > 20
    assert opacity_ml(found) < 0.15 * found.volume_ml("dependent_opacity")
    # turned round, the same layer is at the top, and no gravity made it
    prone = find(body(added=layer, posture="HFP"))
    assert opacity_ml(prone) > 20


def test_a_layer_in_one_lung_alone_is_ground_glass() -> None:
    scan = body(added=lambda head, back, left: layer(head, back, left) * (left > 0))
    found = find(scan)
    assert found.volume_ml("dependent_opacity") == 0
    assert found.volume_ml("ground_glass") > 10


def test_haze_along_the_mediastinum_counts_where_it_is_clear_or_wide() -> None:
    def beside(hu: float, reach_mm: float, **changed: float) -> float:
        scan = body(added=lambda _head, _back, left: np.where(np.abs(left) < reach_mm, hu, 0.0))
        return opacity_ml(find(scan, settings=OpacitySettings(**changed)))

    assert beside(110.0, 21.5) == 0
    assert beside(110.0, 21.5, faint_depth_moving_mm=6.0) > 5
    assert beside(300.0, 21.5) > 5
    assert beside(110.0, 30.0) > 20


def test_fainter_lobules_are_no_holes() -> None:
    def lobules(head: Any, back: Any, left: Any) -> Any:
        inside = head**2 + back**2 + (left - 60) ** 2 < 25**2
        return np.where(inside, 200.0 + 130.0 * np.sin(head / 2.2) * np.sin(back / 2.2) * np.sin(left / 2.2), 0.0)

    scan = body(added=lobules)
    true = scan.ball(Ball((0.0, 0.0, 60.0), 22.0))
    filled, open_ = (
        find(scan, settings=OpacitySettings(filled_share=share)).mask("ground_glass")[true].mean()
        for share in (0.6, 1.0)
    )
    assert filled > 0.97
    assert filled > open_


def test_ventral_ground_glass_in_all_of_the_lung_is_found() -> None:
    scan = body(added=lambda _head, back, _left: np.where(back < -15, 180.0, 0.0))
    back = np.broadcast_to(scan.places[1], scan.volume.geometry.shape)
    true = (scan.lungs.array > 0) & (back < -15)
    assert dice(find(scan).mask("ground_glass"), true) > 0.95


def test_a_shift_moves_the_volume_the_right_way_and_costs_no_new_excess() -> None:
    _, normal, excess = prepared()
    rule = own_thresholds(normal)
    volumes = [opacity_ml(classify(excess, rule, shift_hu=shift)) for shift in (-25.0, 0.0, 25.0)]
    assert volumes == sorted(volumes, reverse=True)
    assert volumes[0] > volumes[2]
    assert volumes[1] == pytest.approx(opacity_ml(classify(excess, rule)))


def test_one_call_gives_what_the_steps_give() -> None:
    scan, normal, excess = prepared()
    steps = classify(excess, own_thresholds(normal))
    assert np.array_equal(find(scan).array, steps.array)
    assert steps.checks == own_thresholds(normal).checks


def test_progress_ends_where_it_should() -> None:
    heard: list[float] = []
    _, normal, excess = prepared()
    classify(excess, own_thresholds(normal), progress=lambda done, total, _what: heard.append(done / total))
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def test_settings_reach_the_end() -> None:
    ball = Ball(MIDDLE, 8.0)
    assert opacity_ml(find(body(ball), settings=OpacitySettings(least_patch_ml=50.0))) == 0


def test_grids_must_lie_in_the_same_place() -> None:
    scan, other = body(), body(spacing=(2.0, 1.3, 1.3))
    with pytest.raises(GridMismatch):
        find_opacity(scan.volume, scan.lungs, other.vessels)


def test_noise_makes_no_holes_in_a_patch() -> None:
    _, normal, excess = prepared()
    rule = own_thresholds(normal)
    whole = opacity_ml(classify(excess, rule))
    holes = (np.random.default_rng(0).random(excess.hu.shape) < 0.1) & (excess.smoothed_hu > 150.0)
    noisy = dataclasses.replace(excess, hu=np.where(holes, np.float32(20.0), excess.hu))
    assert np.count_nonzero(holes) > 500
    assert opacity_ml(classify(noisy, rule)) == pytest.approx(whole, rel=0.02)

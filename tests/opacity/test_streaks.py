from __future__ import annotations

from dataclasses import replace

import numpy as np

from ctreview.checks import Check
from ctreview.opacity.streaks import BODY_HU, check_streaks
from tests.opacity.bodies import Ball, Body, body
from tests.opacity.one_scan import excess_of, find_opacity

RADIUS_MM = 7.0
BODY = 2800.0


def with_rod(scan: Body, strength_hu: float) -> Body:
    """The scan with a rod between the lungs and twelve bright and dark bands around it that fade with distance."""
    head, back, left = scan.places
    apart = np.hypot(back, left)
    bands = strength_hu * RADIUS_MM / np.maximum(apart, RADIUS_MM) * np.sin(12 * np.arctan2(back, left))
    low = np.abs(head) < 30.0
    array = scan.volume.array + np.where(low, bands, 0.0)
    array[np.broadcast_to(low & (apart < RADIUS_MM), array.shape)] = BODY
    return replace(scan, volume=scan.volume.with_array(np.clip(np.rint(array), -1024, 3071).astype(np.int16)))


def opacity_ml(scan: Body) -> float:
    return find_opacity(scan.volume, scan.lungs, scan.vessels).volume_ml("ground_glass", "consolidation")


def streak_checks(scan: Body) -> tuple[Check, ...]:
    excess = excess_of(scan.volume, scan.lungs, scan.vessels)
    return check_streaks(excess.parenchyma, excess.streaks_hu)


def test_streaks_of_a_dense_body_are_no_ground_glass() -> None:
    scan = with_rod(body(), 450.0)
    bone = replace(scan, volume=scan.volume.with_array(np.minimum(scan.volume.array, np.int16(BODY_HU))))
    assert opacity_ml(bone) > 20.0, "these bands pass for ground glass where nothing tells what they are"
    assert opacity_ml(scan) < 1.0
    (check,) = streak_checks(scan)
    assert not check.ok
    assert isinstance(check.value, float)
    assert check.value > 20.0


def test_ground_glass_beside_a_dense_body_without_streaks_is_kept() -> None:
    ball = Ball((0.0, 0.0, -40.0), 15.0, added=150.0)
    scan = body(ball)
    beside = with_rod(scan, 0.0)
    assert abs(opacity_ml(beside) - opacity_ml(scan)) < 0.05 * ball.ml
    assert streak_checks(beside) == ()

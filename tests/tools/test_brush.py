from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.tools import (
    BrushSettings,
    Canvas,
    brush,
)

from .conftest import LESION, distance_to, make_canvas
from .drawing import ANGLES, after, ball, dice


@pytest.mark.parametrize("angle", ANGLES)
def test_a_brush_paints_the_millimetres_it_says(angle: float) -> None:
    canvas = replace(make_canvas(angle), within=None, barrier=None)
    painted = after(canvas, brush(canvas, points=[LESION], label="ground_glass", settings=BrushSettings(6, "ball")))
    assert np.array_equal(painted.labels.mask(), distance_to(canvas.geometry, LESION) <= 6)


def test_a_disc_stays_in_its_slice_and_a_stroke_has_no_gaps(canvas: Canvas) -> None:
    points = [[-20, 0, 0], [20, 0, 0]]
    painted = after(canvas, brush(canvas, points=points, label="ground_glass", settings=BrushSettings(3)))
    levels = np.flatnonzero(painted.labels.mask().any(axis=(1, 2)))
    assert levels.tolist() == [20]
    row = painted.labels.mask()[20, 23]
    assert row[np.flatnonzero(row)[0] : np.flatnonzero(row)[-1]].all()
    assert row.sum() * 1.2 == pytest.approx(46, abs=1.3)


def test_a_gated_brush_leaves_alone_what_is_outside_gate_organ_and_barrier(canvas: Canvas) -> None:
    settings = BrushSettings(20, "ball", low_hu=-700, high_hu=-450)
    painted = after(canvas, brush(canvas, points=[LESION], label="ground_glass", settings=settings)).labels.mask()
    truth = (distance_to(canvas.geometry, LESION) < 8) & (canvas.barrier.array == 0)  # type: ignore[union-attr]
    assert dice(painted, truth) > 0.98
    assert not painted[canvas.barrier.array > 0].any()  # type: ignore[union-attr]


def test_erasing_reaches_labels_that_lie_where_none_may_be_set(canvas: Canvas) -> None:
    outside = ball(canvas, np.array([0, 0, 38.0]), 3)
    assert outside.labels.mask().any()
    erased = after(outside, brush(outside, points=[[0, 0, 38.0]], label=None, settings=BrushSettings(5, "ball")))
    assert not erased.labels.mask().any()

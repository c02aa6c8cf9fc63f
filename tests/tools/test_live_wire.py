from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.errors import EditDoesNotApply
from ctreview.tools import (
    Canvas,
    lasso,
    live_wire,
)

from .conftest import LESION, distance_to, make_canvas
from .drawing import after, ball, dice


def test_a_live_wire_clings_to_the_edge_between_few_clicks() -> None:
    canvas = replace(make_canvas(noise=10), barrier=None)
    level = canvas.geometry.to_lps(canvas.voxel_at(LESION))[2]
    angles = np.linspace(0, 2 * np.pi, 5, endpoint=False)
    clicks = [[LESION[0] + 8 * np.cos(t), LESION[1] + 8 * np.sin(t), level] for t in angles]
    wired = after(canvas, live_wire(canvas, points=clicks, label="ground_glass")).labels.mask()
    straight = after(canvas, lasso(canvas, points=clicks, label="ground_glass")).labels.mask()
    truth = distance_to(canvas.geometry, LESION) < 8
    truth &= np.arange(truth.shape[0])[:, None, None] == canvas.voxel_at(LESION)[0]
    assert dice(wired, truth) > 0.93
    assert dice(wired, truth) > dice(straight, truth) + 0.03


def test_a_lasso_changes_only_the_class_it_is_told_to(canvas: Canvas) -> None:
    free = replace(canvas, within=None, barrier=None)
    start = ball(free, np.zeros(3), 6)
    corners = [[-20, -20, 1.0], [20, -20, 1.0], [20, 20, 1.0], [-20, 20, 1.0]]
    turned = after(start, lasso(start, points=corners, label="consolidation", only=["ground_glass"], depth_mm=2.0))
    assert turned.labels.mask("consolidation").any(axis=(1, 2)).sum() == 3
    assert not (turned.labels.mask("consolidation") & ~start.labels.mask()).any()
    with pytest.raises(EditDoesNotApply, match="outside"):
        lasso(start, points=[[0, 0, 900], [1, 0, 900], [0, 1, 900]], label="ground_glass")

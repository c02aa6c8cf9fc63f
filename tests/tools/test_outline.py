from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.tools import (
    Canvas,
    move_outline,
    smooth_outline,
)

from .drawing import after, ball


@pytest.mark.parametrize("by_mm", [-3.0, -1.5, 2.0, 4.0])
def test_an_outline_moves_by_the_millimetres_asked(canvas: Canvas, by_mm: float) -> None:
    free = replace(canvas, within=None, barrier=None)
    start = ball(free, np.zeros(3), 12)
    moved = after(start, move_outline(start, label="ground_glass", by_mm=by_mm)).labels
    wanted = 4 / 3 * np.pi * (12 + by_mm) ** 3 / 1000
    # the distance counts from voxel centres: half a voxel either way
    slack = 4 * np.pi * (12 + by_mm) ** 2 * 1.2 / 1000
    assert moved.volume_ml("ground_glass") == pytest.approx(wanted, abs=slack)


def test_growing_never_takes_another_label_or_leaves_the_organ(canvas: Canvas) -> None:
    start = ball(ball(canvas, np.array([-4.0, 0, 0]), 4), np.array([8.0, 0, 0]), 5, 2)
    grown = after(start, move_outline(start, label="ground_glass", by_mm=60)).labels
    assert grown.voxels["consolidation"] == start.labels.voxels["consolidation"]
    assert not (grown.mask("ground_glass") & (canvas.within.array == 0)).any()  # type: ignore[union-attr]


def test_smoothing_keeps_the_volume_and_drops_a_spike(canvas: Canvas) -> None:
    free = replace(canvas, within=None, barrier=None)
    start = ball(free, np.zeros(3), 12)
    spiked = start.labels.array.copy()
    spiked[20, 23, 37:45] = 1
    start = replace(start, labels=replace(start.labels, array=spiked))
    smooth = after(start, smooth_outline(start, label="ground_glass", by_mm=3)).labels
    assert smooth.voxels["ground_glass"] == pytest.approx(int((spiked > 0).sum()), rel=0.01)
    assert not smooth.array[20, 23, 42:45].any()

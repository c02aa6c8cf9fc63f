from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.tools import (
    Canvas,
    piece_at,
    remove_small,
)

from .drawing import after, ball


def test_islands_below_a_volume_go_and_those_above_stay(canvas: Canvas) -> None:
    two = ball(ball(canvas, np.array([-10.0, 0, 0]), 5), np.array([15.0, 0, 0]), 3)
    sizes = [4 / 3 * np.pi * r**3 / 1000 for r in (5, 3)]
    left = after(two, remove_small(two, label="ground_glass", below_ml=sum(sizes) / 2)).labels
    assert left.volume_ml("ground_glass") == pytest.approx(sizes[0], rel=0.1)
    everything = after(two, remove_small(two, label="ground_glass", below_ml=1.0)).labels
    assert everything.voxels["ground_glass"] == 0
    by_length = after(two, remove_small(two, label="ground_glass", below_ml=0.0, below_mm=8.0)).labels
    assert by_length.volume_ml("ground_glass") == pytest.approx(sizes[0], rel=0.1)


def test_a_piece_is_whole_however_far_it_reaches(canvas: Canvas) -> None:
    long = canvas.labels.array.copy()
    long[20, 23, 1:55] = 1
    long[2:39, 23, 54] = 1
    here = replace(canvas, labels=replace(canvas.labels, array=long), barrier=None, within=None)
    for reach in (2, 5, 400):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("ctreview.tools.pick._FIRST_WINDOW", reach)
            box, piece = piece_at(here, here.geometry.to_lps([20, 23, 1]))
        whole = np.zeros_like(long)
        whole[box] = piece
        assert np.array_equal(whole, long)

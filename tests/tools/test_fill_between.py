from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.errors import EditDoesNotApply
from ctreview.tools import (
    Canvas,
    fill_between,
)

from .drawing import after, ball, dice


@pytest.mark.parametrize("plane", [0, 1, 2])
def test_slices_between_two_drawn_ones_take_the_shape_between(canvas: Canvas, plane: int) -> None:
    free = replace(canvas, within=None, barrier=None)
    full = ball(free, np.zeros(3), 14)
    levels = np.flatnonzero(full.labels.mask().any(axis=tuple(n for n in range(3) if n != plane)))
    drawn = levels[1:-1:3]
    keep = np.zeros(full.geometry.shape[plane], dtype=bool)
    keep[drawn] = True
    shape = [1, 1, 1]
    shape[plane] = -1
    sparse = replace(full, labels=replace(full.labels, array=full.labels.array * keep.reshape(shape).astype(np.uint8)))
    filled = after(sparse, fill_between(sparse, label="ground_glass", plane=plane)).labels.mask()
    inner = np.zeros_like(keep)
    inner[drawn[0] : drawn[-1] + 1] = True
    assert dice(filled, full.labels.mask() & inner.reshape(shape)) > 0.97
    with pytest.raises(EditDoesNotApply, match="two drawn slices"):
        fill_between(full, label="ground_glass", plane=plane)


def test_filling_between_corners_leaves_the_rest_of_the_slices_alone(canvas: Canvas) -> None:
    free = replace(canvas, within=None, barrier=None)
    drawn = free.labels.array.copy()
    for level in (10, 20):
        drawn[level, 10:20, 10:20] = 1
        drawn[level, 30:40, 30:40] = 1  # a piece of its own, which nobody asked about
    here = replace(free, labels=replace(free.labels, array=drawn))
    corners = here.geometry.to_lps([[10, 9, 9], [20, 20, 20]]).tolist()
    filled = after(here, fill_between(here, label="ground_glass", slices=[10, 20], corners=corners)).labels.array
    assert filled[11:20, 10:20, 10:20].all()
    assert not filled[11:20, 30:40, 30:40].any()
    assert filled[[10, 20], 30:40, 30:40].all()

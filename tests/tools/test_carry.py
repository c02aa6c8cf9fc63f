from __future__ import annotations

from dataclasses import replace

import pytest

from ctreview.errors import EditDoesNotApply, GridMismatch
from ctreview.tools import (
    Canvas,
    carry,
)

from .conftest import LESION, grid
from .drawing import after, ball


def test_carrying_fills_background_only(canvas: Canvas) -> None:
    start = ball(canvas, LESION, 3, 2)
    other = ball(canvas, LESION, 6).labels
    carried = after(start, carry(start, other=other, label="ground_glass")).labels
    assert carried.voxels["consolidation"] == start.labels.voxels["consolidation"]
    assert carried.voxels["ground_glass"] > 0
    with pytest.raises(EditDoesNotApply, match="no consolidation there"):
        carry(start, other=other, label="consolidation")
    moved = replace(other, geometry=grid(0.2))
    with pytest.raises(GridMismatch):
        carry(start, other=moved, label="ground_glass")

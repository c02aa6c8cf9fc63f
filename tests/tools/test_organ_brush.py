"""The brush that adds to the organ or removes from it, and which voxels of the labels follow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.errors import EditDoesNotApply
from ctreview.tools import BrushSettings, Canvas, DensityClass, nearest_part, organ_brush
from ctreview.tools.organ_brush import organ_change

from .drawing import after, ball

BALL = BrushSettings(6.0, "ball")
CLASSES = (DensityClass("ground_glass", -700.0), DensityClass("consolidation", -200.0))
BESIDE = [24.0, 24.0, 14.0]


def test_what_is_added_lies_outside_and_is_labelled_by_its_density(canvas: Canvas) -> None:
    """The ball of the stroke lies half in the organ: that half stays as it was."""
    patch = organ_brush(canvas, points=[BESIDE], part="organ", adds=True, classes=CLASSES, settings=BALL)
    inside = canvas.within.array[patch.box] > 0
    assert not patch.labels[inside].any()
    dense = canvas.volume.array[patch.box] >= -200
    box, changed, value = organ_change(canvas, points=[BESIDE], part="organ", adds=True, settings=BALL)
    assert box == patch.box
    assert value == 1
    assert np.array_equal(patch.labels == 2, changed & dense)
    assert 0.1 < changed.sum() * canvas.geometry.voxel_ml < 0.9


def test_what_is_removed_loses_its_labels(canvas: Canvas) -> None:
    painted = ball(canvas, np.array([20.0, 0, 0]), 10)
    done = after(
        painted,
        organ_brush(painted, points=[[20.0, 0, 0]], part="organ", adds=False, settings=BrushSettings(20, "ball")),
    )
    assert painted.labels.array.any()
    assert not done.labels.array.any()


def test_the_gate_holds(canvas: Canvas) -> None:
    """Only what is dense is removed: the tube and not the lung around it."""
    settings = BrushSettings(12.0, "ball", low_hu=-200.0)
    _, changed, _ = organ_change(canvas, points=[[10.0, -5.0, 20.0]], part="organ", adds=False, settings=settings)
    assert 0 < changed.sum() * canvas.geometry.voxel_ml < 0.4


@pytest.mark.parametrize(
    ("stroke", "message"),
    [
        ({"points": [[0.0, 0.0, 0.0]], "part": "organ", "adds": True}, "belongs to the organ already"),
        ({"points": [[33.0, 28.0, 0.0]], "part": "organ", "adds": False}, "nothing there belongs to the organ"),
        ({"points": [[0.0, 0.0, 0.0]], "part": "left_lung", "adds": True}, "there is no left lung here"),
        ({"points": [[0.0, 0.0, 300.0]], "part": "organ", "adds": True}, "outside the image"),
    ],
)
def test_a_stroke_that_changes_nothing_says_why(canvas: Canvas, stroke: dict[str, object], message: str) -> None:
    with pytest.raises(EditDoesNotApply, match=message):
        organ_brush(canvas, settings=BrushSettings(2.0, "ball"), **stroke)


def test_the_last_voxel_of_a_part_is_never_removed(canvas: Canvas) -> None:
    with pytest.raises(EditDoesNotApply, match="leave nothing of the organ"):
        organ_brush(canvas, points=[[0.0, 0.0, 0.0]], part="organ", adds=False, settings=BrushSettings(90, "ball"))


def test_the_nearest_part_is_found_by_distance(canvas: Canvas) -> None:
    assert nearest_part(canvas, BESIDE, ["organ"]) == "organ"
    far = replace(canvas, within=replace(canvas.within, array=np.zeros_like(canvas.within.array)))
    with pytest.raises(EditDoesNotApply, match="choose the side"):
        nearest_part(far, BESIDE, ["organ"])

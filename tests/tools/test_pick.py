from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest

from ctreview.errors import EditDoesNotApply
from ctreview.tools import (
    Canvas,
    PickSettings,
    keep_largest,
    keep_piece,
    learn_gate,
    remove_piece,
    take_piece,
)
from ctreview.volume.labels import Label, Scheme

from .conftest import LESION, distance_to, make_canvas
from .drawing import ANGLES, BESIDE_THE_TUBE, after, ball, dice


@pytest.mark.parametrize("angle", ANGLES)
def test_one_click_takes_the_lesion_and_stops_at_the_vessel(angle: float) -> None:
    canvas = make_canvas(angle)
    painted = after(canvas, take_piece(canvas, point=BESIDE_THE_TUBE, label="ground_glass")).labels.mask()
    truth = (distance_to(canvas.geometry, LESION) < 8) & (canvas.barrier.array == 0)  # type: ignore[union-attr]
    assert dice(painted, truth) > 0.9


def test_the_wheel_widens_the_gate_and_so_the_piece(canvas: Canvas) -> None:
    point = BESIDE_THE_TUBE
    sizes = [
        after(canvas, take_piece(canvas, point=point, label="ground_glass", steps=n)).labels.mask().sum()
        for n in (-2, 0, 8)
    ]
    assert sizes[0] < sizes[1] < sizes[2]
    narrow, wide = (learn_gate(canvas, point, steps=n) for n in (0, 3))
    assert wide.high_hu - narrow.high_hu == pytest.approx(3 * PickSettings().widening_hu)


@pytest.mark.parametrize("takes", ["piece", "supervoxel"])
def test_a_pick_stays_in_the_part_that_was_clicked(canvas: Canvas, takes: Literal["piece", "supervoxel"]) -> None:
    assert canvas.within is not None
    cut = round(float(canvas.geometry.to_index(LESION)[1]))
    parts = canvas.within.array.copy()
    parts[:, cut:] *= 2  # two lobes that meet in the middle of the lesion
    lobes = Scheme((Label(1, "upper_lobe", (1, 1, 1)), Label(2, "lower_lobe", (2, 2, 2))))
    divided = replace(canvas, within=replace(canvas.within, array=parts, scheme=lobes))
    settings = PickSettings(takes=takes)
    for point, part in ((LESION + np.array([0, -4, 3]), 1), (LESION + np.array([0, 4, 3]), 2)):
        painted = after(divided, take_piece(divided, point=point, label="ground_glass", settings=settings))
        assert set(parts[painted.labels.mask()]) == {part}
    whole = after(canvas, take_piece(canvas, point=BESIDE_THE_TUBE, label="ground_glass")).labels.mask()
    assert whole[:, :cut].any()
    assert whole[:, cut:].any()


def test_a_click_outside_image_or_organ_says_so(canvas: Canvas) -> None:
    with pytest.raises(EditDoesNotApply, match="outside the image"):
        take_piece(canvas, point=[0, 0, 500], label="ground_glass")
    with pytest.raises(EditDoesNotApply, match="outside the organ"):
        take_piece(canvas, point=[33, 27, 0], label="ground_glass")
    with pytest.raises(EditDoesNotApply, match="outside the organ"):
        take_piece(canvas, point=[33, 27, 0], label="ground_glass", settings=PickSettings(takes="supervoxel"))


def test_pieces_are_removed_changed_and_kept_one_by_one(canvas: Canvas) -> None:
    near, far = np.array([-10.0, 0, 0]), np.array([15.0, 0, 0])
    two = ball(ball(canvas, near, 5), far, 3)
    only_far = distance_to(canvas.geometry, far) <= 3
    assert np.array_equal(after(two, remove_piece(two, point=near)).labels.mask(), only_far)
    changed = after(two, remove_piece(two, point=far, label="consolidation")).labels
    assert changed.mask("consolidation").sum() <= only_far.sum()
    assert changed.mask("ground_glass")[only_far].sum() == (canvas.barrier.array[only_far] > 0).sum()  # type: ignore[union-attr]
    assert np.array_equal(after(two, keep_piece(two, point=far)).labels.mask(), only_far)
    assert not after(two, keep_largest(two, label="ground_glass")).labels.mask()[only_far].any()
    with pytest.raises(EditDoesNotApply, match="no piece"):
        remove_piece(canvas, point=near)

"""A real scan laid over itself, moved, turned and cut otherwise: heights are found again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ctreview.muscle.limb_matching import LimbSlices, limb_slices, match_limbs
from ctreview.muscle.segment import find_tissue
from ctreview.volume.load import load_volume
from ctreview.volume.resample import resample
from ctreview.volume.volume import Volume

UP_MM = 13.0


def moved(image: Volume) -> Volume:
    """The patient lies higher on the couch and is turned; the grid stays."""
    turn = np.radians(5.0)
    move = np.eye(4)
    move[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    middle = image.geometry.corners().mean(axis=0)
    move[:3, 3] = middle - move[:3, :3] @ middle + (6.0, -4.0, UP_MM)
    placed = replace(image, geometry=replace(image.geometry, affine=move @ image.geometry.affine))
    return resample(placed, image.geometry)


@pytest.mark.data
def test_a_real_thigh_is_found_again_where_it_was_moved_to(shared_data: Path) -> None:
    image = load_volume(shared_data / "thigh_mr" / "thighs.nii.gz").canonical()
    image = resample(image, image.geometry.resized((6.0, 2.0, 2.0)))
    slices, rows, columns = image.geometry.shape
    thigh = image.crop((4, 0, columns // 2), (slices - 2, rows, columns))
    slices = thigh.geometry.shape[0]
    pair = (
        thigh.crop((0, 0, 0), (slices - 5, *thigh.geometry.shape[1:])),
        moved(thigh).crop((5, 0, 0), thigh.geometry.shape),
    )
    tissue = [find_tissue(one) for one in pair]
    (side,) = tissue[0].sides
    looks = [limb_slices(one, side) for one in tissue]
    found = match_limbs(*looks, side)
    assert found is not None
    assert found.check.ok
    ends = looks[0].z_mm[[5, -1]]
    assert found.start_mm + found.factor * ends - ends == pytest.approx([UP_MM, UP_MM], abs=3.0)


def test_limbs_that_show_too_few_slices_are_not_matched() -> None:
    few = LimbSlices(np.arange(3.0), np.zeros((3, 2)), np.ones(3), np.ones((3, 48, 120), np.float32))
    assert match_limbs(few, few, "right") is None

"""Lobes of an engine: they end where the lungs do, and every border is varied alike."""

from __future__ import annotations

import numpy as np
import pytest

from ctreview.anatomy import LOBE_SCHEME, LUNG_SCHEME, divide_lungs
from ctreview.anatomy.lobes.engine_lobes import BORDER_MM, lobes_of_engine
from ctreview.anatomy.lobes.nearest import in_nearest_lobes
from ctreview.models import EngineFacts, EngineLabelMap
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap

GRID = Geometry.aligned((40, 10, 24), (1.0,) * 3, frame_of_reference="source:test")


@pytest.fixture
def lungs() -> LabelMap:
    array = np.zeros(GRID.shape, dtype=np.uint8)
    array[2:38, 2:8, 2:10], array[2:38, 2:8, 14:22] = 1, 2
    return LabelMap(array, GRID, LUNG_SCHEME)


@pytest.fixture
def given() -> EngineLabelMap:
    """Lobes that leave out a layer of the lungs and reach over their ends."""
    array = np.zeros(GRID.shape, dtype=np.uint8)
    array[28:40, 3:8, 2:10], array[18:28, 3:8, 2:10], array[:18, 3:8, 2:10] = 1, 2, 3
    array[18:40, 3:8, 14:22], array[:18, 3:8, 14:22] = 4, 5
    return EngineLabelMap(array, GRID, LOBE_SCHEME, engine=EngineFacts("stand-in", "1", "none"))


def test_lobes_together_are_the_lungs(given: EngineLabelMap, lungs: LabelMap) -> None:
    found = lobes_of_engine(given, lungs)
    assert np.array_equal(found.array > 0, lungs.array > 0)
    assert found.array[30, 2, 5] == 1
    assert found.array[10, 2, 20] == 5


def test_a_border_moves_by_its_spread_to_both_sides(given: EngineLabelMap, lungs: LabelMap) -> None:
    found = lobes_of_engine(given, lungs)
    moved = {(one.fissure, one.direction): one for one in found.moved_borders()}
    down = moved["left_oblique", -1]
    heights = np.unravel_index(down.where, GRID.shape)[0]
    assert set(heights) == {18 - step for step in range(1, round(BORDER_MM) + 1)}
    assert set(down.lobes) == {4}
    assert set(moved["right_oblique", -1].lobes) == {2}  # where the middle lobe is the nearest
    assert set(moved["right_minor", 1].lobes) == {2}


def test_regions_know_that_borders_are_not_sure(given: EngineLabelMap, lungs: LabelMap) -> None:
    shifts = divide_lungs(lungs, lobes=lobes_of_engine(given, lungs)).shifts
    assert {shift.border for shift in shifts} == {"right_oblique", "right_minor", "left_oblique"}


def test_that_borders_were_not_looked_at_is_said(given: EngineLabelMap, lungs: LabelMap) -> None:
    (check,) = (one for one in lobes_of_engine(given, lungs).checks if one.name == "engine_lobes_borders")
    assert not check.ok
    assert "stand-in 1" in check.message


def test_a_lung_without_any_lobe_has_none(given: EngineLabelMap, lungs: LabelMap) -> None:
    right = LabelMap(np.where(given.array > 3, 0, given.array), GRID, LOBE_SCHEME)
    found = in_nearest_lobes(right, lungs)
    assert not found.array[..., 12:].any()
    assert found.array[..., :12].any()


def test_a_lobe_does_not_reach_into_the_other_lung(given: EngineLabelMap, lungs: LabelMap) -> None:
    spoilt = given.array.copy()
    spoilt[30, 5, 16] = 1
    assert in_nearest_lobes(LabelMap(spoilt, GRID, LOBE_SCHEME), lungs).array[30, 5, 16] == 4

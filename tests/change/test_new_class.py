"""A class that is not counted comes in as a label: nothing else names it."""

from __future__ import annotations

import numpy as np
import pytest

from ctreview.change import find_fate, find_intervals, find_sensitivity, measure
from ctreview.change.measurements import classes_document
from ctreview.change.table import columns
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.volume import Volume

from .bodies import OPACITY, ball, box_regions, grid, shift_transform

GRID = grid((20, 22, 24))
WIDER = Scheme((*OPACITY, Label(4, "reticulation", (9, 9, 9), counted=False, may_be="ground_glass")))
GLASS, NET = ball(GRID, (10, 11, 7), 6.0), ball(GRID, (10, 11, 17), 6.0)


@pytest.fixture
def opacity() -> LabelMap:
    return LabelMap((GLASS + 4 * NET).astype(np.uint8), GRID, WIDER)


def test_it_is_measured_and_in_no_sum(opacity: LabelMap) -> None:
    volume = Volume(np.full(GRID.shape, -800, np.int16), GRID)
    found = measure(volume, box_regions(GRID), opacity)["lungs"]
    assert columns(found.to_dict())["reticulation_ml"] == pytest.approx(NET.sum() * GRID.voxel_ml)
    assert found.opacity_ml == pytest.approx(GLASS.sum() * GRID.voxel_ml)
    assert [one["key"] for one in classes_document(WIDER) if not one["counted"]] == [
        "dependent_opacity",
        "reticulation",
    ]


def test_it_has_no_fate(opacity: LabelMap) -> None:
    fate = find_fate(opacity, opacity, shift_transform(GRID))
    assert np.array_equal(fate.baseline.array > 0, GLASS)


def test_an_interval_reaches_over_what_it_may_be(opacity: LabelMap) -> None:
    without = LabelMap(GLASS.astype(np.uint8), GRID, WIDER)
    pair = [find_sensitivity(box_regions(GRID), one) for one in (opacity, without)]
    found = find_intervals(*pair)["lungs"]
    assert set(found) == {
        "opacity_ml",
        "ground_glass_ml",
        "consolidation_ml",
        "opacity_pp",
        "opacity_relative_percent",
    }
    change = found["opacity_ml"]
    assert change is not None
    assert change.value == 0
    assert change.sources["reticulation"] == pytest.approx(NET.sum() * GRID.voxel_ml / 2)

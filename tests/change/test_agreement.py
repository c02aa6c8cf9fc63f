from __future__ import annotations

import numpy as np
import pytest

from ctreview.change.agreement import bland_altman, intraclass_correlation, overlap
from ctreview.errors import GridMismatch, WrongUse
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme

GRID = Geometry.aligned((10, 12, 14), (2.0, 1.0, 1.0), frame_of_reference="1.2")
SCHEME = Scheme((Label(1, "ground_glass", (255, 200, 0)), Label(2, "consolidation", (0, 100, 200))))


def block(start: int, stop: int, value: int = 1, grid: Geometry = GRID) -> LabelMap:
    array = np.zeros(GRID.shape, np.uint8)
    array[2:8, 3:9, start:stop] = value
    return LabelMap(array, grid, SCHEME)


def test_two_blocks_shifted_by_two_millimetres() -> None:
    found = overlap(block(2, 8), block(4, 10))
    assert found.first_ml == pytest.approx(6 * 6 * 6 * 2 / 1000)
    assert found.dice == pytest.approx(4 / 6)
    assert found.percentile_95_mm == pytest.approx(2.0)
    assert 0 < (found.mean_mm or 0) < 2


def test_the_same_mask_agrees_with_itself_and_labels_are_told_apart() -> None:
    same = overlap(block(2, 8), block(2, 8))
    assert (same.dice, same.mean_mm, same.percentile_95_mm) == (1.0, 0.0, 0.0)
    assert overlap(block(2, 8), block(2, 8, 2), "ground_glass").dice == 0
    assert overlap(block(2, 8), block(2, 8, 2), "ground_glass", "consolidation").dice == 1
    empty = overlap(block(2, 8), block(2, 8), "consolidation")
    assert (empty.dice, empty.mean_mm) == (None, None)
    with pytest.raises(GridMismatch):
        overlap(block(2, 8), block(2, 8, grid=GRID.flip(0)))


def test_only_what_lies_within_counts() -> None:
    first, second = block(2, 8), block(4, 10)
    part = np.zeros(GRID.shape, dtype=bool)
    part[:, :, 4:8] = True
    assert overlap(first, second, within=part).dice == 1
    part[:, :, 4:8] = False
    assert overlap(first, second, within=part).dice is None


def test_pieces_far_apart_are_as_far_apart_as_they_are() -> None:
    first, second = block(0, 1), block(13, 14)
    found = overlap(first, second)
    assert found.dice == 0
    assert found.mean_mm == pytest.approx(13.0)


def test_bland_altman_and_icc_on_the_published_example() -> None:
    # four judges of six cases: Shrout and Fleiss 1979, tables 2 and 4
    judges = [9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]
    assert intraclass_correlation(*judges) == pytest.approx(0.29, abs=0.005)
    found = bland_altman(judges[0], judges[1])
    assert found.bias == pytest.approx(-31 / 6)
    assert (found.low + found.high) / 2 == pytest.approx(found.bias)
    assert found.high - found.low == pytest.approx(2 * 1.96 * np.std(np.subtract(judges[1], judges[0]), ddof=1))


def test_perfect_and_absent_agreement() -> None:
    assert intraclass_correlation([1, 2, 3], [1, 2, 3]) == pytest.approx(1)
    assert intraclass_correlation([2, 2], [2, 2]) is None
    for bad in (([1], [1]), ([1, 2], [1, 2, 3])):
        with pytest.raises(WrongUse, match="pairs"):
            bland_altman(*bad)

"""Counts and sums in cells, against the same by numpy."""

from __future__ import annotations

import numpy as np
import pytest

from ctreview.volume.counting import count_in_cells, sum_in_cells

RANDOM = np.random.default_rng(3)
CELLS = RANDOM.integers(0, 5, (6, 7, 8), dtype=np.uint8)
LABELS = RANDOM.integers(0, 3, CELLS.shape, dtype=np.uint8)


def test_labels_are_counted_in_each_cell_and_nothing_outside() -> None:
    found = count_in_cells(CELLS, LABELS, 6, 4)
    wanted = [[np.count_nonzero((cell == CELLS) & (label == LABELS)) for label in range(4)] for cell in range(6)]
    assert found[1:].tolist() == wanted[1:]
    assert not found[0].any()


def test_values_are_added_in_each_cell_of_a_part_of_an_array() -> None:
    values = RANDOM.normal(size=CELLS.shape).astype(np.float32)
    found = sum_in_cells(CELLS[::2], values[::2], 5)
    wanted = [values[::2][cell == CELLS[::2]].sum(dtype=np.float64) for cell in range(5)]
    assert np.allclose(found[1:], wanted[1:])
    assert found[0] == 0.0


def test_what_is_not_among_those_counted_is_no_silent_error() -> None:
    with pytest.raises(IndexError):
        count_in_cells(CELLS, LABELS, 4, 3)
    with pytest.raises(IndexError):
        count_in_cells(CELLS, LABELS, 5, 2)

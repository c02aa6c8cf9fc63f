"""Highest and lowest values within a box are those of scipy's filters."""

import numpy as np
import pytest
from scipy import ndimage

from ctreview.volume.box_filters import highest_within, lowest_within


@pytest.mark.parametrize("size", [(3, 5, 7), (1, 4, 2), (9, 30, 6)])
def test_boxes_are_those_of_scipy(size):
    values = np.random.default_rng(2).normal(0.0, 100.0, (6, 11, 14)).astype(np.float32)
    before, behind = tuple(n // 2 for n in size), tuple(n - n // 2 - 1 for n in size)
    assert np.array_equal(lowest_within(values, before, behind), ndimage.minimum_filter(values, size, mode="nearest"))
    origin = tuple(-1 if n % 2 == 0 else 0 for n in size)
    moved = ndimage.maximum_filter(values, size, mode="nearest", origin=origin)
    assert np.array_equal(highest_within(values, behind, before), moved)

"""Neighbourhoods of masks are those of general filters, at the grid's border as well."""

import numpy as np
import pytest
from scipy import ndimage

from ctreview.opacity.neighbourhood import closed_box, near_box, within


@pytest.fixture
def mask():
    found = np.random.default_rng(4).random((9, 11, 14)) < 0.03
    found[0, 0, 0] = found[-1, 5, -1] = True
    return found


@pytest.mark.parametrize("halves", [(1, 1, 1), (2, 3, 1), (12, 2, 20)])
def test_what_is_near_and_what_lies_between(mask, halves):
    box = [2 * half + 1 for half in halves]
    near = ndimage.maximum_filter(mask, box, mode="constant", cval=0)
    assert np.array_equal(near_box(mask, halves), near)
    assert np.array_equal(closed_box(mask, halves), ndimage.minimum_filter(near, box, mode="constant", cval=1))


def test_a_reach_is_in_millimetres_and_one_voxel_at_least(mask):
    assert np.array_equal(within(mask, 3.0, (1.5, 1.0, 4.0)), near_box(mask, (2, 3, 1)))

from __future__ import annotations

import numpy as np
import pytest

from ctreview.anatomy.coarse import CoarseImage, closed, opened
from ctreview.volume.distance import dilated, eroded
from ctreview.volume.geometry import Geometry


def grid(shape: tuple[int, int, int], spacing: tuple[float, float, float]) -> Geometry:
    return Geometry.aligned(shape, spacing, frame_of_reference="source:test")


def test_blocks_hold_means_also_at_an_incomplete_end() -> None:
    array = np.arange(3 * 5 * 7, dtype=np.int16).reshape(3, 5, 7)
    coarse = CoarseImage.from_array(array, grid((3, 5, 7), (2.0, 1.0, 1.0)), 2.25)
    assert coarse.step == (1, 2, 2)
    assert coarse.spacing == (2.0, 2.0, 2.0)
    assert coarse.array.shape == (3, 3, 4)
    assert coarse.array[1, 1, 1] == pytest.approx(array[1, 2:4, 2:4].mean())
    assert coarse.array[2, 2, 3] == pytest.approx(array[2, 4, 6])


def test_thick_slices_stay_as_they_are() -> None:
    assert CoarseImage.from_array(np.zeros((4, 9, 9)), grid((4, 9, 9), (8.0, 0.7, 0.7)), 2.25).step == (1, 3, 3)


def test_a_box_of_blocks_covers_its_voxels() -> None:
    coarse = CoarseImage.from_array(np.zeros((3, 5, 7)), grid((3, 5, 7), (2.0, 1.0, 1.0)), 2.25)
    assert coarse.full_box((slice(1, 3), slice(1, 3), slice(2, 4))) == (slice(1, 3), slice(2, 5), slice(4, 7))


def test_the_end_of_the_grid_is_no_border_of_a_mask() -> None:
    mask = np.zeros((9, 9, 9), dtype=bool)
    mask[:, :, :5] = True
    assert np.flatnonzero(eroded(mask, 1.5, (1.0, 1.0, 1.0)).any(axis=(0, 1))).tolist() == [0, 1, 2, 3]


def test_opening_takes_thin_parts_and_closing_narrow_gaps() -> None:
    mask = np.zeros((21, 21, 21), dtype=bool)
    mask[3:18, 3:18, 3:18] = True
    mask[10, 10, 18:] = True
    assert not opened(mask, 2.0, (1.0, 1.0, 1.0))[10, 10, 20]
    mask[10, 10, 3:10] = False
    assert closed(mask, 2.0, (1.0, 1.0, 1.0))[10, 10, 5]
    assert dilated(np.zeros_like(mask), 3.0, (1.0, 1.0, 1.0)).sum() == 0

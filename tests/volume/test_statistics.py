from __future__ import annotations

import numpy as np
import pytest

from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.statistics import region_values
from ctreview.volume.volume import Volume

GRID = Geometry.aligned((4, 6, 8), (5.0, 2.0, 2.0), origin=(-7, 0, 0), frame_of_reference="1.2.3")
SCHEME = Scheme((Label(1, "rectus_femoris", (255, 0, 0)), Label(2, "vastus", (0, 255, 0))))


def drawn() -> LabelMap:
    array = np.zeros(GRID.shape, np.uint8)
    array[1, 2:4, 1:3] = 1  # four voxels at x = -5, -3: the patient's right
    array[2, 2, 5:8] = 1  # three at x = 3, 5, 7
    return LabelMap(array, GRID, SCHEME)


def image() -> Volume:
    array = np.zeros(GRID.shape, np.float32)
    array[1, 2:4, 1:3] = [[100, 110], [120, 130]]
    array[2, 2, 5:8] = [10, 20, 60]
    return Volume(array, GRID, "arbitrary")


def test_volume_mean_and_sd_are_counted_on_each_side() -> None:
    right, left, both, *empty = region_values(drawn(), image(), middle_mm=0.0)
    assert [(one.region, one.side) for one in (right, left, both)] == [
        ("rectus_femoris", side) for side in ("right", "left", "both")
    ]
    assert (right.volume_ml, left.volume_ml, both.volume_ml) == pytest.approx((0.08, 0.06, 0.14))
    assert (right.mean, left.mean, both.mean) == pytest.approx((115.0, 30.0, 550 / 7))
    assert (right.sd, left.sd) == pytest.approx((np.std([100, 110, 120, 130], ddof=1), np.std([10, 20, 60], ddof=1)))
    assert [(one.volume_ml, one.voxels, one.mean, one.sd) for one in empty] == [(0.0, 0, None, None)] * 3


def test_the_middle_that_the_reader_sets_moves_voxels_to_the_other_side() -> None:
    right, left, _, *_ = region_values(drawn(), image(), middle_mm=4.0)
    assert (right.voxels, left.voxels) == (5, 2)


def test_an_image_on_a_finer_grid_is_measured_on_its_own_voxels() -> None:
    fine = Geometry.aligned((20, 12, 16), (1.0, 1.0, 1.0), origin=(-7.5, -0.5, -2), frame_of_reference="1.2.3")
    index = np.stack(np.meshgrid(*(np.arange(n) for n in fine.shape), indexing="ij"), axis=-1)
    x = fine.to_lps(index)[..., 0]
    right, left, both, *_ = region_values(drawn(), Volume(x.astype(np.float32), fine, "arbitrary"), middle_mm=0.0)
    assert (right.voxels, left.voxels, both.voxels) == (4 * 20, 3 * 20, 7 * 20)
    assert right.mean == pytest.approx(-4.0)
    assert left.mean == pytest.approx(5.0)
    assert both.volume_ml == pytest.approx(0.14), "the volume is that of what was drawn"

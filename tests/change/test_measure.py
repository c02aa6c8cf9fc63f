import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ctreview.change import measure
from ctreview.change.measure import count_labelled
from ctreview.change.table import columns
from ctreview.errors import GridMismatch
from ctreview.volume.volume import Volume

from .bodies import box_regions, grid, labels

COUNTED = ("ground_glass", "consolidation")
HAA = {"haa": (-600.0, -250.0)}
SMALL = grid((10, 9, 8))
CELLS = hnp.arrays(np.uint8, SMALL.shape, elements=st.integers(0, 3))


def as_map(array: np.ndarray):
    return dataclasses.replace(labels(SMALL), array=array)


@settings(max_examples=25, deadline=None)
@given(CELLS)
def test_parts_add_up_to_the_whole(array):
    volume = Volume(np.full(SMALL.shape, -800, dtype=np.int16), SMALL)
    found = measure(volume, box_regions(SMALL), as_map(array))
    rows = {name: columns(one.to_dict()) for name, one in found.items()}
    for key in ("volume_ml", "ground_glass_ml", "consolidation_ml", "dependent_opacity_ml", "opacity_ml"):
        for parts in (("right_lung", "left_lung"), ("lungs/basal", "lungs/apical")):
            assert sum(rows[part][key] for part in parts) == pytest.approx(rows["lungs"][key], abs=1e-9)
    whole = found["lungs"]
    assert whole.opacity_ml == pytest.approx(sum(whole.classes_ml[key] for key in COUNTED), abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(CELLS)
def test_sparse_counting_counts_what_counting_everything_counts(array):
    regions = box_regions(SMALL)
    dense = regions.count(array, 4)
    sparse = count_labelled(regions, array, 4)
    for name, row in zip(regions.names, sparse, strict=True):
        np.testing.assert_array_equal(row[1:], dense[name][1:])


def test_units():
    volume = Volume(np.full(SMALL.shape, -500, dtype=np.int16), SMALL)
    glass = np.zeros(SMALL.shape, dtype=bool)
    glass[3:6, 3:5, 2:4] = True
    found = measure(volume, box_regions(SMALL), labels(SMALL, glass=glass), bands_hu=HAA)["lungs"]
    voxel_ml = 2.0 * 1.5 * 1.5 / 1000
    assert found.volume_ml == pytest.approx(6 * 5 * 4 * voxel_ml)
    assert found.mean_hu == pytest.approx(-500)
    assert found.classes_ml["ground_glass"] == pytest.approx(12 * voxel_ml)
    assert found.opacity_percent == pytest.approx(10.0)
    assert found.bands_percent["haa"] == pytest.approx(100.0)


def test_the_band_of_high_attenuation_holds_its_lower_end_and_not_its_upper():
    for hu, percent in ((-601, 0), (-600, 100), (-251, 100), (-250, 0)):
        volume = Volume(np.full(SMALL.shape, hu, dtype=np.int16), SMALL)
        assert measure(volume, box_regions(SMALL), labels(SMALL), bands_hu=HAA)["lungs"].bands_percent == {
            "haa": percent
        }


def test_an_empty_region_has_no_mean():
    volume = Volume(np.full(SMALL.shape, -800, dtype=np.int16), SMALL)
    regions = box_regions(SMALL)
    cells = np.where(regions.partitions[1].cells == 1, 1, 0).astype(np.uint8)
    regions = dataclasses.replace(
        regions, partitions=(regions.partitions[0], dataclasses.replace(regions.partitions[1], cells=cells))
    )
    left = measure(volume, regions, labels(SMALL))["left_lung"]
    assert (left.volume_ml, left.opacity_ml, left.mean_hu, left.opacity_percent) == (0, 0, None, None)


def test_another_grid_is_refused():
    other = grid((10, 9, 7))
    with pytest.raises(GridMismatch):
        measure(Volume(np.zeros(other.shape, dtype=np.int16), other), box_regions(SMALL), labels(SMALL))


def test_bands_may_overlap():
    hu = np.full(SMALL.shape, -800, dtype=np.int16)
    hu[:5] = -400
    bands = {"dense": (-500.0, 0.0), "all": (-1000.0, 0.0), "none": (0.0, 100.0)}
    found = measure(Volume(hu, SMALL), box_regions(SMALL), labels(SMALL), bands_hu=bands)["lungs"]
    assert found.bands_percent == pytest.approx({"dense": 50.0, "all": 100.0, "none": 0.0})

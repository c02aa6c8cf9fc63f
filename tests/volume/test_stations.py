from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.dicom.acquisition import Acquisition
from ctreview.errors import GridMismatch, InconsistentSeries, WrongModality
from ctreview.volume.contrasts import examination
from ctreview.volume.geometry import Geometry
from ctreview.volume.stations import are_stations, join_stations
from ctreview.volume.volume import Volume

GRID = Geometry.aligned((20, 16, 16), (6.0, 2.0, 2.0), frame_of_reference="1.2.3")


@pytest.fixture
def whole() -> Volume:
    array = np.random.default_rng(1).normal(300, 20, GRID.shape).astype(np.float32)
    return Volume(array, GRID, "arbitrary", Acquisition(modality="MR", description="STIR"))


def cut(volume: Volume, start: int, stop: int, gain: float = 1.0) -> Volume:
    part = volume.crop((start, 0, 0), (stop, 16, 16))
    return part.with_array((part.array * np.float32(gain)).astype(np.float32))


def test_stations_in_any_order_make_the_whole_again(whole: Volume):
    joined = join_stations([cut(whole, 12, 20), cut(whole, 0, 8), cut(whole, 6, 14)])
    assert joined.geometry.same_grid(GRID)
    assert np.array_equal(joined.array, whole.array)


def test_values_stay_as_measured_and_only_what_is_shown_is_matched(whole: Volume):
    found = examination([cut(whole, 0, 12), cut(whole, 8, 20, gain=1.3)])
    (contrast,) = found.contrasts
    assert contrast.stations == 2
    assert np.array_equal(contrast.acquired.array[:10], whole.array[:10])
    assert np.allclose(contrast.acquired.array[-8:], 1.3 * whole.array[-8:])
    assert np.allclose(contrast.volume.array, whole.array, rtol=0.01)


def test_a_missing_station_keeps_the_others_apart_and_is_refused_where_one_is_needed(whole: Volume):
    found = examination([cut(whole, 0, 7), cut(whole, 13, 20)])
    assert [one.name for one in found.contrasts] == ["STIR", "STIR 2"]
    with pytest.raises(InconsistentSeries, match="36 mm of the patient are missing"):
        found.measured("STIR")


def test_stations_of_two_grids_are_not_joined(whole: Volume):
    upper = cut(whole, 10, 20)
    shifted = np.array(upper.geometry.affine)
    shifted[0, 3] += 1.0
    moved = replace(upper, geometry=replace(upper.geometry, affine=shifted))
    assert are_stations(cut(whole, 0, 12), moved)
    with pytest.raises(GridMismatch, match="shifted"):
        join_stations([cut(whole, 0, 12), moved])


def test_two_images_of_one_place_are_no_stations(whole: Volume):
    assert not are_stations(whole, cut(whole, 4, 20))


def test_a_ct_is_no_part_of_a_muscle_examination(whole: Volume):
    with pytest.raises(WrongModality, match="CT"):
        examination([whole, replace(whole, unit="HU")])

"""What is known beforehand: children's density, and fixed bands."""

from __future__ import annotations

import numpy as np
import pytest

from ctreview.errors import GridMismatch, WrongUse
from ctreview.opacity import FIXED_BANDS_HU, fixed_bands
from ctreview.opacity.priors import ADULT, prior_for
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume
from tests.opacity.bodies import LUNG_SCHEME

GRID = Geometry.aligned((4, 5, 6), (1.0, 1.0, 1.0), frame_of_reference="source:bands")


def test_a_child_of_four_follows_long() -> None:
    prior = prior_for(4.0)
    # −899 anterior basal to −843 posterior medial at inspiration lie on both sides of the middle
    assert -899 < prior.inspired_hu < -843
    assert prior.inspired_rise_hu == 33
    # −780 to −551 at expiration
    assert -780 < prior.expired_hu < -551
    assert prior.expired_rise_hu == 155


def test_the_regression_is_not_extrapolated() -> None:
    assert prior_for(6.0).inspired_hu == pytest.approx(prior_for(6.01).inspired_hu, abs=0.5)
    assert prior_for(17.99).inspired_hu == pytest.approx(ADULT.inspired_hu, abs=0.5)
    assert prior_for(None) is ADULT
    assert prior_for(60.0) is ADULT


def test_routine_density_of_children_falls_with_age() -> None:
    values = [prior_for(age).routine_hu for age in (2.0, 4.0, 6.0)]
    assert values[0] == -650
    assert values == sorted(values, reverse=True)


def test_the_rise_grows_as_the_lung_empties_and_stays_within_its_ends() -> None:
    prior = prior_for(4.0)
    assert prior.rise_hu(-1000.0) == 33
    assert prior.rise_hu(-300.0) == 155
    assert 33 < prior.rise_hu((prior.inspired_hu + prior.expired_hu) / 2) < 155


def test_bands_count_every_voxel_once() -> None:
    values = np.linspace(-1050, 50, 120).round().astype(np.int16).reshape(GRID.shape)
    lungs = LabelMap(np.ones(GRID.shape, np.uint8), GRID, LUNG_SCHEME)
    *bands, high = fixed_bands(Volume(values, GRID), lungs)
    assert [band.key for band in bands] == [key for key, _, _ in FIXED_BANDS_HU]
    assert sum(band.volume_ml for band in bands) == pytest.approx(120 * GRID.voxel_ml)
    assert sum(band.percent for band in bands) == pytest.approx(100.0)
    assert high.percent == pytest.approx(100 * np.mean((values >= -600) & (values < -250)))


def test_bands_leave_vessels_out_only_where_they_are_given() -> None:
    values = np.full(GRID.shape, -800, np.int16)
    values[0] = 40
    lungs = LabelMap(np.ones(GRID.shape, np.uint8), GRID, LUNG_SCHEME)
    vessels = LabelMap((values == 40).astype(np.uint8), GRID, LUNG_SCHEME)
    found = {band.key: band.volume_ml for band in fixed_bands(Volume(values, GRID), lungs)}
    without = {band.key: band.volume_ml for band in fixed_bands(Volume(values, GRID), lungs, vessels)}
    assert found["consolidated"] == pytest.approx(30 * GRID.voxel_ml)
    assert without["consolidated"] == 0
    assert without["aerated"] == found["aerated"]


def test_bands_refuse_what_is_not_hu_or_not_here() -> None:
    volume = Volume(np.zeros(GRID.shape, np.int16), GRID, unit="arbitrary")
    lungs = LabelMap(np.ones(GRID.shape, np.uint8), GRID, LUNG_SCHEME)
    with pytest.raises(WrongUse, match="arbitrary"):
        fixed_bands(volume, lungs)
    elsewhere = Geometry.aligned(GRID.shape, (2.0, 1.0, 1.0), frame_of_reference="source:bands")
    with pytest.raises(GridMismatch):
        fixed_bands(Volume(np.zeros(GRID.shape, np.int16), elsewhere), lungs)

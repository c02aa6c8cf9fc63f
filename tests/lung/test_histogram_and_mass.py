"""Figures of density against numpy and scipy, and grams of known blocks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ctreview.errors import GridMismatch, SegmentationFailed, WrongUse
from ctreview.lung import (
    PERCENTILES,
    density_histogram,
    excess_mass_g,
    histograms_by_region,
    lung_mass_g,
    mass_by_region_g,
)
from ctreview.opacity import OPACITY_SCHEME, Gravity, NormalLung
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.regions import Partition, Regions
from ctreview.volume.volume import Volume

LUNGS = Scheme((Label(1, "right_lung", (0, 0, 0)), Label(2, "left_lung", (0, 0, 0))))
GRID = Geometry.aligned((8, 10, 12), (2.0, 1.0, 1.0), frame_of_reference="source:test")


@pytest.fixture
def lungs() -> LabelMap:
    array = np.zeros(GRID.shape, np.uint8)
    array[1:7, 2:8, 1:5] = 1
    array[1:7, 2:8, 7:11] = 2
    return LabelMap(array, GRID, LUNGS)


@pytest.fixture
def scan() -> Volume:
    values = np.random.default_rng(4).gamma(2.0, 60.0, GRID.shape) - 950
    return Volume(values.round().astype(np.int16), GRID)


def test_figures_agree_with_scipy(scan: Volume, lungs: LabelMap) -> None:
    values = scan.array[lungs.array > 0].astype(float)
    found = density_histogram(scan, lungs)
    assert found.mean_hu == pytest.approx(values.mean())
    assert found.sd_hu == pytest.approx(values.std())
    assert found.skewness == pytest.approx(stats.skew(values))
    assert found.kurtosis == pytest.approx(stats.kurtosis(values))
    assert found.percentiles_hu == pytest.approx(np.percentile(values, PERCENTILES, method="inverted_cdf").tolist())
    assert found.haa_percent == pytest.approx(100 * np.mean((values >= -600) & (values < -250)))
    assert found.volume_ml == pytest.approx(values.size * 0.002)


def test_regions_agree_with_the_whole(scan: Volume, lungs: LabelMap) -> None:
    regions = Regions(GRID, (Partition(lungs.array, {"lungs": (1, 2), "right_lung": (1,), "left_lung": (2,)}),))
    by_region = histograms_by_region(scan, regions)
    assert by_region["lungs"] == density_histogram(scan, lungs)
    masses = mass_by_region_g(scan, regions)
    assert masses["lungs"] == pytest.approx(lung_mass_g(scan, lungs), rel=1e-6)
    assert masses["right_lung"] + masses["left_lung"] == pytest.approx(masses["lungs"])
    assert set(histograms_by_region(scan, regions, names=["left_lung"])) == {"left_lung"}
    with pytest.raises(WrongUse):
        histograms_by_region(scan, regions, names=["heart"])


def test_mass_of_water_and_of_air(lungs: LabelMap) -> None:
    water = Volume(np.zeros(GRID.shape, np.int16), GRID)
    air = Volume(np.full(GRID.shape, -1000, np.int16), GRID)
    assert lung_mass_g(water, lungs) == pytest.approx(lungs.volume_ml("right_lung", "left_lung"))
    assert lung_mass_g(air, lungs) == pytest.approx(0.0)


def test_excess_mass_of_a_known_patch(lungs: LabelMap) -> None:
    gravity = Gravity(1, 2.0, 7.0, assumed=False)
    normal = NormalLung(-850.0, 20.0, 40.0, gravity, 1.0, "histogram", 1.0)
    hu = normal.expected_hu(GRID)
    hu[3:5, 4:6, 2:4] += 300.0
    opacity = np.zeros(GRID.shape, np.uint8)
    opacity[3:5, 4:6, 2:4] = 1
    scan = Volume(hu, GRID)
    expected = 8 * 0.002 * 0.3
    assert excess_mass_g(scan, lungs, normal) == pytest.approx(expected, rel=1e-3)
    assert excess_mass_g(scan, lungs, normal, opacity=LabelMap(opacity, GRID, OPACITY_SCHEME)) == pytest.approx(
        expected, rel=1e-3
    )
    empty = LabelMap(np.zeros(GRID.shape, np.uint8), GRID, OPACITY_SCHEME)
    assert excess_mass_g(scan, lungs, normal, opacity=empty) == 0.0


def test_refusals(scan: Volume, lungs: LabelMap) -> None:
    with pytest.raises(WrongUse):
        lung_mass_g(scan.with_array(scan.array, unit="ms"), lungs)
    with pytest.raises(SegmentationFailed):
        density_histogram(scan, LabelMap(np.zeros(GRID.shape, np.uint8), GRID, LUNGS))
    elsewhere = Geometry.aligned(GRID.shape, (2.0, 1.0, 1.0), frame_of_reference="source:other")
    with pytest.raises(GridMismatch):
        lung_mass_g(scan, LabelMap(lungs.array, elsewhere, LUNGS))

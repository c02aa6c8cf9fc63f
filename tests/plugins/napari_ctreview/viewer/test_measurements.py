from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari_ctreview.viewer.measurements import Angle, Caliper, RegionOfInterest

from ctreview.errors import WrongUse
from ctreview.volume.geometry import Geometry
from ctreview.volume.volume import Volume

GRID = Geometry.aligned((6, 40, 50), (3.0, 0.8, 0.5), origin=(-7, 11, 100), frame_of_reference="1.2.3")
VOLUME = Volume(np.random.default_rng(1).normal(-800, 30, GRID.shape).astype(np.float32), GRID)


def oblique() -> Geometry:
    set_plane = np.radians(25)
    rotation = np.array(
        [(np.cos(set_plane), -np.sin(set_plane), 0), (np.sin(set_plane), np.cos(set_plane), 0), (0, 0, 1)]
    )
    affine = np.array(GRID.affine)
    affine[:3, :3] = rotation @ GRID.affine[:3, :3]
    return Geometry(GRID.shape, affine, "1.2.3")


def test_a_caliper_measures_in_space() -> None:
    assert Caliper(np.array([(0, 0, 0), (3, 4, 12)])).length_mm == pytest.approx(13)
    assert str(Caliper(np.array([(0, 0, 0), (3, 4, 12)]))) == "13.0 mm"


@given(st.floats(0.001, 179.999), st.floats(1, 100), st.floats(1, 100))
def test_an_angle_is_that_of_its_legs(degrees: float, one: float, other: float) -> None:
    set_plane = np.radians(degrees)
    corner = np.array([5.0, -3.0, 9.0])
    ends = np.array([(one, 0, 0), (0, 0, 0), (other * np.cos(set_plane), other * np.sin(set_plane), 0)])
    assert Angle(corner + ends).degrees == pytest.approx(degrees, abs=1e-6)


def test_wrong_numbers_of_places_are_refused() -> None:
    with pytest.raises(WrongUse, match="3 places"):
        Angle(np.zeros((2, 3)))


@pytest.mark.parametrize("grid", [GRID, oblique()], ids=["straight", "oblique"])
@pytest.mark.parametrize("across", [0, 1, 2])
def test_a_rectangle_holds_the_voxels_between_its_corners(grid: Geometry, across: int) -> None:
    volume = Volume(VOLUME.array, grid)
    low, high = np.array([2, 10, 12]), np.array([4, 20, 30])
    low[across] = high[across] = 3
    found = RegionOfInterest(grid.to_lps([high, low]), grid, across, "rectangle").statistics(volume)
    box = tuple(slice(a, b + 1) for a, b in zip(low, high, strict=True))
    values = np.asarray(volume.array[box], dtype=float)
    assert found is not None
    assert found.voxels == values.size
    assert found.mean == pytest.approx(values.mean())
    assert found.sd == pytest.approx(values.std(ddof=1))
    assert (found.low, found.high) == (values.min(), values.max())
    within = [spacing for axis, spacing in enumerate(grid.spacing) if axis != across]
    assert found.area_mm2 == pytest.approx(values.size * within[0] * within[1])


def test_an_ellipse_has_the_area_of_an_ellipse_and_lies_within_its_outline() -> None:
    corners = GRID.to_lps([(2, 5.2, 8.1), (2, 33.8, 41.9)])
    region = RegionOfInterest(corners, GRID, 0)
    found = region.statistics(VOLUME)
    assert found is not None
    a, b = (33.8 - 5.2) * 0.8 / 2, (41.9 - 8.1) * 0.5 / 2
    assert found.area_mm2 == pytest.approx(np.pi * a * b, rel=0.02)
    outline = region.outline()
    assert np.allclose(outline[:, 2], corners[0, 2])
    assert np.ptp(outline[:, 1]) == pytest.approx(2 * a, rel=0.01)


def test_a_region_beside_the_scan_or_between_voxels_has_no_mean() -> None:
    outside = RegionOfInterest(GRID.to_lps([(2, -9, -9), (2, -3, -3)]), GRID, 0)
    assert outside.statistics(VOLUME) is None
    between = RegionOfInterest(GRID.to_lps([(2, 5.2, 5.2), (2, 5.7, 5.7)]), GRID, 0)
    assert between.statistics(VOLUME) is None
    above = RegionOfInterest(GRID.to_lps([(9, 5, 5), (9, 9, 9)]), GRID, 0)
    assert above.statistics(VOLUME) is None


def test_a_region_belongs_to_its_image() -> None:
    with pytest.raises(WrongUse):
        RegionOfInterest(GRID.to_lps([(2, 5, 5), (2, 9, 9)]), GRID, 0).statistics(Volume(VOLUME.array, oblique()))


def test_a_mean_is_written_with_its_unit() -> None:
    found = RegionOfInterest(GRID.to_lps([(2, 5, 5), (2, 25, 25)]), GRID, 0).statistics(VOLUME)
    assert str(found).startswith(f"−{abs(round(found.mean))} ± ")
    assert str(found).endswith(" mm²")
    assert " HU, " in str(found)

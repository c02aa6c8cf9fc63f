"""Grids in patient space."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctreview.errors import GridMismatch, WrongUse
from ctreview.volume import Geometry, Volume, require_same_grid

GRID = Geometry.aligned((4, 5, 6), (2.0, 1.5, 0.7), origin=(-10, 3, 8), frame_of_reference="1.2.3")


def test_an_aligned_grid_is_canonical() -> None:
    assert GRID.axes == "HPL"
    assert GRID.is_canonical
    assert GRID.is_axis_aligned
    assert GRID.spacing == pytest.approx((2.0, 1.5, 0.7))
    assert GRID.voxel_ml == pytest.approx(0.0021)
    assert GRID.to_lps((1, 2, 3)) == pytest.approx([-10 + 2.1, 3 + 3.0, 8 + 2.0])


@settings(max_examples=60, deadline=None)
@given(
    order=st.permutations([0, 1, 2]),
    flips=st.lists(st.sampled_from([0, 1, 2]), unique=True),
    turn=st.tuples(*[st.floats(-0.5, 0.5)] * 3),
)
def test_canonical_moves_no_voxel(order: list[int], flips: list[int], turn: tuple[float, float, float]) -> None:
    x, y, z = turn
    skew = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    rotation = np.linalg.solve(np.eye(3) + skew / 2, np.eye(3) - skew / 2)  # Cayley: a rotation below 60°
    affine = np.array(GRID.affine)
    affine[:3, :3] = rotation @ affine[:3, :3]
    grid = replace(GRID, affine=affine).permute(order)
    for axis in flips:
        grid = grid.flip(axis)
    values = np.arange(120).reshape(grid.shape)
    volume = Volume(values, grid)
    turned = volume.canonical()
    assert turned.geometry.is_canonical
    for number in (0, 17, 64, 119):
        before = np.argwhere(values == number)[0]
        after = np.argwhere(turned.array == number)[0]
        assert grid.to_lps(before) == pytest.approx(turned.geometry.to_lps(after), abs=1e-9)


def test_index_and_place_undo_each_other() -> None:
    points = np.random.default_rng(0).uniform(-50, 50, (20, 3))
    assert GRID.to_lps(GRID.to_index(points)) == pytest.approx(points)


def test_a_crop_stays_in_place() -> None:
    part = GRID.crop((1, 2, 3), (4, 5, 6))
    assert part.shape == (3, 3, 3)
    assert part.to_lps((0, 0, 0)) == pytest.approx(GRID.to_lps((1, 2, 3)))
    with pytest.raises(WrongUse):
        GRID.crop((0, 0, 0), (5, 5, 6))


def test_resizing_keeps_the_outer_corner_and_covers_the_field() -> None:
    finer = GRID.resized((1.0, 1.0, 1.0))
    assert finer.to_lps((-0.5, -0.5, -0.5)) == pytest.approx(GRID.to_lps((-0.5, -0.5, -0.5)))
    assert np.all(np.array(finer.shape) >= np.array(GRID.shape) * GRID.spacing - 1e-6)


def test_same_place_means_shape_corners_and_frame() -> None:
    affine = np.array(GRID.affine)
    affine[0, 3] += 0.009
    assert GRID.same_grid(replace(GRID, affine=affine))
    affine[0, 3] += 0.003
    moved = replace(GRID, affine=affine)
    assert not GRID.same_grid(moved)
    with pytest.raises(GridMismatch, match=r"0\.012 mm apart"):
        require_same_grid(GRID, moved)
    with pytest.raises(GridMismatch, match="frames of reference"):
        require_same_grid(GRID, replace(GRID, frame_of_reference="4.5"))
    with pytest.raises(GridMismatch, match="shapes"):
        require_same_grid(GRID, GRID.crop((0, 0, 0), (3, 5, 6)))


@pytest.mark.parametrize(
    "affine",
    [np.eye(3), np.zeros((4, 4)), np.full((4, 4), np.nan), np.diag([1.0, 1.0, 0.0, 1.0]), np.diag([1.0, 1, 1, 2])],
)
def test_a_grid_that_is_none(affine: np.ndarray) -> None:
    with pytest.raises(WrongUse):
        Geometry((2, 2, 2), affine, "1.2")


def test_values_cannot_be_changed_and_name_themselves() -> None:
    values = np.zeros(GRID.shape, np.int16)
    volume = Volume(values, GRID)
    with pytest.raises(ValueError, match="read-only"):
        volume.array[0, 0, 0] = 1
    other = values.copy()
    other[1, 1, 1] = 1
    assert volume.digest == Volume(values.copy(), GRID).digest
    assert volume.digest != Volume(other, GRID).digest
    assert volume.digest != Volume(values, GRID.resized((2, 1.5, 0.7)).flip(0)).digest
    with pytest.raises(WrongUse):
        Volume(values[:3], GRID)

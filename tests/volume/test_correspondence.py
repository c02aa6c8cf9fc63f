"""The same place in two grids, for many voxels at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.errors import GridMismatch
from ctreview.volume.correspondence import DIRECTIONS, corresponding_voxels
from ctreview.volume.geometry import Geometry
from ctreview.volume.transform import Transform

FIXED = Geometry.aligned((40, 50, 60), (2.5, 1.5, 1.5), origin=(-45, -37, 0), frame_of_reference="1.2.3")
NODES = Geometry.aligned((16, 16, 16), (8.0, 8.0, 8.0), origin=(-60, -60, -10), frame_of_reference="1.2.3")


def _turned(degrees: float) -> Geometry:
    """Another grid, of another spacing, whose axes are turned and one of them mirrored."""
    angle = np.deg2rad(degrees)
    affine = np.array(Geometry.aligned((45, 40, 40), (2.0, 2.0, 2.2), frame_of_reference="4.5.6").affine)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    affine[:3, :3] = turn @ affine[:3, :3] @ np.diag([1, -1, 1])
    affine[:3, 3] = (-40, 35, 2)
    return Geometry((45, 40, 40), affine, "4.5.6")


def _transform(moving: Geometry) -> Transform:
    z, y, x = np.indices(NODES.shape)
    field = 4 * np.stack([np.sin(z / 3), np.cos(x / 4), np.sin(y / 3)]).astype(np.float32)
    affine = np.array([[1.05, 0.02, 0, 3], [0, 0.95, 0.04, -2], [0.01, 0, 1.02, 1], [0, 0, 0, 1.0]])
    return Transform(FIXED, moving, affine, field, NODES)


@pytest.mark.parametrize("degrees", [0.0, 25.0])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_each_voxel_lies_where_the_transform_says(direction: str, degrees: float) -> None:
    moving = _turned(degrees)
    transform = _transform(moving)
    here, there = (FIXED, moving) if direction == "to moving" else (moving, FIXED)
    index = np.random.default_rng(3).integers(0, here.shape, (500, 3))
    found = corresponding_voxels(transform, direction, here, there, list(index.T))  # type: ignore[arg-type]
    points = here.to_lps(index)
    true = transform.to_moving(points) if direction == "to moving" else transform.to_fixed(points)
    off = np.linalg.norm(there.to_lps(found) - true, axis=1)
    # where the displacements end, the transform jumps
    fixed = NODES.to_index(points if direction == "to moving" else true)
    inside = np.all((fixed > 1) & (fixed < np.array(NODES.shape) - 2), axis=1)
    assert inside.mean() > 0.5
    assert off[inside].max() < 0.5


def test_a_shift_is_kept_exactly() -> None:
    moving = replace(FIXED, frame_of_reference="4.5.6")
    affine = np.eye(4)
    affine[:3, 3] = (3.0, 1.5, -2.5)
    index = [np.array([0, 7, 39]), np.array([0, 8, 49]), np.array([0, 9, 59])]
    found = corresponding_voxels(Transform(FIXED, moving, affine), "to moving", FIXED, moving, index)
    assert found == pytest.approx(np.add(np.stack(index, axis=1), [-1.0, 1.0, 2.0]), abs=1e-4)


def test_a_grid_of_another_frame_is_refused() -> None:
    moving = replace(FIXED, frame_of_reference="4.5.6")
    transform, index = Transform(FIXED, moving, np.eye(4)), [np.array([0])] * 3
    with pytest.raises(GridMismatch, match="frames of reference"):
        corresponding_voxels(transform, "to fixed", FIXED, moving, index)
    with pytest.raises(GridMismatch, match="frames of reference"):
        corresponding_voxels(transform, "to moving", FIXED, FIXED, index)

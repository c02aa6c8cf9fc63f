"""Point mappings between two images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.errors import WrongUse
from ctreview.volume import Geometry, Transform

FIXED = Geometry.aligned((10, 12, 14), (3.0, 2.0, 2.0), origin=(-14, -12, 0), frame_of_reference="1.2.3")
MOVING = replace(FIXED, frame_of_reference="4.5.6")
NODES = Geometry.aligned((8, 8, 8), (4.0, 4.0, 4.0), origin=(-16, -14, -2), frame_of_reference="1.2.3")


def _transform() -> Transform:
    z, y, x = np.indices(NODES.shape)
    field = np.stack([np.sin(z / 3), np.cos(x / 4), 0.5 * np.sin(y / 2)]).astype(np.float32)
    affine = np.array([[1.05, 0.02, 0, 3], [0, 0.95, 0.04, -2], [0.01, 0, 1.02, 1], [0, 0, 0, 1.0]])
    return Transform(FIXED, MOVING, affine, field, NODES)


def test_back_and_forth_is_where_it_was() -> None:
    points = np.random.default_rng(0).uniform((-10, -8, 4), (8, 8, 20), (200, 3))
    transform = _transform()
    again = transform.to_fixed(transform.to_moving(points), tolerance_mm=1e-6)
    assert np.abs(again - points).max() < 1e-4


def test_the_displacement_is_that_of_the_nodes_and_nothing_far_outside() -> None:
    transform = _transform()
    assert transform.displacement is not None
    assert transform.displacement_at(NODES.to_lps((3, 4, 5))) == pytest.approx(transform.displacement[:, 3, 4, 5])
    away = np.array([[500.0, 0, 0]])
    assert transform.displacement_at(away) == pytest.approx(np.zeros((1, 3)))
    assert transform.to_moving(away) == pytest.approx(away @ transform.affine[:3, :3].T + transform.affine[:3, 3])


def test_halves_of_a_displacement_are_refused() -> None:
    with pytest.raises(WrongUse):
        Transform(FIXED, MOVING, np.eye(4), None, NODES)
    with pytest.raises(WrongUse):
        Transform(FIXED, MOVING, np.eye(4), np.zeros((3, 2, 2, 2), np.float32), NODES)
    with pytest.raises(WrongUse, match="frame"):
        Transform(FIXED, MOVING, np.eye(4), np.zeros((3, *MOVING.shape), np.float32), MOVING)

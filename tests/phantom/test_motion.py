"""The mapping between patient and reference is invertible, keeps mass, and fits into a `Transform`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctreview.phantom.body import Shape, reference_lung_points
from ctreview.phantom.motion import Bump, Motion, TrueCorrespondence, fit_transform
from ctreview.volume.geometry import Geometry

BUMPS = (Bump((-60.0, 0.0, -20.0), (3.0, -2.0, 4.0), 35.0), Bump((60.0, 10.0, 20.0), (-2.0, 3.0, 2.0), 30.0))


@given(
    breath=st.floats(0.0, 1.0),
    gravity=st.sampled_from((1, -1)),
    turn=st.floats(-10, 10),
    size=st.floats(0.55, 1.1),
    bumps=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_there_and_back_is_where_one_was(breath, gravity, turn, size, bumps):
    motion = Motion((size, size, size * 1.03), breath, gravity, (5.0, -7.0, 300.0), turn, BUMPS if bumps else ())
    points = np.random.default_rng(3).uniform((-140, -95, -180), (140, 100, 140), (200, 3))
    assert np.abs(motion.to_reference(motion.from_reference(points)) - points).max() < 1e-3


@pytest.mark.parametrize("bumps", [(), BUMPS])
def test_volume_ratio_is_the_determinant_of_the_jacobian(bumps):
    motion = Motion((0.9, 0.9, 0.9), 0.3, 1, turn_degrees=4.0, bumps=bumps)
    inside = reference_lung_points(Shape(), 12.0)[0]
    points = motion.from_reference(inside)
    step = 0.002
    columns = [
        motion.to_reference(points + step * axis) - motion.to_reference(points - step * axis) for axis in np.eye(3)
    ]
    inverse = np.linalg.det(np.stack(columns, axis=-1) / (2 * step)) * 0.9**3
    assert np.allclose(motion.volume_ratio(points), 1 / inverse, rtol=2e-3)


def test_resting_expiration_leaves_less_than_half_and_squeezes_the_back():
    motion = Motion(breath_depth=0.0)
    points, _ = reference_lung_points(Shape(), 8.0)
    ratio = motion.volume_ratio(motion.from_reference(points))
    assert 0.38 < ratio.mean() < 0.5
    front, back = points[:, 1] < -40, points[:, 1] > 50
    assert ratio[front].mean() > 1.15 * ratio[back].mean()


def test_prone_squeezes_the_front():
    motion = Motion(breath_depth=0.0, gravity=-1)
    points, _ = reference_lung_points(Shape(), 8.0)
    ratio = motion.volume_ratio(motion.from_reference(points))
    assert ratio[points[:, 1] < -40].mean() < 0.9 * ratio[points[:, 1] > 50].mean()


def test_a_transform_holds_the_mapping_within_a_tenth_of_a_millimetre():
    mapping = TrueCorrespondence(
        Motion(breath_depth=0.9), Motion(breath_depth=0.5, offset=(4, 2, -9), turn_degrees=2, bumps=BUMPS)
    )
    grid = Geometry.aligned((75, 56, 72), (4, 4, 4), origin=(-142, -110, -170), frame_of_reference="2.25.1")
    moving = Geometry.aligned((75, 56, 72), (4, 4, 4), origin=(-142, -110, -170), frame_of_reference="2.25.2")
    transform = fit_transform(mapping, grid, moving)
    points = mapping.fixed.from_reference(reference_lung_points(Shape(), 11.0)[0])
    apart = np.linalg.norm(transform.to_moving(points) - mapping.to_moving(points), axis=1)
    assert apart.max() < 0.12
    assert np.linalg.norm(transform.to_fixed(mapping.to_moving(points)) - points, axis=1).max() < 0.2
    assert np.abs(mapping.to_fixed(mapping.to_moving(points)) - points).max() < 1e-3


def test_mapping_volume_ratio_is_that_of_volumes():
    mapping = TrueCorrespondence(Motion(breath_depth=1.0), Motion(breath_depth=0.5))
    points, _ = reference_lung_points(Shape(), 8.0)
    half = 1 - 0.5 * np.array((0.15, 0.20, 0.35))
    assert mapping.volume_ratio(points).mean() == pytest.approx(half.prod(), rel=0.03)

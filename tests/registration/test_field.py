"""Smooth fields through matches, and fields that must not fold."""

from __future__ import annotations

import numpy as np
import pytest

from ctreview.registration.field import jacobian, lowest_jacobian, taper, thin_plate, unfold
from ctreview.registration.scattered import smooth_field
from ctreview.volume.geometry import Geometry
from tests.registration.bodies import points_of

NODES = Geometry.aligned((20, 22, 24), (4.0, 4.0, 4.0), origin=(-40.0, -40.0, -40.0), frame_of_reference="source:0")


def wavy(points: np.ndarray) -> np.ndarray:
    x, y, z = np.moveaxis(points, -1, 0)
    return np.stack([3 * np.sin(y / 25), 2 * np.cos(z / 30), 4 * np.sin(x / 28)], axis=-1)


def folding() -> np.ndarray:
    x = points_of(NODES)[..., 0]
    field = np.zeros((3, *NODES.shape), dtype=np.float32)
    field[0] = -14 * np.tanh(x / 6)
    return field


def test_thin_plate_passes_through_its_points() -> None:
    points = np.random.default_rng(0).uniform(-30, 30, (80, 3))
    plate = thin_plate(points, wavy(points), np.ones(80), 0.0)
    assert np.abs(plate(points) - wavy(points)).max() < 1e-2


def test_thin_plate_keeps_an_affine_however_stiff() -> None:
    points = np.random.default_rng(0).uniform(-30, 30, (80, 3))
    shear = points @ np.array([[0.1, 0.0, 0.02], [0.0, -0.05, 0.0], [0.0, 0.03, 0.1]]) + 2
    plate = thin_plate(points, shear, np.ones(80), 100.0)
    elsewhere = np.random.default_rng(1).uniform(-60, 60, (50, 3))
    expected = elsewhere @ np.array([[0.1, 0.0, 0.02], [0.0, -0.05, 0.0], [0.0, 0.03, 0.1]]) + 2
    assert np.abs(plate(elsewhere) - expected).max() < 1e-2


def test_smooth_field_follows_a_smooth_displacement() -> None:
    points = np.random.default_rng(0).uniform(-30, 30, (3000, 3))
    noise = np.random.default_rng(1).normal(0, 0.5, (3000, 3))
    field = smooth_field(points, wavy(points) + noise, NODES, width_mm=8.0)
    nodes = points_of(NODES)
    inside = np.abs(nodes).max(axis=-1) < 28
    error = np.linalg.norm(np.moveaxis(field, 0, -1)[inside] - wavy(nodes[inside]), axis=-1)
    assert error.mean() < 0.25  # a single match is 0.8 off


def test_smooth_field_does_not_depend_on_threads() -> None:
    points = np.random.default_rng(0).uniform(-30, 30, (500, 3))
    one, three = (smooth_field(points, wavy(points), NODES, width_mm=8.0, threads=n) for n in (1, 3))
    assert np.array_equal(one, three)


def test_smooth_field_stays_sane_far_from_every_match() -> None:
    points = np.random.default_rng(0).uniform(-10, 10, (300, 3))
    field = smooth_field(points, wavy(points), NODES, width_mm=5.0)
    assert np.isfinite(field).all()
    assert np.abs(field).max() < 30


def test_jacobian_of_a_known_stretch() -> None:
    points = points_of(NODES)
    stretch = np.moveaxis(points * np.array([0.1, -0.2, 0.05]), -1, 0).astype(np.float32)
    expected = 1.1 * 0.8 * 1.05
    assert jacobian(stretch, NODES) == pytest.approx(expected, rel=1e-3)
    assert lowest_jacobian(stretch, NODES) == pytest.approx(expected, rel=1e-3)


def test_lowest_jacobian_sees_a_fold_between_two_nodes() -> None:
    field = np.zeros((3, *NODES.shape), dtype=np.float32)
    field[0, 10, 10, 10] = 5.0  # its neighbour lies 4 mm further
    assert (jacobian(field, NODES) > 0).all()
    assert (lowest_jacobian(field, NODES) < 0).any()


def test_unfold_removes_folds_and_leaves_the_rest() -> None:
    field = folding()
    assert (lowest_jacobian(field, NODES) < 0).any()
    mended, touched = unfold(field, NODES)
    assert touched > 0
    assert lowest_jacobian(mended, NODES).min() > 0
    far = np.abs(points_of(NODES)[..., 0]) > 36
    assert np.abs(mended - field)[:, far].max() < 0.2


def test_unfold_leaves_a_good_field_alone() -> None:
    field = np.moveaxis(wavy(points_of(NODES)), -1, 0).astype(np.float32)
    mended, touched = unfold(field, NODES)
    assert touched == 0
    assert np.array_equal(mended, field)


def test_taper_ends_at_zero() -> None:
    field = np.ones((3, *NODES.shape), dtype=np.float32)
    faded = taper(field, 5)
    for axis in range(1, 4):
        assert np.abs(np.take(faded, [0, -1], axis=axis)).max() == 0
    assert (faded[:, 6:-6, 6:-6, 6:-6] == 1).all()

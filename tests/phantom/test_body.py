"""The reference body has the proportions of a person."""

from __future__ import annotations

import numpy as np
import pytest

from ctreview.phantom.body import Shape, depth_and_lobe, lungs_ml, reference_lung_points
from ctreview.phantom.schemes import LOBES

# Shares of total lung volume of the lobes of healthy adults by CT lie near these (right upper 20, middle 8 to 10,
# right lower 25, left upper 24, left lower 23 %).
SHARES = {
    "right_upper_lobe": 0.21,
    "right_middle_lobe": 0.08,
    "right_lower_lobe": 0.23,
    "left_upper_lobe": 0.25,
    "left_lower_lobe": 0.22,
}


@pytest.fixture(scope="module")
def lattice():
    return reference_lung_points(Shape(), 4.0)


def test_lobes_have_the_shares_of_adults(lattice):
    _, lobes = lattice
    for value, key in enumerate(LOBES, start=1):
        assert np.mean(lobes == value) == pytest.approx(SHARES[key], abs=0.06), key


def test_both_lungs_hold_some_litres():
    assert 5000 < lungs_ml(Shape()) < 6200


def test_lobes_lie_where_they_belong(lattice):
    points, lobes = lattice
    right, left = points[lobes <= 3], points[lobes >= 4]
    assert right[:, 0].max() < 0 < left[:, 0].min()
    middle = {value: points[lobes == value].mean(axis=0) for value in range(1, 6)}
    assert middle[1][2] > middle[2][2]
    assert middle[2][1] < middle[3][1]
    assert middle[4][2] > middle[5][2]


def test_distance_is_right_to_first_order(lattice):
    """Walking along the gradient by the distance reaches the surface."""
    points, _ = lattice
    rng = np.random.default_rng(1)
    some = points[rng.choice(len(points), 3000, replace=False)]
    depth, _ = depth_and_lobe(some, Shape())
    near = some[depth < 3]
    depth = depth[depth < 3]
    slope = np.stack(
        [
            (depth_and_lobe(near + 0.05 * a, Shape())[0] - depth_and_lobe(near - 0.05 * a, Shape())[0]) / 0.1
            for a in np.eye(3)
        ],
        axis=1,
    )
    steep = np.linalg.norm(slope, axis=1)
    assert np.median(steep) == pytest.approx(1.0, abs=0.1)
    assert np.quantile(steep, 0.02) > 0.5


def test_no_lung_in_the_middle_of_the_chest():
    line = np.stack([np.zeros(60), np.zeros(60), np.linspace(-60, 120, 60)], axis=1)
    assert (depth_and_lobe(line, Shape())[0] < 0).all()

"""Lungs that do not fit the age or the height of the patient."""

from __future__ import annotations

import pytest

from ctreview.lung.size import check_lung_size, expected_capacity_ml


@pytest.mark.parametrize(
    ("ml", "age"),
    [(1000, 4.5), (600, 4.5), (80, 0.0), (150, 0.1), (380, 1.0), (5500, 67), (1300, 67), (8500, 25), (3100, 12)],
)
def test_lungs_of_their_age_are_accepted(ml: float, age: float) -> None:
    check = check_lung_size(ml, age)
    assert check is not None
    assert check.ok


@pytest.mark.parametrize(("ml", "age"), [(3108, 4.5), (3108, 0.0), (382, 67), (5500, 8), (1200, 0.3), (12000, 40)])
def test_lungs_of_somebody_else_stop_a_verdict(ml: float, age: float) -> None:
    check = check_lung_size(ml, age)
    assert check is not None
    assert check.stops


def test_the_message_names_volume_and_age() -> None:
    check = check_lung_size(3108, 4.5)
    assert check is not None
    assert "3.1 L of lung do not fit an age of 4.5 years" in check.message


def test_height_counts_too() -> None:
    tall = check_lung_size(3108, None, 1.05)
    assert tall is not None
    assert tall.stops
    assert check_lung_size(3108, 9.0, 1.5).ok  # type: ignore[union-attr]


def test_lungs_that_the_image_cuts_may_be_small() -> None:
    assert check_lung_size(300, 40, whole=False).ok  # type: ignore[union-attr]


def test_without_age_and_height_nothing_is_said() -> None:
    assert check_lung_size(3000, None) is None


def test_capacity_grows() -> None:
    by_age = [expected_capacity_ml(age) or 0.0 for age in range(20)]
    assert by_age == sorted(by_age)
    by_height = [expected_capacity_ml(None, 0.5 + 0.1 * n) or 0.0 for n in range(15)]
    assert by_height == sorted(by_height)

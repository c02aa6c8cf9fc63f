"""Growth of a child's lungs between two scans."""

import pytest

from ctreview.lung import expected_growth


def test_growth_is_a_matter_of_children_and_years():
    assert expected_growth(40, 4000) is None
    assert expected_growth(None, 10) is None
    assert expected_growth(4, 60).check.ok
    found = expected_growth(4, 1100).check
    assert not found.ok
    assert 25 < found.value < 45
    assert expected_growth(17.9, 4000).check.ok  # grown up after a month


def test_growth_that_is_small_is_taken_off_too():
    assert expected_growth(4, 183).factor > 1.04


def test_what_is_in_doubt_of_growth_is_what_two_estimates_of_it_move_normal_lung_by():
    assert expected_growth(4, 183).doubt_hu(-850.0) == 0  # small beside breath
    assert 20 < expected_growth(4, 731).doubt_hu(-850.0) < 40
    assert expected_growth(14, 731).doubt_hu(-850.0) < 10


def test_lungs_shrink_backwards_in_time():
    forward, back = expected_growth(4, 731), expected_growth(6, -731)
    assert back.factor * forward.factor == pytest.approx(1)
    assert back.check.value > 10

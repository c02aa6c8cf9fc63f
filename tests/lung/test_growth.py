"""Growth of a child's lungs between two scans."""

from ctreview.lung import expected_growth


def test_growth_is_a_matter_of_children_and_years():
    assert expected_growth(40, 4000) is None
    assert expected_growth(None, 10) is None
    assert expected_growth(4, 60).check.ok
    found = expected_growth(4, 1100).check
    assert not found.ok
    assert 25 < found.value < 45
    assert expected_growth(17.9, 4000).check.ok  # grown up after a month

import pytest

from ctreview.change import (
    check_coverage,
    check_order,
    check_parts,
    check_references,
    failed_first,
)
from ctreview.checks import Check


@pytest.mark.parametrize(
    ("days", "ok", "word"),
    [(61, True, "61 days after"), (0, True, "one day"), (-61, False, "backwards"), (None, True, "unknown")],
)
def test_order(days, ok, word):
    found = check_order(days)
    assert (found.ok, found.stops) == (ok, False)
    assert word in found.message


def test_a_lung_that_only_one_scan_holds_leaves_no_verdict():
    found = check_parts(["lungs", "right_lung", "left_lung", "left_lung/basal"], ["lungs", "right_lung"])
    assert (found.ok, found.stops, found.value) == (False, True, "left lung")
    assert check_parts(["lungs"], ["lungs"]).ok


def test_references_are_compared_where_both_scans_have_them():
    found = check_references(
        {"air": -980, "blood": 40}, {"air": -985, "blood": 190, "fat": 1}, {"air": 20, "blood": 50, "bone": 3}
    )
    assert [(check.name, check.ok, check.value) for check in found] == [
        ("hu_of_air", True, -5),
        ("hu_of_blood", False, 150),
    ]


def test_coverage():
    assert check_coverage(0.0, 0.0).ok
    assert check_coverage(1.0, 100.0).ok
    assert not check_coverage(10.0, 100.0).ok


def test_the_gravest_stand_first_and_order_is_kept_otherwise():
    def check(name, ok, stops):
        return Check(name, None, None, ok=ok, message="", effect="stops" if stops else "tells")

    given = [check("a", True, True), check("b", False, False), check("c", False, True), check("d", True, False)]
    assert "".join(found.name for found in failed_first(given)) == "cbad"

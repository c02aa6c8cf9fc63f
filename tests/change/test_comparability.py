import pytest

from ctreview.change import (
    ReferenceLimits,
    check_coverage,
    check_field_of_view,
    check_order,
    check_parts,
    check_references,
    failed_first,
)
from ctreview.checks import Check


@pytest.mark.parametrize(
    ("days", "ok", "word"),
    [(61, True, "61 days after"), (0, True, "one day"), (-61, False, "other way round"), (None, True, "unknown")],
)
def test_order(days, ok, word):
    found = check_order(days)
    assert (found.ok, found.stops) == (ok, not ok)
    assert word in found.message


def test_a_lung_that_only_one_scan_holds_leaves_no_verdict():
    found = check_parts(["lungs", "right_lung", "left_lung", "left_lung/basal"], ["lungs", "right_lung"])
    assert (found.ok, found.stops, found.value) == (False, True, "left lung")
    assert check_parts(["lungs"], ["lungs"]).ok


def test_references_are_compared_where_both_scans_have_them():
    limits = {name: ReferenceLimits(10, 20) for name in ("air", "blood", "muscle", "bone")}
    baseline, followup = {"air": -980, "blood": 40, "muscle": 50}, {"air": -985, "blood": 190, "muscle": 65, "fat": 1}
    found = check_references(baseline, followup, limits)
    assert [(check.name, check.value, check.stops, check.widens) for check in found.values()] == [
        ("hu_of_air", -5, False, False),
        ("hu_of_blood", 150, True, False),
        ("hu_of_muscle", 15, False, True),
    ]


def test_coverage():
    assert check_coverage(0.0, 0.0).ok
    assert check_coverage(1.0, 100.0).ok
    assert check_coverage(0.5, 1.0).ok  # a speck
    assert check_coverage(10.0, 100.0).stops
    assert not check_coverage(None, 0.0).ok  # nothing is known of it


def test_a_lung_that_one_scan_does_not_show_has_no_verdict_and_the_other_has():
    right, left = check_field_of_view({"right_lung": 1.5, "left_lung": 12.0})
    assert right.ok
    assert left.stops
    assert left.regions == ("left_lung",)


def test_a_field_of_view_of_which_nothing_is_known_is_not_passed_over():
    (found,) = check_field_of_view({"right_lung": None})
    assert not found.ok
    assert "not known" in found.message


def test_the_gravest_stand_first_and_order_is_kept_otherwise():
    def check(name, ok, stops):
        return Check(name, None, None, ok=ok, message="", effect="stops" if stops else "tells")

    given = [check("a", True, False), check("b", False, False), check("c", False, True), check("d", True, True)]
    assert "".join(found.name for found in failed_first(given)) == "cbad"

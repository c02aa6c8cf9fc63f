"""All scans of one patient on one page."""

import re
from html import unescape

import numpy as np
import pytest

from ctreview.cohort.follow_up import FollowUp
from ctreview.cohort.tracking import PatchSighting
from ctreview.report.document import change_document
from tests.report.conftest import AFTER, BEFORE, compare, geometry, timepoint


@pytest.fixture(scope="module")
def course():
    grid = geometry((8.0, 4.0, 4.0))
    first, second, third = (timepoint(balls, grid, np.zeros(3)) for balls in (BEFORE, AFTER, AFTER[:1]))
    changes = [change_document(compare(*pair)) for pair in ((first, second), (first, third), (second, third))]
    patches = (
        PatchSighting(1, 0, 60.0, "right_lung", "first seen"),
        PatchSighting(1, 1, 9.0, "right_lung", "persists"),
        PatchSighting(1, 2, 0.0, "right_lung", "gone"),
        PatchSighting(2, 1, 2.0, "left_lung", "new"),
        PatchSighting(2, 2, 2.0, "left_lung", "merged into 1"),
    )
    return FollowUp(("A", "<B>", "C"), (changes[0], changes[1]), (changes[0], changes[2]), patches)


def cells(page):
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", page, flags=re.S)
    return [[" ".join(unescape(re.sub("<[^>]+>", " ", one)).split()) for one in row.split("</td>")] for row in rows]


def test_each_scan_stands_against_the_first_and_the_one_before(course):
    rows = {row[0].split(" 1")[0]: row for row in cells(course.page())}
    lungs = next(row for name, row in rows.items() if name.startswith("lungs"))
    second = course.against_previous[1]["regions"][0]["change"]["opacity_ml"]["value"]
    assert "since the one before" in lungs[2]
    assert f"{second:.1f}".replace("-", "−") in lungs[2] or f"{second:.0f}".replace("-", "−") in lungs[2]


def test_a_patch_has_one_row_through_time(course):
    (row,) = [row for row in cells(course.page()) if row[0].startswith("1 · right lung")]
    assert "60 mL first seen" in row[0]
    assert row[1:3] == ["9.0 mL persists", "0 mL gone"]
    (row,) = [row for row in cells(course.page("de")) if row[0].startswith("2 · Linke Lunge")]
    assert "2,0 ml aufgegangen in 1" in row[2]


def test_names_are_escaped_and_nobody_is_asked(course):
    page = course.page()
    assert "<B>" not in page
    assert not re.search(r"<script|https?://|src=", page)


def test_the_folder_appears_whole(course, tmp_path):
    folder = course.save(tmp_path / "course")
    assert {path.name for path in folder.iterdir()} == {
        "course.html",
        "course.de.html",
        "course.csv",
        "patches.csv",
        "provenance.json",
    }

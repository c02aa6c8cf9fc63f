"""All scans of one patient on one page."""

import re
from dataclasses import replace
from html import unescape

import numpy as np
import pytest

from ctreview.clinical import index_case
from ctreview.clinical.partial_dates import parse_partial_date
from ctreview.cohort.follow_up import FollowUp
from ctreview.cohort.tracking import PatchSighting
from ctreview.report.course_pictures import CourseImages
from ctreview.report.document import change_document
from tests.report.conftest import AFTER, BEFORE, SHIFT, compare, geometry, timepoint
from tests.report.test_german_page import phrases_of_both

SCRIPT = "<script>document.title = 'ran'</script>"
NAMES = ("A", SCRIPT, "C")


@pytest.fixture(scope="module")
def course():
    grid = geometry((8.0, 4.0, 4.0))
    first = timepoint(BEFORE, grid, np.zeros(3))
    second, third = (timepoint(balls, grid, SHIFT) for balls in (AFTER, AFTER[:1]))
    found = [compare(*pair) for pair in ((first, second), (first, third), (second, third))]
    changes = [change_document(one) for one in found]
    images = CourseImages(NAMES)
    images.add(1, found[0])
    images.add(2, found[1])
    patches = (
        PatchSighting(1, 0, 60.0, "right_lung", "first seen"),
        PatchSighting(1, 1, 9.0, "right_lung", "persists"),
        PatchSighting(1, 2, 0.0, "right_lung", "gone"),
        PatchSighting(2, 1, 2.0, "left_lung", "new"),
        PatchSighting(2, 2, 2.0, "left_lung", "merged into 1"),
    )
    since_first = ({**changes[0], "interval_days": 62}, {**changes[1], "interval_days": 130})
    return FollowUp(NAMES, since_first, (since_first[0], changes[2]), patches, pictures=images.draw())


def cells(page):
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", page, flags=re.S)
    return [[" ".join(unescape(re.sub("<[^>]+>", " ", one)).split()) for one in row.split("</td>")] for row in rows]


def test_each_scan_stands_against_the_first_and_the_one_before(course):
    lungs = next(row for row in cells(course.page()) if row[0].startswith("lungs"))
    since_previous = course.against_previous[1]["regions"][0]["change"]["opacity_ml"]["value"]
    assert lungs[2].count("since") == 2
    assert lungs[1].count("since") == 1
    assert f"{since_previous:.1f}".replace("-", "−") in lungs[2]


def test_the_last_scan_against_the_first_stands_at_the_top_with_the_one_before(course):
    page = course.page()
    top = page[: page.index("<main>")]
    assert "over 130 days" in top
    assert "over 62 days" in top
    assert "right lung" in top
    assert top.count('class="verdict"') == 2


def test_a_patch_has_one_row_through_time(course):
    (row,) = [row for row in cells(course.page()) if row[0].startswith("1 · right lung")]
    assert "60 mL first seen" in row[0]
    assert row[1:3] == ["9.0 mL persists", "0 mL gone"]
    (row,) = [row for row in cells(course.page("de")) if row[0].startswith("2 · Linke Lunge")]
    assert "2,0 ml aufgegangen in 1" in row[2]


def test_the_timeline_holds_all_scans_with_their_key_images_and_what_a_clinic_knows(course):
    page = course.page()
    assert page.count('data-scan=""') == 3
    assert page.count('class="key-image"') == 3
    assert "days since the first scan" in page
    dated = replace(course, first_scan=parse_partial_date("2021-09-14"))
    assert "CMAS 20/52" in dated.page(clinical=index_case())


def test_a_course_whose_days_are_not_known_has_no_axis(course):
    first = [{**change, "interval_days": None} for change in course.against_baseline]
    page = FollowUp(NAMES, tuple(first), course.against_previous, ()).page()
    assert "no axis of time is drawn" in page
    assert "data-scan" not in page


def test_a_check_that_failed_against_the_scan_before_alone_is_told(course):
    def with_checks(change, *, ok):
        return {**change, "checks": [{**check, "ok": ok} for check in change["checks"]]}

    passed = tuple(with_checks(change, ok=True) for change in course.against_baseline)
    previous = passed[0], with_checks(course.against_previous[1], ok=False)
    page = replace(course, against_baseline=passed, against_previous=previous).page()
    count = len(previous[1]["checks"])
    assert f"{count} of {count + sum(len(change['checks']) for change in passed)} checks failed" in page
    assert "Checks that failed against the scan before" in page
    assert "Checks that failed against the first scan" not in page


def test_no_english_phrase_is_left_on_the_german_page(course):
    for printed in (False, True):
        left = phrases_of_both([course.page(language, printed=printed) for language in ("en", "de")])
        assert {one for one in left if SCRIPT not in one} == set()


def test_names_are_escaped_and_nobody_is_asked(course):
    page = course.page()
    assert SCRIPT not in page
    assert not re.search(r"https?://|src=", page)


def test_the_page_becomes_a_pdf_with_its_pictures_and_without_what_needs_a_mouse(course, tmp_path, monkeypatch):
    static = course.page(printed=True)
    assert not re.search(r"<script|<details|<dialog|<button|<input|data-point", static)
    assert static.count('class="slice"') == len(course.pictures.cards) * len(NAMES)
    drawn = []
    monkeypatch.setattr("ctreview.cohort.follow_up.require_pdf", lambda: None)
    monkeypatch.setattr("ctreview.cohort.follow_up.pdf_of", lambda html: drawn.append(html) or b"%PDF-")
    folder = course.save(tmp_path / "course", pdf=True)
    assert drawn == [static, course.page("de", printed=True)]
    assert {path.name for path in folder.glob("*.pdf")} == {"course.pdf", "course.de.pdf"}


def test_the_folder_appears_whole(course, tmp_path):
    folder = course.save(tmp_path / "course")
    assert {path.name for path in folder.iterdir()} == {
        "course.html",
        "course.de.html",
        "course.csv",
        "patches.csv",
        "provenance.json",
    }

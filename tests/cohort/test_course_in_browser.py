"""The page of a course in a real browser."""

from __future__ import annotations

import json

import pytest

from tests.browser import BROWSER, browser
from tests.cohort.test_course_page import SCRIPT
from tests.cohort.test_course_page import course as course_fixture
from tests.report.test_page_in_browser import A4_PIXELS
from tests.report.test_page_in_browser import axe as axe_fixture

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no browser")

course = course_fixture
axe = axe_fixture


@pytest.fixture(scope="module")
def folder(course, tmp_path_factory):
    return course.save(tmp_path_factory.mktemp("course") / "out")


@pytest.fixture(scope="module")
def chrome():
    with browser() as found:
        yield found


@pytest.fixture
def page(chrome, folder):
    chrome.open(folder / "course.html")
    chrome.until("!document.getElementById('planes').hidden")
    return chrome


def test_it_asks_nobody_and_a_script_in_a_name_does_nothing(page):
    assert page.requests() == []
    assert page.complaints() == []
    assert page.run("document.title") == "Thorax CT, course of ground glass"
    assert SCRIPT in page.run("document.querySelector('#course').textContent")


def test_any_two_scans_lie_on_the_sides_of_the_border(page):
    tag = "document.querySelector('.tag.right').textContent"
    shown = "document.querySelector('.layer.after image, .layer.after use').outerHTML"
    assert page.run(tag) == "C"
    before = page.run(shown)
    page.run("document.querySelector('select[name=right]').focus()")
    page.key("ArrowUp")
    assert page.run(tag) == SCRIPT
    assert page.run(shown) != before
    page.drag(".layers", (0.5, 0.5), (0.25, 0.5))
    assert page.run("document.querySelector('.slide input').value") == "25"


def test_the_cross_moves_through_all_scans_and_back(page):
    """The scans differ by a shift: the same place lies under every cross, from whichever scan it was chosen."""
    readouts = "[...document.querySelectorAll('.readout span')].map((one) => one.textContent)"
    start = page.run(readouts)
    assert all(one.startswith("right lung") for one in start)
    page.click("#planes .scan:nth-of-type(2) canvas", 0.9, 0.9)
    assert page.run(readouts) != start
    page.click("button.go")
    assert page.run(readouts) == start


def test_space_goes_through_all_scans_of_a_level(page):
    page.click(".card button")
    what = "document.querySelector('#enlarged .what').textContent"
    seen = []
    for _ in range(4):
        seen.append(page.run(what))
        page.key(" ")
    assert len(set(seen)) == 3
    assert seen[3] == seen[0]


@pytest.mark.parametrize("name", ["course.html", "course.de.html"])
def test_nothing_is_cut_in_print_and_axe_finds_no_violation(chrome, folder, axe, name):
    chrome.open(folder / name)
    chrome.until("!document.getElementById('planes').hidden")
    chrome.run(f"{axe}; true")
    found = chrome.run("axe.run().then((all) => all.violations.map((one) => [one.id, one.nodes.map((n) => n.html)]))")
    assert found == [], json.dumps(found, indent=1)[:3000]
    size = {"width": A4_PIXELS, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    chrome.ask("Emulation.setDeviceMetricsOverride", **size)
    chrome.ask("Emulation.setEmulatedMedia", media="print")
    wide = "[...document.querySelectorAll('table, svg')].map((one) => Math.round(one.getBoundingClientRect().right))"
    most = max(chrome.run(wide))
    chrome.ask("Emulation.setEmulatedMedia", media="")
    assert most <= A4_PIXELS

"""The page in a real browser: mouse, keys, print, and what a screen reader finds."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from ctreview.report import change_document, render_page
from ctreview.report.page_pictures import draw_pictures
from ctreview.report.provenance import provenance
from tests.browser import BROWSER, Browser, browser

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no browser")

SCRIPT = "</script><script>document.title = 'ran'</script><img src=x onerror=\"document.title = 'ran'\">"
A4_PIXELS = 703
"""The width between the margins of a printed page: 186 mm at 96 to the inch."""


@pytest.fixture(scope="module")
def chrome():
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def pages(comparison, tmp_path_factory) -> dict[str, Path]:
    """A page in each language, of a scan whose header holds a script."""
    folder = tmp_path_factory.mktemp("pages")
    baseline = replace(comparison.baseline, facts={**comparison.baseline.facts, "kernel": SCRIPT})
    checks = (replace(comparison.checks[0], value=SCRIPT, message=SCRIPT), *comparison.checks[1:])
    found = replace(comparison, baseline=baseline, checks=checks)
    origin = provenance({}, settings=found.settings, seeds=found.seeds, timings={})
    pictures = draw_pictures(found)
    written = {}
    for language in ("en", "de"):
        written[language] = folder / f"{language}.html"
        html = render_page(found, change_document(found), origin, language=language, pictures=pictures)
        written[language].write_text(html, encoding="utf-8")
    return written


def opened(chrome: Browser, page: Path) -> Browser:
    chrome.open(page)
    chrome.until("!document.getElementById('planes').hidden")
    return chrome


def slices(chrome: Browser) -> list[int]:
    return [int(n) for n in chrome.run("[...document.querySelectorAll('canvas')].map((c) => c.ariaValueNow)")]


def readouts(chrome: Browser) -> list[str]:
    return chrome.run("[...document.querySelectorAll('.readout span')].map((one) => one.textContent)")


def test_the_page_asks_nobody_and_a_script_in_a_header_does_nothing(chrome, pages):
    opened(chrome, pages["en"])
    assert chrome.requests() == []
    assert chrome.complaints() == []
    assert chrome.run("document.title") == "Thorax CT, follow-up of ground glass"
    assert SCRIPT in chrome.run("document.querySelector('#checks').textContent")


def test_the_border_between_the_scans_follows_mouse_and_keys(chrome, pages):
    opened(chrome, pages["en"])
    border = "document.querySelector('.slide input').value"
    chrome.drag(".layers", (0.5, 0.5), (0.25, 0.5))
    assert chrome.run(border) == "25"
    chrome.run("document.querySelector('.slide input').focus()")
    chrome.key("ArrowRight")
    assert chrome.run(border) == "26"
    assert chrome.run("getComputedStyle(document.querySelector('.layers')).getPropertyValue('--at')") == "26%"


def test_o_steps_through_the_outlines_and_a_level_can_be_chosen(chrome, pages):
    opened(chrome, pages["en"])
    shown = "document.querySelectorAll('.layer.before .line').length"
    fate = "document.querySelectorAll('.layer.before .filled').length"
    chrome.click('input[name="level"][value="1"]')
    assert chrome.run(shown) > 0
    assert chrome.run(fate) == 0
    chrome.key("o")
    assert chrome.run(fate) > 0
    chrome.key("o")
    assert chrome.run(shown) == 0


def test_the_viewer_starts_in_the_largest_rest_and_both_scans_stay_linked(chrome, pages):
    """The scans differ by a shift: the same ball lies under both crosses."""
    opened(chrome, pages["en"])
    before, after = readouts(chrome)
    assert after.startswith("right lung, ground glass")
    assert before.startswith("right lung, consolidation")
    chrome.click("#planes canvas", 0.9, 0.9)
    assert readouts(chrome) == ["", ""]
    chrome.click("button.go")
    assert readouts(chrome) == [before, after]


def test_mouse_wheel_and_keys_move_through_slices(chrome, pages):
    opened(chrome, pages["en"])
    start = slices(chrome)
    chrome.click("#planes .scan:nth-of-type(2) canvas:nth-of-type(2)")
    chrome.click("#planes canvas", 0.4, 0.4)
    clicked = slices(chrome)
    assert clicked[1] != start[1]
    chrome.wheel("#planes canvas", 100)
    chrome.until(f"document.querySelector('canvas').ariaValueNow == {clicked[0] + 1}")
    chrome.key("ArrowDown")
    assert slices(chrome)[0] == clicked[0] + 2
    chrome.key("End")
    assert slices(chrome)[0] == int(chrome.run("document.querySelector('canvas').ariaValueMax"))


def test_the_viewer_shows_the_right_of_the_patient_on_the_left(chrome, pages):
    """The consolidation lies in the right lung, and so does what the reduced volume shows there."""
    opened(chrome, pages["en"])
    columns = """(() => { const one = document.querySelector('canvas'), found = [];
      const { data } = one.getContext('2d').getImageData(0, 0, one.width, one.height);
      for (let at = 0; at < data.length; at += 4) {
        if (data[at] > 180 && data[at + 2] < 120) found.push(((at / 4) % one.width) / one.width);
      }
      return [found.length, Math.max(...found)]; })()"""
    count, rightmost = chrome.run(columns)
    assert count > 20
    assert rightmost < 0.5


@pytest.mark.parametrize("language", ["en", "de"])
def test_no_table_is_cut_in_print(chrome, pages, language):
    opened(chrome, pages[language])
    size = {"width": A4_PIXELS, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    chrome.ask("Emulation.setDeviceMetricsOverride", **size)
    chrome.ask("Emulation.setEmulatedMedia", media="print")
    chrome.run("for (const one of document.querySelectorAll('details')) one.open = true")
    wide = "[...document.querySelectorAll('table')].map((one) => Math.round(one.getBoundingClientRect().right))"
    broken = (
        "[...document.querySelectorAll('tr')].filter((one) => getComputedStyle(one).breakInside !== 'avoid').length"
    )
    found = chrome.run(wide), chrome.run(broken)
    chrome.ask("Emulation.setEmulatedMedia", media="")
    assert max(found[0]) <= A4_PIXELS
    assert found[1] == 0


@pytest.fixture(scope="module")
def axe(tmp_path_factory) -> str:
    """The script of axe-core, fetched for the test alone."""
    folder = tmp_path_factory.mktemp("axe")
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    got = subprocess.run(
        [npm, "pack", "axe-core@4", "--silent"], cwd=folder, capture_output=True, timeout=60, check=False
    )
    archive = next(folder.glob("axe-core-*.tgz"), None)
    if got.returncode or archive is None:
        pytest.skip("axe-core could not be fetched")
    with tarfile.open(archive) as packed:
        return packed.extractfile("package/axe.min.js").read().decode()


@pytest.mark.parametrize("language", ["en", "de"])
def test_axe_finds_no_violation(chrome, pages, axe, language):
    opened(chrome, pages[language])
    chrome.run(f"{axe}; true")
    found = chrome.run("axe.run().then((all) => all.violations.map((one) => [one.id, one.nodes.map((n) => n.html)]))")
    assert found == [], json.dumps(found, indent=1)[:3000]

"""The timeline in a real browser: mouse, keys, print; and in the PDF."""

from __future__ import annotations

import re

import pytest

from ctreview.clinical import index_case
from ctreview.clinical.partial_dates import parse_partial_date
from ctreview.report.timeline import timeline
from tests.browser import BROWSER, browser

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no browser")

SHOWN = "[...document.querySelectorAll('.key-image')].map((one) => getComputedStyle(one).visibility)"
LANDSCAPE_MM = (273.0, 190.0)
PIXELS_PER_MM = 96 / 25.4


@pytest.fixture(scope="module")
def chrome(comparison, tmp_path_factory):
    first = parse_partial_date("2021-09-14")
    drawn = timeline(index_case(), results=[comparison], first_scan=first, results_from="phantom")
    page = drawn.save(tmp_path_factory.mktemp("timeline") / "out") / "timeline.de.html"
    with browser() as found:
        found.open(page)
        yield found


def test_a_scan_shows_its_key_image_under_the_mouse_alone(chrome):
    assert chrome.run(SHOWN) == ["hidden", "hidden"]
    x, y = chrome.place("[data-scan]:has(.key-image) > path:last-of-type")
    chrome.ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    chrome.until(f"{SHOWN}.filter((one) => one === 'visible').length === 1")
    chrome.ask("Input.dispatchMouseEvent", type="mouseMoved", x=2, y=2)
    chrome.until(f"{SHOWN}.every((one) => one === 'hidden')")


def test_the_tab_key_reaches_every_entry_and_shows_the_key_image(chrome):
    entries = chrome.run("document.querySelectorAll('.entry').length")
    said = []
    for _ in range(entries):
        chrome.key("Tab")
        said.append(chrome.run("document.activeElement.getAttribute('aria-label')"))
        if chrome.run("Boolean(document.activeElement.querySelector('.key-image'))"):
            assert chrome.run(SHOWN).count("visible") == 1
    assert None not in said
    assert len(set(said)) > 20


def test_it_prints_across_landscape_pages_each_part_whole_on_one(chrome, tmp_path):
    width, height = (mm * PIXELS_PER_MM for mm in LANDSCAPE_MM)
    size = {"width": round(width), "height": round(height), "deviceScaleFactor": 1, "mobile": False}
    chrome.ask("Emulation.setDeviceMetricsOverride", **size)
    chrome.ask("Emulation.setEmulatedMedia", media="print")
    parts = chrome.run(
        "[...document.querySelectorAll('#timeline figure > svg')].map((one) => one.getBoundingClientRect().height)"
    )
    beyond = chrome.run(
        "[...document.querySelectorAll('#timeline text')].filter((one) => one.getBoundingClientRect().right > "
        f"{width}).map((one) => one.textContent)"
    )
    chrome.ask("Emulation.setEmulatedMedia", media="")
    assert len(parts) > 1
    assert max(parts) <= height
    assert beyond == []
    chrome.print_to(tmp_path / "printed.pdf")
    pages = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", (tmp_path / "printed.pdf").read_bytes())
    assert len(pages) in {len(parts), len(parts) + 1}
    assert all(float(wide) > float(high) for wide, high in pages)


def test_no_text_lies_on_another(chrome):
    """Of labels and values that show at once; a hair of their boxes may touch."""
    chrome.ask("Emulation.setDeviceMetricsOverride", width=1320, height=1000, deviceScaleFactor=1, mobile=False)
    overlapping = """(() => {
      const drawn = [...document.querySelectorAll('#timeline figure > svg text')];
      const texts = drawn.filter((one) => one.textContent.trim());
      const boxes = texts.map((one) => one.getBoundingClientRect()), found = [];
      for (let a = 0; a < boxes.length; a++) for (let b = a + 1; b < boxes.length; b++) {
        const wide = Math.min(boxes[a].right, boxes[b].right) - Math.max(boxes[a].left, boxes[b].left);
        const high = Math.min(boxes[a].bottom, boxes[b].bottom) - Math.max(boxes[a].top, boxes[b].top);
        if (wide > 1 && high > 4) found.push([texts[a].textContent, texts[b].textContent]);
      }
      return found; })()"""
    assert chrome.run(overlapping) == []

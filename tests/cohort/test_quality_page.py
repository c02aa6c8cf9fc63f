import re
import shutil
import subprocess
import threading

import pytest

from ctreview.cohort import quality_server
from ctreview.cohort.quality_log import QualityDecision, QualityLog
from ctreview.cohort.quality_page import QualityPage, quality_page, render_quality_page
from docs.screenshot import BROWSERS
from tests.cohort.pretended import lines, pretended_cohort


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return pretended_cohort(tmp_path_factory.mktemp("cohort"), 10, timepoints=3)


def test_there_is_a_tile_for_each_case_with_what_is_wrong_with_it(cohort):
    tiles = quality_page(cohort, QualityPage("anna"))["tiles"]
    assert len(tiles) == 30
    assert {tile["status"] for tile in tiles} == {"done", "failed"}
    failed = next(tile for tile in tiles if tile["status"] == "failed")
    assert failed["reason"] == "no lung was found."
    assert [check["effect"] for check in tiles[3]["checks"]] == ["stops", "tells"]
    assert "S001-0" in tiles[0]["command"]


def test_a_blinded_page_tells_neither_treatment_nor_dates_nor_numbers_nor_names(cohort):
    text = render_quality_page(quality_page(cohort, QualityPage("anna", blinded=True, decides=True)))
    body = text[text.index("<main") : text.index("</main>")]
    told = re.findall(r"drug|placebo|\bdays\b|decreased|indeterminate|\bmL\b|S00\d|v\d_v\d|slice \d", body)
    assert told == []


def test_a_share_is_shown_twice_and_decided_apart(cohort, tmp_path):
    shutil.copytree(cohort.path, tmp_path / "copy")
    copy = type(cohort)(tmp_path / "copy")
    tiles = quality_page(copy, QualityPage("anna", twice=0.2))["tiles"]
    again = [tile for tile in tiles if tile["reading"] == 2]
    assert len(again) == 5
    first = again[0]
    QualityLog(copy.path).record(QualityDecision(first["name"], first["key"], "anna", "accepted", reading=2))
    tiles = quality_page(copy, QualityPage("anna", twice=0.2))["tiles"]
    assert {tile["reading"]: tile["decision"] for tile in tiles if tile["name"] == first["name"]} == {
        1: "open",
        2: "accepted",
    }


def test_a_result_that_was_computed_anew_has_to_be_looked_at_anew(cohort, tmp_path):
    shutil.copytree(cohort.path, tmp_path / "copy")
    copy = type(cohort)(tmp_path / "copy")
    QualityLog(copy.path).record(QualityDecision("S001_v0_v1", "another key", "anna", "accepted"))
    tile = quality_page(copy, QualityPage("anna"))["tiles"][0]
    assert (tile["decision"], tile["earlier"]) == ("open", True)


def test_there_are_a_waterfall_courses_and_a_bland_altman_plot(cohort):
    plots = quality_page(cohort, QualityPage("anna"))["plots"]
    assert [plot["title"].split(",")[0].split(" of ")[0] for plot in plots] == [
        "Change",
        "Opacity over time",
        "Opacity over time",
        "Opacity",
    ]
    assert all("NaN" not in plot["svg"] and "inf" not in plot["svg"] for plot in plots)


ACT = """<script>
addEventListener("load", async () => {
  const press = (key) => document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  document.getElementById("sort").value = "change";
  document.getElementById("sort").dispatchEvent(new Event("input"));
  press("j"); press("r");
  await new Promise((done) => setTimeout(done, 300));
  press("n"); press("a");
  document.getElementById("show").value = "rejected";
  document.getElementById("show").dispatchEvent(new Event("input"));
});
</script></body>"""


@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="no browser")
def test_in_a_browser_keys_sort_decide_and_filter(cohort, tmp_path, monkeypatch):
    shutil.copytree(cohort.path, tmp_path / "copy")
    copy = type(cohort)(tmp_path / "copy")
    monkeypatch.setattr(
        quality_server, "render_quality_page", lambda content: render_quality_page(content).replace("</body>", ACT)
    )
    content = quality_page(copy, QualityPage("anna", decides=True))
    with quality_server.QualityServer(content, QualityLog(copy.path)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = next(found for name in BROWSERS if (found := shutil.which(name)))
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
        line = [browser, *options, "--virtual-time-budget=3000", "--dump-dom", server.url]
        page = subprocess.run(line, capture_output=True, text=True, timeout=60, check=True).stdout
        server.shutdown()
    kept = lines(copy.path / "quality" / "decisions.jsonl")
    changes = {tile["name"]: tile["change"] for tile in content["tiles"] if tile["change"] is not None}
    by_change = sorted(changes, key=lambda name: changes[name])
    assert [(one["case"], one["decision"]) for one in kept] == [(by_change[0], "rejected"), (by_change[1], "accepted")]
    assert "1 of 30 shown, 28 to decide" in page

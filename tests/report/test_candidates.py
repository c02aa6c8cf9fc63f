"""What the page and the report in words say of dense areas that nobody has judged."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import jsonschema
import numpy as np
import pytest

from ctreview.anatomy import DenseCandidate, DenseClass
from ctreview.change import Candidate, Comparison, Timepoint
from ctreview.report import change_document, render_page, schema, words, write_comparison
from ctreview.report.languages.german_candidates import reason_in_german
from ctreview.report.narrative import narrate
from ctreview.report.provenance import provenance

EDGE = "edge to aerated lung 1.28 of the usual width: wider than edges of organs (up to 1.25), narrower; no air"
FLUID = "it lies between lung and ribs, has the density of fluid, and differs from the tissue around it"


def dense(point: Timepoint, proposed: DenseClass, reason: str) -> DenseCandidate:
    """Two centimetres below the right lung."""
    lung = np.argwhere(point.organ.array == 1)
    low = lung[np.argmin(lung[:, 0])]
    mask = np.zeros(point.organ.array.shape, dtype=bool)
    mask[max(0, low[0] - 4) : low[0], low[1] - 8 : low[1] + 8, low[2] - 8 : low[2] + 8] = True
    return DenseCandidate.from_mask(
        mask, point.volume.geometry, side="right_lung", region="right_lung/basal", proposed=proposed, reason=reason
    )


@pytest.fixture(scope="module")
def asked(comparison: Comparison) -> Comparison:
    """One open at baseline; at follow-up one open and one dismissed."""
    first = dense(comparison.baseline, "consolidation", EDGE)
    second = dense(comparison.followup, "effusion", FLUID)
    return replace(
        comparison,
        baseline=replace(comparison.baseline, candidates=(Candidate(first),)),
        followup=replace(comparison.followup, candidates=(Candidate(second), Candidate(second, "dismissed"))),
    )


@pytest.fixture(scope="module")
def page(asked: Comparison) -> str:
    found: Any = provenance({}, settings={}, seeds={"interval": 1}, timings={})
    return render_page(asked, change_document(asked), found)


def sentence(asked: Comparison) -> str:
    """Each scan by itself: both may show one area, which is not there twice."""
    before, after = (words.number(point.candidates[0].piece.ml) for point in (asked.baseline, asked.followup))
    return f"Dense areas to confirm: 1 at baseline, {before} mL; 1 at follow-up, {after} mL."


def test_the_document_says_whose_scan_and_what_state(asked: Comparison) -> None:
    document = change_document(asked)
    jsonschema.validate(document, schema("ctreview.change/2"))
    assert [(one["timepoint"], one["state"]) for one in document["candidates"]] == [
        ("baseline", "open"),
        ("followup", "open"),
        ("followup", "dismissed"),
    ]


def test_the_table_counts_those_alone_that_are_open(asked: Comparison) -> None:
    row = asked.table.set_index("region").loc["lungs"]
    assert (row["baseline_open_candidates"], row["followup_open_candidates"]) == (1, 1)
    assert row["followup_open_candidates_ml"] == asked.followup.candidates[0].piece.ml


def test_the_page_names_them_beside_the_numbers_that_they_are_not_in(asked: Comparison, page: str) -> None:
    assert sentence(asked) in page
    assert "They are in no number, interval or verdict" in page
    section = page.partition('<section id="candidates">')[2].partition("</section>")[0]
    rows = re.findall(r"<tr><th scope=\"row\">right lung, basal</th>.*?</tr>", section)
    assert [("open" in row, "dismissed" in row) for row in rows] == [(True, False), (True, False), (False, True)]


def test_open_ones_are_outlined_apart_from_what_is_counted(page: str) -> None:
    assert page.count('class="line candidate"') > 1
    assert re.search(r"\.line\.candidate \{[^}]*stroke-dasharray", page)
    assert "to confirm (in no number)" in page


def test_nothing_is_said_where_nothing_is_offered(comparison: Comparison) -> None:
    found: Any = provenance({}, settings={}, seeds={"interval": 1}, timings={})
    page = render_page(comparison, change_document(comparison), found)
    assert 'id="candidates"' not in page
    assert "Dense areas" not in page
    assert "Dense areas" not in narrate(comparison)


def test_the_words_say_that_they_are_in_no_number(asked: Comparison) -> None:
    text = narrate(asked)
    impression = text.partition("IMPRESSION")[2].partition("LIMITATIONS")[0]
    assert f"{sentence(asked)} They are in no number" in impression
    assert f"at baseline, beside the basal third of the right lung, may be consolidation: {EDGE}." in text


def test_the_german_words_name_place_class_and_reason(asked: Comparison) -> None:
    text = narrate(asked, "de")
    assert text.count("Zu bestätigende dichte Areale: in der Voraufnahme 1 mit ") == 2
    assert "neben: Basales Drittel der rechten Lunge; möglicherweise Konsolidierung: Rand zur belüfteten Lunge" in text
    assert "möglicherweise Pleuraerguss: liegt zwischen Lunge und Rippen" in text
    assert "edge" not in text


def test_bronchi_that_hold_air_are_said_in_german() -> None:
    reason = "edge to aerated lung unknown: hardly wider than edges of organs; 16 bronchi that hold air were seen in it"
    said = reason_in_german(reason)
    assert said == (
        "Rand zur belüfteten Lunge von unbekannter Breite: kaum breiter als bei Organen; darin 16 lufthaltige Bronchien"
    )


def test_a_reason_that_has_no_german_is_quoted() -> None:
    assert reason_in_german("it looks odd") == "„it looks odd“"


def test_no_numbers_no_millilitres_of_what_is_asked(asked: Comparison) -> None:
    whole = replace(asked.regions[0], verdict="not_interpretable")
    text = narrate(replace(asked, regions=(whole, *asked.regions[1:])))
    assert "Dense areas to confirm" not in text


def test_what_was_accepted_in_the_call_is_written_down(asked: Comparison, tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("ctreview.report.folder.render_page", lambda *_, **__: "")
    monkeypatch.setattr("ctreview.report.folder.write_segmentation", lambda path, _: path.write_bytes(b""))
    written: list[object] = []
    journal = SimpleNamespace(append=written.append)
    monkeypatch.setattr("ctreview.report.folder.Journal", lambda path: journal)
    record: Any = object()
    write_comparison(replace(asked, accepted=(record,), transform=None), tmp_path / "out")
    assert written == [record]

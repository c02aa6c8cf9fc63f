"""The page as a PDF file."""

from __future__ import annotations

import builtins
import re
import sys

import pytest

from ctreview.clinical import ClinicalTimeline
from ctreview.errors import WrongUse
from ctreview.report import change_document, words
from ctreview.report.page_pictures import draw_pictures
from ctreview.report.pdf import pdf_of, render_static_page, require_pdf
from ctreview.report.provenance import provenance
from ctreview.report.timeline import timeline
from ctreview.study import Finding


@pytest.fixture(scope="module")
def static(comparison) -> str:
    origin = provenance({}, settings=comparison.settings, seeds=comparison.seeds, timings={})
    marked = Finding("nodule", 1, (0.0, 0.0, 0.0), text="<script>here</script>")
    drawn = draw_pictures(comparison)
    days = ClinicalTimeline(in_calendar=False)
    section = timeline(days, results=[comparison]).section(printed=True)
    document = change_document(comparison)
    return render_static_page(comparison, document, origin, drawn, findings=[marked], section=section)


def test_the_static_page_has_no_script_and_nothing_folded(static):
    assert not re.search(r"<script|<details|<dialog|onerror=|https?://", static)
    assert "&lt;script&gt;here" in static


def test_the_static_page_answers_what_how_sure_and_where(static, comparison):
    change = comparison["lungs"].change["opacity_ml"]
    assert f"Opacity decreased by {words.number(-change.value)} mL over 62 days." in static
    assert f"<b>{words.span(change.low, change.high)} mL</b>" in static
    assert "<b>right lung</b>" in static


def test_the_timeline_stands_in_it_without_what_needs_a_mouse(static):
    assert 'id="timeline"' in static
    assert "Opacity, both lungs" in static
    assert 'class="key-image"' not in static


def test_it_becomes_a_pdf(static):
    pytest.importorskip("weasyprint", exc_type=ImportError)
    drawn = pdf_of(static)
    assert drawn.startswith(b"%PDF-")
    assert drawn.rstrip().endswith(b"%%EOF")
    assert len(drawn) < 8e6


def test_without_weasyprint_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(WrongUse, match=r"ctreview\[pdf\]"):
        require_pdf()


def test_without_pango_the_error_names_the_packages(monkeypatch):
    usual = builtins.__import__

    def without(name, *rest, **named):
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return usual(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(WrongUse, match=r"libpangoft2-1\.0-0"):
        require_pdf()

"""Sentences from numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctreview.report.words import (
    Found,
    fate_sentence,
    headline,
    interval_words,
    listed,
    number,
    region_name,
    signed,
    span,
)


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (-0.04, "0"), (0.05, "0.1"), (9.94, "9.9"), (9.96, "10"), (-187.6, "−188")]
)
def test_numbers(value, text):
    assert number(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.0, "0"), (-0.01, "0"), (3.2, "+3.2"), (-3.2, "−3.2"), (61, "+61")])
def test_changes(value, text):
    assert signed(value) == text


@given(st.floats(-1e5, 1e5))
def test_numbers_read_back_to_what_they_were(value):
    assert float(number(value).replace("−", "-")) == pytest.approx(value, abs=0.51 if abs(value) >= 9.95 else 0.051)
    assert "-" not in number(value)


def test_spans_have_equally_many_decimals():
    assert span(-201.2, -171.4) == "−201 to −171"
    assert span(-3.0, 8.5) == "−3.0 to +8.5"
    assert span(-3.0, 12.5) == "−3 to +12"


def _found(verdict: str, change: float = -188.0, days: int | None = 62) -> Found:
    return Found(verdict, 249.0, 249.0 + change, change, change - 13, change + 17, days)


def test_headlines_never_say_more_than_the_verdict():
    assert headline(_found("decreased")) == "Opacity decreased by 188 mL over 62 days."
    assert headline(_found("increased", 12.0, 1)) == "Opacity increased by 12 mL over 1 day."
    for verdict in ("unchanged", "indeterminate", "not_interpretable"):
        text = headline(_found(verdict))
        assert "188" not in text
        assert "decreased" not in text
    assert "No change" not in headline(_found("indeterminate"))
    assert "unknown time" in headline(_found("unchanged", days=None))


@pytest.mark.parametrize(
    ("days", "text"), [(62, "over 62 days"), (1, "over 1 day"), (0, "between two scans of one day")]
)
def test_days(days, text):
    assert interval_words(days) == text


def test_regions_in_words():
    assert region_name("lungs") == "lungs"
    assert region_name("right_upper_lobe/basal") == "right upper lobe, basal"


def test_fate_in_words_leaves_out_what_is_nothing():
    fate = {"resolved": 195.0, "persistent": 50.4, "worsened": 0.1, "improved": 3.0, "new": 2.0}
    classes = ("ground glass", "consolidation")
    assert fate_sentence(249.0, fate, classes) == (
        "Of the 249 mL at baseline, 195 mL are below the threshold at follow-up and 50 mL persist and "
        "3.0 mL went from consolidation to ground glass; 2.0 mL are new."
    )
    assert fate_sentence(0.0, fate, classes) == "There was no measurable opacity at baseline; 2.0 mL are new."


@pytest.mark.parametrize(
    ("words", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (list("abc"), "a, b and c")]
)
def test_lists(words, text):
    assert listed(words) == text

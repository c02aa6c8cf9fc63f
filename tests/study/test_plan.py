"""What a study rests on."""

from __future__ import annotations

from dataclasses import replace

from ctreview.study import AnalysisPlan


def test_plans_say_in_what_they_differ() -> None:
    first = AnalysisPlan("chest_ct", {"a": {"b": 1, "threads": 2}, "gone": 1}, images=("x", "y"), version="1")
    second = AnalysisPlan("chest_ct", {"a": {"b": 2, "threads": 9}, "new": 1}, 3.0, images=("x", "z"), version="1")
    assert {str(one) for one in second.differences(first)} == {
        "settings.a.b was 1, now 2",
        "age_years was null, now 3.0",
        'images was ["x", "y"], now ["x", "z"]',
    }
    assert first.digest != second.digest
    assert first.digest == replace(first, settings={"a": {"b": 1, "threads": 7}, "gone": 1}).digest

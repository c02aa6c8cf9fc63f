"""Results of comparisons on a clinic's time axis."""

from __future__ import annotations

from datetime import date

import pytest

from ctreview.clinical import ClinicalTimeline, ScanTime, Text
from ctreview.clinical.partial_dates import PartialDate, parse_partial_date
from ctreview.errors import WrongUse
from ctreview.report.timeline import with_results


def change(days, before, after, low, high, verdict="decreased"):
    region = {
        "region": "lungs",
        "baseline": {"opacity_ml": before},
        "followup": {"opacity_ml": after},
        "change": {"opacity_ml": {"value": after - before, "low": low, "high": high}},
        "verdict": verdict,
    }
    return {"interval_days": days, "regions": [region]}


def scanned(*written):
    scans = (ScanTime(Text(f"CT {n}"), parse_partial_date(one)) for n, one in enumerate(written, 1))
    return ClinicalTimeline(scans=tuple(scans))


THREE = (change(63, 127.0, 9.0, -126.0, -110.0), change(150, 126.0, 2.0, -130.0, -118.0))


def test_each_scan_has_its_volume_and_later_ones_the_interval_of_their_change():
    day = date(2021, 9, 14).toordinal()
    placed, found = with_results(ClinicalTimeline(), THREE, first=PartialDate(day, day, "day"))
    assert [one.when.earliest - day for one in found] == [0, 63, 150]
    assert [one.quantity.value for one in placed.values] == [127.0, 9.0, 2.0]
    assert [one.interval for one in placed.values] == [None, (1.0, 17.0), (-4.0, 8.0)]


def test_scans_of_the_file_are_taken_and_must_lie_as_far_apart():
    placed, found = with_results(scanned("2021-09-14", "2021-11", "2022-02-11"), THREE)
    assert placed.scans == found
    with pytest.raises(WrongUse, match="CT 2 lies 31 days after the first scan, in the result 63"):
        with_results(scanned("2021-09-14", "2021-10-15", "2022-02-11"), THREE)


def test_a_change_that_is_not_interpretable_has_no_interval():
    stopped = change(63, 127.0, 9.0, -126.0, -110.0, "not_interpretable")
    placed, _ = with_results(ClinicalTimeline(in_calendar=False), [stopped])
    assert placed.values[1].interval is None
    assert placed.values[1].note.english == "the change is not interpretable"


def test_where_the_scans_lie_has_to_be_known():
    with pytest.raises(WrongUse, match="does not say when"):
        with_results(ClinicalTimeline(), THREE)

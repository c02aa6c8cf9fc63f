"""The published case has the values of the report, and no others."""

from __future__ import annotations

from datetime import date

import pytest

from ctreview.clinical import index_case, read_timeline, template
from ctreview.clinical.units import shown_unit

SAID = [
    ("CMAS", 20.0, 52.0, "", None, None, "month"),
    ("CMAS", 47.0, 52.0, "", None, None, "month"),
    ("cMAS9", 9.0, 37.0, "", None, None, "unknown"),
    ("CDASI activity", 14.0, None, "", None, None, "unknown"),
    ("CDASI damage", 2.0, None, "", None, None, "unknown"),
    ("Interferon score", 4124.0, None, "", None, 12.49, "month"),
    ("CK", 0.26, None, "µmol/(s·L)", None, 3.17, "unknown"),
    ("Aldolase", 0.22, None, "µmol/(s·L)", None, 0.2, "unknown"),
    ("LDH", 5.37, None, "µmol/(s·L)", 2.0, 5.0, "unknown"),
    ("AST", 0.54, None, "µmol/(s·L)", None, 0.88, "unknown"),
]
GIVEN = {
    "methotrexate": "12.5 mg/m²",
    "adalimumab": "20 mg",
    "prednisolone (before)": "",
    "ampicillin/sulbactam": "",
    "prednisolone": "1 mg/kg",
    "immunoglobulins": "",
    "ruxolitinib": "2 × 5 mg/day",
    "cotrimoxazole": "",
    "hydroxychloroquine": "200 mg/day",
    "mometasone": "",
    "tacrolimus": "0.1 %",
}


@pytest.fixture(scope="module")
def case():
    return index_case()


def day(year, month, number):
    return date(year, month, number).toordinal()


def test_every_value_is_one_of_the_report(case):
    found = [
        (
            one.measure.english,
            one.quantity.value,
            one.quantity.highest,
            shown_unit(one.quantity.unit),
            one.reference and one.reference.low,
            one.reference and one.reference.high,
            one.when.precision,
        )
        for one in case.values
    ]
    assert found == SAID
    assert {one.quantity.comparator for one in case.values} == {""}


def test_scores_lie_in_the_months_that_the_report_names(case):
    cmas = [one.when for one in case.values if one.measure.key == "cmas"]
    assert [one.earliest for one in cmas] == [day(2021, 9, 1), day(2023, 1, 1)]
    assert [one.approximate for one in cmas] == [True, False]


def test_treatments_have_the_doses_and_the_lengths_of_the_report(case):
    assert {one.name.english: one.dose.english for one in case.treatments} == GIVEN
    times = {one.name.english: one for one in case.treatments}
    assert times["ruxolitinib"].start.earliest == day(2021, 10, 1)
    assert times["ruxolitinib"].ongoing
    assert times["prednisolone"].end.earliest == day(2022, 3, 1)
    assert times["immunoglobulins"].end.latest == day(2022, 12, 30)
    assert not times["hydroxychloroquine"].start.known
    assert [times[name].route.english for name in ("mometasone", "tacrolimus")] == ["topical", "topical"]


def test_findings_are_named_and_not_dated(case):
    named = {one.name.english: one.when.known for one in case.events}
    assert named == {
        "MDA5 antibodies positive": False,
        "Ro52 antibodies positive": False,
        "ANA 1:160": False,
        "Pneumocystis jirovecii in lavage": False,
    }


def test_everything_is_marked_as_published_and_said_in_german_too(case):
    everything = (*case.values, *case.treatments, *case.events, *case.scans)
    assert {one.source for one in everything} == {"published"}
    texts = [*case.notes, *(one.note for one in everything), *(one.name for one in case.treatments)]
    assert [text for text in texts if text and not text.german] == []


def test_cmas_and_its_short_form_are_two_series(case):
    names = [(one.measure.english, len(one.values)) for one in case.series()]
    assert names[:2] == [("CMAS", 2), ("cMAS9", 1)]


def test_the_template_is_a_timeline(tmp_path):
    path = tmp_path / "timeline.csv"
    path.write_text(template(), encoding="utf-8")
    found = read_timeline(path)
    assert (len(found.scans), len(found.treatments), len(found.events), len(found.notes)) == (2, 3, 2, 1)

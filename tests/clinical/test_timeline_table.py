from __future__ import annotations

import pytest

from ctreview.clinical import read_timeline
from ctreview.errors import TimelineRefused, UnreadableFile


@pytest.fixture
def write(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "timeline.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def refused(path):
    with pytest.raises(TimelineRefused) as error:
        read_timeline(path)
    return [(fault.line, fault.message) for fault in error.value.faults]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_german_columns_semicolons_and_decimal_commas(write, encoding):
    text = (
        "Art;Bezeichnung;Wert;Einheit;Datum;Ende;Referenz\r\n"
        "Labor;Kreatinkinase;0,26;µmol/(s·L);3.9.2021;;< 3,17\r\n"
        "Therapie;Prednisolon;;;09/2021;laufend;\r\n"
    )
    found = read_timeline(write(text, encoding))
    (value,) = found.values
    assert (value.measure.key, value.quantity.value, value.reference.high) == ("ck", 0.26, 3.17)
    assert found.treatments[0].ongoing
    assert found.treatments[0].start.precision == "month"


def test_every_bad_row_is_listed_at_once_with_its_line(write):
    path = write(
        "kind,name,value,unit,date,end,reference\n"
        "blood,CK,12,U/L,2021-09-03,,\n"
        "scores,CMAS,20,,2021-09-03,,\n"
        "blood,CK,ten,U/L,2021-09-03,,\n"
        "blood,CK,5,ng/mL,2021-09-03,,\n"
        "blood,ferritin,5,,2021-09-03,,\n"
        "blood,ferritin,5,bananas,2021-02-30,,\n"
        "score,CMAS,20/37,,2021-09,,\n"
        "score,MMT8,70,,2021-09,,\n"
        "treatment,,,,2021-10,2021-09,\n"
        "blood,LDH,5,U/L,2021-09,,5-2\n"
    )
    faults = refused(path)
    assert [line for line, _ in faults] == [3, 4, 5, 6, 7, 7, 8, 9, 10, 10, 11]
    said = " ".join(message for _, message in faults)
    for part in (
        "no kind of row",
        "no number",
        "ng/mL cannot be converted to U/L, the unit of line 2",
        "there is no unit",
        "no unit of UCUM",
        "no such day",
        "out of 52, not 37",
        "out of 80 or 150",
        "there is no name",
        "ends before it begins",
        "ends below its beginning",
    ):
        assert part in said


def test_a_file_counts_days_or_names_dates(write):
    days = read_timeline(write("kind,name,value,day,end_day\nscore,CMAS,20,-3,\ntreatment,x,,0,P2W\n"))
    assert not days.in_calendar
    assert (days.values[0].when.earliest, days.treatments[0].end.latest) == (-3, 14)
    ((line, message),) = refused(write("kind,name,value,day,date\nscore,CMAS,20,0,\nscore,CMAS,21,,2021-09\n"))
    assert line == 3
    assert "other rows count days" in message


def test_units_of_one_measure_become_one_and_their_limits_with_them(write):
    path = write(
        "kind,name,value,unit,date,reference\n"
        "blood,CK,15.6,U/L,2021-09-03,\n"
        "blood,CK,0.26,µmol/(s·L),2021-09-04,< 3.17\n"
        "blood,CK,< 20,IU/L,2021-09-05,\n"
    )
    (series,) = read_timeline(path).series()
    assert [one.quantity.value for one in series.values] == pytest.approx([15.6, 15.6, 20.0])
    assert series.values[1].reference.high == pytest.approx(190.2)
    assert series.values[2].quantity.comparator == "<"


def test_values_of_two_assays_are_two_series_and_those_of_none_are_not_joined(write):
    path = write(
        "kind,name,value,date,assay\n"
        "blood,interferon score,38,2021-09-03,28 genes\n"
        "blood,interferon score,20,2021-10-03,6 genes\n"
        "blood,interferon score,30,2021-11-03,\n"
    )
    assert [(one.assay, one.comparable) for one in read_timeline(path).series()] == [
        ("28 genes", True),
        ("6 genes", True),
        ("", False),
    ]


def test_a_reference_range_is_that_of_the_age_at_the_time(write):
    path = write(
        "kind,name,value,unit,date,reference,age\n"
        "scan,CT,,,2021-09-03,,\n"
        "blood,LDH,200,U/L,2021-09-03,,\n"
        "blood,LDH,200,U/L,2022-09-03,,\n"
        "reference,LDH,,U/L,,150-300,4-5\n"
        "reference,LDH,,U/L,,120-250,5-9\n"
    )
    (series,) = read_timeline(path, age_years=4.3).series()
    assert [one.reference.high for one in series.values] == [300.0, 250.0]
    (unknown,) = read_timeline(path).series()
    assert [one.reference for one in unknown.values] == [None, None]


def test_what_is_no_timeline_is_refused(write, tmp_path):
    with pytest.raises(UnreadableFile, match="no column for kind"):
        read_timeline(write("a,b\n1,2\n"))
    with pytest.raises(UnreadableFile, match="no row"):
        read_timeline(write("kind,name\n"))
    with pytest.raises(UnreadableFile):
        read_timeline(tmp_path)

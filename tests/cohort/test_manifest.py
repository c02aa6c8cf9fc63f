import pytest

from ctreview.cohort import Manifest, read_manifest
from ctreview.errors import UnreadableFile


@pytest.fixture
def write(tmp_path):
    for name in ("a", "b", "c", "p 1/t0"):
        (tmp_path / name).mkdir(parents=True)

    def written(text: str, encoding: str = "utf-8") -> Manifest:
        (tmp_path / "m.csv").write_bytes(text.encode(encoding))
        return read_manifest(tmp_path / "m.csv")

    return written


def lines(found: Manifest) -> list[int]:
    return [fault.line for fault in found.faults]


def test_a_plain_manifest(write, tmp_path):
    found = write("subject,timepoint,path,date,age,arm\nP1,v1,a,2021-09-03,63,drug\nP1,v2,b,2021-12-01,,drug\n")
    assert found.faults == ()
    first = found.rows[0]
    assert (first.subject, first.timepoint, first.path, first.age_years) == ("P1", "v1", tmp_path / "a", 63.0)
    assert first.acquired.isoformat() == "2021-09-03"
    assert first.covariates == {"arm": "drug"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_german_columns_semicolons_decimal_commas_in_any_encoding(write, encoding):
    text = "Patient;Zeitpunkt;Pfad;Untersuchungsdatum;Alter;FVC größe\r\nMüller-1;v1;a;03.09.2021;63,5;2,81\r\n"
    (row,) = write(text, encoding).rows
    assert (row.subject, row.age_years, row.acquired.isoformat()) == ("Müller-1", 63.5, "2021-09-03")
    assert row.covariates == {"FVC größe": "2.81"}


def test_a_path_of_windows_is_found_on_this_system(write, tmp_path):
    found = write("subject,timepoint,path\nP1,v1,p 1\\t0\nP1,v2,D:\\p 1\\t0\\\n")
    assert {row.path for row in found.rows} == {tmp_path / "p 1" / "t0"}


def test_every_bad_row_is_listed_at_once_with_its_line(write):
    found = write(
        "subject,timepoint,path,date,age\n"
        "P1,v1,a,2021-09-03,63\n"
        ",v2,b,,\n"
        '"P2",v1,"nowhere\nat all",,\n'
        "P3,v1,b,2021-02-30,\n"
        "P4,v1,c,,old\n"
    )
    assert lines(found) == [3, 4, 6, 7]  # the path in line 4 reaches into line 5


def test_a_subject_twice_at_one_timepoint_is_a_fault_of_both_lines(write):
    found = write("subject,timepoint,path\nP1,v1,a\nP1,v1,b\nP1,v2,c\n")
    assert lines(found) == [2, 3]
    assert "line 3" in found.faults[0].message


def test_a_scan_twice_is_a_fault_of_both_lines(write):
    assert lines(write("subject,timepoint,path\nP1,v1,a\nP1,v2,b\nP2,v1,a\n")) == [2, 4]


def test_dates_with_slashes_are_open_unless_one_of_them_tells(write):
    open_ones = write("subject,timepoint,path,date\nP1,v1,a,3/9/2021\n")
    assert "YYYY-MM-DD" in open_ones.faults[0].message
    told = write("subject,timepoint,path,date\nP1,v1,a,3/9/2021\nP1,v2,b,25/12/2021\n")
    assert told.rows[0].acquired.isoformat() == "2021-09-03"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("subject,visit\nP1,v1\n", "no column for path"),
        ("subject,patient,visit,path\n", "two columns"),
        ("subject,visit,path,region\nP1,v1,a,x\n", "'region'"),
        ("subject,visit,path\n", "names no scan"),
    ],
)
def test_what_is_no_manifest_is_refused(write, text, says):
    with pytest.raises(UnreadableFile, match=says):
        write(text)


@pytest.mark.parametrize(
    ("rows", "order"),
    [
        ("P,b,a,2021-05-01\nP,a,b,2021-01-01", ["a", "b"]),
        ("P,12m,a,\nP,3m,b,", ["3m", "12m"]),
        ("P,late,a,\nP,early,b,2021-01-01", ["late", "early"]),
    ],
)
def test_the_order_of_time_is_by_date_else_by_number_else_as_written(write, rows, order):
    found = write(f"subject,timepoint,path,date\n{rows}\n")
    assert [row.timepoint for row in found.subjects()["P"]] == order

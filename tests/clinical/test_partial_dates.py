from datetime import date

import pytest

from ctreview.clinical.partial_dates import later_by, parse_day, parse_partial_date


def day(*numbers):
    return date(*numbers).toordinal()


@pytest.mark.parametrize(
    ("text", "earliest", "latest", "precision"),
    [
        ("2021-09-03", day(2021, 9, 3), day(2021, 9, 3), "day"),
        ("3.9.2021", day(2021, 9, 3), day(2021, 9, 3), "day"),
        ("2024-02", day(2024, 2, 1), day(2024, 2, 29), "month"),
        ("9.2021", day(2021, 9, 1), day(2021, 9, 30), "month"),
        ("2021", day(2021, 1, 1), day(2021, 12, 31), "year"),
        ("2021-09..2021-11", day(2021, 9, 1), day(2021, 11, 30), "span"),
        ("..2021-09", None, day(2021, 9, 30), "span"),
        ("2021-09-03..", day(2021, 9, 3), None, "span"),
        ("?", None, None, "unknown"),
        ("", None, None, "unknown"),
    ],
)
def test_no_more_is_known_than_is_written(text, earliest, latest, precision):
    found = parse_partial_date(text)
    assert (found.earliest, found.latest, found.precision) == (earliest, latest, precision)


def test_a_tilde_makes_it_approximate():
    assert parse_partial_date("2021-09~").approximate
    assert parse_day("-12~").approximate


@pytest.mark.parametrize("text", ["2021-13", "soon", "2021-11..2021-09", "3/9/2021"])
def test_what_is_no_date_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        parse_partial_date(text)


def test_six_months_after_a_month_is_a_month_as_well():
    found = later_by(parse_partial_date("2021-08-31..2021-09-30"), "P6M", in_calendar=True)
    assert (found.earliest, found.latest) == (day(2022, 2, 28), day(2022, 3, 30))
    assert later_by(parse_day("0"), "P1M1W", in_calendar=False).latest == 37

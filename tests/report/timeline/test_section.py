"""What the figure draws, and what it does not."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from ctreview.clinical import index_case, read_timeline
from ctreview.report.timeline import ScanPicture, timeline_section


@pytest.fixture
def read(tmp_path):
    def read(*rows):
        path = tmp_path / "timeline.csv"
        head = "kind,name,value,unit,date,end,reference,assay,note"
        path.write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
        return read_timeline(path)

    return read


def joining(section):
    """How many lines join two values."""
    return section.count('stroke-width="1.6" fill="none"')


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", ["CMAS 20/52, about Sep 2021, published", "not dated", "It does not say that a treatment caused"]),
        ("de", ["CMAS 20/52, etwa Sep 2021, publiziert", "ohne Datum", "Dass eine Behandlung eine Änderung bewirkt"]),
    ],
)
def test_the_published_case_is_drawn_as_points_in_both_languages(language, says):
    section = timeline_section(index_case(), language)
    assert [part for part in says if part not in section] == []
    assert joining(section) == 0
    assert "4124" in section
    ElementTree.fromstring(section)


def test_three_values_of_one_assay_are_joined_and_no_others(read):
    given = [(4124, "a"), (300, "a"), (9, "a"), (50, "b"), (60, "b"), (6, ""), (7, ""), (8, "")]
    rows = [f"blood,interferon score,{value},,2021-0{n},,12.49,{assay}," for n, (value, assay) in enumerate(given, 1)]
    section = timeline_section(read(*rows))
    assert joining(section) == 2
    assert "logarithmic axis" in section


def test_days_of_the_calendar_stay_out_unless_asked_for(read):
    timeline = read("scan,CT 1,,,2021-09-14,,,,", "score,CMAS,20,,2021-09-20,,,,", "treatment,x,,,2021-09-16,P6M,,,")
    section = timeline_section(timeline)
    assert "2021" not in section
    assert "CMAS 20, day 6" in section
    assert "20 Sep 2021" in timeline_section(timeline, identify=True)


def test_an_unknown_start_and_end_are_said(read):
    timeline = read("score,CMAS,20,,2021-09,,,,", "treatment,x,,,..2021-09,?,,,", "treatment,y,,,?,?,,,")
    section = timeline_section(timeline)
    assert "x, begins by Sep 2021, end not given" in section
    assert "y, dates not given" in section


def test_a_value_above_its_range_is_said_in_words(read):
    section = timeline_section(read("blood,CK,310,U/L,2021-09,,< 190,,", "blood,AST,< 5,U/L,2021-09,,,,"))
    assert "CK 310 U/L, Sep 2021, reference &lt; 190, above the reference range" in section
    assert "AST &lt; 5 U/L" in section


def test_a_group_is_divided_only_where_no_part_of_the_figure_can_hold_it(read):
    scores = [f"score,CMAS,{n},,2021-0{n},,,," for n in (1, 2, 3)]
    blood = [f"blood,{name},{n},U/L,2021-0{n},,,," for name in ("CK", "LDH", "AST") for n in (1, 2)]

    def headings(events):
        told = [f"event,event {n},,,2021-09,,,," for n in range(events)]
        parts = re.findall(r"<svg viewBox.*?</svg>", timeline_section(read(*scores, *blood, *told)))
        assert sum(one.count('class="entry"') for one in parts) == 3 + 6 + events
        return [re.findall(r'font-weight="bold" fill="#1d2328">([^<]+)', one) for one in parts]

    assert headings(15) == [["Scores", "Blood values"], ["Findings and events"]]
    assert headings(23) == [["Scores", "Blood values", "Findings and events"], ["Findings and events"]]


def test_what_comes_from_a_file_is_escaped(read):
    section = timeline_section(read('event,<script>alert(1)</script>,,,2021-09,,,,"<img src=x onerror=y>"'))
    assert "<script" not in section
    assert "<img" not in section


def test_a_scan_shows_its_key_image_and_every_entry_can_be_reached_by_keyboard(read):
    timeline = read("scan,CT 1,,,2021-09,,,,", "score,CMAS,20,,2021-09,,,,")
    image = ScanPicture("data:image/png;base64,AA==", 200.0, 150.0, (("#e69f00", "M0 0H9"),))
    section = timeline_section(timeline, key_images={timeline.scans[0]: image})
    assert section.count('href="data:image/png') == 1
    assert section.count('tabindex="0" role="img"') == 2

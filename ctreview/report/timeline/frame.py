"""What every row of the figure shares: its columns, the time axis, the language, and how a label is set."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ctreview.clinical.partial_dates import PartialDate
from ctreview.report.timeline.svg import element, group, text
from ctreview.report.timeline.time_axis import TimeAxis
from ctreview.report.timeline.words import WORDS, date_words

__all__ = [
    "GREY",
    "INK",
    "LEFT",
    "LEFT_BESIDE_UNDATED",
    "LINE",
    "PRINTED_HEIGHT",
    "RIGHT",
    "RULE",
    "SMALL",
    "TEXT",
    "UNDATED",
    "WIDTH",
    "FigureFrame",
    "Row",
    "focusable",
    "label",
    "span_line",
]

WIDTH = 960.0
UNDATED = 236.0
"""Where what has no date stands; what it says ends before the time axis begins."""
LEFT, LEFT_BESIDE_UNDATED, RIGHT = 244.0, 392.0, 900.0
"""The time axis runs from the first, or from the second where something has no date, to the last; left of it are
labels and what has no date, right of it the values of each axis."""

TEXT, SMALL = 13.0, 11.5
"""Sizes of letters: 10.5 and 9.3 points across a landscape page of A4."""
LINE = 14.0

PRINTED_HEIGHT = 560.0
"""Of one part of the figure: 16 of the 19 cm of such a page, which leaves room for a heading or the legend."""

INK, GREY, RULE = "#1d2328", "#56606a", "#d9dee3"

_LETTERS = 31
"""Of a label in one line."""


@dataclass(frozen=True)
class FigureFrame:
    """The time axis and the language of a figure."""

    axis: TimeAxis
    language: str

    @property
    def words(self) -> Mapping[str, str]:
        """The words of its language."""
        return WORDS[self.language]

    def when(self, date: PartialDate) -> str:
        """When something was, in words."""
        return date_words(date, self.axis, self.language)


@dataclass(frozen=True)
class Row:
    """A drawn row that begins at y = 0."""

    height: float
    drawn: Markup


def label(title: str, lines: Sequence[str] = ()) -> Row:
    """What a row is called: its name, and what else has to be said, in smaller letters."""
    names = textwrap.wrap(title, _LETTERS) or [""]
    more = [part for line in lines if line for part in textwrap.wrap(line, _LETTERS + 4)]
    drawn = [text(0.0, LINE * n + TEXT, one, font_size=TEXT, fill=INK) for n, one in enumerate(names)]
    begin = LINE * len(names)
    drawn += [text(0.0, begin + LINE * n + SMALL, one, font_size=SMALL, fill=GREY) for n, one in enumerate(more)]
    return Row(LINE * (len(names) + len(more)) + 6.0, group(*drawn))


def focusable(says: str, *drawn: str, **attributes: str) -> Markup:
    """Something that says what it is, under the mouse, by keyboard and to a screen reader."""
    return group(element("title", says), *drawn, tabindex=0, role="img", aria_label=says, class_="entry", **attributes)


def span_line(frame: FigureFrame, date: PartialDate, y: float) -> Markup:
    """The days between which something lies; nothing for one day."""
    if date.earliest is None or date.latest is None or date.earliest == date.latest:
        return Markup("")
    ends = f"M{frame.axis.x(date.earliest):.2f} {y:.2f}H{frame.axis.x(date.latest):.2f}"
    dashes = "2 3" if date.approximate else "none"
    return element("path", d=ends, stroke=GREY, stroke_width=1.0, stroke_dasharray=dashes, fill="none")

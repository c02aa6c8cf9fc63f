"""A treatment as a bar: solid where it was certainly given, hatched where perhaps, dotted where nothing is said."""

from __future__ import annotations

import math

from markupsafe import Markup

from ctreview.clinical.timeline import Treatment
from ctreview.report.timeline.frame import GREY, INK, RIGHT, SMALL, UNDATED, FigureFrame, Row, focusable, label
from ctreview.report.timeline.svg import element, group, text
from ctreview.report.timeline.words import source_words

__all__ = ["treatment_row", "treatment_times", "treatment_words"]

HEIGHT, BAR = 24.0, 10.0
NOT_SAID = 22.0
"""How far the dots go where no end is given."""

FILL = "#5b7f99"
HATCH = 6.0
"""From one line of the hatching to the next."""


def treatment_row(frame: FigureFrame, treatment: Treatment) -> Row:
    """Draw a treatment."""
    language = frame.language
    details = [treatment.dose.said(language), treatment.route.said(language), source_words(treatment.source, language)]
    named = label(treatment.name.said(language), [", ".join(part for part in details if part)])
    height = max(HEIGHT, named.height)
    bar = focusable(treatment_words(frame, treatment), *_bar(frame, treatment, min(height, 34.0) / 2))
    return Row(height, group(named.drawn, bar))


def treatment_words(frame: FigureFrame, treatment: Treatment) -> str:
    """All that is known of a treatment, in one sentence."""
    words, language = frame.words, frame.language
    said = [one.said(language) for one in (treatment.name, treatment.dose, treatment.route)]
    return ", ".join(
        part
        for part in (
            *said,
            treatment_times(frame, treatment),
            source_words(treatment.source, language),
            treatment.note.said(language),
        )
        if part and part != words["undated"]
    )


def treatment_times(frame: FigureFrame, treatment: Treatment) -> str:
    """From when until when, in words."""
    words, start, end = frame.words, treatment.start, treatment.end
    start_known = start.earliest is not None or start.latest is not None
    end_known = end.earliest is not None or end.latest is not None
    if treatment.undated:
        return words["dates_unknown"]
    begins = words["begins"].format(frame.when(start)) if start_known else words["begin_unknown"]
    ends = words["ends"].format(frame.when(end)) if end_known else words["end_unknown"]
    return f"{begins}, {words['ongoing'] if treatment.ongoing else ends}"


def _bar(frame: FigureFrame, treatment: Treatment, y: float) -> list[Markup]:
    start, end = treatment.start, treatment.end
    bounds = [None if day is None else frame.axis.x(day) for day in (start.earliest, start.latest)]
    bounds += (
        [RIGHT] * 2
        if treatment.ongoing
        else [None if day is None else frame.axis.x(day) for day in (end.earliest, end.latest)]
    )
    first, begun, ended, last = bounds
    known = [bound for bound in bounds if bound is not None]
    if treatment.undated:
        said = frame.words["dates_unknown"]
        return [_unknown(UNDATED, y), text(UNDATED + 10.0, y + 4.0, said, font_size=SMALL, fill=GREY)]
    left, right = min(known), max(known)
    drawn = [_dots(frame.axis.left, left, y), _unknown(frame.axis.left - 8.0, y)] if first is None else []
    if last is None:
        stop = min(right + NOT_SAID, RIGHT)
        drawn += [_dots(right, stop, y), _unknown(stop + 6.0, y)]
    if begun is not None and ended is not None and begun < ended:
        drawn += [_perhaps(left, begun, y), _rectangle(begun, ended, y, FILL), _perhaps(ended, right, y)]
    else:
        drawn.append(_perhaps(left, right, y))
    if treatment.ongoing:
        drawn.append(element("path", d=f"M{RIGHT - 1:.2f} {y - 8:.2f}l9 8l-9 8Z", fill=FILL))
    return drawn


def _perhaps(left: float, right: float, y: float) -> Markup:
    if left >= right:
        return Markup("")
    feet = (left - BAR + HATCH * n for n in range(1, math.ceil((right - left + BAR) / HATCH)))
    lines = "".join(_hatched(foot, max(foot, left), min(foot + BAR, right), y + BAR / 2) for foot in feet)
    hatching = element("path", d=lines, stroke=FILL, stroke_width=1.2)
    return group(hatching, _rectangle(left, right, y, "none"))


def _hatched(foot: float, begin: float, end: float, bottom: float) -> str:
    """The part from ``begin`` to ``end`` of a line that rises from its foot at 45 degrees."""
    return f"M{begin:.2f} {bottom - begin + foot:.2f}L{end:.2f} {bottom - end + foot:.2f}"


def _rectangle(left: float, right: float, y: float, fill: str) -> Markup:
    return element(
        "rect", x=left, y=y - BAR / 2, width=right - left, height=BAR, fill=fill, stroke=FILL, stroke_width=1.0
    )


def _dots(left: float, right: float, y: float) -> Markup:
    ends = f"M{left:.2f} {y:.2f}H{right:.2f}"
    return element("path", d=ends, stroke=INK, stroke_width=1.6, stroke_dasharray="1 4", stroke_linecap="round")


def _unknown(x: float, y: float) -> Markup:
    return text(x, y + 4.0, "?", font_size=SMALL, fill=INK, font_weight="bold", text_anchor="middle")

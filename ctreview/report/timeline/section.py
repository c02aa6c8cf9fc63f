"""The timeline as a section of a page: the figure, what it can and cannot say, and all entries as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from markupsafe import Markup

from ctreview.clinical.quantities import Quantity
from ctreview.clinical.timeline import ClinicalEvent, ClinicalTimeline, ClinicalValue, ScanTime, Treatment
from ctreview.report.timeline.figure import timeline_figure
from ctreview.report.timeline.frame import LEFT, LEFT_BESIDE_UNDATED, RIGHT, FigureFrame
from ctreview.report.timeline.marks_rows import ScanPicture
from ctreview.report.timeline.svg import element
from ctreview.report.timeline.time_axis import time_axis
from ctreview.report.timeline.treatment_row import treatment_times
from ctreview.report.timeline.words import quantity_words, reference_words, source_words

__all__ = ["timeline_section"]

STYLE = """
#timeline figure > svg { width: 100%; height: auto; display: block; overflow: visible; }
#timeline figure > svg:hover, #timeline figure > svg:focus-within { position: relative; z-index: 1; }
#timeline figure { margin: 0; overflow-x: auto; }
#timeline .entry:focus { outline: 2px solid #0072b2; outline-offset: 2px; }
#timeline .key-image { visibility: hidden; pointer-events: none; }
#timeline .entry:hover .key-image, #timeline .entry:focus .key-image { visibility: visible; }
#timeline td, #timeline th { text-align: left; }
@media screen { #timeline figure > svg { min-width: 720px; } }
@page timeline { size: A4 landscape; }
@media print {
  #timeline { page: timeline; break-after: page; }
  #timeline h2 { margin-top: 0; }
  #timeline figure { overflow: visible; break-inside: auto; }
  #timeline figure > svg { break-inside: avoid; }
  #timeline .key-image, #timeline details { display: none; }
  #timeline p { font-size: 8.5pt; line-height: 1.3; margin: 0 0 2pt; }
  #timeline .entry:focus { outline: none; }
}
"""


def timeline_section(
    timeline: ClinicalTimeline,
    language: str = "en",
    *,
    identify: bool = False,
    key_images: Mapping[ScanTime, ScanPicture] | None = None,
    table: bool = True,
) -> Markup:
    """Give the section.

    Parameters
    ----------
    timeline : ClinicalTimeline
    language : {"en", "de"}
    identify : bool
        Whether days of the calendar are named. Without it they are counted from the first scan, unless the timeline
        knows nothing more exact than months.
    key_images : mapping of ScanTime to ScanPicture, optional
        Pictures that show under the mouse and the focus of a scan.
    table : bool
        Whether all entries stand behind the figure as a table that is folded.

    Returns
    -------
    Markup
        A ``section`` with the id ``timeline``, its style within; no script and nothing from elsewhere.
    """
    left = LEFT_BESIDE_UNDATED if timeline.has_undated else LEFT
    frame = FigureFrame(time_axis(timeline, left, RIGHT, identify=identify), language)
    words = frame.words
    remarks = [_legend(timeline, words), words["no_line"], *(one.said(language) for one in timeline.notes)]
    remarks += [words["no_cause"]] if timeline.treatments else []
    return element(
        "section",
        element("style", Markup(STYLE)),  # noqa: S704 - ours
        element("h2", words["title"]),
        element("figure", *timeline_figure(timeline, frame, key_images)),
        *(element("p", remark, class_="quiet") for remark in remarks),
        *([element("details", element("summary", words["table"]), _table(timeline, frame))] if table else []),
        id="timeline",
        lang=language,
    )


def _legend(timeline: ClinicalTimeline, words: Mapping[str, str]) -> str:
    """What the marks mean that are drawn."""
    clinical = any(one.measure.category in {"score", "blood"} for one in timeline.values) or timeline.events
    whiskers = any(one.interval is not None for one in timeline.values)
    parts = (("legend", clinical), ("whisker", whiskers), ("bars", timeline.treatments))
    return " ".join(words[key] for key, drawn in parts if drawn)


def _table(timeline: ClinicalTimeline, frame: FigureFrame) -> Markup:
    words = frame.words
    heads = [element("th", words[one], scope="col") for one in ("when", "what", "value", "remark")]
    rows = [
        element("tr", element("th", when, scope="row"), *(element("td", cell) for cell in cells))
        for when, *cells in _entries(timeline, frame)
    ]
    table = element("table", element("thead", element("tr", *heads)), element("tbody", *rows))
    return element("div", table, class_="wide")


def _entries(timeline: ClinicalTimeline, frame: FigureFrame) -> Iterator[tuple[str, str, str, str]]:
    language = frame.language
    marks: tuple[ScanTime | ClinicalEvent, ...] = (*timeline.scans, *timeline.events)
    for one in marks:
        remark = _listed(source_words(one.source, language), one.note.said(language))
        yield frame.when(one.when), one.name.said(language), "", remark
    for series in timeline.series():
        for value in series.values:
            yield _value_entry(value, frame)
    for treatment in timeline.treatments:
        yield _treatment_entry(treatment, frame)


def _value_entry(value: ClinicalValue, frame: FigureFrame) -> tuple[str, str, str, str]:
    language = frame.language
    said = quantity_words(value.quantity, language)
    if value.interval is not None:
        ends = (quantity_words(Quantity(round(end, 1), value.quantity.unit), language) for end in value.interval)
        said = f"{said} ({' – '.join(ends)})"
    reference = "" if value.reference is None else reference_words(value.reference, language)
    remark = _listed(reference, value.assay, source_words(value.source, language), value.note.said(language))
    return frame.when(value.when), value.measure.called(language), said, remark


def _treatment_entry(treatment: Treatment, frame: FigureFrame) -> tuple[str, str, str, str]:
    language = frame.language
    dose = _listed(treatment.dose.said(language), treatment.route.said(language))
    remark = _listed(source_words(treatment.source, language), treatment.note.said(language))
    return treatment_times(frame, treatment), treatment.name.said(language), dose, remark


def _listed(*parts: str) -> str:
    return "; ".join(part for part in parts if part)

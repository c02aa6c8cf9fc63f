"""The figure: rows beneath each other on one time axis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup

from ctreview.clinical.timeline import ClinicalSeries, ClinicalTimeline, ScanTime
from ctreview.report.timeline.frame import GREY, INK, LINE, RIGHT, RULE, SMALL, TEXT, UNDATED, WIDTH, FigureFrame, Row
from ctreview.report.timeline.marks_rows import ScanPicture, event_row, scan_row
from ctreview.report.timeline.series_row import series_row
from ctreview.report.timeline.svg import element, group, text
from ctreview.report.timeline.treatment_row import HATCH, treatment_row

__all__ = ["ScanPicture", "timeline_figure"]

HEADING = 26.0
CATEGORIES = ("lung", "muscle", "score", "blood")


def timeline_figure(
    timeline: ClinicalTimeline, frame: FigureFrame, key_images: Mapping[ScanTime, ScanPicture] | None = None
) -> Markup:
    """Draw a timeline as SVG."""
    parts: list[Markup] = []
    y = HEADING
    scans: list[Markup] = []
    for heading, rows in _groups(timeline, frame, key_images or {}):
        parts.append(text(0.0, y + 17.0, frame.words[heading], font_size=TEXT, font_weight="bold", fill=INK))
        parts.append(element("path", d=f"M0 {y + 22:.2f}H{WIDTH}", stroke=GREY, stroke_width=0.8))
        y += HEADING
        for row in rows:
            placed = group(row.drawn, transform=f"translate(0 {y:.2f})")
            (scans if heading == "scan" else parts).append(placed)
            y += row.height
        y += 6.0
    height = y + 22.0
    return element(
        "svg",
        element("title", frame.words["title"], id="timeline-title"),
        element("desc", frame.words["describes"], id="timeline-describes"),
        element("defs", HATCH),
        _time(timeline, frame, HEADING, y),
        *parts,
        *scans,  # last, so that their key images lie above everything
        viewBox=f"0 0 {WIDTH:.0f} {height:.0f}",
        role="group",
        aria_labelledby="timeline-title timeline-describes",
        font_family="system-ui, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif",
    )


def _groups(
    timeline: ClinicalTimeline, frame: FigureFrame, key_images: Mapping[ScanTime, ScanPicture]
) -> Iterator[tuple[str, Sequence[Row]]]:
    by_source: dict[str, list[ScanTime]] = {}
    for scan in timeline.scans:
        by_source.setdefault(scan.source, []).append(scan)
    if by_source:
        yield "scan", [scan_row(frame, scans, key_images) for scans in by_source.values()]
    every = timeline.series()
    for category in CATEGORIES:
        if found := [one for one in every if one.measure.category == category]:
            top = _top(found) if category == "lung" else None
            yield category, [series_row(frame, one, top=None if _is_whole(one) else top) for one in found]
    if timeline.treatments:
        yield "treatment", [treatment_row(frame, one) for one in timeline.treatments]
    if timeline.events:
        yield "event", [event_row(frame, one) for one in timeline.events]


def _top(series: Sequence[ClinicalSeries]) -> float | None:
    """The largest value of several parts of the lung, which share one scale; the whole has its own."""
    return max((value.quantity.value for one in series if not _is_whole(one) for value in one.values), default=None)


def _is_whole(series: ClinicalSeries) -> bool:
    return series.measure.key.endswith("/lungs")


def _time(timeline: ClinicalTimeline, frame: FigureFrame, top: float, bottom: float) -> Markup:
    """The time axis above and below, its ticks, and the scans as lines through all rows."""
    drawn = []
    for tick in frame.axis.ticks(frame.language):
        drawn.append(element("path", d=f"M{tick.x:.2f} {top}V{bottom:.2f}", stroke=RULE, stroke_width=0.8))
        drawn += [
            text(tick.x, y, tick.label, font_size=SMALL, fill=GREY, text_anchor="middle")
            for y in (top - 6.0, bottom + LINE)
        ]
    for scan in timeline.scans:
        if scan.when.middle is not None:
            x = frame.axis.x(scan.when.middle)
            drawn.append(
                element(
                    "path", d=f"M{x:.2f} {top}V{bottom:.2f}", stroke="#a9b4bd", stroke_width=0.9, stroke_dasharray="5 4"
                )
            )
    what = "calendar" if frame.axis.in_calendar else _zero(timeline)
    drawn += [
        text(0.0, top - 6.0, f"{frame.words[what]} →", font_size=SMALL, fill=GREY),
        element(
            "path", d=f"M{frame.axis.left} {top}V{bottom:.2f}M{RIGHT} {top}V{bottom:.2f}", stroke=RULE, fill="none"
        ),
    ]
    if timeline.has_undated:
        drawn.append(text(UNDATED - 4.0, top - 6.0, frame.words["undated"], font_size=SMALL, fill=GREY))
    return group(*drawn, aria_hidden="true")


def _zero(timeline: ClinicalTimeline) -> str:
    if not timeline.in_calendar:
        first = min((one.when.earliest for one in timeline.scans if one.when.earliest is not None), default=None)
        return "days" if first == 0 else "days_zero"
    return "days" if any(one.when.earliest is not None for one in timeline.scans) else "days_first"

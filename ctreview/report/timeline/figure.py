"""The figure: rows beneath each other on one time axis, in parts that are printed one to a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from ctreview.clinical.timeline import ClinicalSeries, ClinicalTimeline, ScanTime
from ctreview.report.timeline.frame import (
    GREY,
    INK,
    LINE,
    PRINTED_HEIGHT,
    RIGHT,
    RULE,
    SMALL,
    TEXT,
    UNDATED,
    WIDTH,
    FigureFrame,
    Row,
)
from ctreview.report.timeline.marks_rows import ScanPicture, event_row, scan_row
from ctreview.report.timeline.series_row import series_row
from ctreview.report.timeline.svg import element, group, text
from ctreview.report.timeline.treatment_row import treatment_row

__all__ = ["ScanPicture", "timeline_figure"]

HEADING, GAP = 26.0, 6.0
"""Height of the heading of a group, and what is left free behind a group."""
FOOT = 22.0
"""Height of the names of the ticks below the last row."""
CATEGORIES = ("lung", "muscle", "score", "blood")


@dataclass
class _Part:
    """Groups of rows that stay together, each with its heading."""

    groups: list[tuple[str, list[Row]]] = field(default_factory=list)
    height: float = 0.0

    def add(self, heading: str, row: Row) -> None:
        """Put a row below the others."""
        self.height += self.needed(heading, [row])
        if not self._ends_with(heading):
            self.groups.append((heading, []))
        self.groups[-1][1].append(row)

    def holds(self, heading: str, rows: Sequence[Row]) -> bool:
        """Whether these rows have room below the others."""
        return not self.groups or self.height + self.needed(heading, rows) <= PRINTED_HEIGHT

    def needed(self, heading: str, rows: Sequence[Row]) -> float:
        """The height of these rows, with that of their heading where it is a new one."""
        return sum(row.height for row in rows) + (0.0 if self._ends_with(heading) else HEADING + GAP)

    def _ends_with(self, heading: str) -> bool:
        return bool(self.groups) and self.groups[-1][0] == heading


def timeline_figure(
    timeline: ClinicalTimeline, frame: FigureFrame, key_images: Mapping[ScanTime, ScanPicture] | None = None
) -> tuple[Markup, ...]:
    """Draw a timeline as SVG: one part, or several beneath each other on the same time axis."""
    parts = _parts(_groups(timeline, frame, key_images or {}))
    return tuple(_drawn(timeline, frame, part, last=part is parts[-1]) for part in parts)


def _parts(groups: Iterable[tuple[str, Sequence[Row]]]) -> list[_Part]:
    """Share the rows among parts; a group that one part can hold is not divided."""
    parts = [_Part()]
    for heading, rows in groups:
        undivided = _Part().needed(heading, rows) <= PRINTED_HEIGHT
        for row in rows:
            if not parts[-1].holds(heading, rows if undivided and row is rows[0] else [row]):
                parts.append(_Part())
            parts[-1].add(heading, row)
    return parts


def _drawn(timeline: ClinicalTimeline, frame: FigureFrame, part: _Part, *, last: bool) -> Markup:
    drawn: list[Markup] = []
    scans: list[Markup] = []
    y = HEADING
    for heading, rows in part.groups:
        drawn.append(text(0.0, y + 17.0, frame.words[heading], font_size=TEXT, font_weight="bold", fill=INK))
        drawn.append(element("path", d=f"M0 {y + 22:.2f}H{WIDTH}", stroke=GREY, stroke_width=0.8))
        y += HEADING
        for row in rows:
            placed = group(row.drawn, transform=f"translate(0 {y:.2f})")
            (scans if heading == "scan" else drawn).append(placed)
            y += row.height
        y += GAP
    return element(
        "svg",
        element("desc", frame.words["describes"]),
        _time(timeline, frame, HEADING, y, named_below=last),
        *drawn,
        *scans,  # last, so that their key images lie above everything
        viewBox=f"0 0 {WIDTH:.0f} {y + FOOT * last:.0f}",
        role="group",
        aria_label=frame.words["title"],
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


def _time(timeline: ClinicalTimeline, frame: FigureFrame, top: float, bottom: float, *, named_below: bool) -> Markup:
    """The time axis above and below, its ticks, and the scans as lines through all rows."""
    names_at = (top - 6.0, bottom + LINE) if named_below else (top - 6.0,)
    drawn = []
    for tick in frame.axis.ticks(frame.language):
        drawn.append(element("path", d=f"M{tick.x:.2f} {top}V{bottom:.2f}", stroke=RULE, stroke_width=0.8))
        drawn += [text(tick.x, y, tick.label, font_size=SMALL, fill=GREY, text_anchor="middle") for y in names_at]
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

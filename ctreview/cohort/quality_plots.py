"""Plots of a whole cohort as SVG: waterfall, course of each lobe or lung, Bland–Altman of the two scans."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

from ctreview.cohort.collect import FoundCase
from ctreview.cohort.courses import course_records

__all__ = ["plots_of"]

WIDTH, HEIGHT, MARGIN = 560.0, 240.0, 46.0
COLOURS = {"decreased": "#2a7f62", "increased": "#b23a48", "unchanged": "#5b6770", "indeterminate": "#a3a9ad"}


def plots_of(found: Sequence[FoundCase]) -> list[dict[str, str]]:
    """The plots, each with a title and its SVG; those that there are data for."""
    drawn = [
        ("Change of opacity since the first scan, each bar a case, with its sensitivity interval", _waterfall(found)),
        *((f"Opacity over time, {place.replace('_', ' ')}, mL against days", svg) for place, svg in _courses(found)),
        ("Opacity of the two scans of a case: difference against mean, mL", _bland_altman(found)),
    ]
    return [{"title": title, "svg": svg} for title, svg in drawn if svg]


class _Axes:
    """From values to places in a plot."""

    def __init__(self, across: Iterable[float], upward: Iterable[float]) -> None:
        self._across, self._upward = _range(across), _range((*upward, 0.0))

    def x(self, value: float) -> float:
        low, high = self._across
        return round(MARGIN + (WIDTH - MARGIN - 8) * (value - low) / (high - low), 1)

    def y(self, value: float) -> float:
        low, high = self._upward
        return round(HEIGHT - 22 - (HEIGHT - 34) * (value - low) / (high - low), 1)

    def svg(self, body: str) -> str:
        """A plot with its axes, zero and the ends of both ranges."""
        marks = "".join(
            f'<text x="{MARGIN - 6}" y="{self.y(value) + 4}" text-anchor="end">{value:.0f}</text>'
            f'<line x1="{MARGIN}" x2="{WIDTH - 8}" y1="{self.y(value)}" y2="{self.y(value)}" class="{kind}"/>'
            for value, kind in ((0.0, "zero"), (self._upward[0], "end"), (self._upward[1], "end"))
        )
        ends = "".join(
            f'<text x="{self.x(value)}" y="{HEIGHT - 4}" text-anchor="{anchor}">{value:.0f}</text>'
            for value, anchor in ((self._across[0], "start"), (self._across[1], "end"))
        )
        return f'<svg viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img">{marks}{ends}{body}</svg>'


def _range(values: Iterable[float]) -> tuple[float, float]:
    found = list(values)
    low, high = min(found), max(found)
    return (low, high) if high > low else (low - 1.0, high + 1.0)


def _waterfall(found: Sequence[FoundCase]) -> str:
    bars = []
    for one in found:
        if one.change is not None and one.case.against_baseline:
            whole = one.change["regions"][0]
            bars.append((one.case.name, whole["verdict"], whole["change"]["opacity_ml"]))
    if not bars:
        return ""
    bars.sort(key=lambda bar: -bar[2]["value"])
    axes = _Axes((0, len(bars)), (bar[2][end] for bar in bars for end in ("low", "high", "value")))
    width = max(1.0, 0.8 * (axes.x(1) - axes.x(0)))
    drawn = []
    for place, (name, verdict, change) in enumerate(bars):
        x, ends = axes.x(place) + 1, sorted((axes.y(0), axes.y(change["value"])))
        drawn.append(
            f"<g><title>{escape(name)}: {change['value']:+.0f} mL, {verdict.replace('_', ' ')}</title>"
            f'<rect x="{x}" y="{ends[0]}" width="{width:.1f}" height="{ends[1] - ends[0]:.1f}" '
            f'fill="{COLOURS.get(verdict, "#d9d2b0")}"/><line x1="{x + width / 2:.1f}" x2="{x + width / 2:.1f}" '
            f'y1="{axes.y(change["low"])}" y2="{axes.y(change["high"])}" class="interval"/></g>'
        )
    return axes.svg("".join(drawn))


def _courses(found: Sequence[FoundCase]) -> list[tuple[str, str]]:
    """A plot for each lobe; for each lung where no lobes are known."""
    records = [row for row in course_records(found) if row["days"] is not None]
    places = list(dict.fromkeys(row["region"] for row in records if "/" not in row["region"]))
    lobes = [place for place in places if "lobe" in place]
    return [(place, svg) for place in lobes or places[1:] if (svg := _course(records, place))]


def _course(records: Sequence[dict[str, object]], place: str) -> str:
    lines: dict[str, list[tuple[float, float]]] = {}
    for row in records:
        if row["region"] == place:
            lines.setdefault(str(row["subject"]), []).append((float(str(row["days"])), float(str(row["opacity_ml"]))))
    lines = {subject: points for subject, points in lines.items() if len(points) > 1}
    if not lines:
        return ""
    axes = _Axes(*zip(*(point for points in lines.values() for point in points), strict=True))
    drawn = [
        f"<g><title>{escape(subject)}</title><polyline class='course' points='"
        + " ".join(f"{axes.x(x)},{axes.y(y)}" for x, y in points)
        + "'/></g>"
        for subject, points in lines.items()
    ]
    return axes.svg("".join(drawn))


def _bland_altman(found: Sequence[FoundCase]) -> str:
    points = []
    for one in found:
        if one.change is not None and one.case.against_previous:
            whole = one.change["regions"][0]
            before, after = whole["baseline"]["opacity_ml"], whole["followup"]["opacity_ml"]
            points.append((one.case.name, (before + after) / 2, after - before))
    if len(points) < 3:
        return ""
    apart = [difference for _, _, difference in points]
    bias = sum(apart) / len(apart)
    spread = math.sqrt(sum((one - bias) ** 2 for one in apart) / (len(apart) - 1))
    limits = (bias - 1.96 * spread, bias, bias + 1.96 * spread)
    axes = _Axes([mean for _, mean, _ in points], (*apart, *limits))
    lines = "".join(
        f'<line x1="{MARGIN}" x2="{WIDTH - 8}" y1="{axes.y(value)}" y2="{axes.y(value)}" class="limit"/>'
        f'<text x="{WIDTH - 10}" y="{axes.y(value) - 3}" text-anchor="end">{value:+.0f}</text>'
        for value in limits
    )
    dots = "".join(
        f'<circle cx="{axes.x(mean)}" cy="{axes.y(difference)}" r="3"><title>{escape(name)}</title></circle>'
        for name, mean, difference in points
    )
    return axes.svg(lines + dots)

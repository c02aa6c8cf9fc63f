"""The page of one patient with several scans: each against the first and the one before, and patches by identity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ctreview.cohort.tracking import PatchSighting
from ctreview.report.languages import LANGUAGES
from ctreview.report.languages.wording import Wording
from ctreview.report.page import check_message, page_environment
from ctreview.version import __version__

__all__ = ["CoursePage", "render_course"]

HEIGHT = 100.0
"""Of the chart, in its own units; its width is 100."""

DASHES = ("", "7 3", "2 3", "7 3 2 3", "12 4", "4 2")
"""Of the lines of the chart, so that they differ without colour."""

COLOURS = ("#1d2329", "#0072b2", "#d55e00", "#007a5a", "#8a4f7d", "#8a6d00")


@dataclass(frozen=True)
class CoursePage:
    """What the page of a course is made of: names of the scans, comparisons as ``change.json`` holds them, patches."""

    timepoints: Sequence[str]
    against_baseline: Sequence[Mapping[str, Any]]
    against_previous: Sequence[Mapping[str, Any]]
    patches: Sequence[PatchSighting]

    @property
    def days(self) -> list[int | None]:
        """Days of each scan since the first."""
        return [0, *(change["interval_days"] for change in self.against_baseline)]

    def regions(self) -> list[str]:
        """The lungs and their largest parts, as the first comparison has them: lobes where they are known."""
        names = [row["region"] for row in self.against_baseline[0]["regions"] if "/" not in row["region"]]
        lobes = [name for name in names if name.endswith("_lobe")]
        return [names[0], *(lobes or names[1:])]

    def opacity_ml(self, region: str) -> list[float]:
        """Opacity of a region at each scan, as found beside the first."""
        rows = [_row(change, region) for change in self.against_baseline]
        return [rows[0]["baseline"]["opacity_ml"], *(row["followup"]["opacity_ml"] for row in rows)]

    def change(self, region: str, since: str) -> list[Mapping[str, Any] | None]:
        """The change of a region at each scan, None at the first: value, ends of its interval, verdict."""
        changes = self.against_baseline if since == "baseline" else self.against_previous
        rows = [_row(change, region) for change in changes]
        return [None, *({**row["change"]["opacity_ml"], "verdict": row["verdict"]} for row in rows)]


def render_course(course: CoursePage, language: str = "en") -> str:
    """Make the page: HTML with its style inside, which asks no server for anything and needs no script.

    Parameters
    ----------
    course : CoursePage
    language : {"en", "de"}
    """
    say = LANGUAGES[language]
    wording = Wording(language, say)
    regions = course.regions()
    context = {
        "language": language,
        "notice": say.research(),
        "version": __version__,
        "timepoints": list(zip(course.timepoints, course.days, strict=True)),
        "rows": [
            {
                "region": region,
                "cells": list(
                    zip(
                        course.opacity_ml(region),
                        course.change(region, "baseline"),
                        course.change(region, "previous"),
                        strict=True,
                    )
                ),
            }
            for region in regions
        ],
        "chart": _chart(course, regions),
        "patches": _patches(course, wording),
        "failed": _failed(course, wording),
    }
    return page_environment(language).get_template("course.html.j2").render(context)


def _row(change: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    return next(row for row in change["regions"] if row["region"] == region)


def _chart(course: CoursePage, regions: Sequence[str]) -> dict[str, Any]:
    """Lines of opacity over time, the first scan's zero at the bottom; intervals are those against the first scan."""
    days = [float(place) if day is None else float(day) for place, day in enumerate(course.days)]
    if None in course.days:
        days = [float(place) for place in range(len(days))]
    span = max(max(days) - min(days), 1.0)
    x = [round(4.0 + 92.0 * (day - min(days)) / span, 2) for day in days]
    series = {region: course.opacity_ml(region) for region in regions}
    most = max(max(values) for values in series.values()) or 1.0
    lines = []
    for place, (region, values) in enumerate(series.items()):
        y = [round(HEIGHT - 94.0 * value / most, 2) for value in values]
        ends = course.change(region, "baseline")
        bars = [
            (x[n], *(round(HEIGHT - 94.0 * max(0.0, values[0] + one[end]) / most, 2) for end in ("low", "high")))
            for n, one in enumerate(ends)
            if one is not None and place == 0
        ]
        lines.append(
            {
                "region": region,
                "points": list(zip(x, y, strict=True)),
                "bars": bars,
                "dash": DASHES[place % len(DASHES)],
                "colour": COLOURS[place % len(COLOURS)],
            }
        )
    return {"lines": lines, "most": most, "x": list(zip(x, course.timepoints, course.days, strict=True))}


def _patches(course: CoursePage, wording: Wording) -> list[dict[str, Any]]:
    """One row for each identity: where it lies, and what it is at each scan."""
    found: dict[int, dict[str, Any]] = {}
    for one in course.patches:
        row = found.setdefault(one.patch, {"patch": one.patch, "region": one.region, "cells": {}})
        row["cells"][one.timepoint] = (one.ml, _event(one.event, wording))
    rows = [
        {**row, "cells": [row["cells"].get(place) for place in range(len(course.timepoints))]} for row in found.values()
    ]
    return sorted(rows, key=lambda row: -max(cell[0] for cell in row["cells"] if cell))


def _event(event: str, wording: Wording) -> str:
    words, _, number = event.rpartition(" ")
    return f"{wording.text(words)} {number}" if number.isdigit() else wording.text(event)


def _failed(course: CoursePage, wording: Wording) -> list[tuple[str, list[str]]]:
    """What checks of each comparison with the first scan failed, in words."""
    told = []
    for name, change in zip(course.timepoints[1:], course.against_baseline, strict=True):
        messages = [check_message(row, wording) for row in change["checks"] if not row["ok"]]
        if messages:
            told.append((name, list(dict.fromkeys(messages))))
    return told

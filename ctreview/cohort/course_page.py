"""The page of one patient with several scans: each against the first and the one before, and patches by identity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ctreview.cohort.tracking import PatchSighting
from ctreview.report.answers import because
from ctreview.report.cards import legend
from ctreview.report.course_pictures import CoursePictures
from ctreview.report.figures import LUNG_WINDOW
from ctreview.report.languages import LANGUAGES
from ctreview.report.languages.wording import Wording
from ctreview.report.page import check_message, found_in, page_environment
from ctreview.report.pdf import static_environment
from ctreview.report.viewer import DASHES, viewer_json
from ctreview.version import __version__

__all__ = ["CoursePage", "render_course"]


@dataclass(frozen=True)
class CoursePage:
    """What the page of a course is made of.

    Attributes
    ----------
    timepoints : sequence of str
    against_baseline, against_previous : sequence of mapping
        The content of ``change.json`` of each later scan's comparison with the first one, and with the one before.
    patches : sequence of PatchSighting
    provenance : mapping
        The content of ``provenance.json``.
    pictures : CoursePictures or None
    section : str
        HTML of the timeline, in the language of the page; empty where it is not known when the scans were made.
    """

    timepoints: Sequence[str]
    against_baseline: Sequence[Mapping[str, Any]]
    against_previous: Sequence[Mapping[str, Any]]
    patches: Sequence[PatchSighting]
    provenance: Mapping[str, Any]
    pictures: CoursePictures | None = None
    section: str = ""

    @property
    def days(self) -> list[int | None]:
        """Days of each scan since the first."""
        return [0, *(change["interval_days"] for change in self.against_baseline)]

    def regions(self) -> list[str]:
        """The lungs and their largest parts, as the first comparison has them: lobes where they are known."""
        names = [row["region"] for row in self.against_baseline[0]["regions"] if "/" not in row["region"]]
        lobes = [name for name in names if name.endswith("_lobe")]
        return [names[0], *(lobes or names[1:])]

    def measures(self, region: str) -> list[Mapping[str, Any]]:
        """What a region held at each scan, as found beside the first one."""
        rows = [_row(change, region) for change in self.against_baseline]
        return [rows[0]["baseline"], *(row["followup"] for row in rows)]

    def change(self, region: str, since: str) -> list[Mapping[str, Any] | None]:
        """The change of a region at each scan, None at the first: value, ends of its interval, verdict."""
        changes = self.against_baseline if since == "baseline" else self.against_previous
        rows = [_row(change, region) for change in changes]
        return [None, *({**row["change"]["opacity_ml"], "verdict": row["verdict"]} for row in rows)]


def render_course(course: CoursePage, language: str = "en", *, printed: bool = False) -> str:
    """Make the page: HTML with its style, script and pictures inside, which asks no server for anything.

    Parameters
    ----------
    course : CoursePage
    language : {"en", "de"}
    printed : bool
        Whether it becomes a PDF (`ctreview.report.pdf.pdf_of`): without script and what needs a mouse.
    """
    say = LANGUAGES[language]
    wording = Wording(language, say)
    regions = course.regions()
    last, previous = course.against_baseline[-1], course.against_previous[-1]
    found = found_in(last)
    compared = (*course.against_baseline, *course.against_previous[1:])  # the second scan's two are one
    checks = [check for change in compared for check in change["checks"]]
    context = {
        "language": language,
        "printed": printed,
        "notice": say.research(),
        "version": __version__,
        "found": found,
        "headline": say.headline(found),
        "since_previous": say.headline(found_in(previous)) if len(course.timepoints) > 2 else "",
        "answers": _answers(course, wording),
        "level": last["regions"][0]["change"]["opacity_ml"]["level"],
        "checks_failed": sum(not check["ok"] for check in checks),
        "checks_made": len(checks),
        "timepoints": list(zip(course.timepoints, course.days, strict=True)),
        "age_years": course.against_baseline[0]["baseline"].get("age_years"),
        "whole": list(zip(course.timepoints, course.days, course.measures(regions[0]), strict=True)),
        "rows": [
            {
                "region": region,
                "cells": list(
                    zip(
                        course.measures(region),
                        course.change(region, "baseline"),
                        course.change(region, "previous"),
                        strict=True,
                    )
                ),
            }
            for region in regions
        ],
        "section": Markup(course.section),  # noqa: S704 - made by ctreview, which escapes what comes from outside
        "patches": _patches(course, wording),
        "failed": _failed(course.timepoints[1:], course.against_baseline, wording),
        "failed_since_previous": _failed(course.timepoints[2:], course.against_previous[1:], wording),
        "methods": say.methods(last, course.provenance),
        "limitations": say.limitations([row["region"] for row in last["regions"]]),
        "window": LUNG_WINDOW,
        "dashes": tuple(DASHES),
        "pictures": course.pictures,
        **_of_pictures(course, wording),
    }
    environment = static_environment(language) if printed else page_environment(language)
    return environment.get_template("course.html.j2").render(context)


def _of_pictures(course: CoursePage, wording: Wording) -> dict[str, Any]:
    drawn = course.pictures
    if drawn is None:
        return {"rest": None, "legend_opacity": (), "linked": False, "viewer_json": ""}
    rest = drawn.rest[wording.code]
    start = next((one.point for one in rest if one.point), None)
    return {
        "rest": rest,
        "legend_opacity": legend([one for card in drawn.cards for side in card.sides for one in side.opacity]),
        "linked": all(link is not None for link in drawn.links[1:]),
        "viewer_json": viewer_json(drawn.scans, drawn.links, drawn.scheme, wording, start=start),
    }


def _answers(course: CoursePage, wording: Wording) -> list[dict[str, Any]]:
    """How sure the change of the last scan is, since the first one and since the one before."""
    whole, count = course.regions()[0], len(course.timepoints)
    told = [("since %(name)s", course.timepoints[0], course.change(whole, "baseline")[-1])]
    if count > 2:
        told.append(("since %(name)s", course.timepoints[-2], course.change(whole, "previous")[-1]))
    return [
        {"since": wording.text(words, name=name), **change, "because": because(change["verdict"], wording)}
        for words, name, change in told
        if change is not None
    ]


def _row(change: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    return next(row for row in change["regions"] if row["region"] == region)


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


def _failed(
    names: Sequence[str], changes: Sequence[Mapping[str, Any]], wording: Wording
) -> list[tuple[str, list[str]]]:
    """What checks of each comparison failed, in words, by the name of its later scan."""
    told = []
    for name, change in zip(names, changes, strict=True):
        messages = [check_message(row, wording) for row in change["checks"] if not row["ok"]]
        if messages:
            told.append((name, list(dict.fromkeys(messages))))
    return told

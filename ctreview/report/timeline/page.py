"""The timeline as pages of its own, and as a document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from markupsafe import Markup

from ctreview.clinical.partial_dates import PartialDate
from ctreview.clinical.timeline import ClinicalTimeline, ScanTime
from ctreview.report.document import write_json
from ctreview.report.folder import result_folder
from ctreview.report.languages import LANGUAGES
from ctreview.report.page import template
from ctreview.report.provenance import provenance
from ctreview.report.timeline.marks_rows import ScanPicture
from ctreview.report.timeline.section import timeline_section
from ctreview.report.timeline.svg import element
from ctreview.report.timeline.words import WORDS
from ctreview.version import __version__

__all__ = ["TIMELINE_SCHEMA", "timeline_document", "write_timeline"]

TIMELINE_SCHEMA = "ctreview.timeline/1"

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def write_timeline(
    timeline: ClinicalTimeline,
    folder: Path | str,
    *,
    key_images: Mapping[ScanTime, ScanPicture] | None = None,
    bundles: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    identify: bool = False,
    overwrite: bool = False,
) -> Path:
    """Write a timeline.

    ``timeline.en.html`` and ``timeline.de.html`` (self-contained, without script), ``timeline.json`` (by
    `ctreview.report.schema` ``ctreview.timeline/1``), the bundles and ``provenance.json``.

    Parameters
    ----------
    timeline : ClinicalTimeline
    folder : path
        It must not exist, or be empty, or (with ``overwrite``) hold an earlier result of ctreview.
    key_images : mapping of ScanTime to ScanPicture, optional
    bundles : mapping of str to mapping
        Bundles of FHIR, by the name of the file.
    identify : bool
        Whether days of the calendar are written. Without it they are counted from the first scan, unless nothing more
        exact than months is known.
    overwrite : bool

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    WrongUse
        The folder may not be written to.
    """
    with result_folder(folder, overwrite=overwrite) as draft:
        for language in WORDS:
            section = timeline_section(timeline, language, identify=identify, key_images=key_images)
            (draft / f"timeline.{language}.html").write_text(_page(section, language), encoding="utf-8")
        write_json(timeline_document(timeline, identify=identify), draft / "timeline.json")
        for name, bundle in bundles.items():
            write_json(bundle, draft / name)
        write_json(provenance({}, settings={}, seeds={}, timings={}), draft / "provenance.json")
    return Path(folder)


def _page(section: Markup, language: str) -> str:
    style = Markup(template("report.css"))  # noqa: S704 - ours
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="generator", content=f"ctreview {__version__}"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("title", WORDS[language]["title"]),
        element("style", style, Markup("@media print { main { page: timeline; } }")),
    )
    notice = element("p", element("strong", LANGUAGES[language].research(), class_="notice"), class_="top")
    body = element("body", element("main", notice, section))
    return f"<!doctype html>\n{element('html', head, body, lang=language)}\n"


def timeline_document(timeline: ClinicalTimeline, *, identify: bool = False) -> dict[str, Any]:
    """The content of ``timeline.json``.

    Dates are those of the calendar where `timeline_section` names them as well; else days since the first scan.
    """
    calendar = timeline.in_calendar and (identify or not timeline.names_days)
    zero = 0 if calendar or not timeline.in_calendar else timeline.day_zero

    def when(one: PartialDate) -> dict[str, Any]:
        ends = (one.earliest, one.latest)
        first, last = (None if day is None else date.fromordinal(day) if calendar else day - zero for day in ends)
        return {"earliest": first, "latest": last, "precision": one.precision, "approximate": one.approximate}

    return {
        "schema": TIMELINE_SCHEMA,
        "dates": "calendar" if calendar else "days",
        "scans": [{"name": vars(one.name), "when": when(one.when), **_said(one)} for one in timeline.scans],
        "values": [
            {
                "measure": one.measure.key,
                "name": one.measure.english,
                "category": one.measure.category,
                "value": one.quantity.value,
                "comparator": one.quantity.comparator,
                "unit": one.quantity.unit,
                "out_of": one.quantity.highest,
                "reference": None if one.reference is None else [one.reference.low, one.reference.high],
                "interval": one.interval,
                "assay": one.assay,
                "when": when(one.when),
                **_said(one),
            }
            for one in timeline.values
        ],
        "treatments": [
            {
                "name": vars(one.name),
                "dose": vars(one.dose),
                "route": vars(one.route),
                "start": when(one.start),
                "end": when(one.end),
                "ongoing": one.ongoing,
                **_said(one),
            }
            for one in timeline.treatments
        ],
        "events": [{"name": vars(one.name), "when": when(one.when), **_said(one)} for one in timeline.events],
        "notes": [vars(one) for one in timeline.notes],
    }


def _said(one: Any) -> dict[str, Any]:
    return {"source": one.source, "note": vars(one.note)}

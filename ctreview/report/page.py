"""The page a radiologist reads: one file that needs nothing else.

Every measure on it is taken from the documents that ``change.json`` and ``scores.json`` hold, so that page and files
cannot differ; only the pictures and the curves of density are made from the images.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from ctreview.change.comparison import Comparison, Interval
from ctreview.checks import Check
from ctreview.progress import Progress, part, quiet
from ctreview.report.answers import ResidualPlace, because, rest_of
from ctreview.report.cards import Card, legend
from ctreview.report.charts import scale_of
from ctreview.report.figures import LUNG_WINDOW
from ctreview.report.languages import LANGUAGES, Marked, Phrases, ShownImage
from ctreview.report.languages.wording import Wording
from ctreview.report.narrative import candidates_told, reasons_told
from ctreview.report.page_pictures import PagePictures, draw_pictures
from ctreview.report.rows import check_unit, facing, facts, key_in_words, measure_rows, region_rows, source_rows
from ctreview.report.scores import Recorded, density_rows, score_rows, scores_document
from ctreview.report.viewer import DASHES, viewer_json
from ctreview.report.words import Found, varied

__all__ = ["captioned", "check_message", "found_in", "page_context", "page_environment", "render_page", "template"]

SCRIPTS = ("pictures", "enlarge", "compare", "planes")


def render_page(
    comparison: Comparison,
    document: Mapping[str, Any],
    provenance: Mapping[str, Any],
    key_images: Sequence[tuple[ShownImage, bytes]] = (),
    *,
    language: str = "en",
    findings: Sequence[Marked] = (),
    recorded: Recorded = MappingProxyType({}),
    section: str = "",
    pictures: PagePictures | None = None,
    progress: Progress = quiet,
) -> str:
    """Make the page.

    Parameters
    ----------
    comparison : Comparison
        For the pictures.
    document : mapping
        The content of ``change.json``: every measure on the page is from here.
    provenance : mapping
        The content of ``provenance.json``.
    key_images : sequence of (ShownImage, bytes)
        A reader's key images, each with its PNG.
    language : {"en", "de"}
    findings : sequence of Marked
        What a reader marked.
    recorded : mapping
        What a reader recorded of the scores.
    section : str
        HTML of one more section in that language, such as a clinic's timeline: it stands behind the regions as it is,
        and whoever makes it has escaped what came from outside.
    pictures : PagePictures, optional
        What `draw_pictures` gave of this comparison, where pages in several languages are made.

    Returns
    -------
    str
        HTML with style, script and pictures inside; it asks no server for anything.
    """
    drawn = pictures or draw_pictures(comparison, progress=part(progress, 0.0, 0.8))
    context = page_context(
        comparison, document, provenance, drawn, language=language, findings=findings, recorded=recorded
    )
    context["key_images"] = captioned(key_images, LANGUAGES[language])
    context["section"] = Markup(section)  # noqa: S704 - made by ctreview, see above
    html = page_environment(language).get_template("report.html.j2").render(context)
    progress(1, 1, "writing the page")
    return html


def page_context(
    comparison: Comparison,
    document: Mapping[str, Any],
    provenance: Mapping[str, Any],
    drawn: PagePictures,
    *,
    language: str,
    findings: Sequence[Marked] = (),
    recorded: Recorded = MappingProxyType({}),
) -> dict[str, Any]:
    """What the templates are given; parameters as of `render_page`."""
    wording = Wording(language, LANGUAGES[language])
    rest = rest_of(comparison, wording.phrases)
    return {
        "language": language,
        "document": document,
        "provenance": provenance,
        "notice": wording.phrases.research(),
        "findings": [wording.phrases.marked(one) for one in findings],
        "methods": wording.phrases.methods(document, provenance),
        "limitations": wording.phrases.limitations([row["region"] for row in document["regions"]]),
        **_answers(comparison, document, wording, rest),
        **_pictures(comparison, drawn, wording, rest),
        **_tables(comparison, document, wording, recorded),
    }


def _answers(
    comparison: Comparison, document: Mapping[str, Any], wording: Wording, rest: Sequence[ResidualPlace]
) -> dict[str, Any]:
    """What changed, how sure that is, and where the rest is."""
    say = wording.phrases
    found = found_in(document)
    whole = document["regions"][0]
    change = whole["change"]["opacity_ml"]
    scheme = comparison.baseline.opacity.scheme
    candidates = candidates_told(comparison)
    fate = "" if whole["fate_ml"] is None else say.fate(found.baseline_ml, whole["fate_ml"], scheme.counted)
    return {
        "found": found,
        "headline": say.headline(found),
        "reasons": reasons_told(comparison, say),
        "because": because(found.verdict, wording),
        "dominant": varied(change["dominant"]) if change["dominant"] else "",
        "relative": (whole["change"].get("opacity_relative_percent") or {}).get("value"),
        "whole_bar": scale_of([Interval(**change)]).bar(Interval(**change)),
        "fate": _unbroken(fate),
        "rest": rest,
        "rest_elsewhere_ml": found.followup_ml - sum(one.ml for one in rest),
        "counted": [label.called(wording.code) for label in scheme.counted],
        "not_counted": [
            *map(wording.text, ("vessels", "airway walls")),
            *(scheme[one["key"]].called(wording.code) for one in document["classes"] if not one["counted"]),
        ],
        "candidates": document["candidates"],
        "to_confirm": say.to_confirm(candidates) if candidates else "",
        "reason": say.reason,
    }


def _pictures(
    comparison: Comparison, drawn: PagePictures, wording: Wording, rest: Sequence[ResidualPlace]
) -> dict[str, Any]:
    """What is shown of the images."""
    outlines = [side for card in drawn.cards for side in card.sides]
    links = (None, drawn.link)
    start = next((one.point for one in rest if one.point), None)
    return {
        "cards": drawn.cards,
        "first_card": _first_shown(drawn.cards),
        "key_images": (),
        "has_fate": comparison.baseline.fate is not None,
        "frontals": drawn.frontals,
        "histogram": drawn.histogram,
        "legend_opacity": legend([one for side in outlines for one in side.opacity]),
        "legend_fate": legend([one for side in outlines for one in side.fate]),
        "window": LUNG_WINDOW,
        "dashes": tuple(DASHES),
        "linked": drawn.link is not None,
        "viewer_json": viewer_json(drawn.scans, links, comparison.baseline.opacity.scheme, wording, start=start),
    }


def _tables(
    comparison: Comparison, document: Mapping[str, Any], wording: Wording, recorded: Recorded
) -> dict[str, Any]:
    """Regions, measures, scores, checks, and how the scans were made and read."""
    named = {label.key: label.called(wording.code) for label in comparison.baseline.opacity.scheme}
    scores = scores_document(comparison)
    checks = [
        {**row, "message": check_message(row, wording), "unit": wording.text(check_unit(row["name"]))}
        for row in document["checks"]
    ]
    return {
        "regions": region_rows(document),
        "measures": measure_rows(document, named, wording),
        "scores": score_rows(scores, wording, recorded),
        "scores_recorded": bool(recorded),
        "density": density_rows(scores, wording),
        "checks": sorted(checks, key=lambda check: bool(check["ok"])),
        "sources": [(_capital(wording.text(name)), half, what) for name, half, what in source_rows(document)],
        "registration": facts(document["registration"] or {}),
        "thresholds": facing(document["thresholds"]),
        "bands": list(zip(*document["fixed_bands"].values(), strict=True)),
        "scans": facing({"baseline": document["baseline"], "followup": document["followup"]}),
        "reading_warnings": list(document["reading_warnings"].items()),
    }


def page_environment(language: str) -> Environment:
    """Templates of the page, with the filters of a language; everything that they are given is escaped."""
    environment = Environment(
        loader=FunctionLoader(template),
        autoescape=True,  # names of kernels and scanners come from outside
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    wording = Wording(language, LANGUAGES[language])
    environment.globals["style"] = Markup(template("report.css"))  # noqa: S704 - ours, from the package
    script = "\n".join(template(f"{name}.js") for name in SCRIPTS)
    environment.globals["script"] = Markup(script)  # noqa: S704 - ours, from the package
    environment.globals["_"] = wording.text
    for name in ("number", "signed", "span", "region", "listed", "verdict", "cell"):
        environment.filters[name] = getattr(wording, name)
    environment.filters["key_in_words"] = lambda key: wording.fact(key_in_words(key))
    return environment


def template(name: str) -> str:
    """A file of the folder of templates."""
    return (files("ctreview.report") / "templates" / name).read_text(encoding="utf-8")


def found_in(document: Mapping[str, Any]) -> Found:
    """What the sentences of a page are made from, by the content of ``change.json``."""
    whole = document["regions"][0]
    change = whole["change"]["opacity_ml"]
    return Found(
        verdict=whole["verdict"],
        baseline_ml=whole["baseline"]["opacity_ml"],
        followup_ml=whole["followup"]["opacity_ml"],
        change_ml=change["value"],
        low_ml=change["low"],
        high_ml=change["high"],
        days=document["interval_days"],
    )


def _first_shown(cards: Sequence[Card]) -> int:
    """The first level on which something is left at follow-up; the first of all where there is none."""
    left = [place for place, card in enumerate(cards) if any(one.key != "organ" for one in card.sides[1].opacity)]
    return left[0] if left else 0


def captioned(key_images: Sequence[tuple[ShownImage, bytes]], say: Phrases) -> list[tuple[str, str]]:
    """What stands under each key image, and its PNG in base64."""
    return [(say.key_image(image), b64encode(png).decode("ascii")) for image, png in key_images]


def check_message(row: Mapping[str, Any], wording: Wording) -> str:
    """What a check of a document says in a language; of one that passed there are words in English alone."""
    if wording.code == "en":
        return str(row["message"])
    check = Check(**{**row, "regions": tuple(row["regions"])})
    return "" if check.ok else wording.phrases.check(check)


def _unbroken(sentence: str) -> str:
    """A sentence whose numbers stay on one line with their units."""
    return re.sub(r"(?<=\d) (?=%|m[Ll]\b)", "\N{NO-BREAK SPACE}", sentence)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

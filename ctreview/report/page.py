"""The page a radiologist reads: one file that needs nothing else.

Every measure on it is taken from the document that ``change.json`` holds, so that page and file cannot differ; only
the pictures and the histogram of density are made from the images.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from ctreview.change.comparison import Comparison
from ctreview.progress import Progress, quiet
from ctreview.report import words
from ctreview.report.cards import cards_of, frontals_of, legend, organ_keys
from ctreview.report.charts import HISTOGRAM_HU, density_path, density_shares
from ctreview.report.figures import LUNG_WINDOW
from ctreview.report.methods import limitations, methods
from ctreview.report.rows import by_severity, cell, facing, facts, humane, measure_rows, region_rows, source_rows

__all__ = ["render_page"]


def render_page(
    comparison: Comparison,
    document: Mapping[str, Any],
    provenance: Mapping[str, Any],
    key_images: Sequence[tuple[str, bytes]] = (),
    *,
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
    key_images : sequence of (str, bytes)
        What stands under each of a reader's key images, and its PNG.

    Returns
    -------
    str
        HTML with style, script and pictures inside; it asks no server for anything.
    """
    progress(0, 3, "choosing levels")
    cards = cards_of(comparison)
    progress(1, 3, "drawing")
    context = {
        "document": document,
        "provenance": provenance,
        "found": _found(document),
        "counted": [one["name"] for one in by_severity(document["classes"])],
        "not_counted": ["vessels", "airway walls", *(one["name"] for one in document["classes"] if not one["counted"])],
        "candidates": document["candidates"],
        "to_confirm": words.to_confirm(
            {when: _open_ml(document, key) for key, when in (("baseline", "at baseline"), ("followup", "at follow-up"))}
        ),
        "headline": words.headline(_found(document)),
        "residual": _unbroken(comparison.residual),
        "fate": _unbroken(_fate_words(document)),
        "reasons": list(dict.fromkeys(check.message for check in comparison.checks if check.stops)),
        "cards": cards,
        "key_images": [(caption, b64encode(png).decode("ascii")) for caption, png in key_images],
        "has_fate": comparison.baseline.fate is not None,
        "frontals": frontals_of(comparison),
        "legend_opacity": legend([o for card in cards for side in card.sides for o in side.opacity]),
        "legend_fate": legend([o for card in cards for side in card.sides for o in side.fate]),
        "regions": region_rows(document),
        "measures": measure_rows(document),
        "histogram": _histogram(comparison),
        "checks": sorted(document["checks"], key=lambda check: bool(check["ok"])),
        "sources": source_rows(document),
        "registration": facts(document["registration"] or {}),
        "thresholds": facing(document["thresholds"]),
        "bands": list(zip(*document["fixed_bands"].values(), strict=True)),
        "scans": facing({"baseline": document["baseline"], "followup": document["followup"]}),
        "reading_warnings": [
            ("baseline", document["reading_warnings"]["baseline"]),
            ("follow-up", document["reading_warnings"]["followup"]),
        ],
        "methods": methods(document, provenance),
        "limitations": limitations(document),
        "window": LUNG_WINDOW,
    }
    progress(2, 3, "writing the page")
    html = _environment().get_template("report.html.j2").render(context)
    progress(3, 3, "writing the page")
    return html


def _environment() -> Environment:
    folder = files("ctreview.report") / "templates"

    def load(name: str) -> str:
        return (folder / name).read_text(encoding="utf-8")

    environment = Environment(
        loader=FunctionLoader(load),
        autoescape=True,  # names of kernels and scanners come from outside
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["style"] = Markup(load("report.css"))  # noqa: S704 - ours, from the package
    environment.globals["script"] = Markup(load("report.js"))  # noqa: S704 - ours, from the package
    for function in (words.listed, words.number, words.signed, words.span, words.region_name):
        environment.filters[function.__name__] = function
    environment.filters["cell"] = cell
    environment.filters["humane"] = humane
    environment.globals["interval_words"] = words.interval_words
    return environment


def _found(document: Mapping[str, Any]) -> words.Found:
    whole = document["regions"][0]
    change = whole["change"]["opacity_ml"]
    return words.Found(
        verdict=whole["verdict"],
        baseline_ml=whole["baseline"]["opacity_ml"],
        followup_ml=whole["followup"]["opacity_ml"],
        change_ml=change["value"],
        low_ml=change["low"],
        high_ml=change["high"],
        days=document["interval_days"],
    )


def _open_ml(document: Mapping[str, Any], timepoint: str) -> list[float]:
    """Millilitres of each candidate of a scan that is open."""
    offered = document["candidates"]
    return [one["ml"] for one in offered if (one["timepoint"], one["state"]) == (timepoint, "open")]


def _fate_words(document: Mapping[str, Any]) -> str:
    whole = document["regions"][0]
    fate = whole["fate_ml"]
    return (
        ""
        if fate is None
        else words.fate_sentence(
            whole["baseline"]["opacity_ml"], fate, [one["name"] for one in by_severity(document["classes"])]
        )
    )


def _unbroken(sentence: str) -> str:
    """A sentence whose numbers stay on one line with their units."""
    return re.sub(r"(?<=\d) (?=%|mL\b)", "\N{NO-BREAK SPACE}", sentence)


def _histogram(comparison: Comparison) -> dict[str, Any]:
    points = (comparison.baseline, comparison.followup)
    shares = [density_shares(point.volume, point.organ, organ_keys(point)) for point in points]
    top = max(float(share.max()) for share in shares)
    curves = [density_path(share, top) for share in shares]
    low, high = HISTOGRAM_HU
    ticks = [(hu, round(100.0 * (hu - low) / (high - low), 2)) for hu in range(-1000, high, 200)]
    return {"curves": curves, "ticks": ticks}

"""The page a radiologist reads: one file that needs nothing else.

Every number on it is taken from the document that ``change.json`` holds, so that page and file cannot differ.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from ctreview.change.comparison import Comparison, Interval, Timepoint
from ctreview.opacity.bands import Band, fixed_bands
from ctreview.progress import Progress, quiet
from ctreview.report import words
from ctreview.report.charts import HISTOGRAM_HU, Frontal, density_path, density_shares, frontal, scale_of
from ctreview.report.figures import LUNG_WINDOW, Outline, Picture, outlines, picture
from ctreview.report.levels import Level, Sight, frame_of, matched_levels
from ctreview.report.methods import limitations, methods
from ctreview.report.planes import Cut, Frame, View, lay

__all__ = ["COLOURS", "render_page"]

COLOURS = {
    "organ": "#dfe3e6",
    "ground_glass": "#f0b429",
    "consolidation": "#ff5f3d",
    "dependent_opacity": "#56b4e9",
    "resolved": "#20c997",
    "persistent": "#f0b429",
    "persistent_followup": "#f0b429",
    "worsened": "#ff5f3d",
    "improved": "#56b4e9",
    "new": "#e58fc0",
}
"""Lines over dark images: the hues of Okabe and Ito (Color Universal Design, 2008), lightened to stand out there.
Every kind has its own line style as well, so that colour is never the only sign."""

NAMES = {
    "organ": "lung border",
    "ground_glass": "ground glass",
    "consolidation": "consolidation",
    "dependent_opacity": "dependent opacity (not counted)",
    "resolved": "below threshold at follow-up",
    "persistent": "persistent",
    "persistent_followup": "persistent",
    "worsened": "worsened (ground glass to consolidation)",
    "improved": "improved (consolidation to ground glass)",
    "new": "new",
}

OPACITIES = ("ground_glass", "consolidation")
LEVELS: tuple[tuple[View, int], ...] = (("axial", 3), ("coronal", 2))

MEASURES = (
    ("volume_ml", "Lung volume", "mL", 0),
    ("mass_g", "Lung mass", "g", 0),
    ("mean_hu", "Mean density", "HU", 0),
    ("ground_glass_ml", "Ground glass", "mL", None),
    ("consolidation_ml", "Consolidation", "mL", None),
    ("opacity_ml", "Opacity (both together)", "mL", None),
    ("opacity_percent", "Opacity, share of lung", "%", 1),
    ("dependent_ml", "Dependent opacity (not counted)", "mL", None),
    ("haa_percent", "High attenuation (−600 to −250 HU)", "%", 1),
)


@dataclass(frozen=True)
class Side:
    """One scan at one level."""

    identifier: str
    when: str
    place: str
    short: str
    picture: Picture
    opacity: tuple[Outline, ...]
    fate: tuple[Outline, ...]


@dataclass(frozen=True)
class Card:
    """One level in both scans."""

    title: str
    sides: tuple[Side, Side]
    covered: bool


def render_page(
    comparison: Comparison,
    document: Mapping[str, Any],
    provenance: Mapping[str, Any],
    *,
    progress: Progress = quiet,
) -> str:
    """Make the page.

    Parameters
    ----------
    comparison : Comparison
        For the pictures.
    document : mapping
        The content of ``change.json``: every number on the page is from here.
    provenance : mapping
        The content of ``provenance.json``.

    Returns
    -------
    str
        HTML with style, script and pictures inside; it asks no server for anything.
    """
    progress(0, 3, "choosing levels")
    cards = _cards(comparison)
    progress(1, 3, "drawing")
    context = {
        "document": document,
        "provenance": provenance,
        "found": _found(document),
        "headline": words.headline(_found(document)),
        "residual": _unbroken(comparison.residual),
        "fate": _unbroken(_fate_words(document)),
        "reasons": [check.says for check in comparison.checks if check.blocks and not check.ok],
        "cards": cards,
        "has_fate": comparison.baseline.fate is not None,
        "frontals": _frontals(comparison),
        "legend_opacity": _legend([o for card in cards for side in card.sides for o in side.opacity]),
        "legend_fate": _legend([o for card in cards for side in card.sides for o in side.fate]),
        "regions": _region_rows(document),
        "measures": _measure_rows(document),
        "histogram": _histogram(comparison),
        "checks": sorted(document["checks"], key=lambda check: bool(check["ok"])),
        "registration": _facts(document["registration"] or {}),
        "thresholds": _facing(document["thresholds"]),
        "bands": _bands(comparison),
        "scans": _facing({"baseline": document["baseline"], "followup": document["followup"]}),
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
    for function in (words.number, words.signed, words.span, words.region_name):
        environment.filters[function.__name__] = function
    environment.filters["cell"] = _cell
    environment.filters["humane"] = _humane
    environment.globals["interval_words"] = words.interval_words
    return environment


# -- numbers ----------------------------------------------------------------------------------------------------------


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


def _fate_words(document: Mapping[str, Any]) -> str:
    whole = document["regions"][0]
    fate = whole["fate_ml"]
    return "" if fate is None else words.fate_sentence(whole["baseline"]["opacity_ml"], fate)


def _unbroken(sentence: str) -> str:
    """A sentence whose numbers stay on one line with their units."""
    return re.sub(r"(?<=\d) (?=%|mL\b)", "\N{NO-BREAK SPACE}", sentence)


def _region_rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of the table of regions, each with its bar and, for the parts of a region, its own rows."""
    intervals = {row["region"]: Interval(**row["change"]["opacity_ml"]) for row in document["regions"]}
    scale = scale_of(one for key, one in intervals.items() if "/" not in key)
    fine = scale_of(one for key, one in intervals.items() if "/" in key)
    rows: dict[str, dict[str, Any]] = {}
    for row in document["regions"]:
        whole, _, part = row["region"].partition("/")
        bar = (fine if part else scale).bar(intervals[row["region"]])
        drawn = {**row, "bar": bar, "parts": []}
        if part and whole in rows:
            rows[whole]["parts"].append(drawn)
        else:
            rows[row["region"]] = drawn
    return list(rows.values())


def _measure_rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    whole = document["regions"][0]
    rows = []
    for key, name, unit, decimals in MEASURES:
        before, after = whole["baseline"][key], whole["followup"][key]
        change = whole["change"].get("opacity_pp" if key == "opacity_percent" else key)
        rows.append(
            {
                "name": name,
                "unit": unit,
                "decimals": decimals,
                "before": before,
                "after": after,
                "change": change["value"] if change else None if None in (before, after) else after - before,
                "interval": change,
            }
        )
    return rows


def _facts(mapping: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """A nested mapping as a flat list of names and values."""
    rows: list[tuple[str, Any]] = []
    for key, value in mapping.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            rows += _facts(value, f"{name} ")
        else:
            rows.append((name, value))
    return rows


def _facing(mapping: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Rows (name, baseline, follow-up); what belongs to neither stands in both columns as one value."""
    both = [dict(_facts(mapping.get(side) or {})) for side in ("baseline", "followup")]
    rows: list[tuple[str, Any, Any]] = [(key, both[0].get(key), both[1].get(key)) for key in {**both[0], **both[1]}]
    told = {"baseline", "followup", *both[0]}
    rest = {key: value for key, value in mapping.items() if key not in told}
    return rows + [(name, value, value) for name, value in _facts(rest)]


def _cell(value: Any) -> str:
    """A value of a fact for reading."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _short(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " × ".join(_cell(part) for part in value)
    return words.number(value, decimals=0) if isinstance(value, int) else str(value)


def _short(value: float) -> str:
    """Three digits or so, without zeros that say nothing: 4.3, 0.75, 120."""
    text = words.number(value, decimals=0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2)
    return text.rstrip("0").rstrip(".") if "." in text else text


UNITS = {"years": "years", "hu": "HU", "ml": "mL", "mm": "mm", "g": "g", "percent": "%", "mas": "mAs"}


FACTS = {
    "kvp": "Tube voltage, kV",
    "tube_current_time_mas": "Tube current × time, mAs",
    "contrast": "Contrast agent named",
    "lossy": "Lossy compression",
    "shape": "Voxels (head, posterior, left)",
    "spacing_mm": "Spacing (head, posterior, left), mm",
    "folding_share": "Share of the lungs that folds",
    "jacobian_1": "Local volume ratio, 1st percentile",
    "jacobian_50": "Local volume ratio, median",
    "jacobian_99": "Local volume ratio, 99th percentile",
    "volume_ratio": "Lung volume ratio by registration",
    "volume_ratio_measured": "Lung volume ratio as measured",
    "mask_dice": "Overlap of the lungs (Dice)",
    "matched_share": "Share of keypoints matched within 2.3 mm",
    "residual_mm": "Distance of keypoints (median), mm",
    "inverse_mm": "Inverse inconsistency, mm",
}
"""Facts whose key alone would puzzle a reader."""


def _humane(key: str) -> str:
    """A key in words, its unit behind a comma: ``"normal mean, HU"``."""
    if key in FACTS:
        return FACTS[key]
    parts = key.replace(" ", "_").split("_")
    unit = UNITS.get(parts[-1]) if len(parts) > 1 else None
    text = " ".join(parts[:-1] if unit else parts)
    text = f"{text}, {unit}" if unit else text
    text = text.replace("followup", "follow-up").replace("hu of", "HU of")
    return text[:1].upper() + text[1:]


# -- pictures ---------------------------------------------------------------------------------------------------------


def _organ_keys(timepoint: Timepoint) -> tuple[str, ...]:
    """The labels of the organ that are counted: lungs without the airways."""
    return tuple(label.key for label in timepoint.organ.scheme if label.key.endswith("_lung"))


def _sight(timepoint: Timepoint) -> Sight:
    return Sight(
        timepoint.volume.geometry,
        timepoint.organ.mask(*_organ_keys(timepoint)),
        timepoint.opacity.mask(*OPACITIES),
    )


def _cards(comparison: Comparison) -> list[Card]:
    baseline, followup = _sight(comparison.baseline), _sight(comparison.followup)
    cards = []
    for view, count in LEVELS:
        frame = frame_of(view, baseline, followup)
        levels = matched_levels(view, baseline, followup, comparison.transform, count=count)
        draw = partial(_card, comparison, frame)
        cards += [draw(level, f"{view}{number}") for number, level in enumerate(levels, start=1)]
    return cards


def _card(comparison: Comparison, frame: Frame, level: Level, identifier: str) -> Card:
    sides = []
    for number, (when, timepoint, centre) in enumerate(
        (("Baseline", comparison.baseline, level.baseline), ("Follow-up", comparison.followup, level.followup))
    ):
        short = f"slice {level.slices[number]}" if level.view == "axial" else "coronal"
        grid = timepoint.volume.geometry
        cut = Cut(grid, lay(level.view, centre, frame, grid))
        sides.append(
            Side(
                identifier=f"{identifier}-{when.lower()}",
                when=when,
                place=f"{short} of {level.of[number]}" if level.view == "axial" else short,
                short=short,
                picture=picture(timepoint.volume, cut),
                opacity=_border(timepoint, cut) + outlines(timepoint.opacity, cut, colours=COLOURS),
                fate=_fate(timepoint, cut),
            )
        )
    place = (
        f"{100 * level.share:.0f} % of the way from the top to the base of the lungs"
        if level.view == "axial"
        else f"{100 * level.share:.0f} % of the way from the front to the back of the lungs"
    )
    return Card(f"{level.view.capitalize()}, {place}", (sides[0], sides[1]), level.covered)


def _border(timepoint: Timepoint, cut: Cut) -> tuple[Outline, ...]:
    """The organ's edge, so that a reader sees whether dense lung fell out of the mask."""
    found = outlines(timepoint.organ, cut, keys=_organ_keys(timepoint))
    return tuple(Outline("organ", NAMES["organ"], COLOURS["organ"], one.path) for one in found)


def _fate(timepoint: Timepoint, cut: Cut) -> tuple[Outline, ...]:
    return () if timepoint.fate is None else outlines(timepoint.fate, cut, colours=COLOURS)


def _legend(drawn: Sequence[Outline]) -> list[tuple[str, str, str]]:
    """Key, words and colour of what is drawn somewhere on the page, each name once, in a fixed order."""
    keys = {outline.key for outline in drawn}
    rows = {NAMES[key]: (key, NAMES[key], COLOURS[key]) for key in NAMES if key in keys}
    return list(rows.values())


def _frontals(comparison: Comparison) -> tuple[Frontal, Frontal]:
    before, after = (
        frontal(point.organ, point.opacity, _organ_keys(point), OPACITIES)
        for point in (comparison.baseline, comparison.followup)
    )
    return before, after


def _bands(comparison: Comparison) -> list[tuple[Band, Band]]:
    """The fixed bands of the literature in both scans, counted on the images."""
    before, after = (
        fixed_bands(point.volume, point.organ, point.vessels) for point in (comparison.baseline, comparison.followup)
    )
    return list(zip(before, after, strict=True))


def _histogram(comparison: Comparison) -> dict[str, Any]:
    points = (comparison.baseline, comparison.followup)
    shares = [density_shares(point.volume, point.organ, _organ_keys(point)) for point in points]
    top = max(float(share.max()) for share in shares)
    curves = [density_path(share, top) for share in shares]
    low, high = HISTOGRAM_HU
    ticks = [(hu, round(100.0 * (hu - low) / (high - low), 2)) for hu in range(-1000, high, 200)]
    return {"curves": curves, "ticks": ticks}

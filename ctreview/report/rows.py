"""The tables of the page: rows made from the content of ``change.json``, keys and values in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ctreview.change.comparison import Interval
from ctreview.change.table import columns
from ctreview.report.charts import scale_of
from ctreview.report.languages.wording import Wording
from ctreview.report.words import varied

__all__ = ["by_severity", "check_unit", "facing", "facts", "key_in_words", "measure_rows", "region_rows", "source_rows"]

BANDS = {"haa_percent": "High attenuation (−600 to −250 HU)"}
"""Bands whose share is measured, in words."""

Named = tuple[str, str, str, int | None]
"""The key of a measure, its name, unit and decimals."""


def by_severity(classes: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The classes of a document that are counted, the least severe first."""
    return sorted((one for one in classes if one["counted"]), key=lambda one: int(one["severity"]))


def _measures(document: Mapping[str, Any], named: Mapping[str, str], wording: Wording) -> list[Named]:
    counted = [one["key"] for one in by_severity(document["classes"])]
    rest = [one["key"] for one in document["classes"] if not one["counted"]]
    together = "Opacity (the two together)" if len(counted) == 2 else "Opacity (all together)"
    return [
        ("volume_ml", wording.text("Lung volume"), "mL", 0),
        ("mean_hu", wording.text("Mean density"), "HU", 0),
        *((f"{key}_ml", _capital(named[key]), "mL", None) for key in counted),
        ("opacity_ml", wording.text(together), "mL", None),
        ("opacity_percent", wording.text("Opacity, share of lung"), "%", 1),
        *((f"{key}_ml", f"{_capital(named[key])} ({wording.text('not counted')})", "mL", None) for key in rest),
        *((key, wording.text(name), "%", 1) for key, name in BANDS.items()),
    ]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def region_rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of the table of regions, each with its bar and, for the parts of a region, its own rows."""
    intervals = {row["region"]: Interval(**row["change"]["opacity_ml"]) for row in document["regions"]}
    scale = scale_of(one for key, one in intervals.items() if "/" not in key)
    fine = scale_of(one for key, one in intervals.items() if "/" in key)
    most = max(1e-9, *(row[when]["opacity_ml"] for row in document["regions"] for when in ("baseline", "followup")))
    rows: dict[str, dict[str, Any]] = {}
    for row in document["regions"]:
        whole, _, part = row["region"].partition("/")
        bar = (fine if part else scale).bar(intervals[row["region"]])
        amounts = [round(100.0 * row[when]["opacity_ml"] / most, 2) for when in ("baseline", "followup")]
        drawn = {**row, "bar": bar, "amounts": amounts, "parts": []}
        if part and whole in rows:
            rows[whole]["parts"].append(drawn)
        else:
            rows[row["region"]] = drawn
    return list(rows.values())


def source_rows(document: Mapping[str, Any]) -> list[tuple[str, float, str]]:
    """What makes the interval of the lungs' opacity wide, the widest first: name, half width in mL, what is varied."""
    found = document["regions"][0]["change"]["opacity_ml"].get("sources", {})
    return [(name, half_ml, varied(name)) for name, half_ml in sorted(found.items(), key=lambda one: -float(one[1]))]


def measure_rows(document: Mapping[str, Any], named: Mapping[str, str], wording: Wording) -> list[dict[str, Any]]:
    """Every measure of the lungs as a whole at baseline, at follow-up, and how it changed.

    ``named`` says what each class is called, by its key.
    """
    whole = {key: columns(document["regions"][0][key]) for key in ("baseline", "followup", "change")}
    rows = []
    for key, name, unit, decimals in _measures(document, named, wording):
        before, after = whole["baseline"].get(key), whole["followup"].get(key)
        change = whole["change"].get("opacity_pp" if key == "opacity_percent" else key)
        rows.append(
            {
                "name": name,
                "unit": unit,
                "decimals": decimals,
                "before": before,
                "after": after,
                "change": change["value"] if change else None if before is None or after is None else after - before,
                "interval": change,
            }
        )
    return rows


def facts(mapping: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """A nested mapping as a flat list of names and values."""
    rows: list[tuple[str, Any]] = []
    for key, value in mapping.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            rows += facts(value, f"{name} ")
        else:
            rows.append((name, value))
    return rows


def facing(mapping: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Rows (name, baseline, follow-up); what belongs to neither stands in both columns as one value."""
    both = [dict(facts(mapping.get(side) or {})) for side in ("baseline", "followup")]
    rows: list[tuple[str, Any, Any]] = [(key, both[0].get(key), both[1].get(key)) for key in {**both[0], **both[1]}]
    told = {"baseline", "followup", *both[0]}
    rest = {key: value for key, value in mapping.items() if key not in told}
    return rows + [(name, value, value) for name, value in facts(rest)]


UNITS = {"years": "years", "hu": "HU", "ml": "mL", "mm": "mm", "g": "g", "percent": "%", "mas": "mAs"}


FACTS = {
    "normal_hu": "Density of normal lung, HU",
    "excess_hu": "Ground glass begins above normal lung by, HU",
    "ground_glass_hu": "Ground glass from, HU",
    "consolidation_hu": "Consolidation from, HU",
    "tube_voltage": "Tube voltage, difference",
    "slice_thickness": "Slice thickness, ratio",
    "noise": "Noise, ratio",
    "sharpness": "Sharpness, ratio",
    "resolution": "Blur of the less sharp scan",
    "air_around_the_body": "Air around the body, difference",
    "hu_of_air_in_the_trachea": "Air in the trachea, difference",
    "hu_of_soft_tissue_of_the_heart": "Soft tissue of the heart, difference",
    "lung_volume_ratio": "Lung volume ratio (limit: how far from 1)",
    "normal_lung_agreement": "Normal lung of both scans, difference",
    "order_of_scans": "From baseline to follow-up",
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


CHECK_UNITS = {
    "kV": ("tube_voltage",),
    "mm": ("resolution", "slice_gap"),
    "days": ("order_of_scans",),
    "HU": (
        "air_around_the_body",
        "hu_of_air_in_the_trachea",
        "hu_of_soft_tissue_of_the_heart",
        "normal_lung_agreement",
        "lungs_alike",
    ),
    "%": (
        "growth",
        "common_field_of_view",
        "lungs_cut_alike",
        "opacity_in_field_of_view",
        "right_oblique_fissure",
        "right_minor_fissure",
        "left_oblique_fissure",
    ),
    "mL": (
        "streaks",
        "age_of_small_lungs",
        "lung_volume_plausible",
        "lung_size",
        "dense_lung_recovered",
        "dense_candidates",
        "pleural_fluid",
        "gas_under_diaphragm",
        "pneumothorax",
        "mediastinal_air",
        "bullae",
    ),
}
"""What the numbers of checks are counted in; others are ratios, shares or words."""


def check_unit(name: str) -> str:
    """The unit of a check's value and limit; empty where they have none."""
    bare = name.removeprefix("baseline_").removeprefix("followup_")
    return next((unit for unit, names in CHECK_UNITS.items() if bare in names), "")


def key_in_words(key: str) -> str:
    """A key in words, its unit behind a comma: ``"normal mean, HU"``."""
    if key in FACTS:
        return FACTS[key]
    parts = key.replace(" ", "_").split("_")
    unit = UNITS.get(parts[-1]) if len(parts) > 1 else None
    text = " ".join(parts[:-1] if unit else parts)
    text = f"{text}, {unit}" if unit else text
    text = text.replace("followup", "follow-up").replace("hu of", "HU of")
    return text[:1].upper() + text[1:]

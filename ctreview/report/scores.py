"""Scores and density of both scans: the document ``scores.json`` and what the page shows of it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ctreview.change.comparison import Comparison
from ctreview.change.measure import RegionMeasures
from ctreview.change.timepoint import Timepoint
from ctreview.lung.density import density_profile, excess_mass_g
from ctreview.lung.visual_scores import (
    LOBES,
    ZONES,
    ZoneContent,
    propose_alveolar_score,
    propose_jdm_ild_score,
    propose_volumetric_extent,
)
from ctreview.report.languages.wording import Wording

__all__ = ["SCORES_SCHEMA", "Recorded", "density_rows", "score_rows", "scores_document"]

SCORES_SCHEMA = "ctreview.scores/1"

WHEN = ("baseline", "followup")

Recorded = Mapping[tuple[str, str, str, str], float]
"""What a reader recorded: grades by score, scan (``baseline`` or ``followup``), region and name of the item."""

DENSITIES = (
    ("mean_hu", "Mean", "HU", 0),
    ("sd_hu", "Standard deviation", "HU", 0),
    ("skewness", "Skewness", "", 2),
    ("kurtosis", "Kurtosis (normal distribution: 3)", "", 2),
    ("high_attenuation_percent", "High attenuation (−600 to −250 HU)", "%", 1),
    ("mass_g", "Lung mass", "g", 0),
    ("excess_mass_g", "Excess mass of the opacity", "g", 1),
)
"""Key, name, unit and decimals of what is shown of a histogram."""


def scores_document(comparison: Comparison) -> dict[str, Any]:
    """Scores that are proposed of both scans, and the density of their lungs; ready for JSON."""
    points = {"baseline": comparison.baseline, "followup": comparison.followup}
    measures = {
        "baseline": {row.region: row.baseline for row in comparison.regions},
        "followup": {row.region: row.followup for row in comparison.regions},
    }
    return {
        "schema": SCORES_SCHEMA,
        **{
            when: {
                "scores": _proposed(measures[when]),
                "density": _density(point, comparison.thresholds.get(when) or {}),
            }
            for when, point in points.items()
        },
    }


def _proposed(measures: Mapping[str, RegionMeasures]) -> list[dict[str, Any]]:
    contents = {name: _content(measures[name]) for name in (*LOBES, *ZONES) if name in measures}
    whole = _content(next(iter(measures.values())))
    found = (propose_jdm_ild_score(contents), propose_alveolar_score(contents), propose_volumetric_extent(whole))
    return [score.to_dict() for score in found if score is not None]


def _content(measures: RegionMeasures) -> ZoneContent:
    classes = measures.classes_ml
    return ZoneContent(measures.volume_ml, classes.get("ground_glass", 0.0), classes.get("consolidation", 0.0))


def _density(point: Timepoint, thresholds: Mapping[str, Any]) -> dict[str, Any] | None:
    voxel_ml = point.volume.geometry.voxel_ml
    lung = point.volume.array[point.organ.counted_mask()]
    if not lung.size:
        return None
    normal_hu = thresholds.get("normal_hu")
    opacity = point.volume.array[point.opacity.counted_mask()]
    excess = None if normal_hu is None else excess_mass_g(opacity, normal_hu, voxel_ml)
    return {**density_profile(lung, voxel_ml).to_dict(), "excess_mass_g": excess}


def score_rows(
    document: Mapping[str, Any], wording: Wording, recorded: Recorded = MappingProxyType({})
) -> list[dict[str, Any]]:
    """Each score with its items at both timepoints, which face each other: proposed, and what a reader recorded."""
    later = {score["key"]: score for score in document["followup"]["scores"]}
    rows = []
    for score in document["baseline"]["scores"]:
        other = later.get(score["key"])
        if other is None:
            continue
        rows.append(
            {
                "title": wording.text(score["title"]),
                "highest": score["highest"],
                "totals": (score["total"], other["total"]),
                "source": score["source"],
                "unseen": wording.text(score["unseen"]),
                "recorded": tuple(
                    sum((score["key"], when, item["region"], item["name"]) in recorded for item in score["items"])
                    for when in WHEN
                ),
                "items": [
                    {
                        "region": wording.region(one["region"]),
                        "name": wording.text(one["name"]),
                        "highest": one["highest"],
                        "values": [
                            (item["value"], recorded.get((score["key"], when, item["region"], item["name"])))
                            for when, item in zip(WHEN, (one, two), strict=True)
                        ],
                    }
                    for one, two in zip(score["items"], other["items"], strict=True)
                ],
            }
        )
    return rows


def density_rows(document: Mapping[str, Any], wording: Wording) -> list[tuple[str, str, str]]:
    """Name, value at baseline and at follow-up of what the histogram says."""
    both = [document[when]["density"] for when in ("baseline", "followup")]
    if None in both:
        return []
    rows = []
    for key, name, unit, decimals in DENSITIES:
        if any(one[key] is None for one in both):
            continue
        said = [wording.number(one[key], decimals=decimals) for one in both]
        rows.append((wording.text(name) + (f", {wording.text(unit)}" if unit else ""), said[0], said[1]))
    percentiles = [" / ".join(wording.number(v, decimals=0) for v in one["percentiles_hu"].values()) for one in both]
    rows.insert(
        2,
        (f"{wording.text('Percentiles 5 / 25 / 50 / 75 / 95')}, {wording.text('HU')}", percentiles[0], percentiles[1]),
    )
    return rows

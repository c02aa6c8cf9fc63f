"""The document of one scan's measures, and what documents of results share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ctreview.change.measure import RegionMeasures
from ctreview.change.timepoint import Timepoint
from ctreview.checks import Check
from ctreview.volume.labels import Scheme

__all__ = ["MEASUREMENTS_SCHEMA", "classes_document", "measurements_document"]

MEASUREMENTS_SCHEMA = "ctreview.measurements/2"
"""Name and version of the shape that `measurements_document` gives."""


def measurements_document(
    point: Timepoint,
    measures: Mapping[str, RegionMeasures],
    checks: Sequence[Check],
    *,
    thresholds: Mapping[str, Any],
    fixed_bands: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The content of ``measurements.json``: no identity, no array, no date.

    Parameters
    ----------
    point : Timepoint
        The scan and what was found in it.
    measures : mapping of str to RegionMeasures
        By region.
    checks : sequence of Check
    thresholds : mapping
        Where opacity begins, ready for JSON.
    fixed_bands : sequence of mapping
        Counts of the organ between fixed limits of density, ready for JSON.
    """
    return {
        "schema": MEASUREMENTS_SCHEMA,
        "scan": dict(point.facts),
        "reading_warnings": list(point.volume.notes),
        "classes": classes_document(point.opacity.scheme),
        "regions": [{"region": name, **found.to_dict()} for name, found in measures.items()],
        "fixed_bands": [dict(band) for band in fixed_bands],
        "lobes": None,
        "candidates": [one.to_dict() for one in point.candidates],
        "checks": [check.to_dict() for check in checks],
        "thresholds": dict(thresholds),
    }


def classes_document(scheme: Scheme) -> list[dict[str, Any]]:
    """Which classes a document holds, what they are called, and which of them are summed."""
    return [
        {"key": label.key, "name": label.called("en"), "counted": label.counted, "severity": label.severity}
        for label in scheme
    ]

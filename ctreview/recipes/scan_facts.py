"""What may be written down about a scan: how it was made, never of whom and when."""

from __future__ import annotations

from typing import Any

from ctreview.dicom.acquisition import published_age
from ctreview.volume.volume import Volume

__all__ = ["scan_facts"]

PROTOCOL = (
    "modality",
    "kvp",
    "tube_current_time_mas",
    "kernel",
    "slice_thickness_mm",
    "contrast",
    "posture",
    "manufacturer",
    "scanner",
    "lossy",
)


def scan_facts(volume: Volume, age_years: float | None) -> dict[str, Any]:
    """Protocol, grid and age of a scan, ready for JSON; no identity, no date, no free text."""
    return {
        "series": volume.series_key,
        "age_years": published_age(age_years),
        **{name: getattr(volume.acquisition, name) for name in PROTOCOL},
        "shape": list(volume.geometry.shape),
        "spacing_mm": [round(spacing, 4) for spacing in volume.geometry.spacing],
    }

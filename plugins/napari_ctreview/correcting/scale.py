"""Settings of tools that are densities, brought to the scale of an image that has no HU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ctreview.volume.volume import Volume
from napari_ctreview.viewer.presets import WINDOWS, windows_for

__all__ = ["UNITS", "rescaled", "scale_of"]

UNITS = {"HU": "HU", "ms": "ms", "fraction": "", "arbitrary": ""}
"""What stands behind a value of each unit."""

_LENGTHS = {"pick": ("narrowest_hu", "widening_hu", "supervoxel_hu"), "wire": ("edge_hu_per_mm",)}
"""Settings that say how far apart two values are."""

_GATES = {"brush": ("low_hu", "high_hu")}
"""Settings that say what values are meant: they mean nothing in another image."""


def scale_of(volume: Volume) -> float:
    """How wide an image's values spread, beside those of a CT of the lungs (1)."""
    if volume.unit == "HU":
        return 1.0
    _, width = next(iter(windows_for(volume).values()))
    return width / WINDOWS["lung"][1]


def rescaled(settings: Mapping[str, Any], factor: float) -> dict[str, Any]:
    """Every tool's settings for an image whose values spread so much wider; gates are left open."""
    found = dict(settings)
    for name, lengths in _LENGTHS.items():
        found[name] = replace(found[name], **{key: getattr(found[name], key) * factor for key in lengths})
    for name, gates in _GATES.items():
        found[name] = replace(found[name], **dict.fromkeys(gates))
    return found

"""How a finding is drawn over a slice."""

from __future__ import annotations

import numpy as np

from ctreview.study import Finding
from ctreview.volume.geometry import FloatArray
from napari_ctreview.viewer.annotations import Drawing
from napari_ctreview.viewer.pane import Pane

__all__ = ["size_of", "sketches_of"]

_COLOUR = "#7fd7ff"
_OFFERED = "#ffd166"
_DOT_PIXELS = 7.0
_ROUND = np.linspace(0, 2 * np.pi, 49)


def sketches_of(what: Finding | FloatArray, pane: Pane, *, offered: bool = False) -> list[Drawing]:
    """A finding, or a line that is being drawn, in pixels; nothing on another slice."""
    if not isinstance(what, Finding):
        return _line(what, pane, f"{np.linalg.norm(what[1] - what[0]):.1f} mm", _COLOUR, dashed=True)
    colour = _OFFERED if offered else _COLOUR
    text = f"{what.tracked}{'?' if offered else ''}  {size_of(what)}".rstrip()
    if what.long_axis is None:
        return _dot(np.asarray(what.place), pane, text, colour, dashed=offered or what.state == "not_seen")
    shown = _line(np.asarray(what.long_axis), pane, text, colour, dashed=offered)
    if what.short_axis is not None:
        shown += _line(np.asarray(what.short_axis), pane, "", colour, dashed=offered)
        shown += _ellipse(what, pane, colour)
    return shown


def size_of(finding: Finding) -> str:
    """As much as was measured: "12.3 × 8.0 mm, 0.41 mL"; or "not seen", which tells no blinded reader the order."""
    if finding.state == "not_seen":
        return "not seen"
    if finding.long_mm is None:
        return ""
    if finding.short_mm is None:
        return f"{finding.long_mm:.1f} mm"
    return f"{finding.long_mm:.1f} × {finding.short_mm:.1f} mm, {finding.ellipsoid_ml:.2f} mL"


def _line(points: FloatArray, pane: Pane, text: str, colour: str, *, dashed: bool) -> list[Drawing]:
    pixels, off = pane.pixels_of(points)
    if np.abs(off).max() > _near(pane):
        return []
    return [Drawing(_plain(pixels), False, text, colour, 1.6, dashed)]


def _dot(place: FloatArray, pane: Pane, text: str, colour: str, *, dashed: bool) -> list[Drawing]:
    pixel, off = pane.pixels_of(place)
    if abs(off) > _near(pane):
        return []
    ring = pixel + _DOT_PIXELS * np.stack([np.cos(_ROUND), np.sin(_ROUND)], axis=1)
    return [Drawing(_plain(ring), True, text, colour, 1.6, dashed)]


def _ellipse(finding: Finding, pane: Pane, colour: str) -> list[Drawing]:
    """Around the middle of the long axis, as wide as both axes are long."""
    long, short = np.asarray(finding.long_axis), np.asarray(finding.short_axis)
    half = (long[1] - long[0]) / 2
    across = (short[1] - short[0]) / 2
    # drawn by hand the axes are seldom at right angles; the ellipsoid that is counted has them so
    unit = half / max(float(np.linalg.norm(half)), 1e-9)
    upright = across - (across @ unit) * unit
    length = float(np.linalg.norm(upright))
    if length < 1e-6:
        return []
    upright *= float(np.linalg.norm(across)) / length
    ring = long.mean(axis=0) + np.outer(np.cos(_ROUND), half) + np.outer(np.sin(_ROUND), upright)
    pixels, off = pane.pixels_of(ring)
    return [] if np.abs(off).max() > _near(pane) else [Drawing(_plain(pixels), True, "", colour, 1.0, dashed=True)]


def _near(pane: Pane) -> float:
    # what is carried to the other timepoint lies between its slices
    return float(pane.geometry.spacing[pane.across]) * 1.01 + pane.slab.thickness_mm / 2


def _plain(pixels: FloatArray) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in pixels)

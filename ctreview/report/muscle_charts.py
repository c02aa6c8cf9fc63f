"""Curves along the limb, slice by slice, of each side and each date, as paths of a drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from ctreview.muscle.curves import SliceCurve
from ctreview.muscle.femur import Femur
from ctreview.muscle.limb_segment import LIMB_SEGMENTS, limb_key
from ctreview.muscle.scheme import SIDES
from ctreview.volume.geometry import FloatArray

__all__ = ["Chart", "ChartLine", "DatedCurves", "along_femur"]

WIDTH, HEIGHT = 640.0, 220.0
COLOURS = {
    limb_key(side, segment): colour
    for segment in LIMB_SEGMENTS
    for side, colour in zip(SIDES, ("#d55e00", "#0072b2", "#8a3f6c"), strict=True)
}
DASHES = ("7 4", "")
"""Of the baseline, and of the follow-up."""


@dataclass(frozen=True, eq=False)
class DatedCurves:
    """The curves of one examination, and the femurs by the key of the limb."""

    curves: Sequence[SliceCurve]
    femurs: Mapping[str, Femur]


@dataclass(frozen=True)
class ChartLine:
    """A line.

    Attributes
    ----------
    region : str
    date : int
        0 for the baseline, or the only examination; 1 for the follow-up.
    colour, dash, path : str
    """

    region: str
    date: int
    colour: str
    dash: str
    path: str


@dataclass(frozen=True)
class Chart:
    """A drawing, ready for the page.

    Attributes
    ----------
    lines : tuple of ChartLine
    ticks : tuple of (float, float)
        Height in the drawing, and value.
    marks : tuple of (float, int)
        Place in the drawing, and per cent of the femur or millimetres.
    of_femur : bool
        Which of the two.
    width, height : float
    """

    lines: tuple[ChartLine, ...]
    ticks: tuple[tuple[float, float], ...]
    marks: tuple[tuple[float, int], ...]
    of_femur: bool
    width: float = WIDTH
    height: float = HEIGHT


def along_femur(dates: Sequence[DatedCurves], what: str) -> Chart | None:
    """Draw the curves of all dates in one chart.

    Parameters
    ----------
    dates : sequence of DatedCurves
        Baseline first.
    what : {"muscle", "fat_fraction"}
        Cross-section of muscle in cm², or mean fat fraction inside the fascia in per cent.

    Returns
    -------
    Chart or None
        Against the share of the femur's length where every femur is known, else against millimetres from the lowest
        slice. None where nothing is to be drawn.
    """
    known = all(one.femurs[curve.region].length_mm for one in dates for curve in one.curves)
    found: list[tuple[str, int, FloatArray, FloatArray]] = []
    for date, one in enumerate(dates):
        for curve in one.curves:
            values = _values(curve, what)
            if values is not None and np.isfinite(values).any():
                found.append((curve.region, date, _along(curve, one.femurs[curve.region], of_femur=known), values))
    if not found:
        return None
    low, high = min(float(x.min()) for *_, x, _ in found), max(float(x.max()) for *_, x, _ in found)
    top = max(1.0, *(float(np.nanmax(y)) for *_, y in found)) * 1.08
    lines = tuple(
        ChartLine(
            region,
            date,
            COLOURS.get(region, "#555"),
            DASHES[date] if len(dates) > 1 else "",
            _path(x, y, low, high, top),
        )
        for region, date, x, y in found
    )
    step = _round_step(top)
    ticks = tuple((round(HEIGHT * (1 - v / top), 1), v) for v in np.arange(0, top, step).round(1).tolist())
    apart = max(1, round(_round_step(high - low)))
    marks = tuple(
        (round((v - low) / max(high - low, 1e-6) * WIDTH, 1), v)
        for v in range(ceil(low / apart) * apart, floor(high) + 1, apart)
    )
    return Chart(lines, ticks, marks, known)


def _round_step(span: float) -> float:
    """The least round number of which at most six fit into a span."""
    return next(s for s in (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 10_000) if span / s <= 6)


def _values(curve: SliceCurve, what: str) -> FloatArray | None:
    if what == "muscle":
        return curve.area_cm2["muscle"]
    return None if curve.fat_fraction is None else 100.0 * curve.fat_fraction


def _along(curve: SliceCurve, femur: Femur, *, of_femur: bool) -> FloatArray:
    if of_femur and femur.length_mm and femur.knee_mm is not None:
        return np.asarray(100.0 * (curve.z_mm - femur.knee_mm) / femur.length_mm)
    return np.asarray(curve.z_mm - curve.z_mm.min())


def _path(x: FloatArray, y: FloatArray, low: float, high: float, top: float) -> str:
    across, down = (x - low) / max(high - low, 1e-6) * WIDTH, HEIGHT * (1 - y / top)
    return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(across, down, strict=True) if np.isfinite(b))

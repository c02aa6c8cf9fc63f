"""How much lung each lobe lost from one scan to the other that neither breath nor its borders explain."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ctreview.change import Sensitivity
from ctreview.volume.geometry import FloatArray

__all__ = ["lost_lung_ml"]

LEAST_LOBES = 3
"""Of fewer lobes the middle one is no measure of breath: it may be the one that lost lung."""

BORDER_DEVIATIONS = 2.0
"""By so many standard deviations a border between lobes may lie off in either scan."""


def lost_lung_ml(
    pair: tuple[Sensitivity, Sensitivity], lobes: Iterable[str]
) -> tuple[dict[str, float], dict[str, float]]:
    """Millilitres by which each of some lobes is smaller in one scan than the other lets expect, by scan and lobe.

    Breath is the middle one of the ratios of these lobes. Lobes do not breathe alike, so each may do so by as much
    again or not at all; and its borders may lie off. What is beyond that counts whole.
    """
    names = tuple(lobe for lobe in lobes if all(lobe in one.names for one in pair))
    found: tuple[dict[str, float], dict[str, float]] = {}, {}
    before, after = (one.select(names) for one in pair)
    there = np.minimum(before.volume_ml, after.volume_ml) > 0
    if np.count_nonzero(there) < LEAST_LOBES:
        return found
    breath = float(np.median(after.volume_ml[there] / before.volume_ml[there]))
    expected = before.volume_ml * breath
    allowed = np.abs(expected - before.volume_ml) + BORDER_DEVIATIONS * np.hypot(_border_ml(before), _border_ml(after))
    off = after.volume_ml - expected
    for lobe, here, ml, limit in zip(names, there, off, allowed, strict=True):
        if here and abs(ml) > limit:
            found[1 if ml < 0 else 0][lobe] = float(abs(ml))
    return found


def _border_ml(one: Sensitivity) -> FloatArray:
    """By how much the borders of regions may be off that are not certain, standard deviations of their volumes."""
    squares = [border.volume_ml**2 for border in one.borders.values()]
    return np.sqrt(np.sum(squares, axis=0)) if squares else np.zeros(len(one.names))

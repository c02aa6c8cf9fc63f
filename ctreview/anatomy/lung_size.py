"""How large lungs are beside those of an adult: what lengths and volumes that were set for adults are scaled with."""

from __future__ import annotations

from ctreview.volume.labels import LabelMap

__all__ = ["ADULT_LUNGS_ML", "lung_size", "relative_size"]

ADULT_LUNGS_ML = 5000.0
"""Both lungs of an adult in inspiration, as a round number; one lung has half of it."""


def relative_size(ml: float, *, both: bool) -> float:
    """Size of lungs as a ratio of lengths, 1 in an adult: the cube root of their volume over 5 L, of one over 2.5 L."""
    return float((ml / (ADULT_LUNGS_ML if both else ADULT_LUNGS_ML / 2)) ** (1 / 3))


def lung_size(lungs: LabelMap) -> float:
    """`relative_size` of both lungs, or of the one that is there."""
    right, left = lungs.volume_ml("right_lung"), lungs.volume_ml("left_lung")
    return relative_size(right + left, both=min(right, left) > 0)

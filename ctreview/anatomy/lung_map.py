"""Lungs as they were found, and what a reader may add to them."""

from __future__ import annotations

from dataclasses import dataclass

from ctreview.anatomy.candidates import DenseCandidate
from ctreview.volume.labels import LabelMap

__all__ = ["LungMap"]


@dataclass(frozen=True, eq=False)
class LungMap(LabelMap):
    """Lungs that were found, and how much of them is dense.

    Attributes
    ----------
    dense_ml : float
        How much of them was recovered though it holds no air, in millilitres to one decimal.
    candidates : tuple of DenseCandidate
        Dense tissue that a reader may add to them: in neither lung and in no number, largest first.
    """

    dense_ml: float = 0.0
    candidates: tuple[DenseCandidate, ...] = ()

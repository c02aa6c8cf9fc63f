"""The femur as a ruler: where it begins and ends along the axis of the body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctreview.errors import WrongUse
from ctreview.muscle.bones import Bones
from ctreview.muscle.limb_segment import LimbSegment
from ctreview.volume.geometry import Geometry

__all__ = ["LEAST_FEMUR_MM", "Femur", "find_femur", "stated_femur"]

Mask = npt.NDArray[np.bool_]

LEAST_FEMUR_MM = 50.0
"""Shorter than the femur of any newborn at term, of about 75 mm: below it one end was stated twice or mistyped."""


@dataclass(frozen=True)
class Femur:
    """The femur of one limb.

    Attributes
    ----------
    knee_mm, hip_mm : float or None
        LPS z of its ends; None where they are not known.
    reason : str
        Why not, as a sentence; empty where they are.
    source : {"image", "stated", "none"}
    """

    knee_mm: float | None
    hip_mm: float | None
    reason: str = ""
    source: str = "image"

    @property
    def length_mm(self) -> float | None:
        """Along the axis of the body."""
        return None if self.knee_mm is None or self.hip_mm is None else self.hip_mm - self.knee_mm

    def height_mm(self, share: float) -> float | None:
        """LPS z at a share of its length from the knee."""
        length = self.length_mm
        return None if length is None or self.knee_mm is None else self.knee_mm + share * length


def stated_femur(knee_mm: float, hip_mm: float) -> Femur:
    """A femur whose ends a reader states, as LPS z in either order.

    Raises
    ------
    WrongUse
        An end is no number, or they lie closer together than `LEAST_FEMUR_MM`.
    """
    length = abs(hip_mm - knee_mm)
    if not (np.isfinite(length) and length >= LEAST_FEMUR_MM):
        raise WrongUse(
            f"the ends of a femur are stated {length:.0f} mm apart, at {knee_mm:g} and {hip_mm:g} mm",
            remedy=f"Give its two ends as LPS z in millimetres, at least {LEAST_FEMUR_MM:g} mm apart.",
        )
    return Femur(min(knee_mm, hip_mm), max(knee_mm, hip_mm), source="stated")


def find_femur(bones: Bones, limb: Mask, geometry: Geometry, segment: LimbSegment = "thigh") -> Femur:
    """Find the ends of the femur: the largest bone of a thigh.

    It is measured only where the image shows both ends: a slice without it lies below and above. The largest bone of a
    lower leg is a tibia.
    """
    if segment == "lower_leg":
        return Femur(None, None, "Two bones lie side by side: this is the lower leg, which has no femur.", "none")
    numbers = np.bincount(bones.number[limb], minlength=2)
    if len(numbers) < 2 or not numbers[1:].any():
        return Femur(None, None, "No femur was found in the image.", "none")
    femur = limb & (bones.number == 1 + int(np.argmax(numbers[1:])))
    levels = np.flatnonzero(femur.any(axis=(1, 2)))
    cut = [end for end, at in (("below", levels[0] == 0), ("above", levels[-1] == limb.shape[0] - 1)) if at]
    if cut:
        return Femur(None, None, f"The image ends within the femur ({' and '.join(cut)}), so its length is unknown.")
    middle = np.argwhere(femur).mean(axis=0)[1:]
    ends = [float(geometry.to_lps((level, *middle))[2]) for level in (levels[0] - 0.5, levels[-1] + 0.5)]
    length = ends[1] - ends[0]
    radius = float(
        np.sqrt(np.median(femur.sum(axis=(1, 2))[levels]) * geometry.spacing[1] * geometry.spacing[2] / np.pi)
    )
    if length < 8 * radius:
        return Femur(
            None, None, "What was found of the femur is too short to be a whole one, so its length is unknown."
        )
    return Femur(ends[0], ends[1])

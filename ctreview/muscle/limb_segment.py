"""Which segment of the limbs is shown, thigh or lower leg, by its bones; and what regions are called by it."""

from __future__ import annotations

from typing import Literal

import cc3d
import numpy as np
import numpy.typing as npt

from ctreview.checks import Check
from ctreview.muscle.bones import Bones
from ctreview.muscle.limbs import Limbs
from ctreview.muscle.morphology import distance_in_slices
from ctreview.muscle.scheme import LimbSide, tissue_key
from ctreview.volume.geometry import Geometry

__all__ = [
    "LEAST_LOWER_LEG_MM",
    "LIMB_SEGMENTS",
    "LimbSegment",
    "both_key",
    "find_segment",
    "is_limb",
    "limb_key",
    "lower_leg_slices",
]

Mask = npt.NDArray[np.bool_]

LimbSegment = Literal["thigh", "lower_leg"]

LIMB_SEGMENTS: tuple[LimbSegment, ...] = ("thigh", "lower_leg")

LEAST_LOWER_LEG_MM = 40.0
"""A second bone that is shorter, such as a patella, makes no lower leg; and as much of the other segment is told."""

_BOTH = {"thigh": "both_thighs", "lower_leg": "both_lower_legs"}

_LEAST_FIBULA = 0.03
"""Least cross-section of the smaller of two bones, as a share of the larger: a fibula is about a third as wide."""


_NECK = 0.3
"""Two bones that touch are joined by a neck that is narrower than this share of the larger one."""


def limb_key(side: LimbSide, segment: LimbSegment) -> str:
    """``"right_thigh"``, ``"left_lower_leg"``; without the side where that is not known."""
    return tissue_key(segment, side)


def both_key(part: str) -> str:
    """The region of both sides of a segment or a group: ``"both_thighs"``, ``"both_quadriceps"``."""
    return _BOTH.get(part, f"both_{part}")


def is_limb(region: str) -> bool:
    """Whether a region is a limb, or both; else it is a group that somebody drew."""
    return region in _BOTH.values() or region.removeprefix("right_").removeprefix("left_") in _BOTH


def lower_leg_slices(bones: Bones, limb: Mask) -> npt.NDArray[np.bool_]:
    """The axial slices in which a limb holds two bones side by side, as tibia and fibula lie; a patella is short.

    Parameters
    ----------
    bones : Bones
    limb : ndarray of bool
        Without slices in which limbs are joined.

    Returns
    -------
    ndarray of bool, shape (slices,)
    """
    inside = limb & bones.inside
    found = np.zeros(len(limb), bool)
    for level, (plane, depth) in enumerate(zip(inside, distance_in_slices(inside, (1.0, 1.0, 1.0)), strict=True)):
        sizes = np.sort(np.bincount(cc3d.connected_components(plane, connectivity=4).ravel())[1:])
        apart = len(sizes) > 1 and sizes[-2] >= _LEAST_FIBULA * sizes[-1]
        cores = cc3d.connected_components(depth > _NECK * depth.max(), connectivity=4)  # of bones that touch
        found[level] = apart or int(cores.max()) > 1
    return found


def find_segment(bones: Bones, limbs: Limbs, geometry: Geometry) -> tuple[LimbSegment, tuple[Check, ...]]:
    """Tell which segment most of the slices that show bone show, and how much of the other one there is.

    Two bones side by side are a lower leg. Both limbs are taken together: they are shown at the same heights.
    """
    two, bone = 0, 0
    for number in range(1, len(limbs.sides) + 1):
        limb = (limbs.number == number) & ~limbs.joined[:, None, None]
        two += int(np.count_nonzero(lower_leg_slices(bones, limb)))
        bone += int(np.count_nonzero((limb & bones.inside).any(axis=(1, 2))))
    two, bone = (round(count / len(limbs.sides)) for count in (two, bone))
    least = LEAST_LOWER_LEG_MM / geometry.spacing[0]
    if not bone:
        message = "No bone is seen, so that thigh and lower leg cannot be told apart: it is called thigh."
        return "thigh", (Check("lower_leg", None, None, ok=False, message=message),)
    if two <= 0.5 * bone:
        if two < least:
            return "thigh", ()
        message = (
            f"In {two} of {bone} slices two bones lie side by side, as in the lower leg: what is called thigh holds "
            "them. Give the series of thigh and of lower leg one by one to have them apart."
        )
        return "thigh", (Check("lower_leg", two, 0, ok=False, message=message),)
    one = bone - two
    message = f"In {two} of {bone} slices two bones lie side by side: this is the lower leg."
    if one >= least:
        message += (
            f" In {one} slices one bone alone is seen: knee or thigh is in it, or a fibula is not told from muscle and "
            "counts as it, by some per cent."
        )
    return "lower_leg", (Check("lower_leg", two, bone, ok=one < least, message=message),)

"""Which way round the inside of a chest lies: the heart says whether left is left.

A scan whose right and left were swapped on its way (a flipped array, a wrong orientation in the header) looks like
any other one; only organs that are not alike on both sides tell. Where the heart lies on the right in one of two scans
of a patient, that scan is mirrored. Where it does so in both, it may be the patient, who has a situs inversus.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from skimage.morphology import convex_hull_image

from ctreview.checks import Check
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

__all__ = ["Situs", "SitusSide", "compare_situs", "find_situs"]

SitusSide = Literal["usual", "mirrored", "unclear"]

Mask = npt.NDArray[np.bool_]

COARSE_MM = 3.0

SOFT_TISSUE_HU = (-50.0, 500.0)
"""With or without a contrast agent."""

HEART_BAND, UPPER_BAND = (0.0, 0.40), (0.55, 0.90)
"""Where the heart lies, and the chest above it, as shares of the height from the dome of the diaphragm to the apex. The
difference between the two takes off what makes a whole lung larger or smaller than the other: collapse, effusion,
scoliosis."""

ABOVE_DOME_SHARE = 0.5
"""Slices lie above the diaphragm from where on both lungs have this share of their largest area in front."""

VENTRAL_SHARE = 0.55
"""Of the lungs' depth in each slice: in front of the spine and the descending aorta."""

SHIFT_SCALE, ROOM_SCALE = 0.10, 0.13
"""Typical values of the two signs (six real scans and a phantom child: 0.03 to 0.14 and 0.05 to 0.23)."""

CLEAR_SCORE = 0.45
"""How much must speak for one way round; where a tumour narrowed one lung it was 0.36."""


@dataclass(frozen=True)
class Situs:
    """On which side the heart lies; each sign is above 0 where it is the left one.

    The level of the diaphragm and the size of whole lungs were tried too: in three of six real scans they were those
    of a mirrored chest.

    Attributes
    ----------
    heart_shift : float or None
        How much farther to the left the soft tissue between the lungs lies at the heart than above it, as a share of
        half the chest's width. None where there are not two lungs.
    heart_room : float or None
        How much more of its lung the heart takes on the left than on the right: the share by which the right lung is
        the larger one in front, at the heart less above it.
    """

    heart_shift: float | None
    heart_room: float | None

    @property
    def score(self) -> float:
        """How much speaks for a heart on the left (above 0) or on the right (below): 1 is typical."""
        if self.heart_shift is None or self.heart_room is None:
            return 0.0
        return (self.heart_shift / SHIFT_SCALE + self.heart_room / ROOM_SCALE) / 2

    @property
    def side(self) -> SitusSide:
        """What the signs say together."""
        if abs(self.score) < CLEAR_SCORE:
            return "unclear"
        return "usual" if self.score > 0 else "mirrored"


def find_situs(volume: Volume, lungs: LabelMap) -> Situs:
    """Look which way round the inside of a chest lies.

    Parameters
    ----------
    volume : Volume
        In HU and canonical axes.
    lungs : LabelMap
        With ``right_lung`` and ``left_lung`` as they lie in the image, whatever they are in the patient.
    """
    steps = tuple(max(1, round(COARSE_MM / spacing)) for spacing in volume.geometry.spacing)
    thin = tuple(slice(None, None, step) for step in steps)
    right, left = (lungs.array[thin] == lungs.scheme[key].value for key in ("right_lung", "left_lung"))
    height = np.flatnonzero(right.any(axis=(1, 2)) & left.any(axis=(1, 2)))
    if len(height) < 10:
        return Situs(None, None)
    slices = [_signs(volume.array[thin][z], right[z], left[z]) for z in height]
    shift, one, other = np.array(slices).T
    above = (one >= ABOVE_DOME_SHARE * one.max()) & (other >= ABOVE_DOME_SHARE * other.max())
    dome = int(above.argmax())
    bands = [slice(*(dome + int(end * (len(height) - dome)) for end in band)) for band in (HEART_BAND, UPPER_BAND)]
    heart, upper = ((_mean(shift[band]), _asymmetry(one[band].sum(), other[band].sum())) for band in bands)
    signs = heart[0] - upper[0], heart[1] - upper[1]
    return Situs(float(signs[0]), float(signs[1])) if np.isfinite(signs).all() else Situs(None, None)


def _mean(values: npt.NDArray[np.float64]) -> float:
    """Of what is known; not a number where nothing is."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else np.nan


def _asymmetry(one: float, other: float) -> float:
    return (one - other) / (one + other) if one + other else np.nan


def _signs(hu: npt.NDArray[np.number], right: Mask, left: Mask) -> tuple[float, int, int]:
    """In one slice: where the soft tissue between the lungs lies, and the areas of both lungs in front."""
    both = right | left
    rows = np.flatnonzero(both.any(axis=1))
    front = slice(0, rows[0] + max(1, round(VENTRAL_SHARE * len(rows))))
    # the hull, not the space between the lungs: in front the heart reaches the chest wall
    hull = convex_hull_image(both)
    columns = np.flatnonzero(hull.any(axis=0))
    tissue = (hull & ~both & (hu > SOFT_TISSUE_HU[0]) & (hu < SOFT_TISSUE_HU[1]))[front]
    middle, half = (columns[0] + columns[-1]) / 2, len(columns) / 2
    shift = float(np.nonzero(tissue)[1].mean() - middle) / half if tissue.any() else np.nan
    return shift, int(np.count_nonzero(right[front])), int(np.count_nonzero(left[front]))


def compare_situs(baseline: Situs, followup: Situs) -> Check:
    """Whether both scans lie the same way round.

    Returns
    -------
    Check
        ``laterality``. It stops where one scan is the mirror image of the other; where both are mirrored, or one cannot
        be told, it tells so.
    """
    sides = baseline.side, followup.side
    value = sides[0] if sides[0] == sides[1] else "/".join(sides)
    if set(sides) == {"usual", "mirrored"}:
        which = "follow-up" if sides[1] == "mirrored" else "baseline"
        message = f"The heart lies on the other side in one of the two scans: the {which} seems to be a mirror image."
        return Check("laterality", value, "same", False, message, effect="stops")
    if sides == ("mirrored", "mirrored"):
        message = "The heart lies on the right in both scans: a situs inversus, or both images are mirrored."
        return Check("laterality", value, "usual", False, message)
    if "unclear" in sides:
        return Check("laterality", value, "same", True, "The heart does not show clearly in both scans which is left.")
    return Check("laterality", value, "same", True, "The heart lies on the left in both scans.")

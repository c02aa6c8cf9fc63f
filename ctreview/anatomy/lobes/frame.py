"""Where a place lies in a lung, told in the millimetres of one template, whatever the size of the patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ctreview.errors import SegmentationFailed
from ctreview.volume.geometry import FloatArray
from ctreview.volume.labels import LabelMap

__all__ = ["ENDS", "SIDES", "LungFrame", "Side", "lung_ends"]

Side = Literal["right_lung", "left_lung"]

SIDES: tuple[Side, Side] = ("right_lung", "left_lung")

ENDS = (0.02, 0.98)
"""Shares of a lung's volume below which its ends lie along each axis: tips that are narrow move them little."""


@dataclass(frozen=True, eq=False)
class LungFrame:
    """The scaling along the patient's axes that lays the ends of a lung on those of the template's.

    Attributes
    ----------
    scale : ndarray, shape (3,)
        Template millimetres of one millimetre of the patient along x, y, z.
    offset : ndarray, shape (3,)
        Template place of the patient's origin.
    """

    scale: FloatArray
    offset: FloatArray

    @classmethod
    def between(cls, ends: npt.ArrayLike, template_ends: npt.ArrayLike) -> LungFrame:
        """From the ends of a lung to those of the template, each of shape (2, 3) as `lung_ends` gives them."""
        low, high = np.asarray(ends, dtype=np.float64)
        to_low, to_high = np.asarray(template_ends, dtype=np.float64)
        scale = (to_high - to_low) / (high - low)
        return cls(scale, to_low - scale * low)

    def to_template(self, points: npt.ArrayLike) -> FloatArray:
        """Template millimetres of patient LPS millimetres, shape (…, 3) to (…, 3)."""
        return np.asarray(np.asarray(points, dtype=np.float64) * self.scale + self.offset)

    def to_patient(self, points: npt.ArrayLike) -> FloatArray:
        """Patient LPS millimetres of template millimetres, shape (…, 3) to (…, 3)."""
        return np.asarray((np.asarray(points, dtype=np.float64) - self.offset) / self.scale)


def lung_ends(lungs: LabelMap, side: str) -> FloatArray:
    """Where a lung ends along the patient's axes, shape (2, 3): the places below which 2 and 98 % of it lie.

    Raises
    ------
    SegmentationFailed
        The lung is too small to have a shape.
    """
    step = [max(1, round(2.0 / spacing)) for spacing in lungs.geometry.spacing]
    thinned = lungs.array[:: step[0], :: step[1], :: step[2]]
    index = np.argwhere(thinned == lungs.scheme[side].value) * step
    if len(index) < 100:
        raise SegmentationFailed(
            f"the {side.replace('_', ' ')} is too small for lobes", remedy="Look at the lung mask."
        )
    return np.asarray(np.quantile(lungs.geometry.to_lps(index), ENDS, axis=0))

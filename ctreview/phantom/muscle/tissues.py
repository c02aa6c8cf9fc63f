"""What tissues are made of: water, fat, and how their signal relaxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from ctreview.phantom.muscle.schemes import TISSUES

__all__ = ["MATTER", "TISSUE", "Composition", "Matter"]

Floats = npt.NDArray[np.float32]

TISSUE = {name: number for number, name in enumerate(TISSUES, 1)}
"""The number of each tissue."""


@dataclass(frozen=True)
class Matter:
    """Signal of water and of fat at full recovery, T1 and T2 of the water, and 1/T2* in 1/s."""

    water: float
    fat: float
    t1_ms: float
    t2_ms: float
    r2star: float


_AIR = Matter(0.0, 0.0, 1000.0, 30.0, 30.0)
MATTER = {
    "skin": Matter(0.55, 0.08, 900.0, 28.0, 45.0),
    "subcutaneous_fat": Matter(0.07, 0.88, 1000.0, 40.0, 38.0),
    "fascia": Matter(0.16, 0.1, 900.0, 18.0, 70.0),
    "muscle": Matter(1.0, 0.0, 1400.0, 33.0, 32.0),
    "intermuscular_fat": Matter(0.11, 0.84, 1000.0, 40.0, 38.0),
    "bone_cortex": Matter(0.03, 0.01, 300.0, 2.0, 800.0),
    "bone_marrow": Matter(1.0, 0.0, 1000.0, 45.0, 70.0),
    "vessel": Matter(0.35, 0.0, 1900.0, 90.0, 30.0),
    "viscera": Matter(0.72, 0.12, 1100.0, 55.0, 40.0),
    "bladder": Matter(1.0, 0.0, 3500.0, 800.0, 5.0),
}
"""At 3 T; the fat fraction of muscle and marrow, and the T2 of muscle, are those of the body.

Muscle at 3 T: T1 1.4 s (Stanisz 2005, Magn Reson Med), T2 of its water 30 to 35 ms; the others are round numbers that
give contrasts as they are seen.
"""


@dataclass(frozen=True, eq=False)
class Composition:
    """What the voxels of a grid are made of; arrays of one shape.

    Attributes
    ----------
    water, fat : ndarray
        Signal at full recovery, without decay; about 1 in sum in muscle.
    t1_ms, t2_ms : ndarray
        Of the water.
    r2star : ndarray
        1/T2* of both, in 1/s.
    """

    NAMES: ClassVar[tuple[str, ...]] = ("water", "fat", "t1_ms", "t2_ms", "r2star")

    water: Floats
    fat: Floats
    t1_ms: Floats
    t2_ms: Floats
    r2star: Floats

    @classmethod
    def empty(cls, shape: tuple[int, ...]) -> Self:
        """Air."""
        return cls(*(np.full(shape, getattr(_AIR, name), np.float32) for name in cls.NAMES))

    def mix(self, share: Floats, matter: Matter) -> None:
        """Replace this share of every voxel."""
        for name in self.NAMES:
            array = getattr(self, name)
            array += share * (np.float32(getattr(matter, name)) - array)

    def take(self, slab: tuple[slice, ...], where: npt.NDArray[np.bool_], other: Composition) -> None:
        """Take what another composition says of a slab."""
        for name in self.NAMES:
            array: npt.NDArray[Any] = getattr(self, name)
            np.copyto(array[slab], getattr(other, name), where=where)

"""A map: what an image says of tissue in a unit of its own, with all that limits it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from ctreview.checks import Check
from ctreview.volume.geometry import Geometry
from ctreview.volume.volume import Volume

__all__ = ["MapKind", "TissueMap"]

MapKind = Literal[
    "proton_density_fat_fraction",
    "signal_fat_fraction",
    "water_t2",
    "mono_exponential_t2",
    "stir_ratio",
    "stir_robust_z",
]
"""What a map shows. Only a proton-density fat fraction compares between scanners."""


@dataclass(frozen=True, eq=False)
class TissueMap:
    """A map of an image's own grid.

    Attributes
    ----------
    kind : MapKind
    volume : Volume
        The values; 0 where there is none.
    unit : str
        In UCUM: "1" for a share, "ms", "{ratio}", "{z}".
    valid : ndarray of bool
        Where the image is bright enough to say anything.
    caveats : tuple of Check
        What limits it, each a sentence with a stable name.
    noise_floor : float or None
        Standard deviation of one voxel's value in muscle that comes from noise, in the map's unit; None where the
        image has no air to tell it by. Values below it say nothing.
    """

    kind: MapKind
    volume: Volume
    unit: str
    valid: npt.NDArray[np.bool_] = field(repr=False)
    caveats: tuple[Check, ...] = ()
    noise_floor: float | None = None

    @property
    def geometry(self) -> Geometry:
        """The grid."""
        return self.volume.geometry

    @property
    def array(self) -> npt.NDArray[np.float32]:
        """The values."""
        return self.volume.array

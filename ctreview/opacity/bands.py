"""Fixed bands of density, reported beside the adaptive rule.

The bands are those used for adults' lungs at inspiration. They take blurred vessels and dependent lung for ground
glass, and a healthy child's lung for ill; they are here because much of the literature is written in them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctreview.volume.geometry import require_same_grid
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

__all__ = ["FIXED_BANDS_HU", "HIGH_ATTENUATION_HU", "Band", "fixed_bands"]

FIXED_BANDS_HU: tuple[tuple[str, float, float], ...] = (
    ("emphysema_like", -1100.0, -950.0),
    ("aerated", -950.0, -700.0),
    ("ground_glass", -700.0, -500.0),
    ("part_consolidated", -500.0, -200.0),
    ("consolidated", -200.0, 60.0),
)
HIGH_ATTENUATION_HU = (-600.0, -250.0)
"""High attenuation area, HAA."""


@dataclass(frozen=True)
class Band:
    """How much of the lung lies in one band.

    Attributes
    ----------
    key : str
        ``"ground_glass"`` …
    low_hu, high_hu : float
        From, and up to but not including.
    volume_ml : float
        Millilitres of lung in it.
    percent : float
        Of the lung that was looked at.
    """

    key: str
    low_hu: float
    high_hu: float
    volume_ml: float
    percent: float


def fixed_bands(volume: Volume, lungs: LabelMap, vessels: LabelMap | None = None) -> tuple[Band, ...]:
    """Count the lung in an adult's fixed bands, and in ``high_attenuation`` (HAA) last.

    Parameters
    ----------
    volume : Volume
        CT in HU, not smoothed.
    lungs : LabelMap
        With labels ``right_lung`` and ``left_lung``.
    vessels : LabelMap, optional
        Left out where given; HAA is defined with vessels, so hand none in to compare it with the literature.

    Returns
    -------
    tuple of Band

    Raises
    ------
    GridMismatch
        The grids differ.
    WrongUse
        The volume is not in HU.
    """
    volume.require_hu("bands are defined in")
    require_same_grid(*(item for item in (volume, lungs, vessels) if item is not None))
    looked_at = lungs.mask("right_lung", "left_lung")
    if vessels is not None:
        looked_at = looked_at & (vessels.array == 0)
    values = volume.array[looked_at]
    bands = (*FIXED_BANDS_HU, ("high_attenuation", *HIGH_ATTENUATION_HU))
    found = []
    for key, low, high in bands:
        count = int(np.count_nonzero((values >= low) & (values < high)))
        found.append(Band(key, low, high, count * volume.geometry.voxel_ml, 100.0 * count / max(values.size, 1)))
    return tuple(found)

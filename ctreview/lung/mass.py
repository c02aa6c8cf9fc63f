"""How many grams of tissue the lung holds.

Density follows from attenuation as ρ = 1 + HU/1000 g/mL: air weighs nothing, water 1 g/mL. A fall of mass supports
clearing where inflation, contrast and mask agree; blood, growth and contrast change mass as well.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.opacity.normal import NormalLung
from ctreview.volume.geometry import require_same_grid
from ctreview.volume.labels import LabelMap
from ctreview.volume.regions import Regions
from ctreview.volume.volume import Volume

__all__ = ["excess_mass_g", "lung_mass_g", "mass_by_region_g"]

LOWEST_HU = -1024.0
"""Padding lies below this; noise around air must not be cut off, or it would add mass."""


def lung_mass_g(volume: Volume, lungs: LabelMap) -> float:
    """Mass of both lungs, vessels and opacity with them, in grams.

    Parameters
    ----------
    volume : Volume
        CT in HU.
    lungs : LabelMap
        With labels ``right_lung`` and ``left_lung``, on the same grid.

    Raises
    ------
    WrongUse
        The volume is not in HU.
    GridMismatch
        The grids differ.
    """
    volume.require_hu("mass follows from")
    require_same_grid(volume, lungs)
    return _mass(volume.array[lungs.mask("right_lung", "left_lung")], volume.geometry.voxel_ml)


def mass_by_region_g(volume: Volume, regions: Regions) -> dict[str, float]:
    """Mass of every region in grams, by the region's name.

    Raises
    ------
    WrongUse
        The volume is not in HU.
    GridMismatch
        The grids differ.
    """
    volume.require_hu("mass follows from")
    require_same_grid(volume, regions)
    # summed as whole HU: exact, and no second image in floating point
    clipped = np.maximum(volume.array, LOWEST_HU).astype(np.int32 if volume.array.dtype.kind in "iu" else np.float32)
    hu = regions.total(clipped)
    voxels = regions.count(np.zeros(regions.geometry.shape, dtype=np.uint8), 1)
    ml = volume.geometry.voxel_ml
    return {name: float(voxels[name][0] + hu[name] / 1000.0) * ml for name in hu}


def excess_mass_g(volume: Volume, lungs: LabelMap, normal: NormalLung, *, opacity: LabelMap | None = None) -> float:
    """Mass beyond what the same place would hold if it were normal lung, in grams.

    Parameters
    ----------
    volume, lungs
        As for `lung_mass_g`.
    normal : NormalLung
        This scan's normal lung.
    opacity : LabelMap, optional
        Only its ground glass and consolidation are looked at; without it the whole of both lungs, vessels included.

    Raises
    ------
    WrongUse
        The volume is not in HU.
    GridMismatch
        The grids differ.
    """
    volume.require_hu("mass follows from")
    require_same_grid(*(item for item in (volume, lungs, opacity) if item is not None))
    where = lungs.mask("right_lung", "left_lung")
    if opacity is not None:
        where &= opacity.mask("ground_glass", "consolidation")
    if not where.any():
        return 0.0
    expected = normal.expected_hu(volume.geometry)[where]
    return _mass(volume.array[where], volume.geometry.voxel_ml) - _mass(expected, volume.geometry.voxel_ml)


def _mass(hu: npt.NDArray[Any], voxel_ml: float) -> float:
    return float(np.sum(1.0 + np.maximum(hu, LOWEST_HU) / 1000.0, dtype=np.float64)) * voxel_ml

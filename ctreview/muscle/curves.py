"""What each axial slice of a limb holds: curves along the femur."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.volume.geometry import FloatArray, Geometry

__all__ = ["SliceCurve", "slice_curve"]

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class SliceCurve:
    """One region, slice by slice from the feet to the head.

    Attributes
    ----------
    region : str
    z_mm : ndarray
        LPS z of each slice at the middle of the region.
    area_cm2 : mapping of str to ndarray
        Cross-section of each tissue; NaN in slices in which nothing could be told apart.
    fat_fraction : ndarray or None
        Mean of what lies inside the fascia and is known; NaN where that is nothing.
    """

    region: str
    z_mm: FloatArray
    area_cm2: Mapping[str, FloatArray]
    fat_fraction: FloatArray | None = None

    def area_at(self, tissue: str, z_mm: float) -> float | None:
        """Cross-section at a height, linear between slices; None beyond them."""
        if not self.z_mm[0] <= z_mm <= self.z_mm[-1]:
            return None
        area = float(np.interp(z_mm, self.z_mm, self.area_cm2[tissue]))
        return area if np.isfinite(area) else None

    def rows(self) -> list[dict[str, Any]]:
        """One row for each slice."""
        return [
            {
                "region": self.region,
                "slice": level,
                "z_mm": float(z),
                **{f"{tissue}_cm2": _or_none(area[level]) for tissue, area in self.area_cm2.items()},
                "fat_fraction": None if self.fat_fraction is None else _or_none(self.fat_fraction[level]),
            }
            for level, z in enumerate(self.z_mm)
        ]


def _or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def slice_curve(
    region: str,
    tissues: Mapping[str, Mask],
    inside_fascia: Mask,
    geometry: Geometry,
    fat_fraction: npt.NDArray[np.float32] | None = None,
    *,
    told: npt.NDArray[np.bool_] | None = None,
) -> SliceCurve:
    """Count each slice of a region; areas lie perpendicular to array axis 0.

    ``fat_fraction`` is NaN where it is not known. ``told`` says in which slices tissue was told apart; without it, in
    those that hold any of the tissues.
    """
    pixel_cm2 = geometry.voxel_ml * 10.0 / geometry.spacing[0]
    there = np.any([mask.any(axis=0) for mask in tissues.values()], axis=0)
    middle = np.argwhere(there).mean(axis=0) if there.any() else np.array(geometry.shape[1:]) / 2
    levels = np.arange(geometry.shape[0])
    index = np.column_stack([levels, np.broadcast_to(middle, (len(levels), 2))])
    mean = None
    if fat_fraction is not None:
        known = inside_fascia & np.isfinite(fat_fraction)
        count = known.sum(axis=(1, 2))
        total = np.where(known, fat_fraction, 0).sum(axis=(1, 2), dtype=np.float64)
        mean = np.divide(total, count, out=np.full(len(levels), np.nan), where=count > 0)
    areas = {name: mask.sum(axis=(1, 2)) * pixel_cm2 for name, mask in tissues.items()}
    if told is None:
        told = np.any([mask.any(axis=(1, 2)) for mask in tissues.values()], axis=0)
    for area in areas.values():
        area[~told] = np.nan
    return SliceCurve(region, geometry.to_lps(index)[:, 2], areas, mean)

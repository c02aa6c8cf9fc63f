"""Maps of an examination, on the grid of its tissue."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ctreview.checks import Check
from ctreview.muscle.maps.fat_fraction import dixon_fat_fraction, two_point_fat_fraction
from ctreview.muscle.maps.tissue_map import TissueMap
from ctreview.volume.contrasts import Examination
from ctreview.volume.geometry import Geometry
from ctreview.volume.resample import resample

__all__ = ["make_maps"]


def make_maps(images: Examination, grid: Geometry) -> tuple[TissueMap, ...]:
    """Every map that the images allow, on one grid; none where no contrast is known."""
    fat = _fat_fraction(images)
    return () if fat is None else (_on(fat, grid),)


def _fat_fraction(images: Examination) -> TissueMap | None:
    ready = images.measured("fat fraction")
    if ready is not None:
        share = ready.with_array(_as_share(np.asarray(ready.array, np.float32)), unit="fraction")
        message = "The fat fraction was computed elsewhere: how, its image does not tell."
        caveat = Check("fat_fraction_made_elsewhere", None, None, ok=False, message=message)
        return TissueMap("signal_fat_fraction", share, "1", np.ones(share.geometry.shape, bool), (caveat,))
    water, fat = images.measured("Dixon water"), images.measured("Dixon fat")
    if water is not None and fat is not None:
        return dixon_fat_fraction(water, fat)
    together, against = images.measured("Dixon in phase"), images.measured("Dixon opposed phase")
    if together is not None and against is not None:
        return two_point_fat_fraction(together, against)
    return None


def _as_share(
    values: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Makers store fat fractions as shares, per cent or tenths of it; none is above 100 %."""
    highest = float(np.percentile(values, 99.9))
    scale = 1.0 if highest <= 1.5 else 100.0 if highest <= 150.0 else 1000.0
    return np.asarray(values / np.float32(scale))


def _on(found: TissueMap, grid: Geometry) -> TissueMap:
    if found.geometry.same_grid(grid):
        return found
    values = resample(found.volume, grid, fill=0.0)
    there = resample(found.volume.with_array(found.valid.astype(np.float32)), grid, fill=0.0)
    return replace(found, volume=values, valid=np.asarray(there.array > 0.5))

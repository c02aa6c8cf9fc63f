"""Maps of an examination, on the grid of its tissue."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ctreview.checks import Check
from ctreview.muscle.maps.bias_field import correct_bias_field
from ctreview.muscle.maps.fat_fraction import dixon_fat_fraction
from ctreview.muscle.maps.from_examination import map_fat_fraction, map_water_t2
from ctreview.muscle.maps.stir import stir_robust_z
from ctreview.muscle.maps.tissue_map import TissueMap
from ctreview.volume.contrasts import Examination
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.mr_contrast import FAT_SUPPRESSED, GRADIENT_ECHO
from ctreview.volume.resample import resample

__all__ = ["make_maps"]


def make_maps(images: Examination, labels: LabelMap) -> tuple[TissueMap, ...]:
    """Every map that the images allow, on the grid of the tissue; none where no contrast is known.

    After a contrast agent no oedema is mapped.
    """
    grid = labels.geometry
    own = (_fat_fraction(images), map_water_t2(images))
    found = [_on(one, grid) for one in own if one is not None]
    stir = next((image for name in FAT_SUPPRESSED if (image := images.measured(name)) is not None), None)
    muscle = labels.mask("right_muscle", "left_muscle", "muscle")
    if stir is not None and not stir.acquisition.contrast and muscle.any():
        found.append(stir_robust_z(resample(correct_bias_field(stir), grid), muscle))
    return tuple(found)


def _fat_fraction(images: Examination) -> TissueMap | None:
    ready = images.measured("fat fraction")
    if ready is not None:
        share = ready.with_array(_as_share(np.asarray(ready.array, np.float32)), unit="fraction")
        message = "The fat fraction was computed elsewhere: how, its image does not tell."
        caveat = Check("fat_fraction_made_elsewhere", None, None, ok=False, message=message)
        return TissueMap("signal_fat_fraction", share, "1", np.ones(share.geometry.shape, bool), (caveat,))
    if len(images.echoes(GRADIENT_ECHO)) > 2:
        return map_fat_fraction(images)
    water, fat = images.measured("Dixon water"), images.measured("Dixon fat")
    if water is not None and fat is not None:
        return dixon_fat_fraction(water, fat)
    return map_fat_fraction(images)


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

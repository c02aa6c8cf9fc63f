"""Which maps the images of an examination allow, and the best of each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ctreview.checks import Check
from ctreview.errors import WrongUse
from ctreview.muscle.maps.fat_fraction import dixon_fat_fraction, echo_fat_fraction, two_point_fat_fraction
from ctreview.muscle.maps.swaps import Mended, SwapSettings, mend_swaps
from ctreview.muscle.maps.tissue_map import TissueMap
from ctreview.muscle.maps.water_t2 import WaterT2Settings, water_t2
from ctreview.volume.contrasts import Contrast, Examination
from ctreview.volume.mr_contrast import GRADIENT_ECHO, SPIN_ECHO
from ctreview.volume.resample import resample
from ctreview.volume.volume import Volume

__all__ = ["map_fat_fraction", "map_water_t2", "mended_dixon", "mended_examination", "with_acquired"]

_LEAST_ECHOES = 3


def mended_dixon(images: Examination, *, settings: SwapSettings | None = None) -> Mended | None:
    """Water and fat images with swaps put right; None where there is neither.

    Raises
    ------
    WrongUse
        One of them is there without the other.
    GridMismatch, InconsistentSeries
        They do not lie on one grid; a station of one is missing.
    """
    water, fat = images.measured("Dixon water"), images.measured("Dixon fat")
    if water is None and fat is None:
        return None
    if water is None or fat is None:
        there, missing = ("fat", "water") if water is None else ("water", "fat")
        raise WrongUse(
            f"the {there} image of a Dixon acquisition is here, and its {missing} image is not",
            remedy=f"Give the {missing} series as well; without it there is no fat fraction.",
        )
    return mend_swaps(water, fat, settings=settings)


def mended_examination(images: Examination) -> tuple[Examination, tuple[Check, ...]]:
    """The same images with water and fat put right, for whatever is done with them, and what was found.

    Errors are those of `mended_dixon`.
    """
    mended = mended_dixon(images)
    if mended is None or not mended.parts:
        return images, () if mended is None else mended.checks
    right = {"Dixon water": mended.water, "Dixon fat": mended.fat}
    contrasts = (with_acquired(one, right[one.kind]) if one.kind in right else one for one in images.contrasts)
    return Examination(tuple(contrasts)), mended.checks


def with_acquired(contrast: Contrast, acquired: Volume) -> Contrast:
    """A contrast with other values, to be measured and to be shown."""
    shown = resample(acquired, contrast.volume.geometry) if contrast.resampled else acquired
    return replace(contrast, volume=shown, acquired=acquired)


def map_fat_fraction(images: Examination, mended: Mended | None = None) -> TissueMap | None:
    """The best fat fraction that there is: of an echo train, of water and fat, of two phases; None where there is none.

    Parameters
    ----------
    images : Examination
    mended : Mended, optional
        What `mended_dixon` gave; its checks become caveats of the map.
    """
    echoes = images.echoes(GRADIENT_ECHO)
    if len(echoes) >= _LEAST_ECHOES:
        return echo_fat_fraction(echoes)
    if mended is not None:
        found = dixon_fat_fraction(mended.water, mended.fat)
        return replace(found, caveats=(*mended.checks, *found.caveats))
    together, against = images.measured("Dixon in phase"), images.measured("Dixon opposed phase")
    if together is None or against is None:
        return None
    return two_point_fat_fraction(together, against)


def map_water_t2(
    images: Examination,
    *,
    subcutaneous_fat: npt.NDArray[np.bool_] | None = None,
    settings: WaterT2Settings | None = None,
) -> TissueMap | None:
    """T2 of water of a train of spin echoes; None where there is none."""
    echoes = images.echoes(SPIN_ECHO)
    if len(echoes) < _LEAST_ECHOES:
        return None
    return water_t2(echoes, subcutaneous_fat=subcutaneous_fat, settings=settings)

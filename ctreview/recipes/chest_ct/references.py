"""HU of what does not change between two scans: air in the trachea, blood in the heart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.change import ReferenceLimits
from ctreview.volume.box import bounding_box
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

__all__ = [
    "CONTRAST_HU",
    "REFERENCE_LIMITS_HU",
    "air_offsets_hu",
    "air_residual_hu",
    "comparable_references",
    "reference_hu",
]

AIR, BLOOD = "air in the trachea", "soft tissue of the heart"

AIR_LIMITS = ReferenceLimits(widens_hu=10.0, stops_hu=20.0)
"""Air should read −1000 HU everywhere; in the trachea scatter, partial volume and the kernel lift it by 10–30 HU, much
alike in both scans of one patient: two kernels of one acquisition are up to 20 HU apart. More is a matter of the
scanner."""

BLOOD_LIMITS = ReferenceLimits(widens_hu=20.0, stops_hu=45.0)
"""Unenhanced blood lies at 30–50 HU, the liver beside it at 50–65; anaemia and noise leave less than this."""

REFERENCE_LIMITS_HU: Mapping[str, ReferenceLimits] = {AIR: AIR_LIMITS, BLOOD: BLOOD_LIMITS}

ENHANCED_HU = 90.0
"""Blood above holds contrast agent, whatever the header says or does not."""

CONTRAST_HU = 20.0
"""How much denser lung reads with contrast agent than without: blood is 5 to 10 % of aerated lung, and becomes 150 to
250 HU denser."""

BORDER_SHARE = (-780.0 + 1000.0) / (40.0 + 1000.0)
"""Where on the way from air to blood opacity begins."""

LEAST_ML = 0.3
"""Less than this is not enough to measure air away from the wall."""

COARSE_MM = 3.0


def reference_hu(volume: Volume, lungs: LabelMap, *, spread_mm: float = 0.0) -> dict[str, float]:
    """Median HU of tissues that say whether the HU scale and the contrast agent of two scans agree.

    Parameters
    ----------
    volume : Volume
    lungs : LabelMap
        With ``right_lung``, ``left_lung`` and, where it was found, ``trachea_and_main_bronchi``.
    spread_mm : float
        Standard deviation of the point spread within slices: how far the wall of the airway reaches into its air.

    Returns
    -------
    dict of str to float
        By the names in `REFERENCE_LIMITS_HU`; without what could not be found.
    """
    found = {}
    air = _air_hu(volume, lungs, spread_mm)
    if air is not None:
        found[AIR] = air
    blood = _blood_hu(volume, lungs)
    if blood is not None:
        found[BLOOD] = blood
    return found


def comparable_references(
    baseline: Mapping[str, float], followup: Mapping[str, float], contrasts: tuple[bool | None, bool | None]
) -> dict[str, ReferenceLimits]:
    """Which tissues must read alike in two scans: blood only where both are unenhanced.

    Parameters
    ----------
    baseline, followup : mapping of str to float
        Of `reference_hu`.
    contrasts : tuple of bool or None
        Whether the headers say that contrast agent was given.
    """
    limits = dict(REFERENCE_LIMITS_HU)
    bloods = baseline.get(BLOOD), followup.get(BLOOD)
    if any(
        contrast or (contrast is None and blood is not None and blood > ENHANCED_HU)
        for contrast, blood in zip(contrasts, bloods, strict=True)
    ):
        del limits[BLOOD]
    return limits


def air_offsets_hu(
    baseline: Mapping[str, float], followup: Mapping[str, float], outside: tuple[float | None, float | None]
) -> tuple[float, float]:
    """By how much each of two scans reads too high, as far as air tells; their mean counts as right.

    Air in the trachea leads, for kernels shift what lies inside the body, the lung too, and leave the air around it.
    That leads where the trachea is too narrow to be measured. No more is corrected than two scans may differ by.

    Parameters
    ----------
    baseline, followup : mapping of str to float
        Of `reference_hu`.
    outside : tuple of float or None
        Air around the body in both.
    """
    if AIR in baseline and AIR in followup:
        apart = followup[AIR] - baseline[AIR]
    elif outside[0] is not None and outside[1] is not None:
        apart = outside[1] - outside[0]
    else:
        return 0.0, 0.0
    apart = min(max(apart, -AIR_LIMITS.stops_hu), AIR_LIMITS.stops_hu)
    return -0.5 * apart, 0.5 * apart


def air_residual_hu(
    baseline: Mapping[str, float], followup: Mapping[str, float], outside: tuple[float | None, float | None]
) -> float:
    """How far the HU scales of two scans may still be apart in the lung once `air_offsets_hu` were taken off.

    It is half of what two readings of the air disagree by, in the trachea and around the body; where there is only
    one, half of that, for nothing says that it holds for the lung too. And what blood, at the other end of the scale,
    reads otherwise, for the share of the way from air to blood that the border of opacity is; blood with contrast agent
    says nothing of the scale.

    Parameters are those of `air_offsets_hu`.

    Returns
    -------
    float
        In HU.
    """
    readings = []
    if AIR in baseline and AIR in followup:
        readings.append(followup[AIR] - baseline[AIR])
    if outside[0] is not None and outside[1] is not None:
        readings.append(outside[1] - outside[0])
    if not readings:
        return 0.0
    of_air = abs(readings[0] - (readings[1] if len(readings) > 1 else 0.0)) / 2
    bloods = [tissue.get(BLOOD) for tissue in (baseline, followup)]
    if any(blood is None or blood > ENHANCED_HU for blood in bloods):
        return of_air
    of_blood = abs((bloods[1] or 0.0) - (bloods[0] or 0.0) - readings[0]) * BORDER_SHARE
    return max(of_air, of_blood)


def _air_hu(volume: Volume, lungs: LabelMap, spread_mm: float) -> float | None:
    """Median HU in the airway, two voxels, 2 mm or three point spreads off its wall, whichever is most."""
    airway = lungs.mask("trachea_and_main_bronchi")
    if not airway.any():
        return None
    box = bounding_box(airway)
    inside = np.pad(airway[box], 1)
    spacing = volume.geometry.spacing
    deep = ndimage.distance_transform_edt(inside, sampling=spacing)[1:-1, 1:-1, 1:-1] > max(
        2.0, 2 * max(spacing[1:]), 3 * spread_mm
    )
    if np.count_nonzero(deep) * volume.geometry.voxel_ml < LEAST_ML:
        return None
    return float(np.median(volume.array[box][deep]))


def _blood_hu(volume: Volume, lungs: LabelMap) -> float | None:
    """The most frequent soft-tissue HU between both lungs, in the lower two thirds and the ventral half: the heart."""
    steps = tuple(max(1, round(COARSE_MM / spacing)) for spacing in volume.geometry.spacing)
    thin = tuple(slice(None, None, step) for step in steps)
    right, left = (
        np.ascontiguousarray(lungs.array[thin] == lungs.scheme[key].value) for key in ("right_lung", "left_lung")
    )
    if not right.any() or not left.any():
        return None
    either = right | left
    height = np.flatnonzero(either.any(axis=(1, 2)))
    depth = np.flatnonzero(either.any(axis=(0, 2)))
    # right lung towards index 0 of the last axis, left lung beyond
    between = np.logical_or.accumulate(right, axis=2) & np.logical_or.accumulate(left[:, :, ::-1], axis=2)[:, :, ::-1]
    between &= ~ndimage.binary_dilation(either, iterations=2)
    between[height[0] + 2 * (height[-1] - height[0]) // 3 :] = False
    between[:, (depth[0] + depth[-1]) // 2 :] = False
    values = volume.array[thin][between]
    values = values[(values > -50) & (values < 500)]
    return _mode(values) if len(values) * volume.geometry.voxel_ml * np.prod(steps) > 20.0 else None


def _mode(values: npt.NDArray[np.generic]) -> float:
    counts = np.histogram(values, bins=np.arange(-50, 501, 5))[0].astype(float)
    return float(-47.5 + 5 * int(np.argmax(ndimage.gaussian_filter1d(counts, 3.0))))

"""How much denser each part of the lung is than normal lung would be there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage as ndi

from ctreview.compiled import compiled
from ctreview.opacity.normal import NormalLung
from ctreview.opacity.parenchyma import FWHM, Parenchyma, measure_parenchyma
from ctreview.opacity.settings import OpacitySettings
from ctreview.opacity.streaks import streak_hu
from ctreview.progress import Progress, quiet
from ctreview.volume.box import bounding_box
from ctreview.volume.box_filters import highest_within
from ctreview.volume.distance import distance
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

__all__ = ["Excess", "excess_density"]

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

LOCAL_MAXIMUM_MM = 3.0
DENSE_SPOT_HU = 400.0
"""Excess of a spot that is denser than ground glass. Its blurred edge reaches above the threshold of haze."""

RIM_MM = 3.0
"""Distance at which the blurred edge of soft tissue is below noise, at the resolution for borders."""

BLUR_REACH_MM = 10.0
"""Farther from a dense spot neither its blur at the resolution for detection nor its level reaches."""

NOTHING_HU = np.float32(-1000.0)
"""Excess where no tissue is near enough to say."""


@dataclass(frozen=True, eq=False)
class Excess:
    """Density beyond normal on the working grid; computed once, classified as often as wanted.

    Attributes
    ----------
    parenchyma : Parenchyma
        The lung's density and where its working grid lies.
    normal : NormalLung
        What was taken as normal.
    hu : ndarray of float32
        Excess in HU at the resolution for borders.
    smoothed_hu : ndarray of float32
        Excess at the wider resolution for detection.
    local_maximum_hu : ndarray of float32
        The highest smoothed excess within 3 mm: the level of the patch that a border belongs to.
    distance_to_bottom_mm : ndarray of float32
        How far it is along gravity to the end of the lung.
    streaks_hu : ndarray of float32 or None
        What streaks of metal or contrast agent may add, which was taken off; None where there are none.
    """

    parenchyma: Parenchyma
    normal: NormalLung
    hu: Floats
    smoothed_hu: Floats
    local_maximum_hu: Floats
    distance_to_bottom_mm: Floats
    streaks_hu: Floats | None = None

    @property
    def geometry(self) -> Geometry:
        """The scan's grid, on which `classify` answers."""
        return self.parenchyma.source

    def moved(self, by: Floats) -> Excess:
        """The same with so many HU added at each place."""
        smoothed, spacing = self.smoothed_hu + by, self.parenchyma.geometry.spacing
        # next to dense spots the local maximum is not the highest value near, hence the difference
        local_maximum = (
            self.local_maximum_hu + maximum_filtered(smoothed, spacing) - maximum_filtered(self.smoothed_hu, spacing)
        )
        return replace(self, hu=self.hu + by, smoothed_hu=smoothed, local_maximum_hu=local_maximum)

    def with_streaks(self) -> Excess:
        """The same with what streaks may add left in."""
        return self if self.streaks_hu is None else self.moved(self.streaks_hu)


def excess_density(
    volume: Volume,
    lungs: LabelMap,
    vessels: LabelMap | None,
    normal: NormalLung,
    *,
    parenchyma: Parenchyma | None = None,
    settings: OpacitySettings | None = None,
    progress: Progress = quiet,
) -> Excess:
    """Take off what normal lung would have here.

    Parameters
    ----------
    volume, lungs, vessels
        As for `measure_parenchyma`.
    normal : NormalLung
        This scan's normal lung.
    parenchyma : Parenchyma, optional
        Where it was measured before; else it is measured here.

    Returns
    -------
    Excess

    Raises
    ------
    WrongUse, GridMismatch, SegmentationFailed
        As `measure_parenchyma`.
    """
    settings = settings or OpacitySettings()
    if parenchyma is None:
        parenchyma = measure_parenchyma(volume, lungs, vessels, settings=settings, progress=progress)
    expected = normal.expected_hu(parenchyma.geometry, depth_mm=parenchyma.depth_mm)
    # beyond the lung's border the tissue inside goes on, so that interpolation at the border has something to hold
    hu = np.where(parenchyma.known, parenchyma.hu - expected, NOTHING_HU)
    smoothed = np.where(parenchyma.known, parenchyma.smoothed_hu - expected, NOTHING_HU)
    drift = _drift(smoothed, parenchyma, settings)
    hu -= drift
    smoothed -= drift
    streaks = streak_hu(volume, parenchyma, smoothed)
    if streaks is not None:
        hu -= streaks
        smoothed -= streaks
    local_maximum = maximum_filtered(smoothed, parenchyma.geometry.spacing)
    dense = (local_maximum > DENSE_SPOT_HU) & (hu > settings.border_share * local_maximum)
    if dense.any():
        _exclude_dense_spots(dense, hu, smoothed, local_maximum, parenchyma, settings)
    return Excess(parenchyma, normal, hu, smoothed, local_maximum, _distance_to_bottom(parenchyma, normal), streaks)


def maximum_filtered(smoothed: Floats, spacing: tuple[float, float, float]) -> Floats:
    """The highest value within `LOCAL_MAXIMUM_MM` along each axis."""
    a, b, c = (max(1, round(LOCAL_MAXIMUM_MM / mm)) if mm < 1.5 * LOCAL_MAXIMUM_MM else 0 for mm in spacing)
    return highest_within(smoothed, (a, b, c), (a, b, c))


def _exclude_dense_spots(
    dense: Bools, hu: Floats, smoothed: Floats, local_maximum: Floats, parenchyma: Parenchyma, settings: OpacitySettings
) -> None:
    """Measure, in place, the haze around dense spots without what they add to it by blur."""
    spacing = parenchyma.geometry.spacing
    box = bounding_box(dense, [int(np.ceil(4 * RIM_MM / mm)) for mm in spacing])
    apart = distance(~dense[box], spacing)
    clear = parenchyma.known[box] & (apart > RIM_MM)
    wider = (settings.detection_mm**2 - settings.resolution_mm**2) ** 0.5 / FWHM
    sigma = [wider / mm for mm in spacing]
    weight = ndi.gaussian_filter(clear.astype(np.float32), sigma, truncate=3.0)
    total = ndi.gaussian_filter(np.where(clear, hu[box], 0).astype(np.float32), sigma, truncate=3.0)
    haze = np.where(clear, total / np.maximum(weight, np.float32(1e-3)), NOTHING_HU).astype(np.float32)
    level = maximum_filtered(haze, spacing)
    # farther off blur adds nothing, and the density there does not depend on what lies elsewhere
    blurred = clear & (apart <= BLUR_REACH_MM)
    np.copyto(smoothed[box], haze, where=blurred)
    np.copyto(local_maximum[box], level, where=blurred)


def _drift(smoothed: Floats, parenchyma: Parenchyma, settings: OpacitySettings) -> Floats:
    """By how much normal-looking lung differs from normal in each region, held within its limit.

    Two rounds: what looks normal in the second is judged with the drift of the first taken off. Where little looks
    normal the drift is drawn to 0, so that opacity which fills a region does not become its normal.
    """
    believed = parenchyma.inside & (parenchyma.tissue_fraction >= settings.least_trust)
    spacing = parenchyma.geometry.spacing
    steps = tuple(max(1, int(5.0 / s)) for s in spacing)
    width = settings.drift_mm * parenchyma.scale
    sigma = [width / (s * n) for s, n in zip(spacing, steps, strict=True)]
    thin = tuple(slice(None, None, n) for n in steps)
    values, usable = smoothed[thin], believed[thin]
    room = ndi.gaussian_filter(usable.astype(np.float32), sigma, truncate=2.5)
    drift = np.zeros(values.shape, dtype=np.float32)
    limit = settings.greatest_drift_hu
    for _ in range(2):
        normal = (usable & (np.abs(values - drift) < settings.drift_hu)).astype(np.float32)
        weight = ndi.gaussian_filter(normal, sigma, truncate=2.5)
        total = ndi.gaussian_filter(np.where(normal > 0, values, 0).astype(np.float32), sigma, truncate=2.5)
        drift = np.clip(total / np.maximum(weight, 0.25 * room + 1e-4), -limit, limit)
    return _upsampled(drift, smoothed.shape, steps)


def _upsampled(coarse: Floats, shape: tuple[int, ...], steps: tuple[int, ...]) -> Floats:
    """Values at every ``steps``-th voxel drawn out linearly to all of them, one axis after the other."""
    for axis, (n, step) in enumerate(zip(shape, steps, strict=True)):
        at = np.minimum(np.arange(n, dtype=np.float32) / np.float32(step), coarse.shape[axis] - 1)
        low = at.astype(np.intp)
        high = np.minimum(low + 1, coarse.shape[axis] - 1)
        share = (at - low).astype(np.float32).reshape([n if a == axis else 1 for a in range(3)])
        coarse = np.take(coarse, low, axis) * (1 - share) + np.take(coarse, high, axis) * share
    return np.asarray(coarse, dtype=np.float32)


def _distance_to_bottom(parenchyma: Parenchyma, normal: NormalLung) -> Floats:
    """Millimetres from each working voxel down (along axis 1) to where its column leaves the lung for good."""
    step = float(parenchyma.geometry.spacing[1])
    return np.asarray(_rows_to_bottom(parenchyma.lung_fraction, normal.gravity.down > 0, step), dtype=np.float32)


@compiled()
def _rows_to_bottom(
    share: npt.NDArray[Any], down: bool, step: float
) -> npt.NDArray[np.float32]:  # pragma: no cover - compiled
    n0, n1, n2 = share.shape
    below = np.empty((n0, n1, n2), np.float32)
    for i in range(n0):
        last = np.full(n2, n1 - 1 if down else 0)
        for row in range(n1):
            j = row if down else n1 - 1 - row
            for k in range(n2):
                if share[i, j, k] >= 0.5:
                    last[k] = j
        for j in range(n1):
            for k in range(n2):
                below[i, j, k] = (last[k] - j) * step if down else (j - last[k]) * step
    return below

"""Streaks of metal and of undiluted contrast agent, as strong as the image shows them to be.

A body far denser than bone hardens the beam and lets little of it through. Within its slices that makes bands that are
too bright or too dark, fading with distance; the bright ones have the density of ground glass. No disease makes lung
darker than air-filled lung is, so the dark bands tell how strong the streaks are, and the bright ones are no stronger.
"""

from __future__ import annotations

from collections.abc import Iterator

import cc3d
import edt
import numpy as np
import numpy.typing as npt
from scipy import ndimage as ndi

from ctreview.checks import Check
from ctreview.opacity.parenchyma import Parenchyma
from ctreview.volume.volume import Volume

__all__ = ["check_streaks", "streak_hu"]

BODY_HU, BODY_ML = 2000.0, 0.5
"""Bone is not that dense: of six scans without such bodies none has a piece of 0.01 mL above 2000 HU."""

NEAR = 0.15
"""Streaks are measured where the body's radius is at least this share of the distance to its middle."""

FAR = 0.05
"""Where it is less, lung is as dark as its noise makes it."""

DARKEST_PERCENT = 2.0
"""Share of the lung that streaks make darker than that; as much is brighter, for bands come in pairs."""

TOLD_HU = 25.0
"""Streaks that add less than normal lung varies by are not spoken of."""

LEAST_ML = 1.0
"""Of less lung nothing is measured, and nothing said."""

Floats = npt.NDArray[np.float32]


def streak_hu(volume: Volume, parenchyma: Parenchyma, smoothed_hu: Floats) -> Floats | None:
    """How much streaks may add to the lung's density, on the working grid.

    Parameters
    ----------
    volume : Volume
        CT in HU.
    parenchyma : Parenchyma
        Of it.
    smoothed_hu : ndarray of float32
        Density beyond that of normal lung, at the resolution for detection.

    Returns
    -------
    ndarray of float32 or None
        HU, in proportion to `nearness`; None where there are no such bodies, or no streaks.
    """
    bodies = _bodies(volume)
    if bodies is None:
        return None
    nearness = _nearness(bodies, volume, parenchyma)
    near, far = (parenchyma.inside & side for side in (nearness >= NEAR, nearness < FAR))
    if min(np.count_nonzero(near), np.count_nonzero(far)) * parenchyma.geometry.voxel_ml < LEAST_ML:
        return None
    usual = np.percentile(smoothed_hu[far], DARKEST_PERCENT)
    strength = float(np.percentile((usual - smoothed_hu[near]) / nearness[near], 100.0 - DARKEST_PERCENT))
    return np.asarray(np.float32(strength) * nearness) if strength > 0 else None


def check_streaks(parenchyma: Parenchyma, streaks_hu: Floats | None) -> tuple[Check, ...]:
    """Say how much lung lies within streaks; nothing where hardly any does."""
    within = False if streaks_hu is None else streaks_hu > TOLD_HU
    ml = float(parenchyma.lung_fraction.sum(where=within)) * parenchyma.geometry.voxel_ml
    if ml < LEAST_ML:
        return ()
    message = (
        f"{ml:.0f} mL of lung lie within streaks of metal or undiluted contrast agent: opacity fainter than those is "
        "not told from them there and does not count."
    )
    return (Check("streaks", round(ml, 1), 0.0, ok=False, message=message),)


def _bodies(volume: Volume) -> npt.NDArray[np.uint32] | None:
    """The bodies that cast streaks, numbered; None where there are none."""
    dense = volume.array > BODY_HU
    if np.count_nonzero(dense) * volume.geometry.voxel_ml < BODY_ML:
        return None
    pieces = cc3d.connected_components(dense, connectivity=26)
    large = np.bincount(pieces.ravel()) * volume.geometry.voxel_ml >= BODY_ML
    large[0] = False
    if not large.any():
        return None
    return np.asarray(pieces * large[pieces], dtype=np.uint32)


def _nearness(bodies: npt.NDArray[np.uint32], volume: Volume, parenchyma: Parenchyma) -> Floats:
    """Radius of a body's section over the distance to its middle, 1 in it, the most over all bodies.

    By this share streaks fall off within a slice. A spiral scan interpolates between turns, so that neighbouring slices
    have those of a body as well.
    """
    found = np.zeros(parenchyma.lung_fraction.shape, dtype=np.float32)
    for number, section in _sections(bodies, parenchyma):
        row, column = parenchyma.geometry.spacing[1:]
        a, b = parenchyma.factors[1:]
        pixel_mm2 = volume.geometry.spacing[1] * volume.geometry.spacing[2]
        radius = float(np.sqrt(len(section) * pixel_mm2 / np.pi))
        at = (section - parenchyma.start[1:]) // (a, b)
        low = np.minimum(at.min(axis=0), 0)
        high = np.maximum(at.max(axis=0) + 1, found.shape[1:])
        clear = np.ones((int(high[0] - low[0]), int(high[1] - low[1])), dtype=bool)
        clear[at[:, 0] - low[0], at[:, 1] - low[1]] = False
        apart = np.asarray(edt.edt(clear, anisotropy=(row, column)), dtype=np.float32)
        rows, columns = parenchyma.lung_fraction.shape[1:]
        lung = apart[-low[0] : rows - low[0], -low[1] : columns - low[1]]
        np.maximum(found[number], radius / (radius + lung), out=found[number])
    return np.asarray(ndi.maximum_filter1d(found, 3, axis=0, mode="nearest"))


def _sections(bodies: npt.NDArray[np.uint32], parenchyma: Parenchyma) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
    """Each body in each slice of the image: the slice of the working grid, and the rows and columns it takes."""
    first, step = parenchyma.start[0], parenchyma.factors[0]
    for number in range(parenchyma.lung_fraction.shape[0] * step):
        if first + number >= bodies.shape[0]:
            return
        image = bodies[first + number]
        for body in np.unique(image[image > 0]):
            yield number // step, np.argwhere(image == body)

"""Excess density to ground glass, consolidation and dependent opacity."""

from __future__ import annotations

from typing import Any

import cc3d
import numpy as np
import numpy.typing as npt
from scipy import ndimage as ndi

from ctreview.compiled import compiled
from ctreview.opacity.excess import DENSE_SPOT_HU, LOCAL_MAXIMUM_MM, Excess
from ctreview.opacity.neighbourhood import closed_box, within
from ctreview.opacity.scheme import OPACITY_SCHEME
from ctreview.opacity.settings import OpacitySettings
from ctreview.opacity.thresholds import Thresholds
from ctreview.progress import Progress, quiet
from ctreview.volume.counting import look_up
from ctreview.volume.distance import beside
from ctreview.volume.labels import LabelMap

__all__ = ["classify", "find_seeds", "offset_hu"]

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

GROUND_GLASS, CONSOLIDATION, DEPENDENT = (
    OPACITY_SCHEME[key].value for key in ("ground_glass", "consolidation", "dependent_opacity")
)

SIDES = (1, 2)
"""Right and left in `Parenchyma.side`."""


def classify(
    excess: Excess,
    thresholds: Thresholds,
    *,
    shift_hu: float = 0.0,
    extra_seeds: Bools | None = None,
    settings: OpacitySettings | None = None,
    progress: Progress = quiet,
) -> LabelMap:
    """Draw the borders of opacity for one set of thresholds.

    A patch is found where smoothed excess passes the threshold. Its border runs where excess is half of the patch's own
    level: there a blurred edge crosses where the sharp one was, whatever the threshold, so that volume is not biased.

    Parameters
    ----------
    excess : Excess
        From `excess_density`.
    thresholds : Thresholds
        Where opacity begins.
    shift_hu : float
        Normal lung is taken this much denser than the thresholds say (for intervals).
    extra_seeds : ndarray of bool, optional
        On the working grid: where opacity may begin if it is dense enough, however deep it lies and however little
        tissue is around (`find_seeds` of another timepoint).

    Returns
    -------
    LabelMap
        `OPACITY_SCHEME` on the scan's grid.
    """
    settings = settings or OpacitySettings()
    grid = excess.parenchyma
    offset = offset_hu(excess, thresholds, shift_hu)
    least = np.float32(thresholds.excess_hu)
    grown = np.float32(settings.grown_share) * least
    progress(0, 3, "finding opacity")
    smoothed = excess.smoothed_hu - offset
    field, above_least, above_grown = (np.empty_like(smoothed) for _ in range(3))
    beside_dense = np.empty(smoothed.shape, dtype=bool)
    share = np.float32(settings.border_share)
    measured = excess.hu, smoothed, excess.local_maximum_hu
    _find_field(*measured, offset, share, least, grown, field, above_least, above_grown, beside_dense)
    _fill(field, above_grown, settings.filled_share, grid.geometry.spacing)
    seeds = _dense_enough(smoothed, excess, thresholds, settings)
    extra_seeds = np.zeros(smoothed.shape, dtype=bool) if extra_seeds is None else extra_seeds & (smoothed > least)
    # a rim on the pleura with nothing behind it is partial volume or breathing
    field[~_near_core(seeds, extra_seeds, excess, settings)] = -least
    _close(field, above_least, beside_dense, grid.geometry.spacing)
    patches = _patches(
        field > 0, (seeds & _clear_of_motion(smoothed, excess, settings)) | extra_seeds, excess, settings
    )
    progress(1, 3, "finding opacity")
    kind = _kinds(patches, excess, offset, thresholds.consolidation_hu, settings)
    progress(2, 3, "drawing borders")
    border = (grid.lung_fraction == 0) & within(patches > 0, 0.0, grid.geometry.spacing)
    field[(field > 0) & (patches == 0) & ~border] = -least
    array = np.zeros(grid.source.shape, dtype=np.uint8)
    box = tuple(slice(a, a + n) for a, n in zip(grid.start, grid.lung.shape, strict=True))
    _draw(field, kind, grid.lung, grid.vessel, np.array(grid.factors), array[box])
    progress(3, 3, "drawing borders")
    return LabelMap(array, grid.source, OPACITY_SCHEME, thresholds.checks)


def find_seeds(
    excess: Excess, thresholds: Thresholds, *, shift_hu: float = 0.0, settings: OpacitySettings | None = None
) -> Bools:
    """Where opacity may begin: dense enough, deep enough in the lung, and of lung tissue; on the working grid.

    Parameters are those of `classify`.
    """
    settings = settings or OpacitySettings()
    grid = excess.parenchyma
    smoothed = excess.smoothed_hu - offset_hu(excess, thresholds, shift_hu)
    seeds = _dense_enough(smoothed, excess, thresholds, settings) & _clear_of_motion(smoothed, excess, settings)
    return np.asarray(seeds & (grid.depth_mm >= settings.least_depth_mm * grid.scale))


def offset_hu(excess: Excess, thresholds: Thresholds, shift_hu: float = 0.0) -> np.float32:
    """By how much the rule's normal lung is denser than the scan's own, which the excess was taken from."""
    return np.float32(thresholds.normal_hu + shift_hu - excess.normal.mu_hu)


def _dense_enough(smoothed: Floats, excess: Excess, thresholds: Thresholds, settings: OpacitySettings) -> Bools:
    grid = excess.parenchyma
    # faint excess where little of the surroundings is tissue is partial volume of the vessels of the hilum
    least = np.where(
        smoothed > settings.clear_excess_hu, np.float32(settings.least_trust), np.float32(settings.faint_trust)
    )
    return np.asarray((smoothed > np.float32(thresholds.excess_hu)) & grid.inside & (grid.tissue_fraction >= least))


@compiled()
def _find_field(
    hu: npt.NDArray[Any],
    smoothed: npt.NDArray[Any],
    local_maximum: npt.NDArray[Any],
    offset: np.float32,
    border_share: np.float32,
    least: np.float32,
    grown: np.float32,
    field: npt.NDArray[Any],
    above_least: npt.NDArray[Any],
    above_grown: npt.NDArray[Any],
    beside_dense: npt.NDArray[Any],
) -> None:  # pragma: no cover - compiled
    """A field that is above 0 inside a patch, and how far density lies above two thresholds."""
    for i in range(field.shape[0]):
        for j in range(field.shape[1]):
            for k in range(field.shape[2]):
                here, highest = hu[i, j, k] - offset, local_maximum[i, j, k] - offset
                # both terms run smoothly through 0 at the border of a patch
                within = here - max(highest * border_share, grown * np.float32(0.5))
                field[i, j, k] = min(within, highest - grown)
                above_least[i, j, k] = here - least
                above_grown[i, j, k] = max(here, smoothed[i, j, k]) - grown
                beside_dense[i, j, k] = highest > DENSE_SPOT_HU


def _close(field: Floats, above: Floats, beside_dense: Bools, spacing: tuple[float, float, float]) -> None:
    """Give ground glass back, in place, that lies between dense spots and the rest of its patch.

    Half of a dense spot's level is more than haze beside it reaches; where opacity lies on both sides within 3 mm,
    the threshold itself decides.
    """
    wanted = (field <= 0) & (above > 0) & beside_dense
    if not wanted.any():
        return
    a, b, c = (max(1, round(LOCAL_MAXIMUM_MM / s)) for s in spacing)
    between = closed_box(field > 0, (a, b, c)) & wanted
    field[between] = above[between]


def _fill(field: Floats, above: Floats, share: float, spacing: tuple[float, float, float]) -> None:
    """Take in, in place, what is opaque by itself and has opacity around for the most part.

    Lobules differ, and half the level of the denser ones is more than the fainter ones have; noise makes holes at the
    resolution for borders that the wider one for detection does not have. A voxel outside a smooth border has less
    than half of its surroundings inside.
    """
    sizes = [2 * max(1, round(LOCAL_MAXIMUM_MM / s)) + 1 for s in spacing]
    around = ndi.uniform_filter((field > 0).astype(np.float32), sizes, mode="constant")
    within = (around > share) & (field <= 0) & (above > 0)
    field[within] = above[within]


def _near_core(seeds: Bools, extra_seeds: Bools, excess: Excess, settings: OpacitySettings) -> Bools:
    """Where opacity that lies deep enough below the border is near enough to reach the border from there."""
    grid = excess.parenchyma
    scale = grid.scale
    from_pleura, from_moving = settings.least_depth_mm * scale, settings.least_depth_moving_mm * scale
    cores = (seeds & (grid.depth_mm >= from_pleura)) | extra_seeds
    near = within(cores, 1.5 * from_pleura, grid.geometry.spacing)
    return near & within(
        (cores & (grid.moving_mm >= from_moving)) | extra_seeds, 2.0 * from_moving, grid.geometry.spacing
    )


def _clear_of_motion(smoothed: Floats, excess: Excess, settings: OpacitySettings) -> Bools:
    """Far enough from heart, mediastinum and diaphragm to be no blur of their motion; that is faint, hence the two."""
    grid = excess.parenchyma
    faint, clear = (
        np.float32(mm * grid.scale) for mm in (settings.faint_depth_moving_mm, settings.least_depth_moving_mm)
    )
    return np.asarray(grid.moving_mm >= np.where(smoothed > settings.clear_excess_hu, clear, faint))


def _patches(candidate: Bools, seeds: Bools, excess: Excess, settings: OpacitySettings) -> npt.NDArray[np.uint32]:
    """Number the patches that are large enough and hold enough of the seeds."""
    grid = excess.parenchyma
    numbered, count = cc3d.connected_components(candidate & (grid.lung_fraction > 0), connectivity=6, return_N=True)
    if count == 0:
        return np.zeros(candidate.shape, dtype=np.uint32)
    flat = numbered.ravel()
    at = np.flatnonzero(flat)
    which = flat[at]
    size = np.bincount(which, grid.lung_fraction.ravel()[at], minlength=count + 1) * grid.geometry.voxel_ml
    seeded = np.bincount(which, seeds.ravel()[at], minlength=count + 1) * grid.geometry.voxel_ml
    keep = (size >= settings.least_patch_ml) & (seeded >= settings.least_patch_ml / 3)
    keep[0] = False
    table = np.where(keep, np.arange(count + 1), 0).astype(np.uint32)
    return look_up(table, numbered)


def _kinds(
    patches: npt.NDArray[np.uint32],
    excess: Excess,
    offset: np.float32,
    consolidation_hu: float,
    settings: OpacitySettings,
) -> npt.NDArray[np.uint8]:
    """Class of each working voxel as if it were opacity; also just outside the patches, where borders are drawn."""
    grid = excess.parenchyma
    kind = np.full(patches.shape, GROUND_GLASS, dtype=np.uint8)
    opaque = patches > 0
    dense = opaque & (grid.hu > consolidation_hu)
    if dense.any():
        # the blurred rim of consolidation has the density of ground glass
        rim = beside(dense) & beside(~opaque)
        kind[dense | rim] = CONSOLIDATION
    dependent = _dependent(patches, excess, offset, settings)
    if dependent.any():
        kind[dependent | (beside(dependent) & ~opaque)] = DEPENDENT
    return kind


def _dependent(patches: npt.NDArray[np.uint32], excess: Excess, offset: np.float32, settings: OpacitySettings) -> Bools:
    """Patches that are a faint, thin layer on the lowest pleura of both lungs; gravity does not pull at one alone."""
    grid = excess.parenchyma
    band = settings.dependent_band_mm * grid.scale
    count = int(patches.max())
    if count == 0:
        return np.zeros(patches.shape, dtype=bool)
    at = np.flatnonzero(patches.ravel())
    which = patches.ravel()[at]
    height = excess.normal.gravity.height(grid.geometry).ravel()[at]
    low = (excess.distance_to_bottom_mm.ravel()[at] <= band) & (height > 0.6)
    size = np.bincount(which, minlength=count + 1).astype(float)
    lowest = np.bincount(which, low, minlength=count + 1)
    level = np.bincount(which, excess.smoothed_hu.ravel()[at] - offset, minlength=count + 1) / np.maximum(size, 1)
    is_layer = (lowest > 0.8 * size) & (level < settings.dependent_excess_hu)
    is_layer[0] = False
    layer = look_up(is_layer, patches)
    if all((grid.side == side).any() for side in SIDES):
        amounts = sorted(np.count_nonzero(layer & (grid.side == side)) for side in SIDES)
        if amounts[0] < settings.least_other_side * amounts[1]:
            layer[:] = False
    return layer


@compiled()
def _draw(
    field: npt.NDArray[Any],
    kind: npt.NDArray[Any],
    lung: npt.NDArray[Any],
    vessel: npt.NDArray[Any],
    factors: npt.NDArray[Any],
    drawn: npt.NDArray[np.uint8],
) -> None:  # pragma: no cover - compiled
    """Draw the field's zero crossing on the scan's grid (linear interpolation), inside the lung, off the vessels."""
    nz, ny, nx = lung.shape
    mz, my, mx = field.shape
    fz, fy, fx = factors[0], factors[1], factors[2]
    for z in range(nz):
        wz = (z + 0.5) / fz - 0.5
        az = max(0, min(int(np.floor(wz)), mz - 1))
        bz = min(az + 1, mz - 1)
        tz = np.float32(min(max(wz - az, 0.0), 1.0))
        for y in range(ny):
            wy = (y + 0.5) / fy - 0.5
            ay = max(0, min(int(np.floor(wy)), my - 1))
            by = min(ay + 1, my - 1)
            ty = np.float32(min(max(wy - ay, 0.0), 1.0))
            for x in range(nx):
                if lung[z, y, x] == 0 or vessel[z, y, x] != 0:
                    continue
                wx = (x + 0.5) / fx - 0.5
                ax = max(0, min(int(np.floor(wx)), mx - 1))
                bx = min(ax + 1, mx - 1)
                tx = np.float32(min(max(wx - ax, 0.0), 1.0))
                low = (1 - ty) * ((1 - tx) * field[az, ay, ax] + tx * field[az, ay, bx]) + ty * (
                    (1 - tx) * field[az, by, ax] + tx * field[az, by, bx]
                )
                high = (1 - ty) * ((1 - tx) * field[bz, ay, ax] + tx * field[bz, ay, bx]) + ty * (
                    (1 - tx) * field[bz, by, ax] + tx * field[bz, by, bx]
                )
                if (1 - tz) * low + tz * high > 0:
                    drawn[z, y, x] = kind[z // fz, y // fy, x // fx]

"""How the numbers of one scan move with what they rest on: threshold, boundary, masks, calibration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cc3d
import numpy as np
import numpy.typing as npt

from ctreview.change.interval_settings import IntervalSettings
from ctreview.change.measure import CONSOLIDATION, DEPENDENT, GROUND_GLASS, count_labelled, count_listed, organ_box
from ctreview.errors import WrongUse
from ctreview.volume.geometry import FloatArray, Geometry, require_same_grid
from ctreview.volume.labels import LabelMap
from ctreview.volume.regions import Regions
from ctreview.volume.volume import Volume

__all__ = ["Perturbation", "Sensitivity", "Variants", "find_sensitivity"]


@dataclass(frozen=True)
class Perturbation:
    """One way in which the segmentation of a scan could have come out otherwise.

    Attributes
    ----------
    threshold_hu : float
        Added to every threshold that the segmentation uses.
    """

    threshold_hu: float = 0.0


Variants = Callable[[Perturbation], LabelMap]
"""Gives the opacity of a scan as it would be under a perturbation; handed in by the recipe."""

FACE_TO_SURFACE = 2.0 / 3.0
"""Faces of voxels overstate a surface of all orientations by 3/2: the mean of |x| + |y| + |z| over the sphere."""

_CLEAR, _GLASS, _SOLID, _SPARED, _OUTSIDE = range(5)

COUNTED = 3
"""Columns of every table of opacity: ground glass, consolidation, both together."""


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """What the numbers of one scan are, and how they move.

    All tables have one row per region. ``edge``, ``vessel`` and ``rim`` hold the millilitres won when the boundary
    towards clear tissue, towards vessels and airway walls, and towards the outside of the organ moves outwards by
    half a voxel.

    Attributes
    ----------
    names : tuple of str
        The regions.
    volume_ml, mass_g : ndarray, shape (regions,)
        Of the whole region.
    rim_ml, rim_g : ndarray, shape (regions,)
        What volume and mass win when the organ's boundary moves outwards by half a voxel.
    shifts_hu : ndarray, shape (shifts,)
        Rising; contains 0.
    opacity_ml : ndarray, shape (shifts, regions, 3)
        Ground glass, consolidation and both at each shift of the threshold.
    dependent_ml : ndarray, shape (regions,)
        Dependent opacity, which some would count as ground glass.
    edge, vessel, rim : ndarray, shape (regions, 3)
    bordering_ml : ndarray, shape (regions,)
        Consolidation in pieces that touch the outside of the organ.
    blocks : ndarray, shape (blocks, regions, 3)
        Half of what each block wins or loses between the two smallest shifts either side of 0.
    """

    names: tuple[str, ...]
    volume_ml: FloatArray
    mass_g: FloatArray
    rim_ml: FloatArray
    rim_g: FloatArray
    shifts_hu: FloatArray
    opacity_ml: FloatArray
    dependent_ml: FloatArray
    edge: FloatArray
    vessel: FloatArray
    rim: FloatArray
    bordering_ml: FloatArray
    blocks: FloatArray

    def select(self, names: tuple[str, ...]) -> Sensitivity:
        """The rows of the named regions, in that order."""
        rows = [self.names.index(name) for name in names]
        return Sensitivity(
            names=names,
            volume_ml=self.volume_ml[rows],
            mass_g=self.mass_g[rows],
            rim_ml=self.rim_ml[rows],
            rim_g=self.rim_g[rows],
            shifts_hu=self.shifts_hu,
            opacity_ml=self.opacity_ml[:, rows],
            dependent_ml=self.dependent_ml[rows],
            edge=self.edge[rows],
            vessel=self.vessel[rows],
            rim=self.rim[rows],
            bordering_ml=self.bordering_ml[rows],
            blocks=self.blocks[:, rows],
        )


def find_sensitivity(
    volume: Volume,
    regions: Regions,
    opacity: LabelMap,
    *,
    vessels: LabelMap | None = None,
    variants: Variants | None = None,
    shifts_hu: tuple[float, ...] = IntervalSettings().shifts_hu,
    block_mm: float = IntervalSettings().block_mm,
) -> Sensitivity:
    """Vary what the numbers of one scan rest on, and take down how they move.

    Parameters
    ----------
    volume : Volume
        In HU.
    regions : Regions
    opacity : LabelMap
        As it was found: ``ground_glass``, ``consolidation``.
    vessels : LabelMap, optional
        What was left out of the opacity.
    variants : callable, optional
        The opacity under a shifted threshold; without it, thresholds are taken for certain.
    shifts_hu : tuple of float
        Shifts that are tried, some below and some above 0; between them numbers are interpolated.
    block_mm : float
        Side of the cubes within which errors of the threshold are taken to be alike.

    Raises
    ------
    GridMismatch
        The parts do not lie on one grid.
    """
    geometry = require_same_grid(volume, regions, opacity, *(() if vessels is None else (vessels,)))
    if not (min(shifts_hu) < 0 < max(shifts_hu)):
        raise WrongUse("thresholds must be shifted both down and up")
    box, regions = organ_box(regions)
    found = {0.0: _classes(opacity, box)}
    if variants is not None:
        found |= {shift: _classes(variants(Perturbation(threshold_hu=shift)), box) for shift in shifts_hu}
    shifts = np.array(sorted(found))
    counts = np.stack([_with_sum(count_labelled(regions, found[shift], 3)) for shift in shifts])
    edge, vessel, rim = _surfaces(found[0.0], regions, None if vessels is None else vessels.array[box])
    surface = _organ_faces(_inside(regions))
    volume_ml, mass_g, rim_ml, rim_g = _organ(volume.array[box], regions, surface)
    low = max((shift for shift in found if shift < 0), default=0.0)
    high = min((shift for shift in found if shift > 0), default=0.0)
    return Sensitivity(
        names=regions.names,
        volume_ml=volume_ml,
        mass_g=mass_g,
        rim_ml=rim_ml,
        rim_g=rim_g,
        shifts_hu=shifts,
        opacity_ml=counts * geometry.voxel_ml,
        dependent_ml=_dependent(opacity, box, regions),
        edge=edge,
        vessel=vessel,
        rim=rim,
        bordering_ml=_bordering(found[0.0], regions, surface[0]),
        blocks=_blocks(found[low], found[high], regions, block_mm),
    )


Codes = npt.NDArray[np.uint8]
Array = npt.NDArray[Any]


def _classes(labels: LabelMap, box: tuple[slice, slice, slice]) -> Codes:
    """1 where ground glass, 2 where consolidation, 0 elsewhere; cut to a box."""
    table = np.zeros(256, dtype=np.uint8)
    table[labels.scheme[GROUND_GLASS].value] = _GLASS
    table[labels.scheme[CONSOLIDATION].value] = _SOLID
    return np.asarray(table[labels.array[box]])


def _dependent(labels: LabelMap, box: tuple[slice, slice, slice], regions: Regions) -> FloatArray:
    values = [label.value for label in labels.scheme if label.key == DEPENDENT]
    found = np.isin(labels.array[box], values).view(np.uint8)
    return count_labelled(regions, found, 2)[:, 1] * regions.geometry.voxel_ml


def _bordering(classes: Codes, regions: Regions, surface: npt.NDArray[np.int64]) -> FloatArray:
    """Consolidation in pieces that touch the outside of the organ, in millilitres by region.

    There the organ's border was not seen but concluded, from ribs and neighbours.
    """
    solid = classes == _SOLID
    touching = np.zeros(solid.shape, dtype=np.uint8)
    if solid.any():
        pieces = cc3d.connected_components(solid, connectivity=6)
        at_border = np.zeros(int(pieces.max()) + 1, dtype=np.uint8)
        at_border[np.unique(pieces.ravel()[surface])] = 1
        at_border[0] = 0
        touching = at_border[pieces]
    return count_labelled(regions, touching, 2)[:, 1] * regions.geometry.voxel_ml


def _with_sum(table: FloatArray) -> FloatArray:
    """From columns (nothing, ground glass, consolidation) to (ground glass, consolidation, both)."""
    return np.stack([table[:, _GLASS], table[:, _SOLID], table[:, _GLASS] + table[:, _SOLID]], axis=1)


def _inside(regions: Regions) -> npt.NDArray[np.bool_]:
    return np.asarray(regions.partitions[0].cells > 0)


def _half_voxel_ml(geometry: Geometry) -> float:
    """What half a voxel's shift of one voxel face wins, on a surface of all orientations."""
    return FACE_TO_SURFACE * 0.5 * geometry.voxel_ml


def _surfaces(classes: Codes, regions: Regions, vessels: Array | None) -> tuple[FloatArray, FloatArray, FloatArray]:
    """What a shift by half a voxel wins in each region: towards clear tissue, vessels, the outside."""
    nothing = np.zeros((len(regions.names), COUNTED))
    where = np.flatnonzero(classes)
    if len(where) == 0:
        return nothing, nothing, nothing
    faces = _faces(classes, regions, vessels, where)
    own = classes.ravel()[where].astype(np.int64)
    is_glass = own == _GLASS

    def won(weights: FloatArray) -> FloatArray:
        return count_listed(regions, where, own, 3, weights)

    to_other = np.where(is_glass, faces[:, _SOLID], faces[:, _GLASS])
    clear = _with_sum(won(faces[:, _CLEAR]))
    # What one class wins from the other is no gain of both together.
    clear[:, :2] += won(to_other)[:, [_GLASS, _SOLID]]
    scale = _half_voxel_ml(regions.geometry)
    return clear * scale, _with_sum(won(faces[:, _SPARED])) * scale, _with_sum(won(faces[:, _OUTSIDE])) * scale


def _faces(classes: Codes, regions: Regions, vessels: Array | None, where: npt.NDArray[np.int64]) -> FloatArray:
    """How many of its six faces each listed voxel turns to each kind of tissue, shape (voxels, 5)."""
    index = np.stack(np.unravel_index(where, classes.shape), axis=1)
    start = np.maximum(index.min(axis=0) - 1, 0)
    stop = np.minimum(index.max(axis=0) + 2, classes.shape)
    box = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
    tissue = np.where(_inside(regions)[box], np.uint8(_CLEAR), np.uint8(_OUTSIDE))
    if vessels is not None:
        tissue[(vessels[box] > 0) & (tissue == _CLEAR)] = _SPARED
    tissue[classes[box] > 0] = classes[box][classes[box] > 0]
    tissue = np.pad(tissue, 1, constant_values=_OUTSIDE)
    at = index - start + 1
    faces = np.zeros((len(where), 5))
    rows = np.arange(len(where))
    for axis in range(3):
        for step in (-1, 1):
            beside = at.copy()
            beside[:, axis] += step
            faces[rows, tissue[tuple(beside.T)]] += 1
    return faces


def _organ(
    hu: Array, regions: Regions, surface: tuple[npt.NDArray[np.int64], FloatArray]
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Volume and mass of each region, and what both win when the organ grows by half a voxel."""
    geometry = regions.geometry
    counted = regions.count(np.zeros(geometry.shape, dtype=np.uint8), 1)
    sums = regions.total(hu)
    voxels = np.array([float(counted[name][0]) for name in regions.names])
    hu_sum = np.array([sums[name] for name in regions.names])
    where, faces = surface
    ones = np.ones(len(where), dtype=np.int64)
    density = np.maximum(0.0, 1.0 + hu.ravel()[where] / 1000.0)
    scale = _half_voxel_ml(geometry)
    return (
        voxels * geometry.voxel_ml,
        (voxels + hu_sum / 1000.0) * geometry.voxel_ml,
        count_listed(regions, where, ones, 2, faces)[:, 1] * scale,
        count_listed(regions, where, ones, 2, faces * density)[:, 1] * scale,
    )


def _organ_faces(inside: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Flat positions of the organ's surface voxels and how many of their faces lie free."""
    free = np.zeros(inside.shape, dtype=np.uint8)
    for axis in range(3):
        first = np.take(inside, range(1), axis=axis)
        last = np.take(inside, range(inside.shape[axis] - 1, inside.shape[axis]), axis=axis)
        step = np.diff(inside.view(np.int8), axis=axis)
        lower = [slice(None)] * 3
        upper = [slice(None)] * 3
        lower[axis], upper[axis] = slice(0, -1), slice(1, None)
        free[tuple(lower)] += step == -1
        free[tuple(upper)] += step == 1
        lower[axis], upper[axis] = slice(0, 1), slice(-1, None)
        free[tuple(lower)] += first
        free[tuple(upper)] += last
    where = np.flatnonzero(free)
    return where, free.ravel()[where].astype(np.float64)


def _blocks(low: Codes, high: Codes, regions: Regions, block_mm: float) -> FloatArray:
    """Half of what each block differs by between two segmentations, shape (blocks, regions, 3)."""
    where = np.flatnonzero(low != high)
    nothing = np.zeros((0, len(regions.names), COUNTED))
    if len(where) == 0:
        return nothing
    index = np.stack(np.unravel_index(where, low.shape), axis=1)
    cube = (index * np.array(regions.geometry.spacing) // block_mm).astype(np.int64)
    _, block = np.unique(cube, axis=0, return_inverse=True)
    size = int(block.max()) + 1
    before, after = low.ravel()[where].astype(np.int64), high.ravel()[where].astype(np.int64)
    by_class = []
    for kind in (_GLASS, _SOLID):
        won = (before == kind).astype(np.float64) - (after == kind)
        by_class.append(count_listed(regions, where, block.ravel(), size, won).T)
    glass, solid = by_class
    return np.stack([glass, solid, glass + solid], axis=2) * (0.5 * regions.geometry.voxel_ml)

"""How the numbers of one scan move with what they rest on: threshold, boundary, masks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import cc3d
import numpy as np
import numpy.typing as npt

from ctreview.change.border_sensitivity import BorderSensitivity, border_sensitivities
from ctreview.change.interval_settings import IntervalSettings
from ctreview.change.measure import count_labelled, count_listed, organ_box
from ctreview.errors import WrongUse
from ctreview.volume.counting import look_up
from ctreview.volume.geometry import FloatArray, Geometry, require_same_grid
from ctreview.volume.labels import LabelMap
from ctreview.volume.regions import Regions

__all__ = ["DegradedVolumes", "Perturbation", "Sensitivity", "Variants", "change_ml", "find_sensitivity"]


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

DegradedVolumes = Mapping[str, Mapping[str, FloatArray]]
"""What a scan would hold more were both imaged alike: millilitres of each class and of all, by source and region."""

FACE_TO_SURFACE = 2.0 / 3.0
"""Faces of voxels overstate a surface of all orientations by 3/2: the mean of |x| + |y| + |z| over the sphere."""

_CLEAR = 0
"""Tissue of no counted label; counted labels follow from 1, then vessels and walls, then what is outside."""


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """What the numbers of one scan are, and how they move.

    All tables have one row per region, those of opacity a column for each of ``classes`` and one for their sum.
    ``edge``, ``vessel`` and ``rim`` hold the millilitres won when the boundary towards clear tissue, towards vessels
    and airway walls, and towards the outside of the organ moves outwards by half a voxel.

    Attributes
    ----------
    names : tuple of str
        The regions.
    classes : tuple of str
        Keys of the labels that are counted, the least severe first.
    volume_ml : ndarray, shape (regions,)
        Of the whole region.
    rim_ml : ndarray, shape (regions,)
        What the volume wins when the organ's boundary moves outwards by half a voxel.
    shifts_hu : ndarray, shape (shifts,)
        Rising; contains 0.
    opacity_ml : ndarray, shape (shifts, regions, columns)
        At each shift of the threshold.
    alternatives_ml : mapping of str to ndarray, shape (regions, columns)
        What would be won were a label or tissue counted that is not, by its name.
    edge, vessel, rim : ndarray, shape (regions, columns)
    bordering_ml : ndarray, shape (regions, columns)
        Dense tissue in pieces that touch the outside of the organ.
    blocks : ndarray, shape (blocks, regions, columns)
        Half of what each block wins or loses between the two smallest shifts either side of 0.
    gap_ml : ndarray, shape (regions, columns)
        Standard deviation that each millimetre between two slices that was not imaged adds.
    degraded_ml : mapping of str to ndarray, shape (regions, columns)
        What would be won were the better one of two scans imaged as the other is, by the source of the interval.
    borders : mapping of str to BorderSensitivity
        What regions win from each other, by the border between them.
    beside_ml : ndarray, shape (regions, columns), or None
        Dense tissue beside the regions that both scans show and that is in neither number: it cancels but for what each
        scan draws otherwise.
    """

    names: tuple[str, ...]
    classes: tuple[str, ...]
    volume_ml: FloatArray
    rim_ml: FloatArray
    shifts_hu: FloatArray
    opacity_ml: FloatArray
    alternatives_ml: Mapping[str, FloatArray]
    edge: FloatArray
    vessel: FloatArray
    rim: FloatArray
    bordering_ml: FloatArray
    blocks: FloatArray
    gap_ml: FloatArray
    degraded_ml: Mapping[str, FloatArray] = field(default_factory=dict)
    borders: Mapping[str, BorderSensitivity] = field(default_factory=dict)
    beside_ml: FloatArray | None = None

    def with_degraded(self, found: DegradedVolumes) -> Sensitivity:
        """The same with what would be won were both scans imaged alike."""
        nothing = np.zeros(len(self.classes) + 1)
        tables = {
            source: np.stack([by_region.get(name, nothing) for name in self.names])
            for source, by_region in found.items()
        }
        return replace(self, degraded_ml=tables)

    def with_alternative(self, name: str, label: str, won_ml: FloatArray) -> Sensitivity:
        """The same with what would be won, by region, were something counted as a label that is in no number."""
        won = _in_columns(won_ml, self.classes.index(label), len(self.classes))
        return replace(self, alternatives_ml={**self.alternatives_ml, name: won})

    def with_beside(self, label: str, beside_ml: FloatArray) -> Sensitivity:
        """The same with dense tissue beside each region that both scans show; shape (regions,)."""
        return replace(self, beside_ml=_in_columns(beside_ml, self.classes.index(label), len(self.classes)))

    def select(self, names: tuple[str, ...]) -> Sensitivity:
        """The rows of the named regions, in that order."""
        rows = [self.names.index(name) for name in names]
        return Sensitivity(
            names=names,
            classes=self.classes,
            volume_ml=self.volume_ml[rows],
            rim_ml=self.rim_ml[rows],
            shifts_hu=self.shifts_hu,
            opacity_ml=self.opacity_ml[:, rows],
            alternatives_ml={name: table[rows] for name, table in self.alternatives_ml.items()},
            edge=self.edge[rows],
            vessel=self.vessel[rows],
            rim=self.rim[rows],
            bordering_ml=self.bordering_ml[rows],
            blocks=self.blocks[:, rows],
            gap_ml=self.gap_ml[rows],
            degraded_ml={name: table[rows] for name, table in self.degraded_ml.items()},
            borders={name: border.rows(rows) for name, border in self.borders.items()},
            beside_ml=None if self.beside_ml is None else self.beside_ml[rows],
        )


def find_sensitivity(
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
    regions : Regions
    opacity : LabelMap
        As it was found.
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
    geometry = require_same_grid(regions, opacity, *(() if vessels is None else (vessels,)))
    if not (min(shifts_hu) < 0 < max(shifts_hu)):
        raise WrongUse("thresholds must be shifted both down and up")
    counted = opacity.scheme.counted
    borders = border_sensitivities(regions, opacity)
    box, regions = organ_box(regions)
    found = {0.0: _classes(opacity, box)}
    if variants is not None:
        found |= {shift: _classes(variants(Perturbation(threshold_hu=shift)), box) for shift in shifts_hu}
    shifts = np.array(sorted(found))
    size = len(counted) + 1
    counts = np.stack([_with_sum(count_labelled(regions, found[shift], size)) for shift in shifts])
    edge, vessel, rim = _surfaces(found[0.0], len(counted), regions, None if vessels is None else vessels.array[box])
    surface = _organ_faces(_inside(regions))
    low = max((shift for shift in found if shift < 0), default=0.0)
    high = min((shift for shift in found if shift > 0), default=0.0)
    return Sensitivity(
        names=regions.names,
        classes=tuple(label.key for label in counted),
        volume_ml=_volume_ml(regions),
        rim_ml=_rim_ml(regions, surface),
        shifts_hu=shifts,
        opacity_ml=counts * geometry.voxel_ml,
        alternatives_ml=_alternatives(opacity, box, regions),
        edge=edge,
        vessel=vessel,
        rim=rim,
        bordering_ml=_bordering(found[0.0], [label.dense for label in counted], regions, surface[0]),
        blocks=_blocks(found[low], found[high], len(counted), regions, block_mm),
        gap_ml=_gap_ml(found[0.0], len(counted), regions),
        borders=borders,
    )


def change_ml(regions: Regions, opacity: LabelMap, otherwise: LabelMap) -> dict[str, FloatArray]:
    """By region what another label map of the same scan holds more, of each counted label and of all together."""
    geometry = require_same_grid(regions, opacity, otherwise)
    box, regions = organ_box(regions)
    size = len(opacity.scheme.counted) + 1
    before, after = (_with_sum(count_labelled(regions, _classes(labels, box), size)) for labels in (opacity, otherwise))
    return dict(zip(regions.names, (after - before) * geometry.voxel_ml, strict=True))


Codes = npt.NDArray[np.uint8]
Array = npt.NDArray[Any]


def _classes(labels: LabelMap, box: tuple[slice, slice, slice]) -> Codes:
    """From 1 the place of each voxel's label among those that are counted, 0 elsewhere; cut to a box."""
    table = np.zeros(256, dtype=np.uint8)
    for place, label in enumerate(labels.scheme.counted, 1):
        table[label.value] = place
    return look_up(table, labels.array[box])


def _alternatives(labels: LabelMap, box: tuple[slice, slice, slice], regions: Regions) -> dict[str, FloatArray]:
    """What would be won were a label counted as what it may be, in millilitres by its name."""
    counted = [label.key for label in labels.scheme.counted]
    found = {}
    for label in labels.scheme:
        if label.may_be:
            there = np.asarray(labels.array[box] == label.value).view(np.uint8)
            won = count_labelled(regions, there, 2)[:, 1] * regions.geometry.voxel_ml
            found[label.name] = _in_columns(won, counted.index(label.may_be), len(counted))
    return found


def _in_columns(values: FloatArray, place: int, classes: int) -> FloatArray:
    """Values of one class as a table: in its own column and in that of the sum."""
    table = np.zeros((len(values), classes + 1))
    table[:, place] = values
    table[:, -1] = values
    return table


def _bordering(classes: Codes, dense: Sequence[bool], regions: Regions, surface: npt.NDArray[np.int64]) -> FloatArray:
    """Dense tissue in pieces that touch the outside of the organ, in millilitres by region.

    There the organ's border was not seen but concluded, from bones and neighbours.
    """
    found = np.zeros((len(regions.names), len(dense) + 1))
    for place, wanted in enumerate(dense):
        if wanted:
            found += _in_columns(_touching_ml(classes == place + 1, regions, surface), place, len(dense))
    return found


def _touching_ml(solid: npt.NDArray[np.bool_], regions: Regions, surface: npt.NDArray[np.int64]) -> FloatArray:
    touching = np.zeros(solid.shape, dtype=np.uint8)
    if solid.any():
        pieces = cc3d.connected_components(solid, connectivity=6)
        at_border = np.zeros(int(pieces.max()) + 1, dtype=np.uint8)
        at_border[np.unique(pieces.ravel()[surface])] = 1
        at_border[0] = 0
        touching = at_border[pieces]
    return count_labelled(regions, touching, 2)[:, 1] * regions.geometry.voxel_ml


def _with_sum(table: FloatArray) -> FloatArray:
    """From columns (nothing, each class) to (each class, all together)."""
    return np.concatenate([table[:, 1:], table[:, 1:].sum(axis=1, keepdims=True)], axis=1)


def _inside(regions: Regions) -> npt.NDArray[np.bool_]:
    return np.asarray(regions.partitions[0].cells > 0)


def _half_voxel_ml(geometry: Geometry) -> float:
    """What half a voxel's shift of one voxel face wins, on a surface of all orientations."""
    return FACE_TO_SURFACE * 0.5 * geometry.voxel_ml


def _surfaces(
    classes: Codes, count: int, regions: Regions, vessels: Array | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """What a shift by half a voxel wins in each region: towards clear tissue, vessels, the outside."""
    nothing = np.zeros((len(regions.names), count + 1))
    where = np.flatnonzero(classes)
    if len(where) == 0:
        return nothing, nothing, nothing
    faces = _faces(classes, count, regions, vessels, where)
    own = classes.ravel()[where].astype(np.int64)

    def won(weights: FloatArray) -> FloatArray:
        return count_listed(regions, where, own, count + 1, weights)

    classes_beside = faces[:, 1 : count + 1]
    to_other = classes_beside.sum(axis=1) - classes_beside[np.arange(len(own)), own - 1]
    clear = _with_sum(won(faces[:, _CLEAR]))
    # What one class wins from another is no gain of all together.
    clear[:, :-1] += won(to_other)[:, 1:]
    scale = _half_voxel_ml(regions.geometry)
    spared, outside = (_with_sum(won(faces[:, count + more])) for more in (1, 2))
    return clear * scale, spared * scale, outside * scale


def _faces(
    classes: Codes, count: int, regions: Regions, vessels: Array | None, where: npt.NDArray[np.int64]
) -> FloatArray:
    """How many of its six faces each listed voxel turns to each kind of tissue, shape (voxels, count + 3)."""
    spared, outside = count + 1, count + 2
    index = np.stack(np.unravel_index(where, classes.shape), axis=1)
    start = np.maximum(index.min(axis=0) - 1, 0)
    stop = np.minimum(index.max(axis=0) + 2, classes.shape)
    box = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
    tissue = np.where(_inside(regions)[box], np.uint8(_CLEAR), np.uint8(outside))
    if vessels is not None:
        tissue[(vessels[box] > 0) & (tissue == _CLEAR)] = spared
    tissue[classes[box] > 0] = classes[box][classes[box] > 0]
    tissue = np.pad(tissue, 1, constant_values=outside)
    at = index - start + 1
    faces = np.zeros((len(where), count + 3))
    rows = np.arange(len(where))
    for axis in range(3):
        for step in (-1, 1):
            beside = at.copy()
            beside[:, axis] += step
            faces[rows, tissue[tuple(beside.T)]] += 1
    return faces


def _volume_ml(regions: Regions) -> FloatArray:
    counted = regions.count(np.zeros(regions.geometry.shape, dtype=np.uint8), 1)
    return np.array([float(counted[name][0]) for name in regions.names]) * regions.geometry.voxel_ml


def _rim_ml(regions: Regions, surface: tuple[npt.NDArray[np.int64], FloatArray]) -> FloatArray:
    """What each region wins when the organ grows by half a voxel."""
    where, faces = surface
    ones = np.ones(len(where), dtype=np.int64)
    return count_listed(regions, where, ones, 2, faces)[:, 1] * _half_voxel_ml(regions.geometry)


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


def _gap_ml(classes: Codes, count: int, regions: Regions) -> FloatArray:
    """Standard deviation of what lies between slices, in millilitres for each millimetre of it.

    Volumes from parallel slices a distance T apart have a variance of T² (3A − 4B + C) / 12, of the area a of opacity
    in each slice: A = Σ a², B = Σ a·a of neighbours, C = Σ a·a of those two apart (Gundersen and Jensen, J Microsc
    1987, doi 10.1111/j.1365-2818.1987.tb02837.x; the factor is that of rough borders). Of T only the gap is inferred.
    """
    where = np.flatnonzero(classes)
    if len(where) == 0:
        return np.zeros((len(regions.names), count + 1))
    own, layers = classes.ravel()[where].astype(np.int64), classes.shape[0]
    layer = np.unravel_index(where, classes.shape)[0]
    by_class = [count_listed(regions, where, layer, layers, own == kind) for kind in range(1, count + 1)]
    area = np.stack([*by_class, np.sum(by_class, axis=0)], axis=1) * (
        regions.geometry.voxel_ml / regions.geometry.spacing[0]
    )
    products = [np.sum(area[..., step:] * area[..., : layers - step], axis=-1) for step in range(3)]
    return np.asarray(np.sqrt(np.maximum(3 * products[0] - 4 * products[1] + products[2], 0.0) / 12.0))


def _blocks(low: Codes, high: Codes, count: int, regions: Regions, block_mm: float) -> FloatArray:
    """Half of what each block differs by between two segmentations, shape (blocks, regions, columns)."""
    where = np.flatnonzero(low != high)
    nothing = np.zeros((0, len(regions.names), count + 1))
    if len(where) == 0:
        return nothing
    index = np.stack(np.unravel_index(where, low.shape), axis=1)
    cube = (index * np.array(regions.geometry.spacing) // block_mm).astype(np.int64)
    _, block = np.unique(cube, axis=0, return_inverse=True)
    size = int(block.max()) + 1
    before, after = low.ravel()[where].astype(np.int64), high.ravel()[where].astype(np.int64)
    by_class = []
    for kind in range(1, count + 1):
        won = (before == kind).astype(np.float64) - (after == kind)
        by_class.append(count_listed(regions, where, block.ravel(), size, won).T)
    return np.stack([*by_class, np.sum(by_class, axis=0)], axis=2) * (0.5 * regions.geometry.voxel_ml)

"""The parts of the lungs that are counted: sides, lobes, thirds, halves, core and rim."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.anatomy.lobes import LOBES, LobeMap
from ctreview.anatomy.lung_size import ADULT_LUNGS_ML
from ctreview.anatomy.lungs import LUNG_SCHEME
from ctreview.compiled import compiled
from ctreview.errors import SegmentationFailed
from ctreview.volume.box import bounding_box
from ctreview.volume.counting import look_up
from ctreview.volume.distance import distance
from ctreview.volume.geometry import Geometry, require_same_grid
from ctreview.volume.labels import LabelMap
from ctreview.volume.regions import BorderShift, Division, Partition, Regions

__all__ = ["PERIPHERAL_MM", "divide_lungs"]

PERIPHERAL_MM = 20.0
"""How deep the peripheral rim reaches under the pleura in an adult; scaled with the cube root of lung volume."""

THIRDS = ("basal", "middle", "apical")
HALVES = ("ventral", "dorsal")
SHELLS = ("central", "peripheral")

DIVISIONS = (
    Division(tuple(reversed(THIRDS)), "third"),
    Division(HALVES, "half"),
    Division(SHELLS, "part", locates=False),
)
"""How lungs, sides and lobes are divided into parts."""

Labels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.float32]
Axis = tuple[Positions, Positions, Positions]
"""A patient coordinate as the sum of one term for each index of a voxel: adding in this order gives the position."""
Ends = tuple[float, float]
PartEnds = tuple[dict[int, Ends], dict[int, Ends]]
"""By number of a part, its ends along the head axis and from front to back."""


def divide_lungs(lungs: LabelMap, *, lobes: LabelMap | None = None) -> Regions:
    """Divide lungs into the regions that are counted.

    Parameters
    ----------
    lungs : LabelMap
        Of `find_lungs`; either lung may be missing (a scan of one lung).
    lobes : LabelMap, optional
        Lobes on the same grid, under the keys of `LOBES`. What they hold outside the lungs is not counted. Those that
        were found (`LobeMap`) know how sure their borders are.

    Returns
    -------
    Regions
        On the grid of ``lungs``: ``lungs``, ``right_lung``, ``left_lung`` and the lobes given, as far as they hold a
        voxel, each followed by ``/apical``, ``/middle``, ``/basal`` (thirds of equal height of that part along the
        patient's head axis), ``/ventral``, ``/dorsal`` (halves at the middle of its depth), ``/central`` and
        ``/peripheral``. The last is what lies within 20 mm of the pleura, scaled with the cube root of the volume of
        the lungs over 5 L; of a single lung, over 2.5 L. The pleura here is the outer surface of both lungs,
        their mediastinal and diaphragmatic surfaces included (fissures are not), so that the hilum counts as
        rim where lung borders on it. Where the field of view cuts the lung, the cut is not a surface.

    Raises
    ------
    GridMismatch
        The lobes do not lie on one grid.
    SegmentationFailed
        There is no lung to divide.

    Notes
    -----
    Heights and depths are taken along the patient's axes, also where the grid is oblique: by the centres of voxels.
    """
    if lobes is not None:
        require_same_grid(lungs, lobes)
    sides: Labels = np.where(lungs.array <= LUNG_SCHEME["left_lung"].value, lungs.array, 0).astype(np.uint8)
    if not sides.any():
        raise SegmentationFailed("there is no lung to divide", remedy="Look at the lung mask.")
    box = bounding_box(sides)
    sides = sides[box]
    start = [s.start for s in box]
    grid = lungs.geometry.crop(start, [s.stop for s in box])
    rim = _peripheral(sides, grid, _touched(lungs.geometry, box))
    names = {lungs.scheme[key].value: key for key in ("right_lung", "left_lung")}
    whole: Labels = (sides > 0).astype(np.uint8)
    parts = [(whole, {1: "lungs"}), (sides, names)]
    if lobes is not None:
        parts.append(_lobe_numbers(lobes, box, whole))
    axes = _patient_axis(grid, 2), _patient_axis(grid, 1)
    ends = [(_ends(numbers, axes[0]), _ends(numbers, axes[1])) for numbers, _ in parts]
    cut = [_partition(*part, rim, axes, of_part) for part, of_part in zip(parts, ends, strict=True)]
    placed = tuple(_placed(part, lungs.geometry.shape, box) for part in cut if part.regions)
    shifts: tuple[BorderShift, ...] = ()
    if isinstance(lobes, LobeMap) and cut[-1].regions:
        shifts = tuple(_shifts(lobes, box, parts[-1][1], rim, axes, ends[-1], len(placed) - 1))
    return Regions(lungs.geometry, placed, DIVISIONS, shifts)


def _touched(geometry: Geometry, box: Sequence[slice]) -> list[tuple[bool, bool]]:
    """For each axis whether the box reaches the first and the last voxel of the grid."""
    return [(s.start == 0, s.stop == n) for s, n in zip(box, geometry.shape, strict=True)]


def _peripheral(sides: Labels, grid: Geometry, touched: Sequence[tuple[bool, bool]]) -> Mask:
    """Where lung lies within the rim under the pleura."""
    lung = sides > 0
    share = sum(bool((sides == side).any()) for side in (1, 2)) / 2
    depth = PERIPHERAL_MM * (np.count_nonzero(lung) * grid.voxel_ml / (ADULT_LUNGS_ML * share)) ** (1 / 3)
    # a layer of background around the box makes a surface, except where the field of view cuts the lung
    padding = [(0 if first else 1, 0 if last else 1) for first, last in touched]
    inside = np.pad(lung, padding)
    inner = tuple(slice(a, n - b) for (a, b), n in zip(padding, inside.shape, strict=True))
    deep = distance(inside, grid.spacing)[inner]
    # distances are to the centre of the nearest voxel outside; the surface is half a voxel nearer
    return np.asarray(lung & (deep - 0.5 * min(grid.spacing) <= depth))


def _lobe_numbers(lobes: LabelMap, box: tuple[slice, ...], whole: Labels) -> tuple[Labels, dict[int, str]]:
    """Lobes inside the lungs as numbers from 1 in the order of `LOBES`, and their names."""
    known = {label.key: label.value for label in lobes.scheme}
    table = np.zeros(int(np.iinfo(lobes.array.dtype).max) + 1, dtype=np.uint8)
    names = {}
    for number, key in enumerate((key for key in LOBES if key in known), start=1):
        table[known[key]] = number
        names[number] = key
    numbers = look_up(table, lobes.array[box])
    numbers *= whole
    return numbers, names


def _partition(
    numbers: Labels, names: Mapping[int, str], rim: Mask, axes: tuple[Axis, Axis], ends: PartEnds
) -> Partition:
    """Cells (part, third, half, shell) packed into one byte: 12 for each part, at most 5 parts."""
    cells = np.zeros(numbers.shape, dtype=np.uint8)
    regions: dict[str, tuple[int, ...]] = {}
    first = np.zeros(max(names, default=0) + 1, dtype=np.uint8)
    scales = np.zeros((2, 2, len(first)), dtype=np.float32)
    for part, (number, name) in enumerate(sorted(names.items())):
        if number not in ends[0]:
            continue
        first[number] = 1 + 12 * part
        for axis, count in enumerate((3, 2)):
            scales[axis, :, number] = _scale(ends[axis][number], count)
        regions |= _named(name, 1 + 12 * part)
    _pack(numbers, first, rim, *axes, scales, cells)
    return Partition(cells, regions)


def _shifts(
    lobes: LobeMap,
    box: tuple[slice, ...],
    names: Mapping[int, str],
    rim: Mask,
    axes: tuple[Axis, Axis],
    ends: PartEnds,
    partition: int,
) -> Iterator[BorderShift]:
    """Cells of the voxels that change their lobe where a fissure moves; lobes keep their thirds and halves."""
    first = {number: 1 + 12 * part for part, number in enumerate(sorted(names))}
    by_key = {key: number for number, key in names.items()}
    start = np.array([[s.start] for s in box])
    for moved in lobes.moved_borders():
        index = np.stack(np.unravel_index(moved.where, lobes.geometry.shape)) - start
        inner = np.ravel_multi_index(tuple(index), rim.shape)
        up, back = _positions(axes[0], index), _positions(axes[1], index)
        cells = np.zeros(len(inner), dtype=np.uint8)
        for key, number in by_key.items():
            here = moved.lobes == lobes.scheme[key].value
            if here.any() and number in ends[0]:
                third = _band(up[here], 3, ends[0][number])
                half = _band(back[here], 2, ends[1][number])
                cells[here] = first[number] + 4 * third + 2 * half + rim.ravel()[inner[here]]
        yield BorderShift(moved.fissure, moved.direction, partition, moved.where, cells)


def _ends(numbers: Labels, axis: Axis) -> dict[int, Ends]:
    """Lowest and highest place of each part along a patient axis, by its number."""
    ends = np.array([[np.inf], [-np.inf]], dtype=np.float32).repeat(256, axis=1)
    _find_ends(numbers, axis, ends[0], ends[1])
    return {int(n): (float(ends[0, n]), float(ends[1, n])) for n in np.flatnonzero(ends[0] <= ends[1])}


def _patient_axis(grid: Geometry, row: int) -> Axis:
    """Patient coordinate (0 left, 1 posterior, 2 head) of every voxel, from any constant."""
    steps = grid.affine[row, :3]
    a, b, c = (np.arange(n, dtype=np.float32) * np.float32(s) for n, s in zip(grid.shape, steps, strict=True))
    return a, b, c


def _positions(axis: Axis, index: npt.NDArray[np.int64]) -> Positions:
    a, b, c = axis
    return np.asarray((a[index[0]] + b[index[1]]) + c[index[2]])


def _scale(ends: Ends, count: int) -> tuple[float, float]:
    """Where the first of ``count`` bands of equal width begins, and bands per millimetre (0 where all is one place)."""
    low, high = ends
    return low, count / (high - low) if high > low else 0.0


def _band(position: Positions, count: int, ends: Ends) -> npt.NDArray[np.uint8]:
    """Which of ``count`` bands of equal width between ends a position lies in."""
    low, per_mm = _scale(ends, count)
    return np.clip((position - low) * per_mm, 0, count - 1).astype(np.uint8)


@compiled()
def _find_ends(numbers: Any, axis: Any, lowest: Any, highest: Any) -> None:  # pragma: no cover - compiled
    a, b, c = axis
    for i in range(numbers.shape[0]):
        for j in range(numbers.shape[1]):
            for k in range(numbers.shape[2]):
                n = numbers[i, j, k]
                if n == 0:
                    continue
                position = (a[i] + b[j]) + c[k]
                lowest[n] = min(lowest[n], position)
                highest[n] = max(highest[n], position)


@compiled()
def _pack(
    numbers: Any, first: Any, rim: Any, height: Any, depth: Any, scales: Any, cells: Any
) -> None:  # pragma: no cover - compiled
    (a, b, c), (d, e, f) = height, depth
    for i in range(numbers.shape[0]):
        for j in range(numbers.shape[1]):
            for k in range(numbers.shape[2]):
                n = numbers[i, j, k]
                if n < first.size and first[n] != 0:
                    third = ((a[i] + b[j]) + c[k] - scales[0, 0, n]) * scales[0, 1, n]
                    half = ((d[i] + e[j]) + f[k] - scales[1, 0, n]) * scales[1, 1, n]
                    cells[i, j, k] = (
                        first[n] + 4 * int(min(max(third, 0), 2)) + 2 * int(min(max(half, 0), 1)) + rim[i, j, k]
                    )


def _named(name: str, first: int) -> dict[str, tuple[int, ...]]:
    """The regions of one part whose twelve cells start at ``first``."""
    cells = {
        key: first + 4 * i + 2 * j + k
        for (i, j, k), key in zip(product(range(3), range(2), range(2)), product(THIRDS, HALVES, SHELLS), strict=True)
    }
    regions = {name: tuple(cells.values())}
    for word in (part for division in DIVISIONS for part in division.parts):
        regions[f"{name}/{word}"] = tuple(cell for words, cell in cells.items() if word in words)
    return regions


def _placed(part: Partition, shape: tuple[int, int, int], box: tuple[slice, ...]) -> Partition:
    """The partition of a box as one of the whole grid."""
    cells: npt.NDArray[Any] = np.zeros(shape, dtype=part.cells.dtype)
    cells[box] = part.cells
    return Partition(cells, part.regions)

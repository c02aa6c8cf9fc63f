"""Both scans at reduced resolution, for the viewer inside the page.

A scan is averaged over whole blocks of its own voxels, so that nothing is interpolated and axes stay the scan's own;
labels are those at the middle of each block. All of it is for looking: no number comes from here.
"""

from __future__ import annotations

import zlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.change.comparison import Comparison
from ctreview.change.timepoint import Timepoint
from ctreview.report.cards import organ_keys
from ctreview.report.figures import LUNG_WINDOW
from ctreview.report.levels import MARGIN_MM
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.transform import Transform

__all__ = ["CANDIDATE_MARK", "ReducedScan", "displacements", "inside_of", "reduce_scan"]

FINEST_MM, STEP_MM = 1.6, 0.2
"""Blocks are at least about this large, and are made larger by this until a scan is small enough."""

MOST_VOXELS = 1_600_000
"""Of one reduced scan: two of them take about 3 MB of the page."""

GREY_BITS = 6
"""Shades that are kept: the eye tells fewer apart on a screen, and noise below them does not compress."""

CANDIDATE_MARK = 15
"""The mark of what is offered and not counted; classes of opacity have the values of their scheme."""

NODE_MM = 12.0
"""Between two nodes of the displacement that links the scans: fields of the registration are not finer."""

DISPLACEMENT_STEP_MM = 0.1

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class ReducedScan:
    """A scan of few voxels.

    Attributes
    ----------
    geometry : Geometry
        Of the blocks, in canonical axes.
    grey : ndarray of uint8
        The lung window in `GREY_BITS` bits.
    marks : ndarray of uint8
        The class of opacity in the lower four bits, `CANDIDATE_MARK` where a candidate is open, the fate in the upper
        four.
    places : ndarray of uint8
        Which of ``names`` a block lies in, counted from 1; 0 outside the organ.
    names : tuple of str
        Keys of the places: lobes where they are known, else the sides.
    """

    geometry: Geometry
    grey: Bytes
    marks: Bytes
    places: Bytes
    names: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON; arrays as the script of the page unpacks them."""
        return {
            "shape": list(self.geometry.shape),
            "affine": [round(float(value), 4) for value in self.geometry.affine[:3].ravel()],
            "grey": _packed(self.grey),
            "marks": _packed(self.marks),
            "places": _packed(self.places),
        }


def reduce_scan(timepoint: Timepoint, offered: LabelMap | None, *, most_voxels: int = MOST_VOXELS) -> ReducedScan:
    """Reduce a scan to the box of its organ and to few voxels.

    Parameters
    ----------
    timepoint : Timepoint
        In canonical axes.
    offered : LabelMap or None
        Where candidates are open.
    most_voxels : int
        How many it may have.
    """
    geometry = timepoint.volume.geometry
    start, stop = _box(timepoint.organ.mask(*organ_keys(timepoint)), geometry.spacing)
    steps = _steps([b - a for a, b in zip(start, stop, strict=True)], geometry.spacing, most_voxels)
    counts = [max(1, (b - a) // step) for a, b, step in zip(start, stop, steps, strict=True)]
    stop = tuple(a + count * step for a, count, step in zip(start, counts, steps, strict=True))
    box = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
    middle = tuple(slice(a + step // 2, b, step) for a, b, step in zip(start, stop, steps, strict=True))
    hu = timepoint.volume.array[box].reshape(counts[0], steps[0], counts[1], steps[1], counts[2], steps[2])
    marks = timepoint.opacity.array[middle].astype(np.uint8)
    if offered is not None:
        marks[offered.array[middle] > 0] = CANDIDATE_MARK
    if timepoint.fate is not None:
        marks |= timepoint.fate.array[middle].astype(np.uint8) << 4
    places, names = _places(timepoint, middle)
    return ReducedScan(
        _blocks(geometry.crop(start, stop), steps, counts),
        np.asarray(LUNG_WINDOW.grey(hu.mean(axis=(1, 3, 5), dtype=np.float32)) >> (8 - GREY_BITS), dtype=np.uint8),
        marks,
        places,
        names,
    )


def displacements(transform: Transform, scan: ReducedScan) -> dict[str, Any]:
    """How far points of the baseline move to the follow-up, on a coarse grid around a reduced scan.

    Returns
    -------
    dict
        ``origin`` (LPS millimetres), ``step`` (millimetres), ``shape`` (z, y, x), ``unit`` (millimetres of one step
        of the values) and ``values``: 16-bit integers, x, y and z of each node, packed.
    """
    corners = scan.geometry.corners()
    low, high = corners.min(axis=0) - NODE_MM, corners.max(axis=0) + NODE_MM
    size = [int(np.ceil((high[axis] - low[axis]) / NODE_MM)) + 1 for axis in (2, 1, 0)]
    z, y, x = (low[axis] + NODE_MM * np.arange(count) for axis, count in zip((2, 1, 0), size, strict=True))
    points = np.stack(np.broadcast_arrays(x[None, None], y[None, :, None], z[:, None, None]), axis=-1)
    moved = transform.to_moving(points.reshape(-1, 3)) - points.reshape(-1, 3)
    values = np.round(moved / DISPLACEMENT_STEP_MM).astype("<i2")
    return {
        "origin": [round(float(value), 2) for value in low],
        "step": NODE_MM,
        "shape": size,
        "unit": DISPLACEMENT_STEP_MM,
        "values": _compressed(values.tobytes()),
    }


def inside_of(comparison: Comparison, region: str) -> list[float] | None:
    """A point inside the opacity of a region at follow-up, LPS millimetres, on the slice that holds most of it.

    Returns
    -------
    list of float or None
        None where the region holds none.
    """
    point = comparison.followup
    there = point.opacity.counted_mask() & point.regions.mask(region)
    areas = there.sum(axis=(1, 2))
    if not areas.any():
        return None
    level = int(np.argmax(areas))
    found = np.argwhere(there[level])
    nearest = found[np.argmin(((found - found.mean(axis=0)) ** 2).sum(axis=1))]
    place = point.volume.geometry.to_lps(np.array((level, *nearest)))
    return [round(float(value), 1) for value in place]


def _box(organ: npt.NDArray[np.bool_], spacing: Sequence[float]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """First and last index of what is shown along each axis: the organ and a margin, inside the scan."""
    start, stop = [], []
    for axis in range(3):
        there = np.flatnonzero(organ.any(axis=tuple(other for other in range(3) if other != axis)))
        margin = round(MARGIN_MM / spacing[axis])
        low, high = (int(there[0]), int(there[-1])) if there.size else (0, organ.shape[axis] - 1)
        start.append(max(0, low - margin))
        stop.append(min(organ.shape[axis], high + margin + 1))
    return tuple(start), tuple(stop)


def _steps(size: Sequence[int], spacing: Sequence[float], most_voxels: int) -> tuple[int, ...]:
    """Voxels of the scan that make a side of a block, along each axis."""
    target = FINEST_MM
    while True:
        steps = tuple(max(1, min(round(target / mm), n)) for mm, n in zip(spacing, size, strict=True))
        if np.prod([n // step for n, step in zip(size, steps, strict=True)]) <= most_voxels:
            return steps
        target += STEP_MM


def _blocks(cropped: Geometry, steps: Sequence[int], counts: Sequence[int]) -> Geometry:
    affine = cropped.affine.copy()
    first = cropped.to_lps(np.array([(step - 1) / 2.0 for step in steps]))
    affine[:3, :3] = affine[:3, :3] * np.array(steps, dtype=np.float64)
    affine[:3, 3] = first
    return Geometry((counts[0], counts[1], counts[2]), affine, cropped.frame_of_reference)


def _places(timepoint: Timepoint, middle: tuple[slice, ...]) -> tuple[Bytes, tuple[str, ...]]:
    partition = timepoint.regions.partitions[-1]
    names = tuple(name for name in partition.regions if "/" not in name)
    table = np.zeros(int(partition.cells.max()) + 1, dtype=np.uint8)
    for number, name in enumerate(names, start=1):
        table[[cell for cell in partition.regions[name] if cell < len(table)]] = number
    return table[partition.cells[middle]], names


def _packed(array: Bytes) -> str:
    """Differences along the last axis, which compress better than values, as base64 of a zlib stream."""
    flat = array.reshape(-1)
    steps = np.diff(flat, prepend=np.uint8(0))
    return _compressed(steps.tobytes())


def _compressed(content: bytes) -> str:
    return b64encode(zlib.compress(content, 9)).decode("ascii")

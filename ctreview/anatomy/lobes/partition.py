"""Which lobe every voxel of the lungs belongs to, by the surfaces of the fissures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.anatomy.lobes.fissure import Fissure
from ctreview.anatomy.lobes.prior import FissureName
from ctreview.anatomy.lobes.scheme import LOBES
from ctreview.compiled import compiled
from ctreview.volume.box import Box, bounding_box
from ctreview.volume.counting import look_up
from ctreview.volume.geometry import FloatArray, Geometry
from ctreview.volume.labels import LabelMap

__all__ = ["BESIDE", "MovedBorder", "height_over_fissure", "lobes_by_fissures", "moved_borders"]

Labels = npt.NDArray[np.uint8]

_VALUE = {lobe: value for value, lobe in enumerate(LOBES, start=1)}

BESIDE: Mapping[FissureName, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "right_oblique": (("right_upper_lobe", "right_middle_lobe"), ("right_lower_lobe",)),
    "right_minor": (("right_upper_lobe",), ("right_middle_lobe",)),
    "left_oblique": (("left_upper_lobe",), ("left_lower_lobe",)),
}
"""The lobes above and below each fissure."""


@dataclass(frozen=True, eq=False)
class MovedBorder:
    """Which voxels change their lobe where a fissure moves by its standard deviation.

    Attributes
    ----------
    fissure : FissureName
    direction : {-1, 1}
        Downwards or upwards.
    where : ndarray of int64
        Flat index of the voxels.
    lobes : ndarray of uint8
        Values of their lobes after that.
    """

    fissure: FissureName
    direction: int
    where: npt.NDArray[np.int64]
    lobes: Labels


def lobes_by_fissures(lungs: LabelMap, fissures: Mapping[FissureName, Fissure]) -> Labels:
    """Divide lungs at their fissures; a lung without any stays 0.

    Parameters
    ----------
    lungs : LabelMap
    fissures : mapping of FissureName to Fissure
        Without ``right_minor`` the upper lobe takes in the middle lobe.
    """
    found = np.zeros(lungs.geometry.shape, dtype=np.uint8)
    if "right_oblique" in fissures:
        right, oblique = lungs.scheme["right_lung"].value, fissures["right_oblique"]
        _cut(found, lungs, right, oblique, "right_upper_lobe", "right_lower_lobe")
        if "right_minor" in fissures:
            upper = LabelMap(found, lungs.geometry, lungs.scheme)
            value, minor = _VALUE["right_upper_lobe"], fissures["right_minor"]
            _cut(found, upper, value, minor, "right_upper_lobe", "right_middle_lobe")
    if "left_oblique" in fissures:
        left, oblique = lungs.scheme["left_lung"].value, fissures["left_oblique"]
        _cut(found, lungs, left, oblique, "left_upper_lobe", "left_lower_lobe")
    return found


def moved_borders(lobes: LabelMap, fissures: Mapping[FissureName, Fissure]) -> Iterator[MovedBorder]:
    """Each fissure moved by its standard deviation, down and up; of a map of its lobes."""
    for name, fissure in fissures.items():
        above, below = BESIDE[name]
        known = np.zeros(len(LOBES) + 1, dtype=np.int8)
        known[[_VALUE[key] for key in above]], known[[_VALUE[key] for key in below]] = 1, -1
        box = bounding_box(look_up(known != 0, lobes.array))
        part = np.ascontiguousarray(lobes.array[box])
        surface = fissure.surface
        shape = surface.prior.plane.shape
        heights, deviations = surface.height.reshape(shape), surface.deviation.reshape(shape)
        band = np.zeros(part.shape, dtype=np.int8)
        _within_deviation(part, known, _index_to_plane(lobes.geometry, box, fissure), heights, deviations, band)
        passed = np.flatnonzero(band)
        for direction in (-1, 1):
            inner = passed[band.ravel()[passed] == direction]
            index = np.stack(np.unravel_index(inner, part.shape)) + np.array([[s.start] for s in box])
            where = np.ravel_multi_index(tuple(index), lobes.geometry.shape)
            values = _beyond(lobes, index, fissures, above if direction < 0 else below)
            yield MovedBorder(name, direction, where, values)


def height_over_fissure(grid: Geometry, where: npt.NDArray[np.bool_], fissure: Fissure) -> npt.NDArray[np.float32]:
    """How far voxels of a grid lie above a fissure, millimetres along its normal; NaN where they are not asked for."""
    found = np.full(grid.shape, np.nan, dtype=np.float32)
    whole = (slice(0, found.shape[0]), slice(0, found.shape[1]), slice(0, found.shape[2]))
    surface = fissure.surface
    heights = surface.height.reshape(surface.prior.plane.shape)
    _over(where, _index_to_plane(grid, whole, fissure), heights, 1.0 / fissure.template_per_patient, found)
    return found


def _beyond(
    lobes: LabelMap, index: npt.NDArray[np.int64], fissures: Mapping[FissureName, Fissure], keys: tuple[str, ...]
) -> Labels:
    """The lobes that voxels come to belong to; where these may be two, the minor fissure tells them apart."""
    values = np.full(index.shape[1], _VALUE[keys[0]], dtype=np.uint8)
    if len(keys) > 1 and "right_minor" in fissures:
        under = fissures["right_minor"].height_over(lobes.geometry.to_lps(index.T)) <= 0
        values[under] = _VALUE[keys[1]]
    return values


def _cut(found: Labels, parts: LabelMap, value: int, fissure: Fissure, above: str, below: str) -> None:
    """Write which side of a fissure the voxels of one value lie on."""
    if not (parts.array == value).any():
        return
    box = bounding_box(parts.array == value)
    affine, surface = _index_to_plane(parts.geometry, box, fissure), fissure.surface
    heights = surface.height.reshape(surface.prior.plane.shape)
    _side(parts.array[box], value, affine, heights, _VALUE[above], _VALUE[below], found[box])


def _index_to_plane(geometry: Geometry, box: Box, fissure: Fissure) -> FloatArray:
    """The affine (3, 4) from indices within a box to nodes and template millimetres over a fissure's plane."""
    start = np.array([s.start for s in box], dtype=np.float64)
    plane = fissure.surface.prior.plane

    def place(index: npt.ArrayLike) -> FloatArray:
        return plane.coordinates(fissure.frame.to_template(geometry.to_lps(index)))

    first = place(start)
    return np.column_stack([*(place(start + step) - first for step in np.eye(3)), first])


@compiled(fastmath=True, inline="always")
def _on_grid(grid: Any, u: float, v: float) -> float:  # pragma: no cover - compiled
    """A value between nodes, linear; beyond the grid that of its edge."""
    m0, m1 = grid.shape
    u, v = min(max(u, 0.0), m0 - 1.0), min(max(v, 0.0), m1 - 1.0)
    a, b = min(int(u), m0 - 2), min(int(v), m1 - 2)
    p, q = u - a, v - b
    left = (1.0 - q) * grid[a, b] + q * grid[a, b + 1]
    right = (1.0 - q) * grid[a + 1, b] + q * grid[a + 1, b + 1]
    return float((1.0 - p) * left + p * right)


@compiled(fastmath=True)
def _side(
    parts: Any, value: int, affine: Any, heights: Any, above: int, below: int, found: Any
) -> None:  # pragma: no cover - compiled
    n0, n1, n2 = parts.shape
    for i in range(n0):
        for j in range(n1):
            for k in range(n2):
                if parts[i, j, k] == value:
                    u = affine[0, 0] * i + affine[0, 1] * j + affine[0, 2] * k + affine[0, 3]
                    v = affine[1, 0] * i + affine[1, 1] * j + affine[1, 2] * k + affine[1, 3]
                    h = affine[2, 0] * i + affine[2, 1] * j + affine[2, 2] * k + affine[2, 3]
                    found[i, j, k] = above if h > _on_grid(heights, u, v) else below


@compiled()  # what is not asked for stays NaN
def _over(where: Any, affine: Any, heights: Any, scale: float, found: Any) -> None:  # pragma: no cover - compiled
    n0, n1, n2 = where.shape
    for i in range(n0):
        for j in range(n1):
            for k in range(n2):
                if where[i, j, k]:
                    u = affine[0, 0] * i + affine[0, 1] * j + affine[0, 2] * k + affine[0, 3]
                    v = affine[1, 0] * i + affine[1, 1] * j + affine[1, 2] * k + affine[1, 3]
                    h = affine[2, 0] * i + affine[2, 1] * j + affine[2, 2] * k + affine[2, 3]
                    found[i, j, k] = (h - _on_grid(heights, u, v)) * scale


@compiled(fastmath=True)
def _within_deviation(
    parts: Any, known: Any, affine: Any, heights: Any, deviations: Any, band: Any
) -> None:  # pragma: no cover - compiled
    """1 for what the surface passes where it moves upwards, −1 for what it passes on its way down.

    What belongs to the other side than it lies on was given to its lobe, and no fissure moves it.
    """
    n0, n1, n2 = parts.shape
    for i in range(n0):
        for j in range(n1):
            for k in range(n2):
                side = known[parts[i, j, k]]
                if side != 0:
                    u = affine[0, 0] * i + affine[0, 1] * j + affine[0, 2] * k + affine[0, 3]
                    v = affine[1, 0] * i + affine[1, 1] * j + affine[1, 2] * k + affine[1, 3]
                    h = affine[2, 0] * i + affine[2, 1] * j + affine[2, 2] * k + affine[2, 3]
                    over = h - _on_grid(heights, u, v)
                    if (over > 0.0) == (side > 0) and abs(over) <= _on_grid(deviations, u, v):
                        band[i, j, k] = 1 if over > 0.0 else -1

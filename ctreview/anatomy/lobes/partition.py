"""Which lobe every voxel of the lungs belongs to, by the surfaces of the fissures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.anatomy.lobes.fissure import Fissure
from ctreview.anatomy.lobes.prior import FissureName
from ctreview.anatomy.lobes.scheme import LOBES
from ctreview.compiled import compiled
from ctreview.volume.box import Box, bounding_box
from ctreview.volume.geometry import FloatArray
from ctreview.volume.labels import LabelMap

__all__ = ["lobes_by_fissures"]

Labels = npt.NDArray[np.uint8]

_VALUE = {lobe: value for value, lobe in enumerate(LOBES, start=1)}


def lobes_by_fissures(
    lungs: LabelMap, fissures: Mapping[FissureName, Fissure], shifts: Mapping[FissureName, float] | None = None
) -> Labels:
    """Divide lungs at their fissures; a lung without any stays 0.

    Parameters
    ----------
    lungs : LabelMap
    fissures : mapping of FissureName to Fissure
        Without ``right_minor`` the upper lobe takes in the middle lobe.
    shifts : mapping of FissureName to float, optional
        By how many of its standard deviations a fissure is moved upwards.
    """
    found = np.zeros(lungs.geometry.shape, dtype=np.uint8)
    shifts = shifts or {}
    if "right_oblique" in fissures:
        right, oblique = lungs.scheme["right_lung"].value, fissures["right_oblique"]
        _cut(found, lungs, right, oblique, shifts.get("right_oblique", 0.0), "right_upper_lobe", "right_lower_lobe")
        if "right_minor" in fissures:
            upper = LabelMap(found, lungs.geometry, lungs.scheme)
            minor = fissures["right_minor"]
            shift = shifts.get("right_minor", 0.0)
            _cut(found, upper, _VALUE["right_upper_lobe"], minor, shift, "right_upper_lobe", "right_middle_lobe")
    if "left_oblique" in fissures:
        left, oblique = lungs.scheme["left_lung"].value, fissures["left_oblique"]
        _cut(found, lungs, left, oblique, shifts.get("left_oblique", 0.0), "left_upper_lobe", "left_lower_lobe")
    return found


def _cut(found: Labels, parts: LabelMap, value: int, fissure: Fissure, shift: float, above: str, below: str) -> None:
    """Write which side of a fissure the voxels of one value lie on."""
    if not (parts.array == value).any():
        return
    box = bounding_box(parts.array == value)
    affine, surface = _index_to_plane(parts, box, fissure), fissure.surface
    heights = (surface.height + shift * surface.deviation).reshape(surface.prior.plane.shape)
    _side(parts.array[box], value, affine, heights, _VALUE[above], _VALUE[below], found[box])


def _index_to_plane(parts: LabelMap, box: Box, fissure: Fissure) -> FloatArray:
    """The affine (3, 4) from indices within a box to nodes and template millimetres over a fissure's plane."""
    start = np.array([s.start for s in box], dtype=np.float64)
    plane, geometry = fissure.surface.prior.plane, parts.geometry

    def place(index: npt.ArrayLike) -> FloatArray:
        return plane.coordinates(fissure.frame.to_template(geometry.to_lps(index)))

    first = place(start)
    return np.column_stack([*(place(start + step) - first for step in np.eye(3)), first])


@compiled(fastmath=True)
def _side(
    parts: Any, value: int, affine: Any, heights: Any, above: int, below: int, found: Any
) -> None:  # pragma: no cover - compiled
    n0, n1, n2 = parts.shape
    m0, m1 = heights.shape
    for i in range(n0):
        for j in range(n1):
            for k in range(n2):
                if parts[i, j, k] != value:
                    continue
                u = affine[0, 0] * i + affine[0, 1] * j + affine[0, 2] * k + affine[0, 3]
                v = affine[1, 0] * i + affine[1, 1] * j + affine[1, 2] * k + affine[1, 3]
                h = affine[2, 0] * i + affine[2, 1] * j + affine[2, 2] * k + affine[2, 3]
                u, v = min(max(u, 0.0), m0 - 1.0), min(max(v, 0.0), m1 - 1.0)
                a, b = min(int(u), m0 - 2), min(int(v), m1 - 2)
                p, q = u - a, v - b
                surface = (1.0 - p) * ((1.0 - q) * heights[a, b] + q * heights[a, b + 1]) + p * (
                    (1.0 - q) * heights[a + 1, b] + q * heights[a + 1, b + 1]
                )
                found[i, j, k] = above if h > surface else below

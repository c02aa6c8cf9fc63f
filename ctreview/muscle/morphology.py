"""Distances, opening and closing within axial slices, in millimetres: slices may be much thicker than pixels."""

from __future__ import annotations

from collections.abc import Sequence

import edt
import numpy as np
import numpy.typing as npt

__all__ = ["CROSS", "closed_in_slices", "distance_in_slices", "near_in_slices", "opened_in_slices"]

Mask = npt.NDArray[np.bool_]
Image = npt.NDArray[np.float32]

CROSS = np.array([[[0, 1, 0], [1, 1, 1], [0, 1, 0]]], bool)
"""A voxel and its four neighbours within the slice."""


def distance_in_slices(mask: Mask, spacing: Sequence[float]) -> Image:
    """Distance to what is not the mask, within each axial slice; where the slice ends is no border."""
    found = np.zeros(mask.shape, np.float32)
    within = tuple(spacing[1:])
    for level, plane in enumerate(np.ascontiguousarray(mask)):
        if plane.all():
            found[level] = max(plane.shape) * max(within)  # no border: farther than the plane is wide
        elif plane.any():
            found[level] = edt.edt(plane, anisotropy=within, black_border=False)
    return found


def near_in_slices(mask: Mask, spacing: Sequence[float], mm: float) -> Mask:
    """What lies at most so far from the mask."""
    return np.asarray(distance_in_slices(~mask, spacing) <= mm)


def opened_in_slices(mask: Mask, spacing: Sequence[float], mm: float) -> Mask:
    """What a disc of that radius covers that lies within the mask."""
    return np.asarray(mask & near_in_slices(distance_in_slices(mask, spacing) > mm, spacing, mm + 1e-3))


def closed_in_slices(mask: Mask, spacing: Sequence[float], mm: float) -> Mask:
    """The mask and what no disc of that radius reaches from outside it."""
    return np.asarray(mask | (distance_in_slices(near_in_slices(mask, spacing, mm), spacing) > mm))

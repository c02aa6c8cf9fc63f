"""Slices that make no right box, brought onto one: gantry tilt by shear, uneven spacing by interpolation."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.dicom.sort import Stack
from ctreview.volume.geometry import Geometry

__all__ = ["finest_step", "resample_evenly", "shear_to_box"]


def shear_to_box(
    array: npt.NDArray[Any], stack: Stack, frame_of_reference: str, *, fill: float
) -> tuple[npt.NDArray[Any], Geometry]:
    """Undo a gantry tilt: shift every slice within its plane to where it lies in the patient.

    Parameters
    ----------
    array : ndarray, shape (slices, rows, columns)
        As stored, sorted.
    stack : Stack
        Whose affine is sheared.
    fill : float
        What stands where no slice reaches.

    Returns
    -------
    ndarray
        Of the same number type, rows and columns grown by the drift; linear interpolation within the plane.
    Geometry
        A right box: slices parallel to the acquired planes, following each other along their normal.
    """
    rows, columns = (stack.affine[:3, axis] / np.linalg.norm(stack.affine[:3, axis]) for axis in (1, 2))
    steps = np.linalg.norm(stack.affine[:3, :3], axis=0)
    total = stack.affine[:3, 0] * (len(array) - 1)
    share = stack.slice_positions_mm / stack.slice_positions_mm[-1]
    drift = np.outer(share, (total @ rows / steps[1], total @ columns / steps[2]))  # in pixels, (row, column)
    start = np.floor(drift.min(axis=0))
    grown = np.ceil(drift.max(axis=0) - start - 1e-9).astype(int)
    out = np.full((len(array), array.shape[1] + grown[0], array.shape[2] + grown[1]), fill, dtype=array.dtype)
    for number, plane in enumerate(array):
        _place(out[number], plane, drift[number] - start, fill)
    normal = np.cross(columns, rows)
    affine = np.array(stack.affine)
    affine[:3, 0] = normal * (stack.slice_positions_mm[-1] / (len(array) - 1))
    affine[:3, 3] += rows * steps[1] * start[0] + columns * steps[2] * start[1]
    return out, Geometry((out.shape[0], out.shape[1], out.shape[2]), affine, frame_of_reference)


def _place(out: npt.NDArray[Any], plane: npt.NDArray[Any], shift: npt.NDArray[np.float64], fill: float) -> None:
    """Write a plane at a fractional (row, column) offset."""
    whole = np.floor(shift + 1e-6).astype(int)
    part = np.clip(shift - whole, 0.0, 1.0)
    moved: npt.NDArray[Any] = plane
    for axis in (0, 1):
        if part[axis] < 1e-4:
            continue
        width = [(0, 0), (0, 0)]
        width[axis] = (1, 1)
        wide = np.pad(moved.astype(np.float32), width, constant_values=fill)
        ahead, behind = (np.take(wide, range(k, wide.shape[axis] - 1 + k), axis) for k in (1, 0))
        moved = (1 - part[axis]) * ahead + part[axis] * behind
    if moved.dtype != out.dtype and out.dtype.kind == "i":
        moved = np.rint(moved)
    room = out[whole[0] : whole[0] + moved.shape[0], whole[1] : whole[1] + moved.shape[1]]
    room[...] = moved[: room.shape[0], : room.shape[1]]


def finest_step(slice_positions_mm: npt.NDArray[np.float64]) -> float:
    """The spacing to resample unevenly spaced slices to: the smallest that at least a tenth of them have."""
    steps = np.sort(np.diff(slice_positions_mm))
    return float(steps[min(len(steps) - 1, int(np.ceil(len(steps) / 10)) - 1 + (len(steps) > 10))])


def resample_evenly(
    array: npt.NDArray[Any], slice_positions_mm: npt.NDArray[np.float64], geometry: Geometry
) -> tuple[npt.NDArray[Any], Geometry]:
    """Interpolate linearly between unevenly spaced slices.

    Parameters
    ----------
    array : ndarray, shape (slices, rows, columns)
        In order along the normal.
    slice_positions_mm : ndarray, shape (slices,)
        Distance of each from the first.
    geometry : Geometry
        Of the slices, whatever spacing axis 0 has.
    """
    step = finest_step(slice_positions_mm)
    count = int(np.floor(slice_positions_mm[-1] / step + 1e-6)) + 1
    at = np.minimum(np.arange(count) * step, slice_positions_mm[-1])
    below = np.clip(np.searchsorted(slice_positions_mm, at, side="right") - 1, 0, len(array) - 2)
    share = (at - slice_positions_mm[below]) / (slice_positions_mm[below + 1] - slice_positions_mm[below])
    out = np.empty((count, *array.shape[1:]), dtype=array.dtype)
    for number, (lower, weight) in enumerate(zip(below, share, strict=True)):
        mixed = (1 - weight) * array[lower].astype(np.float32) + weight * array[lower + 1].astype(np.float32)
        out[number] = np.rint(mixed) if array.dtype.kind == "i" else mixed
    affine = np.array(geometry.affine)
    affine[:3, 0] *= step / np.linalg.norm(affine[:3, 0])
    return out, Geometry((out.shape[0], out.shape[1], out.shape[2]), affine, geometry.frame_of_reference)

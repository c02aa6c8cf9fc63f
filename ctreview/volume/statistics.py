"""How large named regions are and what values they hold, on the right, on the left and in all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ctreview.volume.geometry import FloatArray, Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

__all__ = ["RegionValues", "Side", "region_values"]

Side = Literal["right", "left", "both"]

_BLOCK = 1 << 18


@dataclass(frozen=True)
class RegionValues:
    """One region on one side.

    Attributes
    ----------
    region : str
        The label's key.
    side : {"right", "left", "both"}
        Of the patient.
    volume_ml : float
        Of the voxels as they were drawn.
    voxels : int
        How many voxels of the image the values are from.
    mean, sd : float or None
        Of those voxels, in the image's unit; the standard deviation is that of a sample (n − 1). None without a voxel,
        or with one for the deviation.
    """

    region: str
    side: Side
    volume_ml: float
    voxels: int
    mean: float | None
    sd: float | None


def region_values(labels: LabelMap, volume: Volume, *, middle_mm: float) -> tuple[RegionValues, ...]:
    """Measure every region of a label map in an image of the same examination.

    The image keeps its own voxels: where its grid is another one, those count whose centre lies in a labelled voxel.

    Parameters
    ----------
    labels : LabelMap
        The regions.
    volume : Volume
        The image, in the same frame of reference.
    middle_mm : float
        LPS x of the plane between right and left; what lies below it is right.

    Returns
    -------
    tuple of RegionValues
        For each region in the scheme's order: right, left, both; also where nothing is drawn.
    """
    drawn = np.argwhere(labels.array > 0)
    where = labels.array[tuple(drawn.T)]
    left = labels.geometry.to_lps(drawn)[:, 0] >= middle_mm if len(drawn) else np.zeros(0, bool)
    if labels.geometry.same_grid(volume.geometry):
        values, of, on_left = volume.array[tuple(drawn.T)].astype(float), where, left
    else:
        index, of = _of_other_grid(labels, volume.geometry, drawn)
        values = volume.array[tuple(index.T)].astype(float)
        on_left = volume.geometry.to_lps(index)[:, 0] >= middle_mm if len(index) else np.zeros(0, bool)
    found = []
    for label in labels.scheme:
        own, seen = where == label.value, of == label.value
        for side, of_drawn, of_seen in (
            ("right", own & ~left, seen & ~on_left),
            ("left", own & left, seen & on_left),
            ("both", own, seen),
        ):
            ml = int(np.count_nonzero(of_drawn)) * labels.geometry.voxel_ml
            found.append(_measured(label.key, side, ml, values[of_seen]))  # type: ignore[arg-type]
    return tuple(found)


def _measured(region: str, side: Side, ml: float, values: FloatArray) -> RegionValues:
    values = values[np.isfinite(values)]
    mean = float(values.mean()) if values.size else None
    sd = float(values.std(ddof=1)) if values.size > 1 else None
    return RegionValues(region, side, ml, int(values.size), mean, sd)


def _of_other_grid(
    labels: LabelMap, grid: Geometry, drawn: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.unsignedinteger]]:
    """Voxels of another grid whose centre lies in a labelled voxel, and the label there."""
    nothing = np.zeros((0, 3), np.int64), labels.array[:0, 0, 0]
    if not len(drawn):
        return nothing
    low, high = drawn.min(axis=0) - 0.5, drawn.max(axis=0) + 0.5
    corners = np.stack(np.meshgrid(*zip(low, high, strict=True), indexing="ij"), axis=-1).reshape(-1, 3)
    ends = grid.to_index(labels.geometry.to_lps(corners))
    first = np.clip(np.floor(ends.min(axis=0)), 0, grid.shape).astype(int)
    last = np.clip(np.ceil(ends.max(axis=0)) + 1, 0, grid.shape).astype(int)
    if np.any(last <= first):
        return nothing
    index = np.stack(
        np.meshgrid(*(np.arange(a, b) for a, b in zip(first, last, strict=True)), indexing="ij"), axis=-1
    ).reshape(-1, 3)
    found, of = [], []
    for start in range(0, len(index), _BLOCK):  # a box around far regions may be large
        part = index[start : start + _BLOCK]
        at = np.rint(labels.geometry.to_index(grid.to_lps(part))).astype(np.int64)
        inside = np.all((at >= 0) & (at < labels.geometry.shape), axis=-1)
        label = np.zeros(len(part), labels.array.dtype)
        label[inside] = labels.array[tuple(at[inside].T)]
        found.append(part[label > 0])
        of.append(label[label > 0])
    return np.concatenate(found), np.concatenate(of)

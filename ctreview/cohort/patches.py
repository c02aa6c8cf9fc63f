"""Patches of opacity in the two scans of a pair, and which of one scan is which of the other."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.change.comparison import Comparison
from ctreview.change.pieces import number_pieces, place_name
from ctreview.change.timepoint import Timepoint
from ctreview.possible_values import require_possible
from ctreview.volume.box import bounding_box
from ctreview.volume.correspondence import corresponding_voxels
from ctreview.volume.transform import Transform

__all__ = ["OpacityPatch", "PairPatches", "PatchSettings", "patches_of_pair", "shared_share"]

Index = npt.NDArray[np.int64]

CELL_MM = 3.0
"""Side of the cells in which a patch's place is kept; a patch that counts has several."""


@dataclass(frozen=True)
class PatchSettings:
    """Which patches are followed, and when two are one.

    Attributes
    ----------
    least_ml : float
        Smaller patches are left out: 0.5 mL is a ball of 10 mm.
    common_share : float
        Two patches of two scans are linked where they have this share of the smaller one in common. Below it borders
        touch that a registration off by a voxel brings together.
    """

    least_ml: float = 0.5
    common_share: float = 0.1

    def __post_init__(self) -> None:
        require_possible(self)


@dataclass(frozen=True, eq=False)
class OpacityPatch:
    """A connected patch of opacity in one scan, of all counted classes together (26 neighbours).

    Attributes
    ----------
    ml : float
    region : str
        Where most of it lies.
    cells : ndarray of int
        The cells of the scan's grid that it lies in, by number, ascending.
    """

    ml: float
    region: str
    cells: Index

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON; the cells are packed."""
        packed = zlib.compress(np.diff(self.cells, prepend=0).astype("<i4").tobytes(), 9)
        return {"ml": self.ml, "region": self.region, "cells": base64.b64encode(packed).decode("ascii")}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> OpacityPatch:
        """Read what `to_dict` gave."""
        steps = np.frombuffer(zlib.decompress(base64.b64decode(plain["cells"])), dtype="<i4")
        return cls(float(plain["ml"]), str(plain["region"]), np.cumsum(steps, dtype=np.int64))


@dataclass(frozen=True, eq=False)
class PairPatches:
    """The patches of both scans, the largest first.

    Attributes
    ----------
    baseline, followup : tuple of OpacityPatch
    common_ml : mapping of pair of int to float, or None
        How much of a patch of the baseline lies in one of the follow-up, by their places in the two lists; only
        pairs that are linked. None where the scans could not be registered.
    """

    baseline: tuple[OpacityPatch, ...]
    followup: tuple[OpacityPatch, ...]
    common_ml: Mapping[tuple[int, int], float] | None

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        common = None if self.common_ml is None else [[*pair, ml] for pair, ml in self.common_ml.items()]
        return {
            "baseline": [patch.to_dict() for patch in self.baseline],
            "followup": [patch.to_dict() for patch in self.followup],
            "common_ml": common,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> PairPatches:
        """Read what `to_dict` gave."""
        common = plain["common_ml"]
        return cls(
            tuple(OpacityPatch.from_dict(one) for one in plain["baseline"]),
            tuple(OpacityPatch.from_dict(one) for one in plain["followup"]),
            None if common is None else {(int(one), int(other)): float(ml) for one, other, ml in common},
        )


def patches_of_pair(comparison: Comparison, *, settings: PatchSettings | None = None) -> PairPatches:
    """Find the patches of both scans, and how much each has in common with each."""
    settings = settings or PatchSettings()
    labelled = [_labelled(point, settings.least_ml) for point in (comparison.baseline, comparison.followup)]
    before, after = (tuple(_patch(point, mask) for mask in masks) for point, masks, _ in labelled)
    common = None if comparison.transform is None else _common(comparison.transform, labelled)
    if common is not None:
        floors = {pair: settings.common_share * min(before[pair[0]].ml, after[pair[1]].ml) for pair in common}
        common = {pair: ml for pair, ml in common.items() if ml >= floors[pair]}
    return PairPatches(before, after, common)


def shared_share(one: OpacityPatch, other: OpacityPatch) -> float:
    """Share of the cells of the smaller of two patches of one scan that lie in both."""
    common = np.intersect1d(one.cells, other.cells, assume_unique=True)
    return len(common) / min(len(one.cells), len(other.cells))


_Labelled = tuple[Timepoint, Sequence[Index], npt.NDArray[np.int64]]
"""A scan, the voxels of each of its patches, and the number of the patch (from 1) that each voxel lies in."""


def _labelled(point: Timepoint, least_ml: float) -> _Labelled:
    there = point.opacity.counted_mask()
    numbers = np.zeros(there.shape, dtype=np.int64)
    if not there.any():
        return point, (), numbers
    box = bounding_box(there)
    numbers[box], _ = number_pieces(there[box], point.volume.geometry.voxel_ml, least_ml)
    index = np.argwhere(numbers)
    owners = numbers[tuple(index.T)]
    return point, [index[owners == number] for number in range(1, int(numbers.max()) + 1)], numbers


def _patch(point: Timepoint, index: Index) -> OpacityPatch:
    grid = point.volume.geometry
    steps = [max(1, round(CELL_MM / mm)) for mm in grid.spacing]
    counts = [-(-size // step) for size, step in zip(grid.shape, steps, strict=True)]
    cells = np.ravel_multi_index(tuple((index // steps).T), tuple(counts))
    return OpacityPatch(len(index) * grid.voxel_ml, place_name(point.regions, index), np.unique(cells).astype(np.int64))


def _common(transform: Transform, labelled: Sequence[_Labelled]) -> dict[tuple[int, int], float]:
    """How many millilitres of each patch of the baseline lie in each of the follow-up."""
    (before, masks, _), (after, _, numbers) = labelled
    here, there = before.volume.geometry, after.volume.geometry
    found: dict[tuple[int, int], float] = {}
    for place, index in enumerate(masks):
        carried = np.rint(corresponding_voxels(transform, "to moving", here, there, tuple(index.T))).astype(np.int64)
        inside = carried[np.all((carried >= 0) & (carried < np.array(there.shape)), axis=1)]
        counts = np.bincount(numbers[tuple(inside.T)])
        found |= {(place, int(n) - 1): float(counts[n] * here.voxel_ml) for n in np.flatnonzero(counts) if n > 0}
    return found

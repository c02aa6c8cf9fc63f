"""Which slices a reader drew on by hand, so that those between them can be filled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ctreview.edits import LabelChange
from ctreview.volume.geometry import Geometry

__all__ = ["DrawingHistory", "DrawnSlices"]

_BY_HAND = ("brush", "lasso", "live_wire")


@dataclass(frozen=True, eq=False)
class DrawnSlices:
    """Slices drawn on, and the box of what was drawn (first and last index of each axis)."""

    levels: frozenset[int]
    low: tuple[int, ...]
    high: tuple[int, ...]

    def corners(self, geometry: Geometry) -> list[list[float]]:
        """Centres of the first and the last voxel of the box in LPS millimetres."""
        return [[float(v) for v in point] for point in geometry.to_lps([self.low, self.high])]


class DrawingHistory:
    """What was drawn on each scan, in each plane, of each class, since it was filled last."""

    def __init__(self) -> None:
        self._slices: dict[tuple[int, int, str], DrawnSlices] = {}

    def add(self, number: int, kind: str, payload: Mapping[str, Any], change: LabelChange) -> None:
        """Remember an act that drew a class on a slice."""
        label = payload.get("label")
        there = change.after.labels != change.before.labels
        if kind not in _BY_HAND or label is None or not there.any():
            return
        plane = int(payload["plane"])
        index = np.argwhere(there) + change.after.start
        key = (number, plane, label)
        before = self._slices.get(key)
        low, high = index.min(axis=0), index.max(axis=0)
        levels = frozenset(int(n) for n in np.unique(index[:, plane]))
        if before is not None:
            low, high = np.minimum(low, before.low), np.maximum(high, before.high)
            levels |= before.levels
        self._slices[key] = DrawnSlices(levels, tuple(int(n) for n in low), tuple(int(n) for n in high))

    def of(self, number: int, plane: int, label: str) -> DrawnSlices | None:
        """What was drawn, or None."""
        return self._slices.get((number, plane, label))

    def forget(self, number: int, plane: int, label: str) -> None:
        """Start anew after filling."""
        self._slices.pop((number, plane, label), None)

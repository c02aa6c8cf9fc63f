"""Features kept between the strokes of a reader, so that the next stroke need not compute them again."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ctreview.tools.canvas import Box, Canvas, Mask
from ctreview.tools.cells import EACH_VOXEL, Cells
from ctreview.tools.features import FEATURES, Features, Scales, features
from ctreview.tools.place import Place
from ctreview.volume.labels import LabelMap

__all__ = ["FeatureMemory"]


class FeatureMemory:
    """The features of the box asked for last.

    Of a box that overlaps it, only the rest is computed. What comes out is the same, bit for bit, as without a memory.

    Parameters
    ----------
    limit_mib : float
        Larger features are not kept: those of a whole lung would weigh as much as two scans.
    """

    def __init__(self, limit_mib: float = 160.0) -> None:
        self._limit = limit_mib * 2**20
        self._of: tuple[Canvas, Scales, Cells] | None = None
        self._place: Place | None = None
        self._last: Features | None = None

    def features(self, canvas: Canvas, box: Box, scales: Scales, cells: Cells = EACH_VOXEL) -> Features:
        """As `features.features`."""
        asked = canvas, scales, cells
        if self._of is None or self._place is None or not _alike(self._of, asked):
            self._of, self._place, self._last = asked, Place.of(canvas), None
        found = self._features(canvas, box, scales, cells)
        kept = found.values.nbytes + found.inside.nbytes <= self._limit
        self._last = found if kept else None
        return found

    def _features(self, canvas: Canvas, box: Box, scales: Scales, cells: Cells) -> Features:
        """What is known of a box, and the rest of it computed."""
        shared = None if self._last is None else _overlap(self._last.box, box)
        if self._last is None or shared is None:
            return features(canvas, box, scales, cells, place=self._place)
        inside = cells.allowed(canvas, box)
        found = Features(box, np.empty((int(inside.sum()), len(FEATURES)), np.float32), inside)
        found.values[_rows(found, shared)] = self._last.values[_rows(self._last, shared)]
        for part in _rest(box, shared):
            found.values[_rows(found, part)] = features(canvas, part, scales, cells, place=self._place).values
        return found


def _alike(known: tuple[Canvas, Scales, Cells], asked: tuple[Canvas, Scales, Cells]) -> bool:
    """Whether two canvases have the same features: the same image and places, whatever their labels."""
    one, other = known[0], asked[0]
    return (
        known[1:] == asked[1:]
        and one.volume is other.volume
        and _same(one.within, other.within)
        and _same(one.barrier, other.barrier)
    )


def _same(one: LabelMap | None, other: LabelMap | None) -> bool:
    if one is None or other is None:
        return one is other
    return one is other or np.array_equal(one.array, other.array)


def _overlap(one: Box, other: Box) -> Box | None:
    a, b, c = (slice(max(s.start, t.start), min(s.stop, t.stop)) for s, t in zip(one, other, strict=True))
    return (a, b, c) if all(s.start < s.stop for s in (a, b, c)) else None


def _rows(of: Features, part: Box) -> Mask:
    """Which rows belong to a part of the box."""
    there = np.zeros(of.inside.shape, bool)
    there[_within(part, of.box)] = True
    return np.asarray(there[of.inside])


def _within(part: Box, box: Box) -> Box:
    """A box as an index into another."""
    a, b, c = (slice(s.start - t.start, s.stop - t.start) for s, t in zip(part, box, strict=True))
    return a, b, c


def _rest(box: Box, known: Box) -> Iterator[Box]:
    """A box without one inside it, as up to six boxes that do not overlap."""
    left = list(box)
    for axis in range(3):
        whole, middle = left[axis], known[axis]
        for span in (slice(whole.start, middle.start), slice(middle.stop, whole.stop)):
            if span.start < span.stop:
                left[axis] = span
                yield left[0], left[1], left[2]
        left[axis] = middle

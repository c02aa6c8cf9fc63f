"""Features kept between the strokes of a reader, so that the next stroke need not compute them again."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ctreview.compiled import compiled
from ctreview.tools.canvas import Canvas
from ctreview.tools.cells import EACH_VOXEL, Cells
from ctreview.tools.features import FEATURES, Features, Scales, features
from ctreview.tools.local_density import Stack
from ctreview.tools.organ_position import OrganPosition
from ctreview.volume.box import Box
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
        self._position: OrganPosition | None = None
        self._last: Features | None = None

    def features(self, canvas: Canvas, box: Box, scales: Scales, cells: Cells = EACH_VOXEL) -> Features:
        """As `features.features`."""
        asked = canvas, scales, cells
        if self._of is None or self._position is None or not _same_features(self._of, asked):
            self._of, self._position, self._last = asked, OrganPosition.from_canvas(canvas), None
        found = self._features(canvas, box, scales, cells)
        kept = found.values.nbytes + found.inside.nbytes <= self._limit
        self._last = found if kept else None
        return found

    def _features(self, canvas: Canvas, box: Box, scales: Scales, cells: Cells) -> Features:
        """What is known of a box, and the rest of it computed."""
        shared = None if self._last is None else _overlap(self._last.box, box)
        if self._last is None or shared is None:
            return features(canvas, box, scales, cells, position=self._position)
        if shared == box == self._last.box:
            return self._last
        inside = cells.allowed(canvas, box)
        found = Features(box, np.empty((int(inside.sum()), len(FEATURES)), np.float32), inside)
        _put(self._last, shared, found)
        for part in _rest(box, shared):
            _put(features(canvas, part, scales, cells, position=self._position), part, found)
        return found


def _same_features(known: tuple[Canvas, Scales, Cells], asked: tuple[Canvas, Scales, Cells]) -> bool:
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


def _put(source: Features, part: Box, target: Features) -> None:
    """Copy the rows of a part that both boxes hold."""
    _copy(source.values, *_lines(source, part), target.values, _lines(target, part)[0])


def _lines(of: Features, part: Box) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where the rows of each line of cells along the last axis begin, of those in a part, and how many they are."""
    a, b, c = _within(part, of.box)
    counts = np.count_nonzero(of.inside, axis=2)
    first = (np.cumsum(counts) - counts.ravel()).reshape(counts.shape)[a, b]
    lines = of.inside[a, b]
    return first + np.count_nonzero(lines[..., : c.start], axis=2), np.count_nonzero(lines[..., c], axis=2)


@compiled()
def _copy(
    source: Stack,
    starts: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int64],
    target: Stack,
    into: npt.NDArray[np.int64],
) -> None:
    for i in range(starts.shape[0]):
        for j in range(starts.shape[1]):
            at, to, many = starts[i, j], into[i, j], counts[i, j]
            target[to : to + many] = source[at : at + many]


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

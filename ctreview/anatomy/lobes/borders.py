"""Where lobes border on each other in a slice, as lines, and where on them the fissure is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from scipy import ndimage
from skimage.measure import find_contours

from ctreview.anatomy.coarse import Mask
from ctreview.anatomy.lobes.fissure import Fissure
from ctreview.anatomy.lobes.partition import BESIDE, height_over_fissure, lobes_by_fissures
from ctreview.anatomy.lobes.pieces import LobePiece, give_pieces
from ctreview.anatomy.lobes.prior import FissureName
from ctreview.anatomy.lobes.scheme import LOBE_SCHEME, in_lobe_scheme
from ctreview.volume.box import Box, bounding_box
from ctreview.volume.geometry import FloatArray, Geometry
from ctreview.volume.labels import LabelMap

__all__ = ["BorderLine", "LobeBorders"]


@dataclass(frozen=True, eq=False)
class BorderLine:
    """A stretch of the border between lobes in a slice.

    Attributes
    ----------
    fissure : FissureName
    points : ndarray, shape (n, 3)
        A polyline in LPS millimetres.
    known : bool
        Whether the fissure was seen there, or placed by a reader; else the border is the most probable one.
    """

    fissure: FissureName
    points: FloatArray
    known: bool


@dataclass(frozen=True, eq=False)
class LobeBorders:
    """The borders of the lobes of one scan, without dividing more of it than is looked at.

    Attributes
    ----------
    lungs : LabelMap
    fissures : mapping of FissureName to Fissure
    pieces : tuple of LobePiece
        What a reader gave to a lobe.
    lobes : LabelMap or None
        Lobes that came without fissures, on the grid of the lungs; then all borders count as known.
    """

    lungs: LabelMap
    fissures: Mapping[FissureName, Fissure] = field(default_factory=dict)
    pieces: tuple[LobePiece, ...] = ()
    lobes: LabelMap | None = None

    @property
    def geometry(self) -> Geometry:
        """The grid."""
        return self.lungs.geometry

    def lobes_in(self, box: Box) -> LabelMap:
        """The lobes in a box of the grid."""
        start = tuple(span.start for span in box)
        grid = self.geometry.crop(start, [span.stop for span in box])
        lungs = LabelMap(np.ascontiguousarray(self.lungs.array[box]), grid, self.lungs.scheme)
        if self.lobes is None:
            array = lobes_by_fissures(lungs, self.fissures)
        else:
            array = in_lobe_scheme(self.lobes.array[box], self.lobes.scheme)
        give_pieces(array, lungs, self.pieces, start=start)
        return LabelMap(array, grid, LOBE_SCHEME)

    def in_slice(self, axis: int, level: int) -> tuple[BorderLine, ...]:
        """The borders in a slice.

        Parameters
        ----------
        axis : {0, 1, 2}
            The array axis across the slice.
        level : int
            Its index.
        """
        spans = [slice(0, size) for size in self.geometry.shape]
        spans[axis] = slice(level, level + 1)
        within = self.lungs.array[spans[0], spans[1], spans[2]] > 0
        if not within.any():
            return ()
        a, b, c = (
            slice(span.start + inner.start, span.start + inner.stop)
            for span, inner in zip(spans, bounding_box(within), strict=True)
        )
        lobes = self.lobes_in((a, b, c))
        return tuple(line for name in BESIDE for line in self._lines(name, lobes, axis))

    def _lines(self, name: FissureName, lobes: LabelMap, axis: int) -> Iterator[BorderLine]:
        """The border at one fissure: where the height over it, whose sign the lobes tell, is 0."""
        above, below = (np.isin(lobes.array, [LOBE_SCHEME[key].value for key in keys]) for keys in BESIDE[name])
        if not above.any() or not below.any():
            return
        box = bounding_box(above | below)
        above, where = above[box], (above | below)[box]
        start = [span.start for span in box]
        grid = lobes.geometry.crop(start, [span.stop for span in box])
        fissure = self.fissures.get(name)
        step = 0.5 * min(grid.spacing)
        height = np.where(above, step, -step).astype(np.float32)
        given = np.zeros(where.shape, dtype=bool)
        if fissure is not None:
            over = height_over_fissure(grid, where, fissure)
            given = where & ((over > 0) != above)
            height = np.where(given, height, np.clip(over, -8 * step, 8 * step))
        flat, mask = height.squeeze(axis=axis), where.squeeze(axis=axis)
        beside_given = ndimage.binary_dilation(given.squeeze(axis=axis))
        for line in find_contours(flat, 0.0, mask=mask):
            points = grid.to_lps(np.insert(line, axis, 0.0, axis=1))
            known = np.ones(len(points), dtype=bool) if fissure is None else _known_at(fissure, points)
            nearest = np.rint(line).astype(np.int64)
            known |= beside_given[nearest[:, 0], nearest[:, 1]]
            yield from (BorderLine(name, part, is_known) for part, is_known in _stretches(points, known))


def _known_at(fissure: Fissure, points: FloatArray) -> Mask:
    """Which of some places in LPS millimetres lie where a fissure is known."""
    known = fissure.known_evenly
    places = fissure.surface.prior.plane.coordinates(fissure.frame.to_template(points))
    column = np.clip(fissure.column_of(places[:, :2]), 0, np.array(known.shape) - 1)
    return np.asarray(known[tuple(column.T)])


def _stretches(points: FloatArray, known: Mask) -> Iterator[tuple[FloatArray, bool]]:
    """A polyline in stretches of which all is known, or nothing; they share their ends."""
    ends = [0, *(np.flatnonzero(known[1:] != known[:-1]) + 1), len(points) - 1]
    for first, last in pairwise(ends):
        if last > first:
            yield points[first : last + 1], bool(known[first])

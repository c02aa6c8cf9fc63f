"""Connected pieces of a finding and what became of them, for a reader to go through one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import cc3d
import edt
import numpy as np
import numpy.typing as npt

from ctreview.change.comparison import Comparison
from ctreview.change.residual import CLEAR_SHARE
from ctreview.change.timepoint import Timepoint
from ctreview.errors import EditDoesNotApply
from ctreview.possible_values import require_possible
from ctreview.tools.canvas import box_around
from ctreview.volume.box import Box, bounding_box
from ctreview.volume.geometry import FloatArray
from ctreview.volume.labels import LabelMap
from ctreview.volume.regions import Regions

__all__ = ["Piece", "PieceSettings", "Pieces", "SmallPieces", "find_pieces", "number_pieces", "place_name"]

Point = tuple[float, float, float]
Decision = tuple[int, str, dict[str, Any]]
"""A timepoint (0 baseline, 1 follow-up), a kind of edit and its payload."""

STAYED = ("persistent", "worsened", "improved", "persistent_followup")
"""Fates of what is in both scans, so that it is rejected in both."""


@dataclass(frozen=True)
class PieceSettings:
    """What is listed.

    Attributes
    ----------
    least_ml : float
        Smaller pieces are left out, and counted as left out: 0.1 mL is a ball of 6 mm, and hundreds of them are noise.
        Of a piece, too, so much must have had a fate for it to be listed under that.
    reach_mm : float
        So near to where a piece lies in the other scan its counterpart is looked for; as far as registrations are off.
    """

    least_ml: float = 0.1
    reach_mm: float = 5.0

    def __post_init__(self) -> None:
        require_possible(self)


@dataclass(frozen=True)
class Piece:
    """A connected piece of one class in one scan (26 neighbours), as the tool ``remove_piece`` takes it.

    Attributes
    ----------
    timepoint : int
        0 for the baseline, 1 for the follow-up.
    label : str
        Its class, one that is counted.
    ml : float
        All of it.
    fate : str or None
        What became of most of it; None where the scans could not be registered.
    fate_ml : mapping of str to float
        How much of it had which fate.
    place : point
        LPS millimetres of a voxel of it, the deepest of its main fate.
    places : mapping of str to point
        The same for each fate it has.
    region : str
        Where most of it lies, down to a part of it where that is clear; empty outside every region.
    elsewhere : point or None
        Where ``place`` lies in the other scan; None outside its image, and where the scans could not be registered.
    counterpart : point or None
        A labelled voxel of the other scan within reach of ``elsewhere``.
    """

    timepoint: int
    label: str
    ml: float
    fate: str | None
    place: Point
    region: str
    fate_ml: Mapping[str, float] = field(default_factory=dict)
    places: Mapping[str, Point] = field(default_factory=dict)
    elsewhere: Point | None = None
    counterpart: Point | None = None

    def rejected(self) -> tuple[Decision, ...]:
        """The edits that say "this is no opacity": in both scans where it is in both."""
        decisions: list[Decision] = [(self.timepoint, "remove_piece", {"point": list(self.place)})]
        if self.fate in STAYED and self.counterpart is not None:
            decisions.append((1 - self.timepoint, "remove_piece", {"point": list(self.counterpart)}))
        return tuple(decisions)

    def missed_elsewhere(self) -> tuple[Decision, ...]:
        """The edit that says "the other scan has it too": what looks resolved is still there, what looks new is old.

        Nothing where that is known already, or where the other scan does not show the place.
        """
        if self.fate in STAYED or self.elsewhere is None:
            return ()
        return ((1 - self.timepoint, "take_piece", {"point": list(self.elsewhere), "label": self.label}),)


@dataclass(frozen=True)
class SmallPieces:
    """Pieces that are too small to be listed one by one; volumes of regions hold them all the same.

    Attributes
    ----------
    count : int
    ml : float
        All of them together.
    """

    count: int = 0
    ml: float = 0.0


@dataclass(frozen=True)
class Pieces:
    """All pieces of two scans: with those that were left out they hold all of the opacity that is counted.

    Attributes
    ----------
    pieces : tuple of Piece
        The largest first.
    largest : pair of mappings of str to point
        For baseline and follow-up, by region: a place in that part of the region's largest piece that lies in it.
    small : pair of SmallPieces
        What was left out of baseline and follow-up.
    least_ml : float
        What is smaller was left out.
    """

    pieces: tuple[Piece, ...]
    largest: tuple[Mapping[str, Point], Mapping[str, Point]]
    small: tuple[SmallPieces, SmallPieces] = (SmallPieces(), SmallPieces())
    least_ml: float = 0.0

    def of(self, *fates: str) -> tuple[Piece, ...]:
        """Those of which enough to be listed had one of these fates, the largest such part first."""
        sizes = {
            number: sum(piece.fate_ml.get(fate, 0.0) for fate in fates) for number, piece in enumerate(self.pieces)
        }
        large = (number for number, ml in sizes.items() if ml > 0 and ml >= self.least_ml)
        return tuple(self.pieces[number] for number in sorted(large, key=lambda number: -sizes[number]))


def find_pieces(comparison: Comparison, *, settings: PieceSettings | None = None) -> Pieces:
    """List the pieces of what is counted in both scans by what became of them.

    Parameters
    ----------
    comparison : Comparison
    settings : PieceSettings, optional

    Returns
    -------
    Pieces
    """
    settings = settings or PieceSettings()
    found, largest, small = [], [], []
    for number, point in enumerate((comparison.baseline, comparison.followup)):
        listed, left_out = _Listed.of(point, settings.least_ml)
        small.append(left_out)
        largest.append({} if listed is None else listed.largest(point.regions))
        if listed is not None:
            other = (comparison.followup, comparison.baseline)[number]
            elsewhere = _carrier(comparison, number)
            found += [_joined(piece, elsewhere, other, settings) for piece in listed.pieces(point, number)]
    ordered = tuple(sorted(found, key=lambda piece: -piece.ml))
    return Pieces(ordered, (largest[0], largest[1]), (small[0], small[1]), settings.least_ml)


def number_pieces(
    labels: npt.NDArray[np.generic], voxel_ml: float, least_ml: float
) -> tuple[npt.NDArray[np.int64], SmallPieces]:
    """What counts as a piece, wherever pieces are listed or followed: voxels of one value that touch, corners included.

    Parameters
    ----------
    labels : ndarray
        Values of two pieces that touch differ where they are to be two; 0 is none.
    voxel_ml : float
    least_ml : float
        What is smaller gets no number.

    Returns
    -------
    numbers : ndarray of int64, shape of the labels
        From 1, the largest piece first; 0 where there is none.
    small : SmallPieces
        What got no number.
    """
    found = cc3d.connected_components(labels, connectivity=26)
    sizes = np.bincount(found.ravel())
    sizes[0] = 0
    large = sizes * voxel_ml >= least_ml
    order = [int(n) for n in np.argsort(-sizes, kind="stable") if large[n] and sizes[n]]
    renamed = np.zeros(len(sizes), dtype=np.int64)
    renamed[order] = np.arange(1, len(order) + 1)
    rest = ~large & (sizes > 0)
    return renamed[found], SmallPieces(int(rest.sum()), float(sizes[rest].sum() * voxel_ml))


@dataclass(frozen=True, eq=False)
class _Listed:
    """Every voxel of the pieces that are large enough: its place, piece, class, fate and depth."""

    index: npt.NDArray[np.int64]
    piece: npt.NDArray[np.int64]
    label: npt.NDArray[np.uint8]
    fate: npt.NDArray[np.uint8]
    depth: npt.NDArray[np.float32]
    to_lps: Callable[[npt.ArrayLike], FloatArray]
    voxel_ml: float

    @classmethod
    def of(cls, point: Timepoint, least_ml: float) -> tuple[_Listed | None, SmallPieces]:
        """None where there is no piece, and what was left out."""
        opacity, grid = point.opacity, point.volume.geometry
        there = opacity.counted_mask()
        if not there.any():
            return None, SmallPieces()
        box = bounding_box(there)
        labels = np.where(there[box], opacity.array[box], 0).astype(np.uint8)
        numbers, small = number_pieces(labels, grid.voxel_ml, least_ml)
        if not numbers.any():
            return None, small
        fates = np.zeros_like(labels) if point.fate is None else point.fate.array[box].astype(np.uint8)
        # distances of every part to whatever is no part of it, in one pass
        parts = np.where(numbers > 0, numbers.astype(np.uint32) * np.uint32(8) + fates, np.uint32(0))
        depth = edt.edt(parts, anisotropy=grid.spacing, black_border=True)
        inside = np.nonzero(numbers)
        start = [side.start for side in box]
        listed = cls(
            index=np.stack(inside, axis=1) + start,
            piece=numbers[inside],
            label=labels[inside],
            fate=fates[inside],
            depth=depth[inside],
            to_lps=grid.to_lps,
            voxel_ml=grid.voxel_ml,
        )
        return listed, small

    def largest(self, regions: Regions) -> dict[str, Point]:
        """By region, a place in its largest piece."""
        found = {}
        for partition in regions.partitions:
            cells = partition.cells[tuple(self.index.T)].astype(np.int64)
            for name, own in partition.regions.items():
                inside = np.flatnonzero(np.isin(cells, own))
                if len(inside):
                    most = int(np.bincount(self.piece[inside]).argmax())
                    found[name] = self._deepest(inside[self.piece[inside] == most])
        return found

    def pieces(self, point: Timepoint, number: int) -> list[Piece]:
        """The pieces of one scan, in no order."""
        order = np.argsort(self.piece, kind="stable")
        ends = np.flatnonzero(np.diff(self.piece[order])) + 1
        fates = {} if point.fate is None else {label.value: label.key for label in point.fate.scheme}
        labels = {label.value: label.key for label in point.opacity.scheme}
        return [self._piece(rows, number, labels, fates, point.regions) for rows in np.split(order, ends)]

    def _piece(
        self,
        rows: npt.NDArray[np.int64],
        number: int,
        labels: Mapping[int, str],
        fates: Mapping[int, str],
        regions: Regions,
    ) -> Piece:
        own = self.fate[rows]
        counts = {key: int((own == value).sum()) for value, key in fates.items()}
        counts = {key: count for key, count in counts.items() if count}
        values = {key: value for value, key in fates.items()}
        places = {key: self._deepest(rows[own == values[key]]) for key in counts}
        fate = max(counts, key=lambda key: counts[key]) if counts else None
        return Piece(
            timepoint=number,
            label=labels[int(self.label[rows[0]])],
            ml=len(rows) * self.voxel_ml,
            fate=fate,
            place=self._deepest(rows) if fate is None else places[fate],
            region=place_name(regions, self.index[rows]),
            fate_ml={key: count * self.voxel_ml for key, count in counts.items()},
            places=places,
        )

    def _deepest(self, rows: npt.NDArray[np.int64]) -> Point:
        """Of the deepest voxels the one that is nearest to their middle, in LPS millimetres."""
        depth = self.depth[rows]
        deep = self.to_lps(self.index[rows[depth >= depth.max() - 1e-3]])
        middle = deep[int(((deep - deep.mean(axis=0)) ** 2).sum(axis=1).argmin())]
        return _point(middle)


def place_name(regions: Regions, index: npt.NDArray[np.int64]) -> str:
    """The place that holds most of a piece, with the part of it (a third) where one holds most of that.

    Parameters
    ----------
    regions : Regions
    index : ndarray of int, shape (n, 3)
        The voxels of the piece.
    """
    finest = regions.partitions[-1]
    parts = next((division.parts for division in regions.divisions if division.locates), ())
    cells = np.bincount(finest.cells[tuple(index.T)].astype(np.int64), minlength=finest.size)
    held = {name: int(cells[list(own)].sum()) for name, own in finest.regions.items()}
    place = max((name for name in held if "/" not in name), key=lambda name: held[name], default="")
    if not place or held[place] == 0:
        return ""
    clear = [f"{place}/{part}" for part in parts if held.get(f"{place}/{part}", 0) >= CLEAR_SHARE * held[place]]
    return clear[0] if clear else place


def _carrier(comparison: Comparison, number: int) -> Callable[[Point], FloatArray] | None:
    """From a place of a scan to that of the other; None where they could not be registered."""
    transform = comparison.transform
    if transform is None:
        return None
    return transform.to_moving if number == 0 else transform.to_fixed


def _joined(
    piece: Piece, elsewhere: Callable[[Point], FloatArray] | None, other: Timepoint, settings: PieceSettings
) -> Piece:
    """The piece with its place and its counterpart in the other scan."""
    if elsewhere is None:
        return piece
    there = elsewhere(piece.place)
    index = np.rint(other.volume.geometry.to_index(there))
    if np.any(index < 0) or np.any(index >= other.volume.geometry.shape):
        return piece
    return replace(piece, elsewhere=_point(there), counterpart=_nearest(other.opacity, there, settings.reach_mm))


def _nearest(opacity: LabelMap, point: FloatArray, reach_mm: float) -> Point | None:
    """The middle of the nearest voxel of opacity within reach of a point."""
    try:
        box: Box = box_around(opacity.geometry, [point], reach_mm)
    except EditDoesNotApply:
        return None
    values = [label.value for label in opacity.scheme.counted]
    index = np.argwhere(np.isin(opacity.array[box], values))
    if not len(index):
        return None
    centres = opacity.geometry.to_lps(index + [side.start for side in box])
    apart = ((centres - point) ** 2).sum(axis=1)
    nearest = int(apart.argmin())
    return _point(centres[nearest]) if apart[nearest] <= reach_mm**2 else None


def _point(values: FloatArray) -> Point:
    x, y, z = (float(value) for value in values)
    return x, y, z

"""Which bronchi feed which lobe: the tree of the airways, named by where it branches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components, dijkstra

from ctreview.anatomy.airways import FINE_MM, grow_lumen
from ctreview.anatomy.coarse import CoarseImage, Mask
from ctreview.anatomy.lung_size import relative_size
from ctreview.possible_values import require_possible
from ctreview.volume.box import Box, bounding_box
from ctreview.volume.geometry import FloatArray
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

__all__ = ["BronchusSettings", "find_lobar_bronchi"]

GoesOn = Callable[[float, float], bool]
"""Whether a piece of so many voxels goes on from one of so many, and has not leaked."""

TRACHEA = "trachea_and_main_bronchi"

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class BronchusSettings:
    """How bronchi are told apart; millimetres are those of lungs of 5 L, scaled with the cube root of volume.

    Attributes
    ----------
    beside_mm : float
        How far from the trachea to either side airways are followed.
    layer_mm : float
        Length of the pieces into which the tree is cut; never below a block.
    branch_mm : float
        A shorter branch is none.
    wider : float
        Where a piece has more than so many times the cross-section of the one before, the airway has leaked.
    main_mm2 : float
        Cross-section of a main bronchus, which the one before is taken to have at least.
    behind_mm : float
        A lower lobe's bronchi lie at least so much farther back than those of the lobe in front: two branches of one
        lobe, where the other lobe's bronchus was not seen, do not as a rule.
    intermediate_mm : float
        The middle lobe's bronchus leaves within this distance of that of the upper lobe; it is 20 to 35 mm in adults.
    """

    beside_mm: float = 75.0
    layer_mm: float = 2.5
    branch_mm: float = 12.0
    wider: float = 3.0
    main_mm2: float = 80.0
    behind_mm: float = 4.0
    intermediate_mm: float = 45.0

    def __post_init__(self) -> None:
        require_possible(self, layer_mm=(0.5, 20.0), branch_mm=(1.0, 100.0))


@dataclass(frozen=True, eq=False)
class _Tree:
    """Pieces of the airways, each after its parent.

    Attributes
    ----------
    place : ndarray, shape (n, 3)
        Middles in LPS millimetres.
    parent : ndarray, shape (n,)
        −1 for the first.
    along : ndarray, shape (n,)
        Distance from the top of the trachea.
    reach : ndarray, shape (n,)
        That of the farthest piece behind each.
    """

    place: FloatArray
    parent: Indices
    along: FloatArray
    reach: FloatArray

    def behind(self, piece: int) -> Indices:
        """A piece and all that come after it."""
        inside = np.zeros(len(self.parent), dtype=bool)
        inside[piece] = True
        for k in range(piece + 1, len(self.parent)):
            inside[k] = self.parent[k] >= 0 and inside[self.parent[k]]
        return np.flatnonzero(inside)

    def branches(self, piece: int, least_mm: float) -> tuple[int, list[int]]:
        """The piece after which a bronchus branches, and the branches that are long enough."""
        while True:
            after = [int(k) for k in np.flatnonzero(self.parent == piece)]
            long = [k for k in after if self.reach[k] - self.along[piece] >= least_mm]
            if len(long) != 1:
                return piece, long
            piece = long[0]


def find_lobar_bronchi(
    volume: Volume, lungs: LabelMap, *, settings: BronchusSettings | None = None
) -> Mapping[str, FloatArray]:
    """Find the bronchi of each lobe, as far as they are seen.

    Parameters
    ----------
    volume : Volume
        In HU.
    lungs : LabelMap
        Of `find_lungs`, on its grid.
    settings : BronchusSettings, optional

    Returns
    -------
    mapping of str to ndarray, shape (n, 3)
        LPS millimetres on the middle lines, from where the bronchus of a lobe leaves, by the keys of `LOBES`. Lobes
        whose bronchi were not found, or cannot be told from others, are left out.

    Notes
    -----
    The lumen is grown from the trachea at the highest threshold before its volume explodes, and cut where its
    cross-section does. Of the branches of the right main bronchus the highest is the upper lobe's; of the intermediate
    one the first to the front is the middle lobe's; what goes on downwards is the lower lobe's. On the left the branch
    that reaches lowest is the lower lobe's.
    """
    settings = settings or BronchusSettings()
    size = relative_size(lungs.volume_ml("right_lung", "left_lung"), both=True)
    tree = _tree(volume, lungs, size, settings) if any(label.key == TRACHEA for label in lungs.scheme) else None
    if tree is None:
        return {}
    least = settings.branch_mm * size
    _, main = tree.branches(0, least)
    if len(main) != 2:
        return {}
    right, left = sorted(main, key=lambda k: float(tree.place[tree.behind(k), 0].mean()))
    if tree.place[tree.behind(left), 0].mean() - tree.place[tree.behind(right), 0].mean() < least:
        return {}
    named = {
        lobe: tree.place[pieces]
        for lobe, pieces in (*_right(tree, right, least, settings.intermediate_mm * size), *_left(tree, left, least))
    }
    return _lower_behind(named, settings.behind_mm * size)


def _lower_behind(named: Mapping[str, FloatArray], least_mm: float) -> dict[str, FloatArray]:
    """Named bronchi without pairs of which the lower lobe's do not lie behind."""
    kept = dict(named)
    for front, lower in (("right_middle_lobe", "right_lower_lobe"), ("left_upper_lobe", "left_lower_lobe")):
        if front in named and named[lower][:, 1].mean() - named[front][:, 1].mean() < least_mm:
            del kept[front], kept[lower]
    return kept


def _left(tree: _Tree, main: int, least: float) -> Iterator[tuple[str, Indices]]:
    _, branches = tree.branches(main, least)
    if len(branches) != 2:
        return
    lower, upper = sorted(branches, key=lambda k: float(tree.place[tree.behind(k), 2].min()))
    yield "left_upper_lobe", tree.behind(upper)
    yield "left_lower_lobe", tree.behind(lower)


def _right(tree: _Tree, main: int, least: float, intermediate_mm: float) -> Iterator[tuple[str, Indices]]:
    first, branches = tree.branches(main, least)
    if len(branches) != 2:
        return
    down, upper = sorted(branches, key=lambda k: float(tree.place[tree.behind(k), 2].min()))
    yield "right_upper_lobe", tree.behind(upper)
    lower: list[Indices] = []
    while True:
        last, branches = tree.branches(down, least)
        if len(branches) < 2 or tree.along[last] - tree.along[first] > intermediate_mm:
            return  # the middle lobe's bronchus is not seen: nothing below it can be told to be the lower lobe's
        down, *others = sorted(branches, key=lambda k: float(tree.place[tree.behind(k), 2].min()))
        front = [k for k in others if tree.place[tree.behind(k), 1].mean() < tree.place[last, 1]]
        lower += [tree.behind(k) for k in others if k not in front]
        if front:
            yield "right_middle_lobe", np.concatenate([tree.behind(k) for k in front])
            yield "right_lower_lobe", np.concatenate([tree.behind(down), *lower])
            return


def _tree(volume: Volume, lungs: LabelMap, size: float, settings: BronchusSettings) -> _Tree | None:
    trachea = lungs.mask(TRACHEA)
    if not trachea.any():
        return None
    box = _box(lungs, bounding_box(trachea), settings.beside_mm * size)
    start = [span.start for span in box]
    part = volume.crop(start, [span.stop for span in box])
    fine = CoarseImage.from_array(part.array, part.geometry, FINE_MM * min(1.0, size))
    allowed = fine.fraction(lungs.array[box] > 0) > 0.5
    fine = CoarseImage(np.where(allowed, fine.array, 0.0).astype(np.float32), fine.step, fine.spacing, fine.shape)
    seed = fine.fraction(trachea[box]) > 0.5
    levels = np.flatnonzero(seed.any(axis=(1, 2)))
    if not len(levels):
        return None
    seed[: (levels[0] + levels[-1]) // 2] = False
    lumen = grow_lumen(fine, seed)
    index = np.argwhere(lumen)
    along, edges = _distances(index, fine.spacing)
    known = np.isfinite(along)
    length = max(settings.layer_mm * size, 1.5 * max(fine.spacing))
    layer = np.where(known, along // length, -1).astype(np.int64)
    middle = part.geometry.to_lps((index + 0.5) * fine.step - 0.5)
    main = settings.main_mm2 * size**2 * length / float(np.prod(fine.spacing))
    return _pieces(layer, along, edges, middle, lambda count, before: count <= settings.wider * max(before, main))


def _box(lungs: LabelMap, trachea: Box, beside_mm: float) -> Box:
    """The middle of the chest around the trachea, without the lowest quarter of the lungs."""
    whole = bounding_box(lungs.array > 0)
    reach = round(beside_mm / lungs.geometry.spacing[2])
    middle = (trachea[2].start + trachea[2].stop) // 2
    across = slice(max(whole[2].start, middle - reach), min(whole[2].stop, middle + reach))
    return slice(whole[0].start + (whole[0].stop - whole[0].start) // 4, whole[0].stop), whole[1], across


def _distances(index: Indices, spacing: tuple[float, float, float]) -> tuple[FloatArray, Indices]:
    """Millimetres of each voxel from the top by way of the others, and the pairs that touch."""
    shape = index.max(axis=0) + 2
    key = np.ravel_multi_index(tuple(index.T), tuple(shape))
    steps = [np.array(np.unravel_index(k, (3, 3, 3))) - 1 for k in range(14, 27)]
    pairs, lengths = [], []
    for step in steps:
        there = index + step
        inside = np.all((there >= 0) & (there < shape), axis=1)
        wanted = np.ravel_multi_index(tuple(np.where(inside[:, None], there, 0).T), tuple(shape))
        at = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
        found = np.flatnonzero(inside & (key[at] == wanted))
        pairs.append(np.column_stack([found, at[found]]))
        lengths.append(np.full(len(found), float(np.linalg.norm(step * np.array(spacing)))))
    edges = np.concatenate(pairs)
    graph = coo_matrix((np.concatenate(lengths), edges.T), shape=(len(index), len(index))).tocsr()
    top = np.flatnonzero(index[:, 0] == index[:, 0].max())
    along = dijkstra(graph, directed=False, indices=top, min_only=True)
    return np.asarray(along), edges


def _pieces(layer: Indices, along: FloatArray, edges: Indices, middle: FloatArray, goes_on: GoesOn) -> _Tree:
    """The voxels of one distance that touch are one piece, which goes on from the one before unless it has leaked."""
    same = layer[edges[:, 0]] == layer[edges[:, 1]]
    joined = coo_matrix((np.ones(same.sum()), edges[same].T), shape=(len(layer), len(layer)))
    _, piece = connected_components(joined, directed=False)
    count = np.bincount(piece).astype(np.float64)
    place = np.stack([np.bincount(piece, axis) / count for axis in middle.T], axis=1)
    distance = np.bincount(piece, np.where(np.isfinite(along), along, 0.0)) / count
    level = np.zeros(len(count), dtype=np.int64)
    level[piece] = layer
    parent = np.full(len(count), -1, dtype=np.int64)
    apart = edges[~same]
    upper = np.where(layer[apart[:, 0]] < layer[apart[:, 1]], apart[:, 0], apart[:, 1])
    under = np.where(layer[apart[:, 0]] < layer[apart[:, 1]], apart[:, 1], apart[:, 0])
    parent[piece[under]] = piece[upper]
    return _ordered(place, parent, distance, level, count, goes_on)


def _ordered(
    place: FloatArray,
    parent: Indices,
    distance: FloatArray,
    level: Indices,
    count: FloatArray,
    goes_on: GoesOn,
) -> _Tree:
    """Pieces from the top on, without those behind a leak."""
    order = np.argsort(level, kind="stable")
    kept: Mask = np.zeros(len(order), dtype=bool)
    for k in order:
        before = parent[k]
        root = level[k] == 0 or (before < 0 and level[k] == level[order[0]])
        kept[k] = root or (before >= 0 and kept[before] and goes_on(count[k], count[before]))
    order = order[kept[order] & (level[order] >= 0)]
    number = np.full(len(parent), -1, dtype=np.int64)
    number[order] = np.arange(len(order))
    above = np.where(parent[order] >= 0, number[parent[order]], -1)
    reach = distance[order].copy()
    for k in range(len(order) - 1, 0, -1):
        if above[k] >= 0:
            reach[above[k]] = max(reach[above[k]], reach[k])
    return _Tree(place[order], above, distance[order], reach)

"""A few strokes that teach a classifier, which labels the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.edits.replay import Patch
from ctreview.errors import EditDoesNotApply
from ctreview.tools.brush import stroke
from ctreview.tools.canvas import Canvas, Mask, box_around
from ctreview.tools.cells import Cells
from ctreview.tools.choose import StrokeVoxels, choose_labels, near_strokes, remove_specks
from ctreview.tools.feature_memory import FeatureMemory
from ctreview.tools.features import POSITION, Features, Scales, features
from ctreview.tools.forest import Forest, train_forest
from ctreview.tools.local_density import Stack, smoothed
from ctreview.volume.box import Box, bounding_box
from ctreview.volume.geometry import FloatArray

__all__ = ["Proposal", "ScribbleSettings", "Stroke", "propose", "scribble"]


_ENOUGH = 0.98
"""Of what half of the trees are so sure, the others are not asked: that is most of a lung."""


@dataclass(frozen=True)
class Stroke:
    """One stroke of an example.

    Attributes
    ----------
    points : sequence of points, shape (n, 3)
        In LPS millimetres.
    label : str or None
        What is shown there; None is "not", that is, none of the labels.
    """

    points: Sequence[Sequence[float]]
    label: str | None


@dataclass(frozen=True)
class ScribbleSettings:
    """How strokes become labels.

    Attributes
    ----------
    stroke_mm : float
        Radius around a stroke that is taken as an example.
    reach_mm : float or None
        How far from the strokes labels are set anew; None is everywhere.
    fine_mm, coarse_mm : float
        Scales of the features.
    cell_mm : float
        Voxels smaller than half of this are looked at together, as many as fit into it along each axis, and the
        probabilities interpolated between: finer than the features see nothing is lost. 0 looks at every voxel.
    trees, depth : int
        Size of the forest.
    prior : float
        What the labels as they stand weigh as examples, all together, against all strokes. They keep the classifier
        sensible about tissue that no stroke has shown; strokes overrule them.
    evening_mm : float
        Gaussian standard deviation that the probabilities are averaged with; 0 leaves them as they are.
    near, near_mm : float
        Beside a stroke its label weighs exp(``near``) times as much, which fades over so many millimetres: what looks
        like it is sought everywhere, but more readily where the reader is looking.
    caution : float
        What "not" weighs beside a label. Strokes show as much of each, but of the lung most is normal.
    speck_ml : float
        A connected change smaller than this, which no stroke touches, is left out.
    seed : int
        Of the forest and of the choice of those examples.
    """

    stroke_mm: float = 1.5
    reach_mm: float | None = 40.0
    fine_mm: float = Scales.fine_mm
    coarse_mm: float = Scales.coarse_mm
    cell_mm: float = 1.5
    trees: int = 16
    depth: int = 7
    prior: float = 0.5
    evening_mm: float = 1.0
    near: float = 1.0
    near_mm: float = 10.0
    caution: float = 1.9
    speck_ml: float = 0.3
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Proposal:
    """What a classifier made of the strokes.

    Attributes
    ----------
    patch : Patch
        The labels.
    uncertainty : ndarray of float32, shape of the patch
        1 − the probability of the label chosen; 0 where no label may be set.
    """

    patch: Patch
    uncertainty: npt.NDArray[np.float32]


def scribble(
    canvas: Canvas,
    *,
    strokes: Sequence[Stroke | dict[str, Any]],
    one_part: bool = True,
    settings: ScribbleSettings | None = None,
    memory: FeatureMemory | None = None,
) -> Patch:
    """Label the surroundings of some strokes, or everything, after their example; see `propose`."""
    return propose(canvas, strokes=strokes, one_part=one_part, settings=settings, memory=memory).patch


def propose(
    canvas: Canvas,
    *,
    strokes: Sequence[Stroke | dict[str, Any]],
    one_part: bool = True,
    settings: ScribbleSettings | None = None,
    memory: FeatureMemory | None = None,
) -> Proposal:
    """Train on strokes, label the reach, and say how sure each label is.

    Parameters
    ----------
    canvas : Canvas
        The image and the labels as they stand.
    strokes : sequence of Stroke
        Examples (or the plain mappings that a journal holds).
    one_part : bool
        Whether only those parts of the organ (lungs) change in which strokes lie.
    settings : ScribbleSettings
        Reach, features, forest.
    memory : FeatureMemory, optional
        Keeps features for the next stroke; saves time and changes nothing.

    Returns
    -------
    Proposal
        Labels and uncertainty; what lies under a stroke is always as the stroke says.

    Raises
    ------
    EditDoesNotApply
        No stroke touches where labels may be set.
    """
    settings = settings or ScribbleSettings()
    examples = [one if isinstance(one, Stroke) else Stroke(one["points"], one["label"]) for one in strokes]
    geometry = canvas.geometry
    cells = Cells.from_geometry(geometry, settings.cell_mm)
    parted = cells.around(reach(canvas, examples, settings))
    known = (memory.features if memory is not None else features)(
        canvas, parted, Scales(settings.fine_mm, settings.coarse_mm), cells
    )
    box = cells.voxels(parted, geometry)
    allowed = canvas.allowed(box)
    stroke_voxels, outside = _drawn(canvas, examples, box, settings.stroke_mm)
    if one_part:
        allowed &= ~_without_strokes(canvas, box, stroke_voxels)
    old = canvas.labels.array[box]
    forest = _trained_forest(
        known,
        _rows_of(stroke_voxels, known, cells),
        stroke_voxels.labels,
        _current(old, allowed, known, cells),
        settings,
    )
    shares = _dense(forest.vote(known.values, enough=_ENOUGH), known.inside)
    if settings.evening_mm > 0:
        _smoothed_shares(shares, known.inside, settings.evening_mm, cells.spacing(geometry))
    near = near_strokes(
        stroke_voxels, old.shape, forest.classes, geometry.spacing, near=settings.near, near_mm=settings.near_mm
    )
    caution = np.where(forest.classes == 0, np.float32(settings.caution), np.float32(1))
    chosen, uncertainty = choose_labels(shares, known.inside, cells, allowed, near, caution)
    labels = np.where(allowed, forest.classes.astype(old.dtype)[chosen], old)
    labels[stroke_voxels.index], uncertainty[stroke_voxels.index] = stroke_voxels.labels, 0
    labels = remove_specks(labels, old, stroke_voxels, settings.speck_ml / geometry.voxel_ml)
    a, b, c = (s.start for s in box)
    return Proposal(Patch((a, b, c), labels, outside), uncertainty)


def reach(canvas: Canvas, strokes: Sequence[Stroke], settings: ScribbleSettings) -> Box:
    """The box that strokes are answered in."""
    if settings.reach_mm is not None:
        points: FloatArray = np.concatenate([np.atleast_2d(np.asarray(s.points, dtype=float)) for s in strokes])
        return box_around(canvas.geometry, points, settings.reach_mm)
    if canvas.within is not None:
        return bounding_box(canvas.within.array > 0)
    a, b, c = (slice(0, n) for n in canvas.geometry.shape)
    return a, b, c


def _without_strokes(canvas: Canvas, box: Box, stroke_voxels: StrokeVoxels) -> Mask:
    """The parts of the organ in a box in which no stroke lies."""
    if canvas.within is None:
        return np.zeros(tuple(s.stop - s.start for s in box), dtype=bool)
    parts = canvas.within.array[box]
    return np.asarray((parts != 0) & ~np.isin(parts, np.unique(parts[stroke_voxels.index])))


def _drawn(canvas: Canvas, strokes: Sequence[Stroke], box: Box, radius_mm: float) -> tuple[StrokeVoxels, int]:
    """What strokes show in a box where labels may be set, and how many of their voxels lie outside the organ.

    A later stroke covers an earlier one.

    Raises
    ------
    EditDoesNotApply
        They show nothing there.
    """
    parts = []
    for one in strokes:
        path = np.atleast_2d(np.asarray(one.points, dtype=float))
        around = box_around(canvas.geometry, path, radius_mm)
        low = [max(s.start, t.start) for s, t in zip(around, box, strict=True)]
        high = [min(s.stop, t.stop) for s, t in zip(around, box, strict=True)]
        if all(a < b for a, b in zip(low, high, strict=True)):
            parts.append((path, canvas.value(one.label), low, high))
    if not parts:
        raise EditDoesNotApply("no stroke touches a place that may be labelled")
    first = np.min([low for _, _, low, _ in parts], axis=0)
    last = np.max([high for _, _, _, high in parts], axis=0)
    drawn = np.full(last - first, -1, np.int16)
    for path, value, low, high in parts:
        a, b, c = (slice(m, n) for m, n in zip(low, high, strict=True))
        x, y, z = (slice(m - o, n - o) for m, n, o in zip(low, high, first.tolist(), strict=True))
        drawn[x, y, z][stroke(canvas.geometry, path, radius_mm, (a, b, c))] = value
    a, b, c = (slice(m, n) for m, n in zip(first.tolist(), last.tolist(), strict=True))
    at = np.argwhere((drawn >= 0) & canvas.allowed((a, b, c)))
    if not len(at):
        raise EditDoesNotApply(f"no stroke touches the {canvas.organ}, where labels may be set")
    outside = canvas.outside((a, b, c), drawn > 0)
    return StrokeVoxels(at + first - [s.start for s in box], drawn[tuple(at.T)]), outside


def _rows_of(stroke_voxels: StrokeVoxels, known: Features, cells: Cells) -> npt.NDArray[np.int64]:
    """The row of the cell of each voxel that strokes show."""
    rows = (np.cumsum(known.inside) - 1).reshape(known.inside.shape)
    return np.asarray(rows[tuple((stroke_voxels.at // cells.steps).T)])


def _current(labels: npt.NDArray[Any], allowed: Mask, known: Features, cells: Cells) -> npt.NDArray[np.int16]:
    """The label as it stands of the voxel in the middle of each cell; −1 where none may be there."""
    middle = tuple(
        np.minimum(np.arange(n) * step + step // 2, size - 1)
        for n, step, size in zip(known.inside.shape, cells.steps, labels.shape, strict=True)
    )
    there = np.ix_(*middle)
    found: npt.NDArray[np.int16] = np.where(allowed[there], labels[there], -1).astype(np.int16)[known.inside]
    return found


def _trained_forest(
    known: Features,
    rows: npt.NDArray[np.int64],
    drawn: npt.NDArray[np.int16],
    current: npt.NDArray[np.int16],
    settings: ScribbleSettings,
) -> Forest:
    """A forest that has seen the strokes, and some of the labels as they stand where it does not disagree."""
    values, generator = known.values, np.random.default_rng(settings.seed)
    some = generator.choice(len(rows), size=min(2000, len(rows)), replace=False)
    stroke_voxels, drawn = rows[some], drawn[some]
    others = generator.choice(len(values), size=min(2000, len(values)), replace=False)
    others = others[current[others] >= 0]
    seen = np.concatenate([stroke_voxels, stroke_voxels, stroke_voxels, others])
    examples = values[seen]
    # Few strokes lie in few places. Two copies of each with a place drawn by lot keep the forest from learning
    # "here" where "like this" is meant, unless strokes of both kinds look alike.
    moved = slice(len(stroke_voxels), 3 * len(stroke_voxels))
    examples[moved, POSITION:] = values[generator.integers(0, len(values), 2 * len(stroke_voxels)), POSITION:]
    labels = np.concatenate([np.tile(drawn, 3), current[others]])
    weights = np.concatenate(
        [np.tile(_balanced_weights(drawn) / 3, 3), np.full(len(others), settings.prior / max(1, len(others)))]
    )
    size = {"depth": settings.depth, "seed": settings.seed}
    first = train_forest(examples, labels, weights, trees=max(1, settings.trees // 2), **size)
    # Where the first forest thinks otherwise, the labels as they stand may be the error that the strokes mend.
    agreed = np.ones(len(labels), bool)
    standing = slice(3 * len(stroke_voxels), None)
    agreed[standing] = first.classes[first.vote(examples[standing]).argmax(axis=0)] == labels[standing]
    weights[standing] *= len(others) / max(1, agreed[standing].sum())
    return train_forest(examples[agreed], labels[agreed], weights[agreed], trees=settings.trees, **size)


def _dense(rows: Stack, inside: Mask) -> Stack:
    """The share of each class at its place in the box; 0 elsewhere."""
    dense = np.zeros((len(rows), *inside.shape), np.float32)
    for share, into in zip(rows, dense, strict=True):
        into[inside] = share
    return dense


def _smoothed_shares(shares: Stack, inside: Mask, by_mm: float, spacing: tuple[float, float, float]) -> None:
    """Average each class over its surroundings, so that a cell does not stand against all its neighbours."""
    for share in shares[1:]:
        share[...] = smoothed(share, inside, by_mm, spacing)
    shares[0] = 1 - shares[1:].sum(axis=0)


def _balanced_weights(labels: npt.NDArray[np.int16]) -> FloatArray:
    """Weights that sum to 1 and give each class the same share, however long its strokes are."""
    _, place, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / (counts[place] * len(counts)))

"""A few strokes that teach a classifier, which labels the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
import numpy.typing as npt

from ctreview.compiled import compiled_in_parallel
from ctreview.edits.replay import EditDoesNotApply, Patch
from ctreview.tools.brush import stroke
from ctreview.tools.canvas import Box, Canvas, box_around, whole
from ctreview.tools.features import PLACE, Features, features
from ctreview.volume.geometry import FloatArray

if TYPE_CHECKING:
    from sklearn.ensemble import ExtraTreesClassifier

__all__ = ["Proposal", "ScribbleSettings", "Stroke", "propose", "scribble"]


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
    trees, depth : int
        Size of the forest.
    prior : float
        What the labels as they stand weigh as examples, all together, against all strokes. They keep the classifier
        sensible about tissue that no stroke has shown; strokes overrule them.
    seed : int
        Of the forest and of the choice of those examples.
    """

    stroke_mm: float = 1.5
    reach_mm: float | None = 40.0
    fine_mm: float = 1.0
    coarse_mm: float = 2.5
    trees: int = 16
    depth: int = 7
    prior: float = 0.5
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
    settings: ScribbleSettings = ScribbleSettings(),
) -> Patch:
    """Label the surroundings of some strokes, or everything, after their example; see `propose`."""
    return propose(canvas, strokes=strokes, settings=settings).patch


def propose(
    canvas: Canvas,
    *,
    strokes: Sequence[Stroke | dict[str, Any]],
    settings: ScribbleSettings = ScribbleSettings(),
    seen: Features | None = None,
) -> Proposal:
    """Train on strokes, label the reach, and say how sure each label is.

    Parameters
    ----------
    canvas : Canvas
        The image and the labels as they stand.
    strokes : sequence of Stroke
        Examples (or the plain mappings that a journal holds).
    settings : ScribbleSettings
        Reach, features, forest.
    seen : Features, optional
        Features computed before, of the very box that `reach` gives for these strokes; saves their time.

    Returns
    -------
    Proposal
        Labels and uncertainty; what lies under a stroke is always as the stroke says.

    Raises
    ------
    EditDoesNotApply
        No stroke touches where labels may be set.
    """
    examples = [one if isinstance(one, Stroke) else Stroke(one["points"], one["label"]) for one in strokes]
    box = reach(canvas, examples, settings)
    known = seen or features(canvas, box, fine_mm=settings.fine_mm, coarse_mm=settings.coarse_mm)
    if known.box != box:
        raise EditDoesNotApply("the features were computed for another box")
    drawn = _drawn(canvas, examples, known, settings.stroke_mm)
    if not (drawn >= 0).any():
        raise EditDoesNotApply("no stroke touches a place that may be labelled")
    current = canvas.labels.array[box][known.inside]
    chosen, sure = _classify(known.values, drawn, current, settings)
    chosen = np.where(drawn >= 0, drawn, chosen)
    sure = np.where(drawn >= 0, np.float32(1), sure)
    labels = canvas.labels.array[box].copy()
    labels[known.inside] = chosen
    uncertainty = np.zeros(labels.shape, np.float32)
    uncertainty[known.inside] = 1 - sure
    a, b, c = (s.start for s in box)
    return Proposal(Patch((a, b, c), labels), uncertainty)


def reach(canvas: Canvas, strokes: Sequence[Stroke], settings: ScribbleSettings) -> Box:
    """The box that strokes are answered in."""
    if settings.reach_mm is not None:
        points: FloatArray = np.concatenate([np.atleast_2d(np.asarray(s.points, dtype=float)) for s in strokes])
        return box_around(canvas.geometry, points, settings.reach_mm)
    if canvas.within is not None:
        return whole(canvas.within.array > 0)
    a, b, c = (slice(0, n) for n in canvas.geometry.shape)
    return a, b, c


def _drawn(canvas: Canvas, strokes: Sequence[Stroke], known: Features, radius_mm: float) -> npt.NDArray[np.int16]:
    """The label that a stroke shows at each voxel inside, −1 where none does; a later stroke covers an earlier one."""
    drawn = np.full(known.inside.shape, -1, np.int16)
    corner = np.array([s.start for s in known.box])
    for one in strokes:
        path = np.atleast_2d(np.asarray(one.points, dtype=float))
        box = box_around(canvas.geometry, path, radius_mm)
        low = np.maximum([s.start for s in box], corner)
        high = np.minimum([s.stop for s in box], [s.stop for s in known.box])
        if np.any(high <= low):
            continue
        cut = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        near = stroke(canvas.geometry, path, radius_mm, (cut[0], cut[1], cut[2]))
        here = drawn[tuple(slice(int(a), int(b)) for a, b in zip(low - corner, high - corner, strict=True))]
        here[near] = canvas.value(one.label)
    return drawn[known.inside]


def _classify(
    values: npt.NDArray[np.float32],
    drawn: npt.NDArray[np.int16],
    current: npt.NDArray[Any],
    settings: ScribbleSettings,
) -> tuple[npt.NDArray[Any], npt.NDArray[np.float32]]:
    """The label of every voxel inside, and the probability of that label."""
    from sklearn.ensemble import ExtraTreesClassifier  # noqa: PLC0415 - heavy, and only strokes need it

    generator = np.random.default_rng(settings.seed)
    shown = np.flatnonzero(drawn >= 0)
    shown = generator.choice(shown, size=min(2000, len(shown)), replace=False)
    others = generator.choice(len(values), size=min(2000, len(values)), replace=False)
    seen = np.concatenate([shown, shown, shown, others])
    examples = values[seen]
    # Few strokes lie in few places. Two copies of each with a place drawn by lot keep the forest from learning
    # "here" where "like this" is meant, unless strokes of both kinds look alike.
    moved = slice(len(shown), 3 * len(shown))
    examples[moved, PLACE:] = values[generator.integers(0, len(values), 2 * len(shown)), PLACE:]
    labels = np.concatenate([np.tile(drawn[shown], 3), current[others].astype(np.int16)])
    weights = np.concatenate([np.tile(_even(drawn[shown]) / 3, 3), np.full(len(others), settings.prior / len(others))])
    forest = ExtraTreesClassifier(
        settings.trees, max_depth=settings.depth, min_samples_leaf=3, random_state=settings.seed, max_features=None
    )
    forest.fit(examples, labels, sample_weight=weights)
    best, sure = _vote(np.ascontiguousarray(values), *_flatten(forest))
    return forest.classes_[best], sure


def _even(labels: npt.NDArray[np.int16]) -> FloatArray:
    """Weights that sum to 1 and give each class the same share, however long its strokes are."""
    _, place, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / (counts[place] * len(counts)))


def _flatten(forest: ExtraTreesClassifier) -> tuple[npt.NDArray[Any], ...]:
    """A forest as plain arrays: where each tree starts, and feature, threshold, children and shares of each node."""
    trees = [estimator.tree_ for estimator in forest.estimators_]
    starts = np.cumsum([0, *(tree.node_count for tree in trees)])[:-1].astype(np.int32)
    feature = np.concatenate([tree.feature for tree in trees]).astype(np.int32)
    threshold = np.concatenate([tree.threshold for tree in trees]).astype(np.float32)
    pairs = list(zip(trees, starts, strict=True))
    left = np.concatenate([tree.children_left + start for tree, start in pairs]).astype(np.int32)
    right = np.concatenate([tree.children_right + start for tree, start in pairs]).astype(np.int32)
    shares = np.concatenate([tree.value[:, 0, :] for tree in trees])
    shares = (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)
    return starts, feature, threshold, left, right, shares


@compiled_in_parallel()
def _vote(
    values: npt.NDArray[np.float32],
    starts: npt.NDArray[np.int32],
    feature: npt.NDArray[np.int32],
    threshold: npt.NDArray[np.float32],
    left: npt.NDArray[np.int32],
    right: npt.NDArray[np.int32],
    shares: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """The class most trees' leaves speak for, and its mean share; the library's own way takes ten times as long."""
    count, classes = len(values), shares.shape[1]
    best = np.zeros(count, np.uint8)
    sure = np.zeros(count, np.float32)
    blocks = (count + 4095) // 4096
    for block in numba.prange(blocks):
        total = np.zeros(classes, np.float32)
        for row in range(block * 4096, min(count, block * 4096 + 4096)):
            total[:] = 0
            for start in starts:
                node = start
                while feature[node] >= 0:
                    node = left[node] if values[row, feature[node]] <= threshold[node] else right[node]
                for k in range(classes):
                    total[k] += shares[node, k]
            winner = np.argmax(total)
            best[row] = winner
            sure[row] = total[winner] / len(starts)
    return best, sure

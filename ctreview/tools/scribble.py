"""A few strokes that teach a classifier, which labels the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.edits.replay import EditDoesNotApply, Patch
from ctreview.tools.brush import stroke
from ctreview.tools.canvas import Box, Canvas, Mask, box_around, whole
from ctreview.tools.choose import choose, near_strokes, without_specks
from ctreview.tools.feature_memory import FeatureMemory
from ctreview.tools.features import PLACE, Features, Scales, features
from ctreview.tools.forest import Forest, grow
from ctreview.tools.local_density import Stack, smoothed
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
    fine_mm: float = 1.0
    coarse_mm: float = 2.5
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
    settings: ScribbleSettings = ScribbleSettings(),
    memory: FeatureMemory | None = None,
) -> Patch:
    """Label the surroundings of some strokes, or everything, after their example; see `propose`."""
    return propose(canvas, strokes=strokes, settings=settings, memory=memory).patch


def propose(
    canvas: Canvas,
    *,
    strokes: Sequence[Stroke | dict[str, Any]],
    settings: ScribbleSettings = ScribbleSettings(),
    memory: FeatureMemory | None = None,
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
    examples = [one if isinstance(one, Stroke) else Stroke(one["points"], one["label"]) for one in strokes]
    box = reach(canvas, examples, settings)
    scales = Scales(settings.fine_mm, settings.coarse_mm)
    known = (memory.features if memory is not None else features)(canvas, box, scales)
    shown = _drawn(canvas, examples, known, settings.stroke_mm)
    drawn = shown[known.inside]
    if not (drawn >= 0).any():
        raise EditDoesNotApply("no stroke touches a place that may be labelled")
    current = canvas.labels.array[box][known.inside]
    forest = _taught(known.values, drawn, current, settings)
    shares = forest.vote(known.values, enough=_ENOUGH)
    if settings.evening_mm > 0:
        _even_out(shares, known.inside, settings.evening_mm, canvas.geometry.spacing)
    near = near_strokes(shown, forest.classes, canvas.geometry.spacing, near=settings.near, near_mm=settings.near_mm)
    caution = np.where(forest.classes == 0, np.float32(settings.caution), np.float32(1))
    winner = choose(shares, known.inside, near, caution)
    old = canvas.labels.array[box]
    labels = old.copy()
    labels[known.inside] = np.where(drawn >= 0, drawn, forest.classes[winner])
    labels = without_specks(labels, old, shown >= 0, settings.speck_ml / canvas.geometry.voxel_ml)
    sure = np.take_along_axis(shares, winner[None], axis=0)[0]
    uncertainty = np.zeros(labels.shape, np.float32)
    uncertainty[known.inside] = np.where(drawn >= 0, np.float32(0), 1 - sure)
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
    """The label that a stroke shows at each voxel of the box, −1 where none does; a later one covers an earlier one."""
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
    drawn[~known.inside] = -1
    return drawn


def _taught(
    values: Stack, drawn: npt.NDArray[np.int16], current: npt.NDArray[Any], settings: ScribbleSettings
) -> Forest:
    """A forest that has seen the strokes, and some of the labels as they stand where it does not disagree."""
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
    weights = np.concatenate([np.tile(_fair(drawn[shown]) / 3, 3), np.full(len(others), settings.prior / len(others))])
    size = {"depth": settings.depth, "seed": settings.seed}
    first = grow(examples, labels, weights, trees=max(1, settings.trees // 2), **size)
    # Where the first forest thinks otherwise, the labels as they stand may be the error that the strokes mend.
    agreed = np.ones(len(labels), bool)
    agreed[-len(others) :] = (
        first.classes[first.vote(examples[-len(others) :]).argmax(axis=0)] == labels[-len(others) :]
    )
    weights[-len(others) :] *= len(others) / max(1, agreed[-len(others) :].sum())
    return grow(examples[agreed], labels[agreed], weights[agreed], trees=settings.trees, **size)


def _even_out(shares: Stack, inside: Mask, by_mm: float, spacing: tuple[float, float, float]) -> None:
    """Average each class over its surroundings, so that a voxel does not stand against all its neighbours."""
    dense = np.zeros(inside.shape, np.float32)
    for share in shares[1:]:
        dense[inside] = share
        share[:] = smoothed(dense, inside, by_mm, spacing)[inside]
    shares[0] = 1 - shares[1:].sum(axis=0)


def _fair(labels: npt.NDArray[np.int16]) -> FloatArray:
    """Weights that sum to 1 and give each class the same share, however long its strokes are."""
    _, place, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / (counts[place] * len(counts)))

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier

from ctreview.edits import EditDoesNotApply
from ctreview.tools import Canvas, ScribbleSettings, Stroke, propose
from ctreview.tools.features import FEATURES, features
from ctreview.tools.scribble import _flatten, _vote

from .conftest import LESION, distance_to
from .test_tools import after, dice

GLASS = Stroke([(LESION + np.array([-4, 4, 2])).tolist(), (LESION + np.array([4, 4, 2])).tolist()], "ground_glass")
NOT = Stroke([[-10.0, -20.0, 0.0], [-10.0, 15.0, 0.0]], None)


def truth(canvas: Canvas) -> np.ndarray:
    assert canvas.barrier is not None
    return (distance_to(canvas.geometry, LESION) < 8) & (canvas.barrier.array == 0)


def test_two_strokes_find_the_lesion_and_more_at_its_rim_mend_the_rim(canvas: Canvas) -> None:
    strokes, reached = [GLASS, NOT], []
    for _ in range(4):
        found = after(canvas, propose(canvas, strokes=strokes).patch).labels.mask()
        reached.append(dice(found, truth(canvas)))
        missed = np.argwhere(truth(canvas) & ~found)
        rim = canvas.geometry.to_lps(missed[:: max(1, len(missed) // 6)]).tolist()
        strokes = [*strokes, *(Stroke([point], "ground_glass") for point in rim)]
    assert reached[0] > 0.7
    assert reached[-1] > 0.85


def test_what_lies_under_a_stroke_is_as_the_stroke_says(canvas: Canvas) -> None:
    stubborn = Stroke([[-10.0, 10.0, 0.0]], "consolidation")
    proposal = propose(canvas, strokes=[GLASS, NOT, stubborn])
    at = canvas.voxel_at([-10.0, 10.0, 0.0])
    inside = tuple(n - s for n, s in zip(at, proposal.patch.start, strict=True))
    assert proposal.patch.labels[inside] == 2
    assert proposal.uncertainty[inside] == 0


def test_nothing_outside_the_organ_or_in_the_barrier_or_the_reach_changes(canvas: Canvas) -> None:
    done = after(canvas, propose(canvas, strokes=[GLASS, NOT], settings=ScribbleSettings(reach_mm=12)).patch)
    assert canvas.within is not None
    assert canvas.barrier is not None
    assert not done.labels.mask()[(canvas.within.array == 0) | (canvas.barrier.array > 0)].any()
    near = [distance_to(canvas.geometry, np.asarray(p)) for s in (GLASS, NOT) for p in s.points]
    assert not done.labels.mask()[np.min(near, axis=0) > 60].any()


def test_the_same_strokes_give_the_same_labels(canvas: Canvas) -> None:
    first, second = (propose(canvas, strokes=[GLASS, NOT]) for _ in range(2))
    assert np.array_equal(first.patch.labels, second.patch.labels)
    assert np.array_equal(first.uncertainty, second.uncertainty)


def test_uncertainty_is_highest_where_labels_change(canvas: Canvas) -> None:
    proposal = propose(canvas, strokes=[GLASS, NOT])
    box = tuple(slice(s, s + n) for s, n in zip(proposal.patch.start, proposal.patch.labels.shape, strict=True))
    far = np.abs(distance_to(canvas.geometry, LESION) - 8)[box] > 6
    inside = proposal.uncertainty > 0
    assert proposal.uncertainty[inside & ~far].mean() > 2 * proposal.uncertainty[far & (truth(canvas)[box] == 0)].mean()


def test_strokes_outside_the_organ_say_so(canvas: Canvas) -> None:
    with pytest.raises(EditDoesNotApply, match="no stroke touches"):
        propose(canvas, strokes=[Stroke([[33.0, 27.0, 0.0]], "ground_glass")])


def test_features_of_a_ramp_are_what_they_are_called(canvas: Canvas) -> None:
    free = replace(canvas, within=None, barrier=None)
    index = np.indices(canvas.geometry.shape).astype(float)
    squares = 0.5 * 3.0 * (index[1] * 1.2) ** 2 - 0.5 * 1.0 * (index[2] * 1.2) ** 2
    volume = free.volume.with_array(squares.astype(np.float32))
    box = (slice(10, 30), slice(10, 40), slice(10, 40))
    found = features(replace(free, volume=volume), box)
    stack = found.values.reshape(20, 30, 30, len(FEATURES))[8:12, 8:22, 8:22]
    assert stack[..., FEATURES.index("largest curvature")] == pytest.approx(3.0, abs=0.02)
    assert stack[..., FEATURES.index("smallest curvature")] == pytest.approx(-1.0, abs=0.02)
    depth = stack[..., FEATURES.index("depth along gravity")]
    assert np.allclose(np.diff(depth, axis=1), 1.2, atol=1e-4)


def test_our_vote_is_that_of_the_library() -> None:
    generator = np.random.default_rng(3)
    values = generator.normal(size=(9000, 7)).astype(np.float32)
    labels = (values[:, 0] + values[:, 3] > 0).astype(int) + 2 * (values[:, 1] > 1)
    forest = ExtraTreesClassifier(9, max_depth=5, random_state=0).fit(values[:800], labels[:800])
    best, sure = _vote(values, *_flatten(forest))
    shares = forest.predict_proba(values)
    assert np.array_equal(forest.classes_[best], forest.classes_[shares.argmax(axis=1)])
    assert np.allclose(sure, shares.max(axis=1), atol=1e-5)

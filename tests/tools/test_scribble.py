from __future__ import annotations

from dataclasses import replace
from typing import Any

import edt
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from sklearn.ensemble import ExtraTreesClassifier

from ctreview.errors import EditDoesNotApply
from ctreview.tools import Canvas, FeatureMemory, ScribbleSettings, Stroke, propose
from ctreview.tools.feature_memory import _rest
from ctreview.tools.features import FEATURES, Features, Scales, features
from ctreview.tools.forest import pad_to_full_depth

from .conftest import LESION, distance_to
from .drawing import after, dice

GLASS = Stroke([(LESION + np.array([-4, 4, 2])).tolist(), (LESION + np.array([4, 4, 2])).tolist()], "ground_glass")
NOT = Stroke([[-10.0, -20.0, 0.0], [-10.0, 15.0, 0.0]], None)


def truth(canvas: Canvas) -> np.ndarray:
    assert canvas.barrier is not None
    return (distance_to(canvas.geometry, LESION) < 8) & (canvas.barrier.array == 0)


def test_two_strokes_find_the_lesion_and_more_at_its_rim_mend_the_rim(canvas: Canvas) -> None:
    assert dice(after(canvas, propose(canvas, strokes=[GLASS, NOT]).patch).labels.mask(), truth(canvas)) > 0.75
    # a stroke at the rim must be no wider than what it shows
    strokes, reached, fine = [GLASS, NOT], [], ScribbleSettings(stroke_mm=1.1)
    for _ in range(4):
        found = after(canvas, propose(canvas, strokes=strokes, settings=fine).patch).labels.mask()
        reached.append(dice(found, truth(canvas)))
        missed = np.argwhere(truth(canvas) & ~found)
        rim = canvas.geometry.to_lps(missed[:: max(1, len(missed) // 6)]).tolist()
        strokes = [*strokes, *(Stroke([point], "ground_glass") for point in rim)]
    assert reached[-1] > max(0.9, reached[0])


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
    found = features(replace(free, volume=volume), box, Scales())
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
    full = pad_to_full_depth(forest, 5).vote(values)
    assert np.allclose(full.T, forest.predict_proba(values), atol=1e-5)
    half = np.mean([tree.predict_proba(values) for tree in forest.estimators_[:4]], axis=0).T
    sure = half.max(axis=0) > 0.9
    assert 0 < sure.sum() < len(values)
    assert np.allclose(pad_to_full_depth(forest, 5).vote(values, enough=0.9), np.where(sure, half, full), atol=1e-5)


def test_the_features_of_a_voxel_do_not_depend_on_the_box(canvas: Canvas) -> None:
    large, small = (slice(0, 40), slice(0, 48), slice(0, 56)), (slice(7, 31), slice(9, 40), slice(13, 38))
    whole, part = features(canvas, large, Scales()), features(canvas, small, Scales())
    there = np.zeros(whole.inside.shape, bool)
    there[small] = True
    assert np.array_equal(whole.values[there[whole.inside]], part.values)


def test_density_and_spread_are_averaged_over_the_organ_only(canvas: Canvas) -> None:
    assert canvas.within is not None
    box = (slice(10, 30), slice(5, 43), slice(5, 51))
    found = features(replace(canvas, barrier=None), box, Scales(1.5, 2.0))
    sigma = [2.0 / s for s in canvas.geometry.spacing]
    organ = (canvas.within.array > 0).astype(float)
    hu, weight = canvas.volume.array * organ, gaussian_filter(organ, sigma, truncate=2.5)
    mean = (gaussian_filter(hu, sigma, truncate=2.5) / weight.clip(1e-3))[box][found.inside]
    square = (gaussian_filter(hu**2, sigma, truncate=2.5) / weight.clip(1e-3))[box][found.inside]
    assert found.values[:, FEATURES.index("density at the coarse scale")] == pytest.approx(mean, abs=0.05)
    spread = np.sqrt(np.maximum(square - mean**2, 0))
    assert found.values[:, FEATURES.index("local spread")] == pytest.approx(spread, abs=0.2)


def test_the_distance_to_the_border_is_right_to_half_its_grid_and_down_is_down_when_prone(canvas: Canvas) -> None:
    free = replace(canvas, barrier=None)
    box = (slice(0, 40), slice(0, 48), slice(0, 56))
    found = features(free, box, Scales())
    assert canvas.within is not None
    true = edt.edt(canvas.within.array > 0, anisotropy=canvas.geometry.spacing, black_border=False)[found.inside]
    off = found.values[:, FEATURES.index("distance to the border")] - np.minimum(true, 30)
    assert abs(np.median(off)) < 1.5
    assert np.percentile(np.abs(off - np.median(off)), 95) < 1.5
    posture = replace(canvas.volume.acquisition, posture="HFP")
    prone = features(replace(free, volume=replace(canvas.volume, acquisition=posture)), box, Scales())
    depth = FEATURES.index("depth along gravity")
    assert np.ptp(found.values[:, depth] + prone.values[:, depth]) < 0.01
    assert 0 <= found.values[:, depth].min() + 6 < 12


def test_a_memory_saves_time_and_changes_nothing(canvas: Canvas, monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[int] = []

    def counted(*arguments: Any, **more: Any) -> Features:
        found = features(*arguments, **more)
        computed.append(found.inside.size)
        return found

    monkeypatch.setattr("ctreview.tools.feature_memory.features", counted)
    memory, settings = FeatureMemory(), ScribbleSettings(reach_mm=12)
    strokes = [GLASS, NOT, Stroke([[0.0, 4.0, -14.0]], None), Stroke([[4.0, -9.0, 22.0]], "ground_glass")]
    for number in range(1, 5):
        kept = propose(canvas, strokes=strokes[:number], settings=settings, memory=memory)
        anew = propose(canvas, strokes=strokes[:number], settings=settings)
        assert np.array_equal(kept.patch.labels, anew.patch.labels)
        assert np.array_equal(kept.uncertainty, anew.uncertainty)
    assert sum(computed) == kept.patch.labels.size
    other = replace(canvas, volume=canvas.volume.with_array(canvas.volume.array + np.int16(40)))
    moved = propose(other, strokes=strokes, settings=settings, memory=memory)
    assert np.array_equal(moved.uncertainty, propose(other, strokes=strokes, settings=settings).uncertainty)
    assert sum(computed) == 2 * kept.patch.labels.size


def test_features_too_large_to_keep_are_not_kept(canvas: Canvas) -> None:
    memory = FeatureMemory(limit_mib=0.01)
    box = (slice(0, 40), slice(0, 48), slice(0, 56))
    first, second = (memory.features(canvas, box, Scales()).values for _ in range(2))
    assert first is not second
    assert np.array_equal(first, second)


def test_the_rest_of_a_box_fills_it_once() -> None:
    count = np.zeros((9, 9, 9), int)
    known = (slice(2, 5), slice(0, 9), slice(3, 9))
    for part in (*_rest((slice(0, 9), slice(0, 9), slice(0, 9)), known), known):
        count[part] += 1
    assert (count == 1).all()

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.tools import Canvas, FeatureMemory, ScribbleSettings, propose
from ctreview.tools.cells import EACH_VOXEL, Cells
from ctreview.tools.choose import choose_labels
from ctreview.tools.features import FEATURES, Scales, features
from ctreview.tools.payload_reading import read_payload
from ctreview.tools.payloads import ScribblePayload
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap

from .conftest import LESION
from .drawing import after, dice
from .test_scribble import GLASS, NOT, truth

PARTED = Cells((1, 2, 3))
NO_STROKE = np.ones((2, 1, 1, 1), np.float32), np.array([99, 99, 99])


@pytest.mark.parametrize(
    ("spacing", "most_mm", "steps"),
    [
        ((2.0, 0.75, 0.7), 1.5, (1, 2, 2)),
        ((0.6, 0.5, 0.4), 1.5, (2, 3, 3)),
        ((1.0, 0.8, 0.8), 1.5, (1, 1, 1)),
        ((1, 0.7, 0.7), 0, (1, 1, 1)),
    ],
)
def test_a_cell_holds_as_many_voxels_as_fit(
    spacing: tuple[float, float, float], most_mm: float, steps: tuple[int, int, int]
) -> None:
    assert Cells.from_geometry(Geometry.aligned((9, 9, 9), spacing, frame_of_reference="1.2"), most_mm).steps == steps


def test_cells_around_voxels_hold_them_and_end_with_the_grid() -> None:
    geometry = Geometry.aligned((5, 9, 10), (1.0, 1.0, 1.0), frame_of_reference="1.2")
    cells = PARTED.around((slice(1, 4), slice(3, 9), slice(4, 10)))
    assert cells == (slice(1, 4), slice(1, 5), slice(1, 4))
    assert PARTED.voxels(cells, geometry) == (slice(1, 4), slice(2, 9), slice(3, 10))
    assert PARTED.shape(geometry) == (5, 5, 4)


def test_a_cell_is_as_dense_as_the_organ_in_it_and_allowed_where_any_voxel_is(canvas: Canvas) -> None:
    cells, box = Cells((3, 2, 5)), (slice(0, 14), slice(2, 24), slice(0, 12))  # 40 and 56 leave cells of 1 voxel
    mean, there = cells.densities(canvas, box)
    allowed = cells.allowed(canvas, box)
    assert canvas.within is not None
    voxels = cells.voxels(box, canvas.geometry)
    may = canvas.allowed(voxels)
    for at in np.ndindex(mean.shape):
        part = tuple(slice(n * s, (n + 1) * s) for n, s in zip(at, cells.steps, strict=True))
        organ = canvas.within.array[voxels][part] > 0
        assert there[at] == organ.any()
        assert allowed[at] == may[part].any()
        if organ.any():
            assert mean[at] == pytest.approx(canvas.volume.array[voxels][part][organ].mean(), abs=0.01)


def test_features_of_cells_are_those_of_their_middles(canvas: Canvas) -> None:
    free = replace(canvas, barrier=None)
    index = np.indices(canvas.geometry.shape).astype(np.float32)
    plane = free.volume.with_array(2 * index[1] - 3 * index[2])  # of a plane the mean is the middle
    box = (slice(12, 28), slice(8, 16), slice(6, 12))
    found = features(replace(free, volume=plane, within=None), box, Scales(), PARTED)
    at = np.argwhere(found.inside) + [s.start for s in box]
    middle = at * PARTED.steps + (np.array(PARTED.steps) - 1) / 2
    assert found.values[:, 0] == pytest.approx(2 * middle[:, 1] - 3 * middle[:, 2], abs=0.01)
    whole = (slice(0, 40), slice(0, 24), slice(0, 19))
    organ = features(free, whole, Scales(), PARTED)
    single = features(free, (slice(0, 40), slice(0, 48), slice(0, 56)), Scales())
    for name in ("distance to the border", "depth along gravity"):
        number = FEATURES.index(name)
        dense = np.full(single.inside.shape, np.nan)
        dense[single.inside] = single.values[:, number]
        # of 2 × 3 voxels the middle lies between the second of each three
        compared = 0.5 * (dense[:, 0::2, 1::3] + dense[:, 1::2, 1::3])[:, :, :18]
        mine = np.full(organ.inside.shape, np.nan)
        mine[organ.inside] = organ.values[:, number]
        both = ~np.isnan(compared)
        assert mine[:, :, :18][both].astype(float) == pytest.approx(compared[both], abs=0.15)


def test_between_cells_shares_are_interpolated() -> None:
    shares = np.zeros((2, 1, 1, 3), np.float32)
    shares[1, 0, 0] = 0.0, 1.0, 0.4
    shares[0] = 1 - shares[1]
    inside, allowed = np.ones((1, 1, 3), bool), np.ones((1, 1, 12), bool)
    even = np.ones(2, np.float32)
    chosen, doubt = choose_labels(shares, inside, Cells((1, 1, 4)), allowed, NO_STROKE, even)
    places = (np.arange(12) + 0.5) / 4 - 0.5
    expected = np.interp(places, [0, 1, 2], shares[1, 0, 0])
    assert np.array_equal(chosen[0, 0] == 1, expected > 0.5)
    assert doubt[0, 0] == pytest.approx(1 - np.maximum(expected, 1 - expected), abs=1e-6)
    # what was not asked about says nothing: the cell beside it decides
    inside[0, 0, 0] = False
    chosen, _ = choose_labels(shares * inside, inside, Cells((1, 1, 4)), allowed, NO_STROKE, even)
    assert chosen[0, 0, 2:4].all()


def test_a_cell_of_one_voxel_keeps_its_own_share(canvas: Canvas) -> None:
    generator = np.random.default_rng(2)
    inside = generator.random((5, 6, 7)) > 0.3
    shares = generator.random((3, 5, 6, 7)).astype(np.float32) * inside
    caution = np.array([1.7, 1.0, 1.2], np.float32)
    near = np.ones((3, 1, 1, 1), np.float32), np.array([99, 99, 99])
    chosen, doubt = choose_labels(shares, inside, EACH_VOXEL, inside, near, caution)
    weights = (shares + np.float32(0.02)) * caution[:, None, None, None]
    assert np.array_equal(chosen[inside], weights.argmax(axis=0)[inside])
    assert np.array_equal(doubt, np.where(inside, 1 - np.take_along_axis(shares, chosen[None], 0)[0], 0))


def finer(canvas: Canvas) -> Canvas:
    """Each voxel as four of half its width: the cells of these are the voxels of before."""
    old = canvas.geometry
    affine = old.affine.copy()
    affine[:3, 1:3] /= 2
    affine[:3, 3] -= (affine[:3, 1] + affine[:3, 2]) / 2
    grid = Geometry((old.shape[0], 2 * old.shape[1], 2 * old.shape[2]), affine, old.frame_of_reference)

    def cut(labels: LabelMap | None) -> LabelMap | None:
        return None if labels is None else replace(labels, array=_quartered(labels.array), geometry=grid)

    volume = replace(canvas.volume, array=_quartered(canvas.volume.array), geometry=grid)
    labels = cut(canvas.labels)
    assert labels is not None
    return Canvas(volume, labels, within=cut(canvas.within), barrier=cut(canvas.barrier))


def _quartered(array: np.ndarray) -> np.ndarray:
    return array.repeat(2, axis=1).repeat(2, axis=2)


def test_cells_of_small_voxels_are_seen_as_voxels_of_their_size(canvas: Canvas) -> None:
    small = finer(canvas)
    box = (slice(2, 38), slice(0, 48), slice(3, 50))
    voxels = features(canvas, box, Scales())
    cells = features(small, box, Scales(), Cells.from_geometry(small.geometry, 1.5))
    assert np.array_equal(cells.inside, voxels.inside)
    looks = slice(0, FEATURES.index("distance to the border"))
    assert cells.values[:, looks] == pytest.approx(voxels.values[:, looks], abs=0.01)


def test_strokes_find_the_lesion_by_cells_and_keep_what_may_not_be(canvas: Canvas) -> None:
    small = finer(canvas)
    proposal = propose(small, strokes=[GLASS, NOT])
    found = after(small, proposal.patch).labels.mask()
    assert small.within is not None
    assert small.barrier is not None
    assert not found[(small.within.array == 0) | (small.barrier.array > 0)].any()
    assert found[small.voxel_at(GLASS.points[0])]
    assert dice(found, truth(small)) > 0.75
    # one answer for a cell would show as squares of voxels; between cells it goes over
    flat = found[:, 0::2, 0::2] == found[:, 1::2, 1::2]
    assert (~flat).sum() > 0.02 * found.sum() / 4


def test_a_memory_of_cells_changes_nothing(canvas: Canvas) -> None:
    memory, settings = FeatureMemory(), ScribbleSettings(reach_mm=12, cell_mm=2.4)
    strokes = [GLASS, NOT]
    for number in (1, 2, 2):
        kept = propose(canvas, strokes=strokes[:number], settings=settings, memory=memory)
        anew = propose(canvas, strokes=strokes[:number], settings=settings)
        assert np.array_equal(kept.patch.labels, anew.patch.labels)
        assert np.array_equal(kept.uncertainty, anew.uncertainty)
    voxels = propose(canvas, strokes=strokes, settings=replace(settings, cell_mm=0.0), memory=memory)
    assert np.array_equal(
        voxels.uncertainty, propose(canvas, strokes=strokes, settings=replace(settings, cell_mm=0.0)).uncertainty
    )


def test_a_record_that_names_no_cells_looks_at_every_voxel() -> None:
    payload = {"strokes": [{"points": [LESION.tolist()], "label": "ground_glass"}], "settings": {"near": 1.0}}
    found = read_payload("scribble", payload)
    assert isinstance(found, ScribblePayload)
    assert found.settings.cell_mm == 0
    assert ScribbleSettings().cell_mm > 0

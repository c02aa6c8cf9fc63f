import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ctreview.change import BASELINE_FATES, FOLLOWUP_FATES, FateSettings, fate_ml, find_fate
from ctreview.errors import GridMismatch
from ctreview.volume.geometry import Geometry
from ctreview.volume.transform import Transform

from .bodies import ball, box_regions, grid, labels, shift_transform

GRID = grid()
MIDDLE = (20.0, 22.0, 24.0)
BIG = ball(GRID, MIDDLE, 14.0)
SMALL = ball(GRID, MIDDLE, 7.0)


def millilitres(baseline, followup, transform=None, **kwargs):
    fate = find_fate(baseline, followup, transform or shift_transform(GRID), **kwargs)
    regions = box_regions(GRID, margin=1)
    return fate_ml(fate, regions, regions)["lungs"]


def dice(ours, truth):
    return 2 * np.sum(ours & truth) / (ours.sum() + truth.sum())


def test_a_patch_that_vanished_is_resolved_and_the_reverse_is_new():
    patch, nothing = labels(GRID, glass=BIG), labels(GRID)
    ml = BIG.sum() * GRID.voxel_ml
    gone = millilitres(patch, nothing)
    assert gone == pytest.approx(dict.fromkeys(gone, 0.0) | {"resolved": ml})
    come = millilitres(nothing, patch)
    assert come == pytest.approx(dict.fromkeys(come, 0.0) | {"new": ml})


@pytest.mark.parametrize(("before", "after", "fate"), [("glass", "solid", "worsened"), ("solid", "glass", "improved")])
def test_a_patch_that_turned(before, after, fate):
    found = millilitres(labels(GRID, **{before: BIG}), labels(GRID, **{after: BIG}))
    ml = BIG.sum() * GRID.voxel_ml
    assert found[fate] == pytest.approx(ml)
    assert found["persistent_followup"] == pytest.approx(ml)


@pytest.mark.parametrize("offset", [(1.5, 0.0, 0.0), (0.0, -2.0, 0.0), (1.2, 1.2, 1.2)])
def test_a_registration_that_is_off_by_two_millimetres_makes_no_change(offset):
    patch = labels(GRID, glass=BIG & ~SMALL, solid=SMALL)
    found = millilitres(patch, patch, shift_transform(GRID, offset))
    ml = BIG.sum() * GRID.voxel_ml
    assert found["persistent"] == pytest.approx(ml, rel=0.02)
    assert found["persistent_followup"] == pytest.approx(ml, rel=0.02)


@pytest.mark.parametrize("offset", [(0.0, 0.0, 0.0), (1.5, 0.0, 0.0), (0.0, 0.0, 2.0)])
def test_a_patch_that_shrank_by_seven_millimetres_lost_its_rim_and_only_that(offset):
    fate = find_fate(labels(GRID, glass=BIG), labels(GRID, glass=SMALL), shift_transform(GRID, offset))
    assert dice(fate.baseline.mask("resolved"), BIG & ~SMALL) > 0.95
    assert dice(fate.baseline.mask("persistent"), SMALL) > (0.99 if offset == (0.0, 0.0, 0.0) else 0.75)


def test_a_rim_thinner_than_the_tolerance_is_no_finding_unless_the_tolerance_is_small():
    smaller = labels(GRID, glass=ball(GRID, MIDDLE, 12.0))
    assert millilitres(labels(GRID, glass=BIG), smaller)["resolved"] == 0
    strict = millilitres(labels(GRID, glass=BIG), smaller, settings=FateSettings(tolerance_mm=0.0))
    assert strict["resolved"] == pytest.approx((BIG.sum() - smaller.mask().sum()) * GRID.voxel_ml)


def test_dependent_opacity_is_neither_part_of_the_finding_nor_what_is_left_of_it():
    dependent = dataclasses.replace(labels(GRID), array=np.where(BIG, 3, 0).astype(np.uint8))
    assert millilitres(labels(GRID, glass=BIG), dependent)["resolved"] == pytest.approx(BIG.sum() * GRID.voxel_ml)
    assert sum(millilitres(dependent, labels(GRID)).values()) == 0


def test_what_the_other_scan_does_not_cover_is_persistent_and_said():
    far = shift_transform(GRID, (500.0, 0.0, 0.0))
    fate = find_fate(labels(GRID, glass=BIG), labels(GRID), far)
    assert fate.unseen_ml == pytest.approx(BIG.sum() * GRID.voxel_ml)
    assert fate.baseline.mask("resolved").sum() == 0


def test_grids_of_their_own_and_a_deformation_between_them():
    """The follow-up is finer, lies 40 mm higher, and its lower half is stretched by up to 6 mm."""
    moving = Geometry.aligned((80, 60, 64), (1.0, 1.2, 1.2), origin=(-34, -24, 45.0), frame_of_reference="source:b")
    affine = np.eye(4)
    affine[2, 3] = 40.0
    nodes = GRID.resized((8.0, 8.0, 8.0))
    height = nodes.to_lps(np.stack(np.indices(nodes.shape), axis=-1))[..., 2]
    field = np.zeros((3, *nodes.shape), dtype=np.float32)
    field[2] = -6.0 * np.clip((45.0 - height) / 40.0, 0, 1)
    transform = Transform(GRID, moving, affine, field, nodes)
    where = transform.to_fixed(moving.to_lps(np.stack(np.indices(moving.shape), axis=-1)))
    index = np.rint(GRID.to_index(where)).astype(int)
    index = np.clip(index, 0, np.array(GRID.shape) - 1)
    carried = BIG[tuple(np.moveaxis(index, -1, 0))]
    fate = find_fate(labels(GRID, glass=BIG), labels(moving, glass=carried), transform)
    assert fate.baseline.mask("persistent").sum() / BIG.sum() > 0.99
    assert fate.followup.mask("persistent_followup").sum() / carried.sum() > 0.99


@settings(max_examples=15, deadline=None)
@given(
    hnp.arrays(np.uint8, (7, 8, 9), elements=st.integers(0, 3)),
    hnp.arrays(np.uint8, (7, 8, 9), elements=st.integers(0, 3)),
    st.tuples(*[st.floats(-9, 9)] * 3),
)
def test_fates_add_up_to_the_opacity_of_each_scan_whatever_the_transform(before, after, offset):
    geometry = grid((7, 8, 9))
    early, late = (dataclasses.replace(labels(geometry), array=array) for array in (before, after))
    fate = find_fate(early, late, shift_transform(geometry, offset))
    opaque = early.mask("ground_glass", "consolidation"), late.mask("ground_glass", "consolidation")
    np.testing.assert_array_equal(fate.baseline.mask(*BASELINE_FATES), opaque[0])
    np.testing.assert_array_equal(fate.followup.mask(*FOLLOWUP_FATES), opaque[1])
    regions = box_regions(geometry, margin=1)
    inside = regions.mask("lungs")
    found = fate_ml(fate, regions, regions)["lungs"]
    for keys, mask in ((BASELINE_FATES, opaque[0]), (FOLLOWUP_FATES, opaque[1])):
        assert sum(found[key] for key in keys) == pytest.approx((mask & inside).sum() * geometry.voxel_ml, abs=1e-12)
    for key, class_name in (("worsened", "ground_glass"), ("improved", "consolidation")):
        assert not np.any(fate.baseline.mask(key) & ~early.mask(class_name))


def test_a_transform_of_other_grids_is_refused():
    with pytest.raises(GridMismatch):
        find_fate(labels(GRID), labels(GRID), shift_transform(grid((40, 44, 47))))

import numpy as np

from ctreview.cohort.patches import OpacityPatch, PairPatches
from ctreview.cohort.tracking import follow_patches


def patch(ml: float, *cells: int) -> OpacityPatch:
    return OpacityPatch(ml, "right_lung", np.array(sorted(cells)))


def said(pairs, timepoint):
    return {one.patch: one.event for one in follow_patches(pairs) if one.timepoint == timepoint}


A, B, C = patch(20, 1, 2, 3, 4), patch(10, 11, 12), patch(5, 21, 22)


def test_a_patch_persists_another_is_gone_and_a_third_is_new():
    pairs = [PairPatches((A, B), (A, C), {(0, 0): 18.0})]
    assert said(pairs, 1) == {1: "persists", 2: "gone", 3: "new"}


def test_of_a_split_patch_the_part_with_most_in_common_keeps_the_identity():
    pairs = [PairPatches((A,), (C, B), {(0, 0): 4.0, (0, 1): 9.0})]
    assert said(pairs, 1) == {1: "persists", 2: "split from 1"}


def test_merged_patches_get_the_identity_of_the_one_with_most_in_common():
    pairs = [PairPatches((A, B), (C,), {(0, 0): 3.0, (1, 0): 4.0})]
    assert said(pairs, 1) == {2: "persists", 1: "merged into 2"}


def test_an_identity_goes_through_a_scan_that_two_pairs_see_unlike():
    """The scan in the middle shows one patch in the first pair, and two pieces of it in the second."""
    one, other = patch(12, 1, 2), patch(7, 3, 4)
    pairs = [PairPatches((B,), (A,), {(0, 0): 9.0}), PairPatches((one, other), (C,), {(1, 0): 5.0})]
    assert said(pairs, 2) == {1: "persists"}


def test_where_scans_were_not_registered_nothing_is_linked_and_nothing_is_called_gone():
    assert said([PairPatches((A,), (A,), None)], 1) == {2: "not linked"}


def test_an_identity_is_never_given_twice():
    pairs = [PairPatches((A,), (B,), {}), PairPatches((B,), (C,), {}), PairPatches((C,), (A,), {})]
    found = [one.patch for one in follow_patches(pairs) if one.ml > 0]
    assert sorted(found) == [1, 2, 3, 4]

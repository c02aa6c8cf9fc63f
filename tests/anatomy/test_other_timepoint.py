"""What the lungs of another timepoint say of the lungs of this one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.anatomy import (
    LUNG_SCHEME,
    LungMap,
    aerated_lung_mask,
    lung_size,
    missed_lung_ml,
    remove_unconfirmed_dense_lung,
)
from ctreview.anatomy.lung_checks import lung_checks
from ctreview.anatomy.vessels import VESSEL_SCHEME
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

GRID = Geometry.aligned((80, 100, 130), (2.5, 2.0, 2.0), frame_of_reference="source:box")
LEFT = (slice(10, 70), slice(15, 85), slice(75, 120))
RIGHT = (slice(10, 70), slice(15, 85), slice(10, 55))
DENSE = (slice(10, 18), slice(20, 45), slice(80, 90))
"""A piece of the left lung's base: 20 mL."""
LARGE = (slice(10, 25), slice(20, 60), slice(80, 110))
VESSELS = LabelMap(np.zeros(GRID.shape, dtype=np.uint8), GRID, VESSEL_SCHEME)


def lungs(*, without: tuple[slice, ...] | None = None) -> LungMap:
    array = np.zeros(GRID.shape, dtype=np.uint8)
    array[RIGHT], array[LEFT] = 1, 2
    if without is not None:
        array[without] = 0
    return LungMap(array, GRID, LUNG_SCHEME)


def scan(*, dense: tuple[slice, ...] | None = None, hu: int = 35) -> Volume:
    array = np.full(GRID.shape, 40, dtype=np.int16)
    array[RIGHT] = array[LEFT] = -850
    if dense is not None:
        array[dense] = hu
    return Volume(array, GRID, "HU")


def small(part: tuple[slice, ...]) -> tuple[slice, ...]:
    return (part[0], part[1], slice(part[2].start, part[2].start + 4))


def test_the_aerated_part_holds_air_and_no_consolidation() -> None:
    found = aerated_lung_mask(scan(dense=LARGE), lungs())
    assert not found.array[LARGE].any()
    assert found.volume_ml("right_lung") == pytest.approx(lungs().volume_ml("right_lung"), rel=0.01)


def test_lung_that_was_aerated_before_is_lost_where_the_scan_shows_soft_tissue() -> None:
    cut = lungs(without=LARGE)
    true = np.zeros(GRID.shape, dtype=bool)
    true[LARGE] = True
    assert missed_lung_ml(scan(dense=LARGE), cut, lungs()) == pytest.approx(true.sum() * GRID.voxel_ml, rel=0.15)


@pytest.mark.parametrize("hu", [-850, -100, 400])
def test_neither_air_nor_fat_nor_bone_is_lost_lung(hu: int) -> None:
    assert missed_lung_ml(scan(dense=LARGE, hu=hu), lungs(without=LARGE), lungs()) == 0


def test_nothing_is_lost_where_both_agree() -> None:
    assert missed_lung_ml(scan(dense=LARGE), lungs(), lungs()) == 0
    assert missed_lung_ml(scan(dense=LARGE), lungs(without=LARGE), lungs(without=LARGE)) == 0


def test_a_small_piece_that_only_one_scan_takes_for_lung_is_left_out() -> None:
    piece = small(DENSE)
    found = remove_unconfirmed_dense_lung(scan(dense=piece), lungs(), VESSELS, lungs(without=piece))
    assert np.count_nonzero(found.array[piece]) < 0.3 * found.array[piece].size
    check = next(check for check in found.checks if check.name == "lone_dense_left_out")
    left_out = lungs().volume_ml("left_lung") - found.volume_ml("left_lung")
    assert check.value == pytest.approx(left_out, abs=0.06)
    # nothing of the aerated lung beyond the blurred border goes with it
    assert left_out < 1.5 * found.array[piece].size * GRID.voxel_ml


def test_the_check_of_the_volume_tells_it_without_what_was_left_out() -> None:
    piece = small(DENSE)
    own = replace(lungs(), checks=lung_checks(lungs(), None, 0.0, 0.0, by_prior=False))
    found = remove_unconfirmed_dense_lung(scan(dense=piece), own, VESSELS, lungs(without=piece))
    check = next(check for check in found.checks if check.name == "lung_volume_plausible")
    assert check.value == pytest.approx(found.volume_ml("right_lung", "left_lung"), abs=0.06)


def test_consolidation_that_was_aerated_before_stays_lung() -> None:
    own = lungs()
    assert remove_unconfirmed_dense_lung(scan(dense=small(DENSE)), own, VESSELS, lungs()) is own


def test_a_large_piece_that_only_one_scan_takes_for_lung_is_offered() -> None:
    found = remove_unconfirmed_dense_lung(scan(dense=LARGE), lungs(), VESSELS, lungs(without=LARGE))
    (candidate,) = found.candidates
    left_out = lungs().volume_ml("left_lung") - found.volume_ml("left_lung")
    assert candidate.ml == pytest.approx(left_out, abs=0.06)
    assert (candidate.side, candidate.region) == ("left_lung", "left_lung/basal")


def test_a_large_piece_that_was_aerated_before_stays_lung() -> None:
    own = lungs()
    assert remove_unconfirmed_dense_lung(scan(dense=LARGE), own, VESSELS, lungs()) is own


def test_aerated_lung_stays_lung_whatever_the_other_scan_says() -> None:
    own = lungs()
    assert remove_unconfirmed_dense_lung(scan(), own, VESSELS, lungs(without=LARGE)) is own


def test_a_vessel_is_no_dense_lung() -> None:
    own, piece = lungs(), small(DENSE)
    array = np.zeros(GRID.shape, dtype=np.uint8)
    array[piece] = 1
    vessels = LabelMap(array, GRID, VESSEL_SCHEME)
    assert remove_unconfirmed_dense_lung(scan(dense=piece), own, vessels, lungs(without=piece)) is own


def test_one_lung_is_as_large_as_both_of_its_like() -> None:
    both = lungs()
    left = LabelMap(np.where(both.array == 2, both.array, 0), GRID, LUNG_SCHEME)
    assert lung_size(left) == pytest.approx(lung_size(both), rel=0.02)

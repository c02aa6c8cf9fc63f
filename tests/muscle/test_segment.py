from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.errors import SegmentationFailed
from ctreview.muscle.femur import find_femur
from ctreview.muscle.limb_segment import lower_leg_slices
from ctreview.muscle.segment import LimbTissue, find_tissue
from ctreview.phantom.muscle import (
    ADULT_LEGS,
    CHILD_LEGS,
    Legs,
    LegsSettings,
    MrScanner,
    make_legs,
    scan_dixon,
    scan_stir,
    scan_t1,
    scan_t2,
)

CHILD = replace(CHILD_LEGS, spacing=(10.0, 1.2, 1.2), subcutaneous_mm=4.0, anatomy_seed=33)
SCANNER = MrScanner(coil_bias=0.4, signal_to_noise=60.0, seed=33)


def compartments(legs: Legs, found: LimbTissue, side: str) -> tuple[np.ndarray, np.ndarray]:
    """What was found inside the fascia of a thigh, and what is there; bones aside."""
    below = ~found.limbs.joined[:, None, None]
    keys = (f"{side}_muscle", f"{side}_intermuscular_fat")
    return found.labels.mask(*keys) & below, legs.compartments.mask(*keys) & below


def require_compartments(legs: Legs, found: LimbTissue, least_dice: float, most_percent: float) -> None:
    for side in ("right", "left"):
        got, true = compartments(legs, found, side)
        assert 2 * np.count_nonzero(got & true) / (got.sum() + true.sum()) >= least_dice
        assert 100 * abs(got.sum() / true.sum() - 1) <= most_percent


def examined(settings: LegsSettings) -> tuple[Legs, LimbTissue]:
    legs = make_legs(settings)
    return legs, find_tissue(scan_t1(legs, SCANNER), fat_signal="bright")


def test_a_thin_child_in_t1_has_its_small_muscles_and_no_fascia() -> None:
    legs, found = examined(replace(CHILD, pelvis=False))
    require_compartments(legs, found, 0.975, 3.0)


def test_a_layer_of_fat_of_two_voxels_is_not_taken_for_weak_contrast() -> None:
    thin = replace(CHILD, pelvis=False, subcutaneous_mm=3.0, spacing=(20.0, 1.2, 1.2))
    legs, found = examined(thin)
    assert found.levels.beneath_mm is None
    require_compartments(legs, found, 0.97, 4.0)


def test_water_and_fat_find_the_compartment() -> None:
    legs = make_legs(replace(CHILD, pelvis=False))
    scan = scan_dixon(legs, SCANNER)
    require_compartments(legs, find_tissue(scan.water, fat=scan.fat), 0.98, 2.0)


def test_a_pelvis_is_parted_into_right_and_left_and_belongs_to_no_thigh() -> None:
    legs, found = examined(CHILD)
    assert found.sides == ("right", "left")
    assert found.limbs.joined.any()
    assert not found.limbs.joined[: len(found.limbs.joined) // 2].any()
    assert any(check.name == "pelvis" and not check.ok for check in found.checks)
    for side in ("right", "left"):
        assert np.count_nonzero(found.labels.mask(f"{side}_muscle") & ~legs.side(side)) < 200
    require_compartments(legs, found, 0.97, 4.0)


def test_t2_as_noisy_as_its_muscle_is_refused_and_so_is_fat_as_dark_as_air() -> None:
    legs = make_legs(replace(CHILD, pelvis=False))
    with pytest.raises(SegmentationFailed, match="as dark as noise"):
        find_tissue(scan_t2(legs, replace(SCANNER, signal_to_noise=12.0)), fat_signal="bright")
    with pytest.raises(SegmentationFailed, match="darker than what lies deep"):
        find_tissue(scan_stir(legs, SCANNER), fat_signal="dark")


@pytest.mark.parametrize(
    ("contrast", "settings"),
    [
        ("T1", replace(CHILD_LEGS, spacing=(12.0, 1.0, 1.0))),  # a fibula of 4 mm
        ("water and fat", replace(ADULT_LEGS, spacing=(24.0, 1.4, 1.4))),
    ],
)
def test_lower_legs_have_their_compartment_and_two_bones_that_are_no_femur(
    contrast: str, settings: LegsSettings
) -> None:
    legs = make_legs(replace(settings, lower_legs=True, anatomy_seed=33))
    if contrast == "T1":
        found = find_tissue(scan_t1(legs, SCANNER), fat_signal="bright")
    else:
        scan = scan_dixon(legs, SCANNER)
        found = find_tissue(scan.water, fat=scan.fat)
    require_compartments(legs, found, 0.97, 3.0)
    assert found.region("left") == "left_lower_leg"
    for number, side in enumerate(found.sides, 1):
        keys = f"{side}_bone_cortex", f"{side}_bone_marrow"
        got, true = found.labels.mask(*keys), legs.compartments.mask(*keys)
        assert 2 * np.count_nonzero(got & true) / (got.sum() + true.sum()) > 0.9
        limb = found.limbs.number == number
        assert np.count_nonzero(lower_leg_slices(found.bones, limb)) >= 0.7 * len(limb)
        femur = find_femur(found.bones, limb, found.labels.geometry, found.segment)
        assert femur.length_mm is None
        assert "lower leg" in femur.reason

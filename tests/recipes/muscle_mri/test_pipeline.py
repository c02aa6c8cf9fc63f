from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.errors import WrongUse
from ctreview.phantom.muscle import (
    ADULT_LEGS,
    Legs,
    MrScanner,
    make_legs,
    scan_dixon,
    scan_spin_echoes,
    scan_stir,
    scan_t1,
)
from ctreview.recipes.muscle_mri import MuscleMriResult, measure_muscle
from ctreview.recipes.muscle_mri.corrected import measured_again
from ctreview.volume.contrasts import examination

SETTINGS = replace(ADULT_LEGS, spacing=(14.0, 2.0, 2.0), pelvis=False)


def measured(legs: Legs) -> MuscleMriResult:
    dixon = scan_dixon(legs)
    hip = legs.settings.offset[2]
    ends = (hip - legs.settings.femur_length_mm, hip)
    return measure_muscle(examination([dixon.water, dixon.fat]), femur_mm={"right": ends, "left": ends})


@pytest.fixture(scope="module")
def legs() -> Legs:
    return make_legs(SETTINGS)


@pytest.fixture(scope="module")
def result(legs: Legs) -> MuscleMriResult:
    return measured(legs)


def test_muscle_of_both_sides_is_found_where_it_is(legs: Legs, result: MuscleMriResult):
    for side in ("right", "left"):
        found, true = (labels.mask(f"{side}_muscle") for labels in (result.labels, legs.compartments))
        assert 2 * np.count_nonzero(found & true) / (found.sum() + true.sum()) >= 0.95


def test_what_nobody_corrected_measures_the_same_again(result: MuscleMriResult):
    joined = np.arange(len(result.tissue.limbs.joined)) > 20  # as the upper slices of a pelvis
    scan = replace(result, tissue=replace(result.tissue, limbs=replace(result.tissue.limbs, joined=joined)))
    thighs = replace(result.labels, array=np.where(joined[:, None, None], 0, result.labels.array))
    alone = measured_again(result, thighs).found.value("right_thigh", "muscle_ml")
    assert measured_again(scan, scan.labels).found.value("right_thigh", "muscle_ml") == alone
    assert alone != result.found.value("right_thigh", "muscle_ml")


def test_t1_alone_gives_volume_and_no_fat_fraction(legs: Legs):
    found = measure_muscle(examination([scan_t1(legs)])).found
    true = legs.compartments.volume_ml("right_muscle", "right_intermuscular_fat")
    inside = sum(found.value("right_thigh", f"{tissue}_ml") or 0 for tissue in ("muscle", "intermuscular_fat"))
    assert inside == pytest.approx(true, rel=0.08)
    assert found.value("right_thigh", "fat_fraction_mean") is None


def test_a_cut_femur_gives_no_length_and_says_why(legs: Legs):
    dixon = scan_dixon(legs)
    found = measure_muscle(examination([dixon.water, dixon.fat])).found
    for key in ("femur_mm", "section_cm2", "muscle_ml_per_femur_cm"):
        assert found["right_thigh", key].value is None
        assert "ends within the femur" in found["right_thigh", key].reason


def test_a_femur_of_a_limb_that_is_not_shown_is_refused(legs: Legs):
    dixon = scan_dixon(legs)
    alone = [
        one.crop((0, 0, 0), (*one.geometry.shape[:2], one.geometry.shape[2] // 2)) for one in (dixon.water, dixon.fat)
    ]
    with pytest.raises(WrongUse, match="stated for left"):
        measure_muscle(examination(alone), side="right", femur_mm={"left": (-400.0, 0.0)})


def test_a_swap_is_mended_before_tissue_is_told_and_oedema_and_t2_are_measured(legs: Legs):
    dixon = scan_dixon(legs, MrScanner(swap="left"))
    images = examination([dixon.water, dixon.fat, scan_stir(legs), *scan_spin_echoes(legs, echoes=8)])
    found = measure_muscle(images)
    right_way = measured(legs).found.value("left_thigh", "muscle_ml")
    assert found.found.value("left_thigh", "muscle_ml") == pytest.approx(right_way, rel=0.001)
    assert {one.kind for one in found.maps} == {"signal_fat_fraction", "water_t2", "stir_robust_z"}
    assert found.found.value("left_thigh", "water_t2_median") == pytest.approx(33.0, abs=3.0)
    assert any("were swapped" in check.message for check in found.checks)

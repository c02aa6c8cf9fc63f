from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.phantom.muscle import (
    ADULT_LEGS,
    CHILD_LEGS,
    Course,
    FattyMuscle,
    LegsSettings,
    OedemaPatch,
    later_legs,
    make_legs,
)
from ctreview.volume.geometry import Geometry

COARSE = {"adult": replace(ADULT_LEGS, spacing=(16.0, 3.0, 3.0)), "child": replace(CHILD_LEGS, spacing=(9.0, 1.8, 1.8))}


@pytest.mark.parametrize("settings", COARSE.values(), ids=COARSE)
def test_right_lies_at_the_patients_right_and_nothing_leaves_the_grid(settings: LegsSettings):
    legs = make_legs(settings)
    for side, sign in (("right", -1), ("left", 1)):
        for group in ("quadriceps", "adductors", "hamstrings", "gluteal", "iliopsoas"):
            voxels = np.argwhere(legs.groups.mask(f"{side}_{group}"))
            assert sign * legs.geometry.to_lps(voxels.mean(axis=0))[0] > 0, (side, group)
    edges = legs.tissues.array.copy()
    edges[:, 1:-1, 1:-1] = 0
    assert not edges.any()


def test_the_quadriceps_lies_in_front_of_the_hamstrings_and_is_larger():
    legs = make_legs(COARSE["adult"])
    front, back = (np.argwhere(legs.groups.mask(f"left_{name}"))[:, 1].mean() for name in ("quadriceps", "hamstrings"))
    assert front < back
    assert legs.groups.volume_ml("left_quadriceps") > 1.3 * legs.groups.volume_ml("left_hamstrings")


def test_axial_and_coronal_grids_hold_the_same_muscle():
    settings = replace(COARSE["adult"], pelvis=False)
    axial = make_legs(replace(settings, spacing=(6.0, 2.0, 2.0)))
    grid = axial.geometry
    affine = np.array(grid.affine)
    affine[:3, 0], affine[:3, 1] = grid.affine[:3, 0] / 3, grid.affine[:3, 1] * 3
    shape = (grid.shape[0] * 3, grid.shape[1] // 3 + 1, grid.shape[2])
    affine[:3, 3] += grid.affine[:3, 1] - affine[:3, 0]  # the same outer faces
    coronal = make_legs(replace(settings, geometry=Geometry(shape, affine, grid.frame_of_reference)))
    for group in ("right_quadriceps", "left_hamstrings"):
        assert coronal.groups.volume_ml(group) == pytest.approx(axial.groups.volume_ml(group), rel=0.03)


def test_fat_and_oedema_are_what_and_where_they_were_planted():
    settings = replace(
        COARSE["child"],
        fatty=(FattyMuscle("right", "hamstrings", 0.4),),
        oedema=(OedemaPatch("left", "quadriceps", 0.5, 14.0, 60.0),),
    )
    legs = make_legs(settings)
    inner = legs.compartments.mask("right_muscle", "left_muscle")
    fat = legs.fat_fraction.array
    # streaks and the partial volume of septa leave the mean a little off
    assert fat[inner & legs.groups.mask("right_hamstrings")].mean() == pytest.approx(0.4, abs=0.06)
    assert np.median(fat[inner & legs.groups.mask("left_hamstrings")]) == pytest.approx(settings.fat_fraction, abs=0.01)
    assert legs.oedema.any()
    assert not (legs.oedema & ~legs.groups.mask("left_quadriceps")).any()
    assert np.median(legs.t2.array[legs.oedema]) == pytest.approx(60.0, abs=1.0)
    assert np.median(legs.t2.array[legs.groups.mask("right_quadriceps")]) == pytest.approx(settings.t2_ms, abs=0.5)


def test_a_second_timepoint_grows_and_loses_muscle_on_one_side():
    first = COARSE["child"]
    then = make_legs(later_legs(first, Course(growth=1.05, muscle_area=(0.8, 1.0))))
    before = make_legs(first)
    right, left = (
        then.groups.volume_ml(f"{side}_quadriceps") / before.groups.volume_ml(f"{side}_quadriceps")
        for side in ("right", "left")
    )
    assert left == pytest.approx(1.05**3, rel=0.03)
    assert right == pytest.approx(0.8 * 1.05**3, rel=0.04)

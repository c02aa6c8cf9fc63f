from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ctreview.edits import Edit
from ctreview.errors import UnreadableFile
from ctreview.muscle.carried_groups import GroupedLimbs, carry_groups, mirror_groups
from ctreview.muscle.femur import Femur
from ctreview.muscle.groups import (
    GROUP_SCHEME,
    GROUP_TARGET,
    fill_groups,
    find_groups,
    group_canvas,
    read_groups,
    replay_groups,
)
from ctreview.muscle.measures import measure_muscles
from ctreview.muscle.segment import find_tissue
from ctreview.phantom.muscle import ADULT_LEGS, Course, Legs, LegsSettings, MrScanner, later_legs, make_legs, scan_t1
from ctreview.volume.labels import LabelMap
from ctreview.volume.write import write_nifti, write_segmentation
from tests.drawn_groups import on_five_slices

SETTINGS = replace(ADULT_LEGS, spacing=(12.0, 2.0, 2.0), pelvis=False)
DRAWN = ("quadriceps", "adductors", "hamstrings")


def examined(settings: LegsSettings, seed: int) -> tuple[Legs, GroupedLimbs]:
    legs = make_legs(settings)
    image = scan_t1(legs, MrScanner(seed=seed))
    return legs, GroupedLimbs(image, find_tissue(image, fat_signal="bright"))


def truth(legs: Legs) -> LabelMap:
    array = np.zeros(legs.geometry.shape, np.uint8)
    for side in ("right", "left"):
        for group in DRAWN:
            array[legs.groups.mask(f"{side}_{group}")] = GROUP_SCHEME[f"{side}_{group}"].value
    return LabelMap(array, legs.geometry, GROUP_SCHEME)


def dice(found: LabelMap, true: LabelMap, limbs: GroupedLimbs, *keys: str) -> dict[str, float]:
    muscle = limbs.tissue.labels.mask("right_muscle", "left_muscle")
    pairs = {key: (found.mask(key) & muscle, true.mask(key)) for key in keys}
    return {key: float(2 * (a & b).sum() / (a.sum() + b.sum())) for key, (a, b) in pairs.items()}


@pytest.fixture(scope="module")
def before() -> tuple[Legs, GroupedLimbs]:
    return examined(SETTINGS, 1)


@pytest.fixture(scope="module")
def whole(before: tuple[Legs, GroupedLimbs]) -> LabelMap:
    legs, limbs = before
    return fill_groups(limbs.image, limbs.tissue.labels, on_five_slices(truth(legs)))


def test_groups_drawn_on_five_slices_are_filled_between_them(
    before: tuple[Legs, GroupedLimbs], whole: LabelMap
) -> None:
    legs, limbs = before
    found = dice(whole, truth(legs), limbs, *(f"{side}_{group}" for side in ("right", "left") for group in DRAWN))
    assert min(found.values()) >= 0.92, found


def test_groups_of_the_right_are_proposed_on_the_left(before: tuple[Legs, GroupedLimbs], whole: LabelMap) -> None:
    legs, limbs = before
    found = mirror_groups(limbs, whole, drawn_on="right")
    assert not found.mask("right_quadriceps").any()
    assert min(dice(found, truth(legs), limbs, *(f"left_{group}" for group in DRAWN)).values()) >= 0.88


def test_groups_are_proposed_at_the_other_timepoint(before: tuple[Legs, GroupedLimbs], whole: LabelMap) -> None:
    legs, limbs = examined(later_legs(SETTINGS, Course(muscle_area=(0.9, 1.0))), 2)
    found = carry_groups(before[1], whole, limbs)
    keys = [f"{side}_{group}" for side in ("right", "left") for group in DRAWN]
    assert min(dice(found, truth(legs), limbs, *keys).values()) >= 0.85
    assert all(check.ok for check in found.checks)


def test_a_journal_draws_them_anew(before: tuple[Legs, GroupedLimbs], whole: LabelMap) -> None:
    legs, limbs = before
    drawn = on_five_slices(truth(legs))
    key = "right_quadriceps"
    levels = [int(level) for level in np.flatnonzero(drawn.mask(key).any(axis=(1, 2)))]
    canvas = group_canvas(limbs.image, limbs.tissue.labels)
    base = replace(drawn, array=np.where(drawn.mask(key), drawn.array, 0))
    edit = Edit(
        "fill_by_image",
        GROUP_TARGET,
        {"drawn": [{"label": key, "slices": levels}]},
        "reader",
        limbs.image.digest,
        canvas.geometry,
    )
    done = replay_groups(limbs.image, limbs.tissue.labels, [edit], base=base)
    assert not done.refused
    assert np.count_nonzero(done.labels.mask(key)) > 0.95 * np.count_nonzero(whole.mask(key))


@pytest.mark.parametrize("name", ["groups.seg.nrrd", "groups.nii.gz"])
def test_groups_are_read_from_files(before: tuple[Legs, GroupedLimbs], tmp_path: Path, name: str) -> None:
    legs, limbs = before
    drawn = on_five_slices(truth(legs))
    if name.endswith(".nrrd"):
        write_segmentation(tmp_path / name, [limbs.tissue.labels, drawn])
    else:
        write_nifti(limbs.image.with_array(drawn.array.astype(np.int16)), tmp_path / name)
    assert np.array_equal(read_groups(tmp_path / name, legs.geometry).array, drawn.array)


def test_numbers_that_no_group_has_are_refused(before: tuple[Legs, GroupedLimbs], tmp_path: Path) -> None:
    image = before[1].image
    write_nifti(image.with_array(np.full(image.array.shape, 99, np.int16)), tmp_path / "groups.nii.gz")
    with pytest.raises(UnreadableFile, match="99"):
        find_groups(image, before[1].tissue.labels, tmp_path / "groups.nii.gz")


def test_a_group_is_measured_on_each_side(before: tuple[Legs, GroupedLimbs], whole: LabelMap) -> None:
    legs, limbs = before
    none = Femur(None, None, "unknown")
    found = measure_muscles(limbs.tissue.labels, limbs.tissue.sides, {"right": none, "left": none}, groups=whole)
    true = truth(legs)
    for side in ("right", "left"):
        key = f"{side}_quadriceps"
        assert found.value(key, "muscle_ml") == pytest.approx(true.volume_ml(key), rel=0.05)
    assert abs(found.value("both_quadriceps", "muscle_asymmetry") or 99.0) < 5.0
    assert found.value("right_iliopsoas", "muscle_ml") is None
    assert {curve.region for curve in found.group_curves} >= {"left_adductors"}

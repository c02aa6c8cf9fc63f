"""Muscle at two dates: what changed is found on its side, what did not is called unchanged, what may not is refused."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from ctreview.errors import InputRefused, WrongUse
from ctreview.muscle.femur import Femur
from ctreview.muscle.groups import GROUP_SCHEME
from ctreview.muscle.maps.stir_reference import ReferenceBall
from ctreview.phantom.muscle import (
    ADULT_LEGS,
    CHILD_LEGS,
    Course,
    Legs,
    LegsSettings,
    MrScanner,
    later_legs,
    make_legs,
    scan_dixon,
    scan_stir,
)
from ctreview.recipes.muscle_mri import MuscleMriComparison, MuscleMriResult, compare_muscle, measure_muscle
from ctreview.recipes.muscle_mri.check_registry import registered_for_muscle
from ctreview.recipes.muscle_mri.comparability import check_examinations, check_subjects
from ctreview.recipes.muscle_mri.corrected import measured_again
from ctreview.recipes.muscle_mri.maps import make_maps
from ctreview.recipes.muscle_mri.registering import register_limbs
from ctreview.recipes.muscle_mri.settings import MuscleMriSettings
from ctreview.recipes.muscle_mri.shared_part import find_shared_parts
from ctreview.recipes.muscle_mri.varied_muscle import vary_muscle
from ctreview.report.document import schema
from ctreview.report.muscle_folder import write_muscle, write_muscle_comparison
from ctreview.volume.contrasts import examination
from ctreview.volume.labels import LabelMap

BODY = replace(CHILD_LEGS, spacing=(8.0, 1.8, 1.8), pelvis=False)
HEALTHY = ReferenceBall((44.0, -20.0, -120.0), 8.0)
LOW = 44.0, -20.0, -220.0


def measured(settings: LegsSettings, *, femur: bool = True, scanner: MrScanner | None = None) -> MuscleMriResult:
    legs = make_legs(settings)
    dixon = scan_dixon(legs, scanner)
    hip = settings.offset[2]
    ends = dict.fromkeys(("right", "left"), (hip - settings.femur_length_mm, hip)) if femur else None
    return measure_muscle(examination([dixon.water, dixon.fat, scan_stir(legs, scanner)]), femur_mm=ends)


@pytest.fixture(scope="module")
def before() -> MuscleMriResult:
    return measured(BODY)


@pytest.fixture(scope="module")
def healthy(before: MuscleMriResult) -> MuscleMriComparison:
    return compare_muscle(before, measured(later_legs(BODY, Course()), scanner=MrScanner(seed=7)))


def test_every_check_of_a_comparison_is_listed_with_its_effect(healthy: MuscleMriComparison):
    for check in (*healthy.checks, *healthy.baseline.checks):
        entry = registered_for_muscle(check.name)
        assert entry is not None, check.name
        assert check.ok or check.effect in entry.effects, check.name


def test_zero_change_is_called_zero(healthy: MuscleMriComparison):
    called = {(one.region, one.key): one.verdict for one in healthy.changes}
    assert {key for _, key in called} >= {"muscle_ml", "lean_ml", "fat_fraction_mean", "hot_ml", "section_per_bone"}
    assert [where for where, verdict in called.items() if verdict in ("decreased", "increased")] == []
    assert called["both_thighs", "lean_ml"] == called["both_thighs", "fat_fraction_mean"] == "unchanged"


def test_the_shared_part_is_told_along_the_femur(healthy: MuscleMriComparison):
    part = healthy.shared[0]
    assert part.matched_by == "femur"
    assert part.femur_shares == pytest.approx((0.03, 0.93), abs=0.04)
    assert min(part.shares) > 0.95


def test_loss_on_one_side_is_called_there_and_the_page_is_written(before: MuscleMriResult, tmp_path: Path):
    found = compare_muscle(before, measured(later_legs(BODY, Course(muscle_area=(0.8, 1.0)))))
    change = found["right_thigh", "lean_ml"]
    assert change.verdict == "decreased"
    assert change.change_percent is not None
    assert change.change_percent.low <= -20.0 <= change.change_percent.high
    assert found["left_thigh", "lean_ml"].verdict == "unchanged"
    write_muscle_comparison(found, tmp_path / "out")
    document = json.loads((tmp_path / "out" / "muscle_change.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, schema("ctreview.muscle_change/1"))
    jsonschema.validate(document["baseline"], schema("ctreview.muscle/1"))
    page = (tmp_path / "out" / "report.de.html").read_text(encoding="utf-8")
    assert "abgenommen" in page
    assert re.search(r">[^<]*\d\.\d", page.partition("</style>")[2]) is None, "German numbers have a comma"
    assert "<svg" in page


def test_lower_legs_are_called_so_everywhere_and_do_not_compare_with_thighs(before: MuscleMriResult, tmp_path: Path):
    legs = make_legs(replace(CHILD_LEGS, spacing=(20.0, 1.0, 1.0), lower_legs=True))
    scan = scan_dixon(legs)
    found = measure_muscle(examination([scan.water, scan.fat]))
    assert {one.region for one in found.found.measurements} == {"right_lower_leg", "left_lower_leg", "both_lower_legs"}
    write_muscle(found, tmp_path / "out")
    document = json.loads((tmp_path / "out" / "muscle.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, schema("ctreview.muscle/1"))
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "left lower leg" in page
    assert "thigh" not in page.partition("</style>")[2]
    checks = {check.name: check for check in check_examinations((before, found), 30, ())}
    assert checks["same_limbs"].stops
    thin, thick = (next(check for check in scan.checks if check.name == "border_share") for scan in (found, before))
    assert not thin.ok
    assert float(str(thin.value)) > float(str(thick.value)) / 1.8, "voxels of the thigh are 1.8 times as large"


def test_growth_alone_leaves_what_is_set_against_bone(before: MuscleMriResult):
    found = compare_muscle(before, measured(later_legs(BODY, Course(growth=1.06))))
    assert found["both_thighs", "muscle_ml"].verdict == "increased"
    assert found["both_thighs", "section_per_bone"].verdict in ("unchanged", "indeterminate")


def test_without_femurs_heights_are_matched_by_cross_sections_of_each_limb():
    course = Course(growth=1.03, muscle_area=(0.85, 1.0))
    pair = [measured(one, femur=False) for one in (BODY, later_legs(BODY, course))]
    found = compare_muscle(*pair)
    assert [part.matched_by for part in found.shared] == ["registration", "registration"]
    for part in found.shared:
        true = course.offset[2] + course.growth * np.array(part.baseline_mm)
        assert np.abs(np.array(part.followup_mm) - true).max() <= part.end_error_mm
    assert found["right_thigh", "muscle_ml"].verdict == "decreased"
    assert found["left_thigh", "section_per_bone"].verdict in ("unchanged", "indeterminate")
    assert found.transform is not None
    middle = np.array([44.0, 0.0, -120.0])
    turned = np.array([[np.cos(0.026), -np.sin(0.026), 0], [np.sin(0.026), np.cos(0.026), 0], [0, 0, 1]])
    true = turned @ (course.growth * middle) + course.offset
    assert np.linalg.norm(found.transform.to_moving(middle) - true) < 6.0


def test_without_femurs_limbs_that_do_not_match_get_no_verdict(before: MuscleMriResult):
    blind = replace(before, found=replace(before.found, femurs=dict.fromkeys(before.found.femurs, Femur(None, None))))
    shuffled = blind.labels.geometry.shape[0] - np.random.default_rng(1).permutation(blind.labels.geometry.shape[0]) - 1
    labels = replace(blind.labels, array=blind.labels.array[shuffled])
    levels = replace(blind.tissue.levels, fat_likeness=blind.tissue.levels.fat_likeness[shuffled])
    other = replace(blind, tissue=replace(blind.tissue, labels=labels, levels=levels))
    registration, checks = register_limbs(blind, other)
    assert registration is None
    assert {check.regions for check in checks if check.stops} == {("right_thigh",), ("left_thigh",)}
    assert find_shared_parts((blind, other), registration) == ()


def test_a_group_of_which_too_little_is_shared_is_stopped(before: MuscleMriResult):
    upper = before.labels.geometry.shape[0] // 2
    drawn = np.zeros(before.labels.geometry.shape, np.uint8)
    for group, slices in (("right_quadriceps", slice(upper, None)), ("right_hamstrings", slice(0, upper))):
        drawn[slices][before.labels.mask("right_muscle")[slices]] = GROUP_SCHEME[group].value
    drawn[before.labels.mask("left_muscle")] = GROUP_SCHEME["left_quadriceps"].value
    scan = replace(before, groups=LabelMap(drawn, before.labels.geometry, GROUP_SCHEME))
    middle = float(before.labels.geometry.to_lps([(upper - 0.5, 0, 0)])[0, 2])
    whole = next(one for one in find_shared_parts((before, before), None) if one.side == "right")
    heights = middle, whole.baseline_mm[1]
    part = replace(whole, baseline_mm=heights, followup_mm=heights, shares=(0.6, 0.6))
    checks = check_examinations((scan, scan), 30, [part])
    stopped = [one for one in checks if one.name == "group_shared_part" and one.stops]
    assert {one.regions for one in stopped} == {("right_hamstrings",), ("left_quadriceps",)}
    assert not any(one.concerns("both_thighs", "both_thighs") for one in stopped)


def test_a_drawn_border_within_muscle_counts_in_the_interval_and_one_on_the_fascia_does_not(before: MuscleMriResult):
    muscle = before.labels.mask("right_muscle", "right_intermuscular_fat")
    front = muscle & (np.arange(muscle.shape[1])[None, :, None] < np.argwhere(muscle).mean(axis=0)[1])
    heights = {one.region: one.baseline_mm for one in find_shared_parts((before, before), None)}

    def half_width_ml(mask: np.ndarray) -> float:
        drawn = np.where(mask, GROUP_SCHEME["right_quadriceps"].value, 0).astype(np.uint8)
        scan = replace(before, groups=LabelMap(drawn, before.labels.geometry, GROUP_SCHEME))
        varied = vary_muscle(scan, heights, 0.0, MuscleMriSettings())["right_quadriceps"]["muscle_ml"]
        low, high = varied.own["drawn border in each scan"]
        return (high - low) / 2

    touching = front[:, :-1] & (muscle & ~front)[:, 1:]
    lean = before.labels.mask("right_muscle")
    voxels = np.count_nonzero(touching & lean[:, :-1]) + np.count_nonzero(touching & lean[:, 1:])
    assert half_width_ml(front) == pytest.approx(0.25 * voxels * before.labels.geometry.voxel_ml, rel=0.02)
    assert half_width_ml(muscle) == 0.0


def test_one_thigh_does_not_stand_for_both(healthy: MuscleMriComparison):
    left = tuple(one for one in healthy.changes if one.region == "left_thigh")
    assert left[0].verdict != "not_interpretable"
    assert replace(healthy, changes=left).verdict == "not_interpretable"


def test_muscle_outside_the_fat_map_is_lean_and_has_no_fat_fraction(before: MuscleMriResult):
    fat = before.maps[0]
    blind = replace(fat, volume=fat.volume.with_array(np.zeros_like(fat.array)), valid=np.zeros_like(fat.valid))
    scan = measured_again(replace(before, maps=(blind,)), before.labels)
    lean = scan.found["left_thigh", "lean_ml"]
    assert lean.value == pytest.approx(scan.found.value("left_thigh", "muscle_ml"))
    assert "lean_volume_by_threshold" in lean.caveats
    assert np.isnan(scan.found.curves[0].fat_fraction).all()
    heights = {one.region: one.baseline_mm for one in find_shared_parts((before, before), None)}
    varied = vary_muscle(scan, heights, 0.0, MuscleMriSettings())["left_thigh"]
    assert varied["lean_ml"].value == pytest.approx(varied["muscle_ml"].value)
    assert "fat_fraction_mean" not in varied


def test_another_coil_stops_what_is_said_of_stir_and_nothing_else(before: MuscleMriResult):
    found = compare_muscle(before, measured(later_legs(BODY, Course()), scanner=MrScanner(coil="knee", seed=3)))
    assert found["both_thighs", "hot_ml"].verdict == "not_interpretable"
    assert found["both_thighs", "lean_ml"].verdict != "not_interpretable"


def images(legs: Legs, *, agent: bool):
    dixon, stir = scan_dixon(legs), scan_stir(legs)
    return examination([dixon.water, dixon.fat, replace(stir, acquisition=replace(stir.acquisition, contrast=agent))])


def test_a_confirmed_reference_gives_a_ratio_and_after_gadolinium_it_is_refused():
    legs = make_legs(BODY)
    found = measure_muscle(images(legs, agent=False), stir_reference=HEALTHY)
    assert found.found.value("left_thigh", "stir_ratio_median") == pytest.approx(1.0, abs=0.1)
    assert found.stir_reference is not None
    with pytest.raises(InputRefused, match="contrast agent"):
        measure_muscle(images(legs, agent=True), stir_reference=HEALTHY)


def test_muscle_that_stir_does_not_show_sets_no_level_and_is_said(before: MuscleMriResult):
    water, fat, stir = (one.acquired for one in before.images.contrasts)
    shape = stir.geometry.shape
    cut = stir.crop((int(0.65 * shape[0]), 0, 0), shape)
    mapped = make_maps(examination([water, fat, cut]), before.tissue, before.image)
    whole, part = (next(one for one in maps if one.kind == "stir_robust_z") for maps in (before.maps, mapped.maps))
    assert 0.1 < part.valid.sum() / whole.valid.sum() < 0.5
    assert float(np.median(part.array[part.valid])) == pytest.approx(0.0, abs=0.01)
    (check,) = (one for one in mapped.checks if one.name == "stir_coverage")
    assert not check.ok
    assert mapped.proposed is not None
    assert part.valid[mapped.proposed.mask(part.geometry)].mean() > 0.9
    partial = replace(before, checks=mapped.checks)
    assert [one.name for one in check_subjects((before, partial))["stir"] if one.stops] == ["followup_stir_coverage"]
    with pytest.raises(WrongUse, match="partly outside"):
        make_maps(examination([water, fat, cut]), before.tissue, before.image, reference=ReferenceBall(LOW))


def test_without_a_reference_one_is_proposed_within_muscle(before: MuscleMriResult):
    ball = before.proposed_reference
    assert ball is not None
    assert before.labels.mask("right_muscle", "left_muscle")[ball.mask(before.labels.geometry)].mean() > 0.9
    assert before.found.value("left_thigh", "stir_ratio_median") is None


@pytest.mark.parametrize("spacing", [(2.0, 7.0, 2.0), (2.0, 2.0, 7.0)], ids=["coronal", "sagittal"])
def test_another_plane_of_acquisition_gives_the_same_volume(spacing: tuple[float, float, float]):
    small = replace(ADULT_LEGS, femur_length_mm=200.0, pelvis=False)
    volumes = []
    for voxels in ((7.0, 2.0, 2.0), spacing):
        legs = make_legs(replace(small, spacing=voxels))
        dixon = scan_dixon(legs)
        found = measure_muscle(examination([dixon.water, dixon.fat])).found
        height = legs.geometry.shape[0] * voxels[0]
        volumes.append((found.value("left_thigh", "lean_ml") or 0.0) / height)
    assert volumes[1] == pytest.approx(volumes[0], rel=0.03)

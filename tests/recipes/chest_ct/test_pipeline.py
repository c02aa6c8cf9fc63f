"""From two volumes to a verdict, on the phantom child, whose answer is known."""

import dataclasses
import json
from dataclasses import replace
from datetime import timedelta

import jsonschema
import numpy as np
import pytest

from ctreview.change import BASELINE_FATES, FOLLOWUP_FATES, IntervalSettings
from ctreview.change.draws import OF_IMAGING
from ctreview.checks import Check
from ctreview.dicom.acquisition import Patient
from ctreview.errors import DifferentPatients, SegmentationFailed, WrongModality, WrongUse
from ctreview.progress import Cancelled
from ctreview.recipes import ChestCtSettings
from ctreview.report.document import change_document, schema
from tests.without_lobes import WITHOUT_LOBES, compare, segment

COUNTED = ("ground_glass", "consolidation")


def true_ml(phantom):
    return sum(phantom.true_ml.values())


def stopping(comparison):
    """Names of the checks that leave no verdict, but for that of a registration that a test makes fail."""
    return {check.name for check in comparison.checks if check.stops} - {"registration"}


def with_header(volume, **changes):
    return dataclasses.replace(volume, acquisition=dataclasses.replace(volume.acquisition, **changes))


def test_the_child_got_better_by_what_was_planted(child, comparison):
    change = comparison["lungs"].change["opacity_ml"]
    truth = true_ml(child[1]) - true_ml(child[0])
    assert change.low <= truth <= change.high
    assert change.value == pytest.approx(truth, rel=0.15)
    assert comparison.verdict == "decreased"
    assert comparison["left_lung"].verdict == comparison["right_lung"].verdict == "decreased"
    assert comparison["left_lung/ventral"].baseline.opacity_ml > 40
    assert comparison["left_lung/ventral"].followup.opacity_ml < 3


def test_the_rest_is_named_where_it_was_planted(comparison):
    """A basal patch of the right upper lobe and patches of the middle lobe: ventral in the right lung's middle."""
    most = comparison.residual.split(";")[0]
    assert "in the right lung" in most
    assert "in its ventral half" in most
    assert "in its middle third" in most


def test_resolved_is_what_is_no_longer_there(child, comparison):
    fate = comparison["lungs"].fate_ml
    assert fate["resolved"] == pytest.approx(true_ml(child[0]) - true_ml(child[1]), rel=0.15)
    assert fate["worsened"] == pytest.approx(0, abs=1)


def test_fates_and_parts_add_up_in_every_region(comparison):
    for found in comparison.regions:
        assert sum(found.fate_ml[key] for key in BASELINE_FATES) == pytest.approx(found.baseline.opacity_ml, abs=1e-9)
        assert sum(found.fate_ml[key] for key in FOLLOWUP_FATES) == pytest.approx(found.followup.opacity_ml, abs=1e-9)
        for measures in (found.baseline, found.followup):
            assert measures.opacity_ml == pytest.approx(
                measures.classes_ml["ground_glass"] + measures.classes_ml["consolidation"]
            )
        assert found.change["opacity_ml"].value == pytest.approx(found.followup.opacity_ml - found.baseline.opacity_ml)
    for whole, parts in (
        ("lungs", ("right_lung", "left_lung")),
        ("right_lung", ("right_lung/apical", "right_lung/middle", "right_lung/basal")),
        ("left_lung", ("left_lung/ventral", "left_lung/dorsal")),
    ):
        for key in ("volume_ml", "opacity_ml"):
            total = sum(getattr(comparison[part].baseline, key) for part in parts)
            assert total == pytest.approx(getattr(comparison[whole].baseline, key))


def test_measures_are_those_of_the_maps_that_are_saved(comparison):
    for point, measures in (
        (comparison.baseline, comparison["lungs"].baseline),
        (comparison.followup, comparison["lungs"].followup),
    ):
        assert point.opacity.volume_ml(*COUNTED) == pytest.approx(measures.opacity_ml)
        assert point.organ.volume_ml("right_lung", "left_lung") == pytest.approx(measures.volume_ml)
        assert not np.any(point.opacity.mask(*COUNTED) & (point.vessels.array > 0))


def test_regions_come_in_the_order_of_the_glossary(comparison):
    names = [found.region for found in comparison.regions]
    assert names[0] == "lungs"
    assert [name for name in names if "/" not in name] == ["lungs", "right_lung", "left_lung"]
    assert names[1:4] == ["lungs/apical", "lungs/middle", "lungs/basal"]


def test_the_document_fits_its_schema_and_names_nobody(child, comparison):
    document = change_document(comparison)
    jsonschema.validate(document, schema("ctreview.change/2"))
    text = json.dumps(document)
    patient = child[0].volume.acquisition.patient
    # a number may hold the digits of a year; a date would stand as text
    for secret in (patient.id, patient.name, patient.birth_date.isoformat(), '"2021', "2021-"):
        assert secret not in text
    assert document["interval_days"] == 63


def test_the_table_has_a_row_for_each_region_and_units_in_its_names(comparison):
    table = comparison.table
    assert list(table["region"]) == [found.region for found in comparison.regions]
    row = table.set_index("region").loc["lungs"]
    assert row["change_opacity_ml"] == comparison["lungs"].change["opacity_ml"].value
    assert row["change_opacity_low_ml"] <= row["change_opacity_ml"] <= row["change_opacity_high_ml"]
    assert row["fate_resolved_ml"] == comparison["lungs"].fate_ml["resolved"]


def test_the_table_names_the_failed_checks_that_concern_each_region(comparison):
    cut = Check("lungs_cut_alike", 50.0, 10.0, False, "…", effect="stops", regions=("left_lung",))
    soft = Check("kernel", "a/b", "same", False, "…", effect="widens")
    table = dataclasses.replace(comparison, checks=(cut, soft)).table.set_index("region")
    assert list(table["checks_that_widen"].unique()) == ["kernel"]
    stopped = table.index[table["checks_that_stop"] == "lungs_cut_alike"]
    assert {name.partition("/")[0] for name in stopped} == {"lungs", "left_lung"}
    assert set(table["checks_that_tell"]) == {""}


def test_saving_writes_the_result_folder(comparison, tmp_path):
    folder = comparison.save(tmp_path / "result")
    assert json.loads((folder / "change.json").read_text())["regions"][0]["verdict"] == "decreased"
    assert {"report.html", "change.csv", "baseline.seg.nrrd", "fate.seg.nrrd", "transform.h5"} <= {
        path.name for path in folder.iterdir()
    }
    with pytest.raises(WrongUse, match="write_comparison"):
        dataclasses.replace(comparison, writer=None).save(tmp_path / "other")


def test_an_unknown_region_is_named(comparison):
    with pytest.raises(WrongUse, match="right_upper_lobe"):
        _ = comparison["right_upper_lobe"]


def test_every_step_is_timed_and_every_setting_told(comparison):
    assert {"load", "lungs", "vessels", "opacity", "registration", "fate", "interval"} <= set(comparison.timings)
    assert comparison.settings["interval"]["seed"] == comparison.seeds["interval"]
    assert json.dumps(comparison.settings)


def test_a_scan_against_itself_with_other_noise_is_unchanged(child):
    volume = child[0].volume
    noise = np.random.default_rng(5).normal(0, 3, volume.array.shape)
    noisy = volume.with_array(np.clip(volume.array + np.rint(noise), -1024, 3000).astype(np.int16))
    found = compare(volume, noisy)
    for region in found.regions:
        assert region.verdict not in ("increased", "decreased")
        assert region.change["opacity_ml"].value == pytest.approx(0, abs=2)
    order = next(check for check in found.checks if check.name == "order_of_scans")
    assert order.ok


def test_one_scan_on_both_sides_is_wrong_use(child):
    copied = with_header(child[0].volume, series_uid="9.9.9", acquired=None)
    elsewhere = dataclasses.replace(copied.geometry, frame_of_reference="9.9.8")
    for other in (child[0].volume, copied, dataclasses.replace(copied, geometry=elsewhere)):
        with pytest.raises(WrongUse, match="the same images") as refusal:
            compare(child[0].volume, other)
        assert refusal.value.exit_code == 2


def test_scans_given_backwards_are_measured_and_get_no_verdict(child, comparison, quick):
    found = compare(child[1].volume, child[0].volume)
    assert found.interval_days == -63
    assert found.verdict == "not_interpretable"
    assert "order_of_scans" in stopping(found)
    forth, back = (one["lungs"].change["opacity_ml"] for one in (comparison, found))
    assert back.value == pytest.approx(-forth.value, rel=0.02)
    assert back.low == pytest.approx(-forth.high, rel=0.1)


def test_where_registration_fails_volumes_stand_and_there_is_neither_fate_nor_verdict(child, comparison, quick):
    found = compare(child[0].volume, child[1].volume, threads=1)
    assert found.registration is None
    assert found.transform is None
    assert found.baseline.fate is None
    assert all(region.fate_ml is None for region in found.regions)
    assert {region.verdict for region in found.regions} == {"not_interpretable"}
    # each scan by itself is much like the two side by side
    value = found["lungs"].change["opacity_ml"].value
    assert value == pytest.approx(comparison["lungs"].change["opacity_ml"].value, rel=0.05)
    twice = compare(child[0].volume, child[1].volume, threads=2)
    assert [region.change for region in twice.regions] == [region.change for region in found.regions]
    failed = next(check for check in found.checks if check.name == "registration")
    assert failed.stops
    assert "withheld" in failed.message
    jsonschema.validate(change_document(found), schema("ctreview.change/2"))


def test_two_patients_are_refused_or_left_without_a_verdict(child, quick):
    other = with_header(child[1].volume, patient=Patient(id="SOMEONE-ELSE", name="Else^Someone"))
    with pytest.raises(DifferentPatients) as refusal:
        compare(child[0].volume, other)
    assert "SOMEONE" not in str(refusal.value)
    found = compare(child[0].volume, other, allow_different_patients=True)
    assert {region.verdict for region in found.regions} == {"not_interpretable"}
    assert found.checks[0].name == "same_patient"
    assert stopping(found) == {"same_patient"}
    assert found["lungs"].change["opacity_ml"].value < -80


def test_one_patient_under_two_ids_gets_a_verdict_when_it_is_stated(child, quick):
    other = with_header(child[1].volume, patient=Patient(id="OF-ANOTHER-HOSPITAL"))
    found = compare(child[0].volume, other, same_patient=True)
    assert stopping(found) == set()
    (stated,) = [check for check in found.checks if check.name == "same_patient_stated"]
    assert (stated.ok, stated.stops) == (False, False)
    assert "OF-ANOTHER" not in stated.message
    assert found.stated == {"same_patient": True}


def test_nobody_states_that_the_same_patient_is_two(child):
    with pytest.raises(WrongUse, match="same patient or"):
        compare(child[0].volume, child[1].volume, same_patient=True, allow_different_patients=True)


def test_breath_that_is_a_third_shallower_leaves_no_verdict(child, quick):
    """The same lung with a third less height: the image squeezed by its grid."""
    volume = child[1].volume
    affine = np.array(volume.geometry.affine)
    affine[:3, 0] *= 0.66
    squeezed = dataclasses.replace(volume, geometry=dataclasses.replace(volume.geometry, affine=affine))
    found = compare(child[0].volume, squeezed)
    assert found.verdict == "not_interpretable"
    assert "lung_volume_ratio" in stopping(found)


def test_a_change_of_posture_leaves_no_verdict(child, quick):
    prone = with_header(child[1].volume, posture="HFP")
    assert stopping(compare(child[0].volume, prone)) == {"posture"}


def test_an_hu_scale_that_is_off_leaves_no_verdict_and_a_little_off_it_is_taken_off(child, quick):
    far, near = (compare(child[0].volume, child[1].volume.with_array(child[1].volume.array + hu)) for hu in (60, -15))
    assert {"hu_of_air_in_the_trachea", "hu_of_soft_tissue_of_the_heart"} <= stopping(far)
    assert stopping(near) == set()
    change = near["lungs"].change["opacity_ml"]
    # air in and around the body and blood are off by the same, so that nothing is left once it is taken off
    assert change.sources.get("air calibration", 0.0) < 1.0
    assert change.low <= true_ml(child[1]) - true_ml(child[0]) <= change.high


def test_a_mirror_image_leaves_no_verdict(child, quick):
    volume = child[1].volume
    found = compare(child[0].volume, volume.with_array(np.ascontiguousarray(volume.array[:, :, ::-1])))
    assert stopping(found) == {"laterality"}


def test_a_scan_without_its_lowest_third_leaves_no_verdict(child):
    """Half of what is cut off would pass for a breath."""
    volume = child[1].volume
    cut = volume.crop([volume.array.shape[0] // 4, 0, 0], list(volume.array.shape))
    found = compare(child[1].volume, cut)
    assert found.verdict == "not_interpretable"
    assert "lungs_cut_alike" in stopping(found)


def test_lungs_of_a_child_whose_age_is_unknown_widen_the_interval(child, comparison, quick):
    found = compare(*(with_header(one.volume, age_years=None) for one in child))
    assert found["lungs"].change["opacity_ml"].sources["unknown age"] > 0
    assert "unknown age" not in comparison["lungs"].change["opacity_ml"].sources


def test_the_name_of_another_kernel_tells_where_the_images_are_equally_sharp(child, quick):
    found = compare(child[0].volume, with_header(child[1].volume, kernel="B70f"))
    kernel = next(check for check in found.checks if check.name == "kernel")
    assert (kernel.ok, kernel.effect) == (False, "tells")
    assert not set(OF_IMAGING).intersection(found["lungs"].change["opacity_ml"].sources)


def test_an_mr_and_numbers_that_are_no_hu_are_refused(child):
    with pytest.raises(WrongModality):
        segment(with_header(child[0].volume, modality="MR"))
    with pytest.raises(WrongModality):
        segment(dataclasses.replace(child[0].volume, unit="arbitrary"))


def test_air_alone_holds_no_lung(child):
    volume = child[0].volume
    with pytest.raises(SegmentationFailed):
        segment(volume.with_array(np.full(volume.array.shape, -1000, dtype=np.int16)))


def test_cancelling_travels_out(child):
    def listen(done, total, what):
        if done / total > 0.2:
            raise Cancelled

    with pytest.raises(Cancelled):
        compare(child[0].volume, child[1].volume, progress=listen)


def test_one_scan_alone(child):
    heard = []
    found = segment(child[0].volume, progress=lambda done, total, what: heard.append(done / total))
    assert found.opacity.volume_ml(*COUNTED) == pytest.approx(true_ml(child[0]), rel=0.15)
    assert found.measures["lungs"].volume_ml == pytest.approx(
        child[0].lungs.volume_ml("right_lung", "left_lung"), rel=0.05
    )
    assert heard == sorted(heard)
    assert heard[-1] == 1
    document = found.to_dict()
    jsonschema.validate(json.loads(json.dumps(document)), schema("ctreview.measurements/2"))
    assert document["regions"][0]["region"] == "lungs"
    of_lobes = Check("right_minor_fissure", None, None, False, "", "stops", ("right_middle_lobe",), parts_only=True)
    of_lung = dataclasses.replace(of_lobes, regions=("right_lung",), parts_only=False)
    stopped = [dataclasses.replace(found, checks=(check,)).interpretable for check in (of_lobes, of_lung)]
    assert stopped == [True, False]


def test_the_age_that_is_given_counts_and_moves_with_the_interval(child, quick):
    young = with_header(child[0].volume, age_years=None)
    later = with_header(child[1].volume, age_years=None, acquired=young.acquisition.acquired + timedelta(days=731))
    found = compare(young, later, age_years=3.0)
    assert found.baseline.facts["age_years"] == 3.0
    assert found.followup.facts["age_years"] == pytest.approx(5.0, abs=0.01)
    growth = next(check for check in found.checks if check.name == "growth")
    assert growth.widens
    # lungs that did not grow by as much: each scan's own normal lung contradicts the common rule
    assert found["lungs"].change["opacity_ml"].sources["growth"] > 0


def test_settings_reach_every_stage_and_are_checked(child, quick):
    with pytest.raises(WrongUse):
        ChestCtSettings(threads=0)
    assert ChestCtSettings().with_threads(5).registration.threads == 5
    narrow = replace(WITHOUT_LOBES, interval=IntervalSettings(seed=5, draws=500, boundary_voxels=0.0))
    found = compare(child[0].volume, child[1].volume, settings=narrow)
    assert "boundary" not in found["lungs"].change["opacity_ml"].sources
    assert found.seeds["interval"] == 5

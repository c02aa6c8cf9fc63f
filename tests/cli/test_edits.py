"""``ctreview edits replay``."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np

from ctreview.review import regions
from ctreview.review.images import load_examination_of_study
from ctreview.review.journal import ReadingJournal
from ctreview.study import Study
from ctreview.volume.geometry import Geometry
from ctreview.volume.load import load_volume
from ctreview.volume.segmentation import read_segmentation
from ctreview.volume.volume import Volume
from ctreview.volume.write import write_nifti


def test_one_readers_masks_are_written(command, read, tmp_path):
    said = command("edits", "replay", read.study.folder, "--reader", "anna", "--out", tmp_path / "out")
    assert said.code == 0, said.err
    for number in (1, 2):
        opacity = read_segmentation(tmp_path / f"out/timepoint-{number}.seg.nrrd")[-1]
        assert np.array_equal(opacity.array, read.sessions["anna"][number - 1].array)
    assert "timepoint 1, anna" in said.out
    assert "no longer applies" not in said.out


def test_the_document_is_printed_and_nothing_else(command, read, tmp_path):
    words = ("edits", "replay", read.study.folder / "readers/ben", "--timepoint", "2", "--out", tmp_path / "out")
    said = command(*words, "--json", "--quiet")
    assert (said.code, said.err) == (0, "")
    assert said.out == (tmp_path / "out/replay.json").read_text()
    (one,) = json.loads(said.out)["timepoints"]
    assert (one["timepoint"], one["reader"], one["applied"], one["refused"]) == (2, "ben", 1, [])
    assert one["corrected_ml"]["ground_glass"] > one["proposed_ml"]["ground_glass"]


def test_what_no_longer_applies_is_said(command, read, tmp_path):
    study = Study.open(shutil.copytree(read.study.folder, tmp_path / "study"))
    reading = study.reading("ben")
    (first, _) = reading.edits()
    reading.record(replace(first, kind="remove_piece", payload={"point": [0.0, 0.0, 9999.0]}, id="far"))
    reading.record(replace(first, image="another", id="foreign"))
    said = command("edits", "replay", study.folder, "--reader", "ben", "--out", tmp_path / "out")
    assert said.code == 0
    assert "no longer applies: remove_piece" in said.out
    assert "the point lies outside the image" in said.out
    assert "Drawn on other images and left alone: 1." in said.out


def test_a_journal_needs_its_scan(command, read, scans, tmp_path):
    journal = read.study.folder / "readers/anna/journal.jsonl"
    said = command("edits", "replay", journal, "--out", tmp_path / "out")
    assert said.code == 2
    assert "--scan" in said.err
    masks = read.study.folder / "timepoints/2/masks.seg.nrrd"
    given = ("--scan", scans / "after", "--masks", masks, "--out", tmp_path / "out", "--quiet")
    assert command("edits", "replay", journal, *given).code == 0
    opacity = read_segmentation(tmp_path / "out/timepoint-1.seg.nrrd")[-1]
    assert np.array_equal(opacity.array, read.sessions["anna"][1].array)


def test_refusals_leave_nothing(command, read, tmp_path):
    for words, code in (
        (("edits", "replay", tmp_path / "nowhere", "--reader", "anna"), 2),
        (("edits", "replay", read.study.folder), 2),
        (("edits", "replay", read.study.folder / "timepoints"), 3),
        (("edits", "replay", read.study.folder, "--reader", "anna", "--load-padding", "nonsense"), 2),
    ):
        said = command(*words, "--out", tmp_path / "out")
        assert said.code == code, said.err
        assert said.err.startswith("ctreview: ")
        assert not (tmp_path / "out").exists()


def test_a_result_gives_way_only_when_asked(command, read, tmp_path):
    words = ("edits", "replay", read.study.folder / "readers/ben", "--timepoint", "1", "--out", tmp_path / "out", "-q")
    assert [command(*words).code, command(*words).code, command(*words, "--overwrite").code] == [0, 2, 0]


def test_regions_painted_on_mri_are_written_and_measured(command, tmp_path):
    grid = Geometry.aligned((6, 40, 60), (6.0, 2.0, 2.0), origin=(-59, -40, 0), frame_of_reference="1.2.3")
    image = np.zeros(grid.shape, np.float32)
    image[:, 10:30, 10:50] = 200
    write_nifti(Volume(image, grid, "arbitrary"), tmp_path / "thigh.nii.gz")
    study = Study.create(tmp_path / "study")
    there = tmp_path / "thigh.nii.gz"
    scan = load_volume(there).canonical()
    with study.planned(regions.region_plan({1: scan})):
        study.add_timepoint(scan, path=there, series=None, masks=())
    reading = study.reading("anna")
    review = regions.RegionReview(
        [load_examination_of_study(study, 1)], author="anna", journal=ReadingJournal(keep=reading.record)
    )
    key = review.name("vastus").key
    at = [float(v) for v in review.sessions[0].base.geometry.to_lps([3, 20, 40])]
    review.act(0, "brush", {"points": [at], "label": key, "plane": 0, "settings": {"radius_mm": 8.0}})
    said = command("edits", "replay", study.folder, "--out", tmp_path / "out")
    assert said.code == 0, said.err
    assert "vastus" in said.out
    (labels,) = read_segmentation(tmp_path / "out/timepoint-1.seg.nrrd")
    assert np.array_equal(labels.array, review.sessions[0].array)
    rows = json.loads((tmp_path / "out/regions.json").read_text())["regions"]
    assert [row["mean"] for row in rows if row["side"] == "left"] == [200.0]
    first = reading.edits(target="regions")[0]
    reading.record(replace(first, payload={**first.payload, "contrast": "gone"}, id="lost"))
    said = command("edits", "replay", study.folder, "--out", tmp_path / "out", "--overwrite", "--json", "-q")
    assert said.code == 0, said.err
    assert (tmp_path / "out/provenance.json").exists()
    (one,) = json.loads(said.out)["timepoints"]
    assert (one["timepoint"], one["reader"], one["applied"], one["drawn_elsewhere"]) == (1, "anna", 1, 0)
    (lost,) = one["refused"]
    assert (lost["id"], lost["reason"]) == ("lost", "it was drawn on a contrast that is not there")
    assert one["corrected_ml"]["vastus"] > one["proposed_ml"]["vastus"] == 0
    assert command("edits", "replay", study.folder, "--out", tmp_path / "out").code == 2, "only when asked"

"""Two readers of one study, and two segmentations of one scan."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ctreview.change.agreement import bland_altman, intraclass_correlation
from ctreview.errors import GridMismatch, InputRefused, WrongUse
from ctreview.review.agreement import ZONES, Agreement, agree, write_agreement
from ctreview.study import Study
from ctreview.volume.segmentation import write_segmentation
from tests.readings import Read


@pytest.fixture(scope="module")
def found(read: Read) -> Agreement:
    return agree("anna", "ben", study=read.study.folder)


def masks(read: Read, reader: str, number: int) -> np.ndarray:
    array = read.sessions[reader][number].array
    return (array == 1) | (array == 2)


def test_dice_and_volumes_are_those_of_the_masks_both_saw(read: Read, found: Agreement) -> None:
    for number in (0, 1):
        (row,) = [
            row for row in found.rows if (row.timepoint, row.region, row.label) == (number + 1, "lungs", "opacity")
        ]
        one, other = masks(read, "anna", number), masks(read, "ben", number)
        assert row.overlap.dice == pytest.approx(2 * (one & other).sum() / (one.sum() + other.sum()))
        voxel = read.prepared.points[number].volume.geometry.voxel_ml
        assert row.overlap.first_ml == pytest.approx(one.sum() * voxel)
        assert row.overlap.second_ml == pytest.approx(other.sum() * voxel)
        assert (row.overlap.mean_mm or 0) > 0


def test_sides_add_up_to_the_lungs(found: Agreement) -> None:
    ml = {(row.region, row.label): row.overlap.first_ml for row in found.rows if row.timepoint == 1}
    assert ml["right_lung", "opacity"] + ml["left_lung", "opacity"] == pytest.approx(ml["lungs", "opacity"])
    assert ml["lungs", "ground_glass"] + ml["lungs", "consolidation"] == pytest.approx(ml["lungs", "opacity"])


def test_zones_of_both_timepoints_are_the_pairs(found: Agreement) -> None:
    assert found.volumes.cases == tuple(f"timepoint {number}, {zone}" for number in (1, 2) for zone in ZONES)
    whole = [row.overlap for row in found.rows if (row.region, row.label) == ("lungs", "opacity")]
    assert sum(found.volumes.first) == pytest.approx(sum(one.first_ml for one in whole))
    assert sum(found.volumes.second) == pytest.approx(sum(one.second_ml for one in whole))
    assert found.volumes.differences == bland_altman(found.volumes.first, found.volumes.second)
    assert found.volumes.icc == intraclass_correlation(found.volumes.first, found.volumes.second)


def test_change_is_follow_up_minus_baseline_in_each_zone(found: Agreement) -> None:
    assert len(found.change.cases) == len(ZONES)
    before, after = np.split(np.array(found.volumes.first), 2)
    assert found.change.first == pytest.approx(after - before)
    assert found.change.cases[0] == "timepoint 1 to 2, right_lung/apical"


def test_two_versions_of_a_reader_are_told_apart(read: Read, tmp_path: Path) -> None:
    study = Study.open(shutil.copytree(read.study.folder, tmp_path / "twice"))
    first = study.reading("anna")
    first.next_version()
    same = agree(first.folder, study.folder / "readers/anna.2")
    assert {row.overlap.dice for row in same.rows} <= {1.0, None}
    assert same.volumes.icc == pytest.approx(1.0)
    assert same.volumes.differences == bland_altman(same.volumes.first, same.volumes.first)
    # the second reading goes on where the first ended
    study.reading("anna").record(read.study.reading("ben").edits()[0])
    other = agree("anna.1", "anna.2", study=study.folder)
    assert min(row.overlap.dice for row in other.rows if row.overlap.dice is not None) < 1.0
    with pytest.raises(WrongUse, match="one and the same"):
        agree("anna", "anna.2", study=study.folder)


def test_copies_of_a_study_are_matched_by_their_scans(read: Read, found: Agreement, tmp_path: Path) -> None:
    copy = Study.open(shutil.copytree(read.study.folder, tmp_path / "copy"))
    again = agree(read.study.folder / "readers/anna", copy.folder / "readers/ben")
    assert again == found
    shutil.rmtree(copy.folder / "timepoints/1")
    only = agree(read.study.folder / "readers/anna", copy.folder / "readers/ben")
    assert {row.timepoint for row in only.rows} == {2}
    assert only.notes == ("1 timepoints are in one of the readings only and were left out.",)
    with pytest.raises(InputRefused, match="no scan in common"):
        agree(read.study.folder / "readers/anna", copy.folder / "readers/ben", timepoints=(1,))


def test_lost_corrections_are_said(read: Read, tmp_path: Path) -> None:
    study = Study.open(shutil.copytree(read.study.folder, tmp_path / "study"))
    (first, _) = study.reading("ben").edits()
    study.reading("ben").record(replace(first, kind="remove_piece", payload={"point": [0.0, 0.0, 9999.0]}, id="far"))
    found = agree("anna", "ben", study=study.folder, timepoints=(1,))
    assert found.notes == ("1 of the corrections of ben at timepoint 1 no longer apply and were left out.",)
    assert found.change.cases == ()
    assert found.change.differences is None


def test_two_segmentations_with_and_without_lungs(read: Read, found: Agreement, tmp_path: Path) -> None:
    point = read.prepared.points[0]
    for name in ("anna", "ben"):
        write_segmentation(tmp_path / f"{name}.seg.nrrd", [point.organ, read.sessions[name][0].labels])
        write_segmentation(tmp_path / f"{name} alone.seg.nrrd", [read.sessions[name][0].labels])
    both = agree(tmp_path / "anna.seg.nrrd", tmp_path / "ben.seg.nrrd")
    assert both.rows == tuple(row for row in found.rows if row.timepoint == 1)
    assert both.volumes.first == found.volumes.first[: len(ZONES)]
    bare = agree(tmp_path / "anna alone.seg.nrrd", tmp_path / "ben alone.seg.nrrd")
    assert {row.region for row in bare.rows} == {"all"}
    assert bare.volumes.icc is None
    assert "no lungs" in bare.notes[0]


def test_what_cannot_be_compared_is_refused(read: Read, tmp_path: Path) -> None:
    first, second = (tmp_path / name for name in ("one.seg.nrrd", "other.seg.nrrd"))
    write_segmentation(first, [read.sessions["ben"][0].labels])
    write_segmentation(second, [read.prepared.points[0].organ])
    with pytest.raises(WrongUse, match="neither ground glass"):
        agree(first, second)
    with pytest.raises(WrongUse, match="a file and a folder"):
        agree(first, read.study.folder / "readers/ben")
    labels = read.sessions["ben"][0].labels
    affine = np.array(labels.geometry.affine)
    affine[:3, 3] += 0.5 * affine[:3, 2]
    write_segmentation(second, [replace(labels, geometry=replace(labels.geometry, affine=affine))])
    with pytest.raises(GridMismatch):
        agree(first, second)


def test_it_is_written(found: Agreement, tmp_path: Path) -> None:
    write_agreement(found, tmp_path / "out")
    document = json.loads((tmp_path / "out/agreement.json").read_text())
    assert document["schema"] == "ctreview.agreement/1"
    assert document["volumes"]["icc"] == pytest.approx(found.volumes.icc, abs=1e-6)
    assert len((tmp_path / "out/agreement.csv").read_text().splitlines()) == 1 + len(found.rows)
    assert list(found.table["second_ml"]) == [row.overlap.second_ml for row in found.rows]

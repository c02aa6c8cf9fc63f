"""Tissues of two examinations, corrected and measured beside what a reader draws."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ctreview.edits import Edit
from ctreview.errors import WrongUse
from ctreview.muscle.groups import GROUP_SCHEME
from ctreview.phantom.muscle import ADULT_LEGS, Course, later_legs, make_legs, scan_dixon, write_examination
from ctreview.review.archive import ImageSource
from ctreview.review.images import load_examination_of_study
from ctreview.review.journal import ReadingJournal
from ctreview.review.muscle import TISSUE, FoundMuscle, MuscleReview, find_muscle
from ctreview.review.region_files import replay_regions, write_regions
from ctreview.review.regions import region_plan
from ctreview.review.workspace import Workspace
from ctreview.tools.proposal import TAKE_PROPOSAL, ProposedLabel
from ctreview.volume.contrasts import Examination, examination
from ctreview.volume.labels import LabelMap

SETTINGS = replace(ADULT_LEGS, spacing=(14.0, 2.5, 2.5), pelvis=False)
BODIES = SETTINGS, later_legs(SETTINGS, Course(muscle_area=(0.8, 1.0)))


@pytest.fixture(scope="module")
def examinations() -> tuple[Examination, Examination]:
    scans = [scan_dixon(make_legs(one)) for one in BODIES]
    before, after = (examination([scan.water, scan.fat]) for scan in scans)
    return before, after


@pytest.fixture(scope="module")
def found(examinations: tuple[Examination, Examination]) -> FoundMuscle:
    return find_muscle(examinations)


def reviewed(found: FoundMuscle, records: list[Edit], **more: Any) -> MuscleReview:
    """A review in which it was said how far the femurs reach."""
    journal = ReadingJournal(tuple(records), keep=records.append)
    review = MuscleReview(found.examinations, found, author="anna", journal=journal, **more)
    if not records:
        for number, body in enumerate(BODIES):
            review.set_femur_end(number, "knee", body.offset[2] - body.femur_length_mm)
            review.set_femur_end(number, "hip", body.offset[2])
        records.clear()
    return review


def brush(review: MuscleReview, number: int, label: str) -> None:
    """Paint in the middle of the left muscle of an examination."""
    where = np.argwhere(review.tissues[number].labels.mask("left_muscle"))
    geometry = review.tissues[number].base.geometry
    at = [float(v) for v in geometry.to_lps(where[len(where) // 2])]
    settings = {"radius_mm": 25.0, "shape": "ball"}
    payload = {"points": [at], "label": label, "plane": 0, "settings": settings}
    review.act(review.tissue_number(number), "brush", payload)


def test_what_is_painted_is_measured_undone_and_replayed(found: FoundMuscle) -> None:
    records: list[Edit] = []
    review = reviewed(found, records)
    before = review.measured()
    brush(review, 1, "left_subcutaneous_fat")
    assert {edit.target for edit in records} == {TISSUE}
    after = review.measured()
    ml = [one.scans[1].found.value("left_thigh", "muscle_ml") or 0.0 for one in (before, after)]
    painted = np.count_nonzero(review.tissues[1].array != review.tissues[1].base.array)
    assert painted > 50
    assert ml[0] - ml[1] == pytest.approx(painted * review.tissues[1].base.geometry.voxel_ml, rel=0.3)
    assert before.comparison is not None
    assert after.comparison is not None
    where = "left_thigh", "muscle_ml"
    less = before.comparison[where].change.value - after.comparison[where].change.value
    assert less == pytest.approx(ml[0] - ml[1], rel=0.05), "the change follows, by what is shown of both"
    again = reviewed(found, list(records))
    assert np.array_equal(again.tissues[1].array, review.tissues[1].array)
    review.undo()
    assert np.array_equal(review.tissues[1].array, review.tissues[1].base.array)


@pytest.mark.parametrize("hip", [-380.0, float("nan")], ids=["too near", "no number"])
def test_an_end_that_leaves_no_femur_is_refused_and_not_recorded(found: FoundMuscle, hip: float) -> None:
    records: list[Edit] = []
    review = MuscleReview(found.examinations, found, author="anna", journal=ReadingJournal((), keep=records.append))
    review.set_femur_end(0, "knee", -400.0)
    with pytest.raises(WrongUse, match="mm apart"):
        review.set_femur_end(0, "hip", hip)
    assert len(records) == 1
    assert "hip" not in review.femur_ends(0)


def test_muscle_that_a_reader_took_stays_muscle_whichever_the_threshold(found: FoundMuscle) -> None:
    review = reviewed(found, [])
    fat = np.argwhere(review.tissues[0].labels.mask("left_subcutaneous_fat"))
    at = [float(v) for v in review.tissues[0].base.geometry.to_lps(fat[len(fat) // 2])]
    settings = {"radius_mm": 15.0, "shape": "ball"}
    review.act(
        review.tissue_number(0),
        "brush",
        {"points": [at], "label": "left_muscle", "plane": 0, "settings": settings},
    )
    was, now = find_in(reviewed(found, [])), find_in(review)
    assert now.baseline > was.baseline + 5
    assert now.change.value == pytest.approx(was.change.value - (now.baseline - was.baseline), abs=0.5)
    assert now.change.high - now.change.low < 1.5 * (was.change.high - was.change.low)


def find_in(review: MuscleReview) -> Any:
    compared = review.measured().comparison
    assert compared is not None
    return compared["left_thigh", "muscle_ml"]


def test_one_line_of_undo_through_tissues_and_drawn_regions(found: FoundMuscle) -> None:
    told: list[int] = []
    review = reviewed(found, [], listener=lambda number, _change: told.append(number))
    review.name("vastus")
    brush(review, 0, "left_intermuscular_fat")
    settings = {"radius_mm": 10.0, "shape": "ball"}
    where = np.argwhere(review.tissues[0].labels.mask("right_muscle"))
    at = [float(v) for v in review.tissues[0].base.geometry.to_lps(where[len(where) // 2])]
    review.act(0, "brush", {"points": [at], "label": "vastus", "plane": 0, "settings": settings})
    group = {"points": [at], "label": "right_quadriceps", "plane": 0, "settings": settings}
    review.act(review.group_number(0), "brush", group)
    assert told == [2, 0, 4]
    measured = review.measured().scans[0].found
    assert (measured.value("right_quadriceps", "group_ml") or 0) > 1
    for _ in range(3):
        review.undo()
    assert told == [2, 0, 4, 4, 0, 2]


def test_groups_are_proposed_on_the_other_side_and_at_the_other_date(found: FoundMuscle) -> None:
    records: list[Edit] = []
    review = reviewed(found, records)
    drawn = review.tissues[0].labels.mask("right_muscle")
    drawn[:, :, : drawn.shape[2] // 4] = False
    proposed = LabelMap(
        np.uint8(GROUP_SCHEME["right_quadriceps"].value) * drawn, review.tissues[0].base.geometry, GROUP_SCHEME
    )
    take(review, 0, proposed)
    mirrored = review.groups_from_other_side(0, "right")
    left = review.tissues[0].labels.mask("left_muscle", "left_intermuscular_fat")
    there = mirrored.mask("left_quadriceps")
    assert there.sum() > 0.6 * drawn.sum()
    assert not np.any(there & ~left)
    take(review, 0, mirrored)
    take(review, 1, review.groups_from_other_date(1))
    amounts = [review.groups[number].labels.volume_ml("right_quadriceps") for number in (0, 1)]
    assert 0.5 < amounts[1] / amounts[0] < 1.1, "the thigh lost a fifth of its muscle"
    assert {edit.kind for edit in records} == {TAKE_PROPOSAL}
    again = reviewed(found, list(records))
    assert all(np.array_equal(a.array, b.array) for a, b in zip(again.groups, review.groups, strict=True))
    measured = review.measured().scans[0].found
    assert measured.value("both_quadriceps", "muscle_asymmetry") is not None


def take(review: MuscleReview, number: int, proposed: LabelMap) -> None:
    """Take what is proposed as one act."""
    pieces = [{"label": one.label, "mask": one.mask.to_json()} for one in ProposedLabel.all_of(proposed)]
    review.act(review.group_number(number), TAKE_PROPOSAL, {"proposed": pieces})


def test_a_study_that_says_tissues_were_found_replays_them_without_a_window(
    examinations: tuple[Examination, Examination], tmp_path: Path
) -> None:
    folder = tmp_path / "scan"
    write_examination([[one.acquired] for one in examinations[0].contrasts], folder)
    workspace = Workspace("anna")
    from ctreview.dicom import find_series
    from ctreview.volume.contrasts import load_examination

    images = load_examination(find_series(folder))
    image, place = {1: images.contrasts[0].volume}, {1: ImageSource(folder, find_series(folder)[0].key)}
    workspace.store_images(image, place, region_plan(image))
    muscle = find_muscle([images])
    workspace.change_plan(region_plan(image, muscle=muscle.settings))
    assert workspace.study is not None
    review = MuscleReview([images], muscle, author="anna", journal=workspace.journal)
    brush(review, 0, "left_subcutaneous_fat")
    assert workspace.reading is not None
    again = replay_regions(workspace.study, workspace.reading)
    assert isinstance(again, MuscleReview)
    assert np.array_equal(again.tissues[0].array, review.tissues[0].array)
    assert load_examination_of_study(workspace.study, 1).contrasts[0].name == images.contrasts[0].name
    written = write_regions(again, tmp_path / "out")
    assert {"report.html", "muscle.json", "muscle.seg.nrrd"} <= {one.name for one in (written / "muscle").iterdir()}

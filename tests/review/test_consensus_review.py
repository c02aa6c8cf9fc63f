"""Decisions on the differences of two readings, one by one."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from ctreview.edits import Edit
from ctreview.errors import WrongUse
from ctreview.review.consensus import SIDES, acts_of_decision, make_consensus
from ctreview.review.consensus_review import ComparedReadings, ConsensusReview, compare_readings
from ctreview.review.journal import ReadingJournal
from ctreview.review.replay import replay_study
from ctreview.study import Reading, Study
from tests.readings import Read


@pytest.fixture
def study(read: Read, tmp_path: Path) -> Study:
    return Study.open(shutil.copytree(read.study.folder, tmp_path / "study"))


@pytest.fixture(scope="module")
def compared(read: Read) -> ComparedReadings:
    return compare_readings(read.study, "anna", "ben")


def reviewed(compared: ComparedReadings, reading: Reading) -> ConsensusReview:
    journal = ReadingJournal(reading.edits(), keep=reading.record)
    return ConsensusReview(compared, author=reading.reader, journal=journal)


def test_decisions_one_by_one_are_what_they_are_at_once(study: Study, compared: ComparedReadings) -> None:
    reading = study.reading("both")
    review = reviewed(compared, reading)
    numbers = [one.number for one in compared.differences]
    assert review.undecided == tuple(numbers)
    decisions = {number: ("first", "second", "neither")[number % 3] for number in numbers}
    for number, side in decisions.items():
        review.decide(number, side)
    assert review.undecided == ()
    made = make_consensus(study, "anna", "ben", decisions, author="at once")
    one, other = (replay_study(Study.open(study.folder), (done,)) for done in (reading, made))
    for a, b, session in zip(one, other, review.sessions, strict=True):
        assert np.array_equal(a.opacity.array, b.opacity.array)
        assert np.array_equal(a.opacity.array, session.array)


def test_a_decision_is_taken_back_changed_and_found_again(study: Study, compared: ComparedReadings) -> None:
    reading = study.reading("both")
    review = reviewed(compared, reading)
    review.decide(1, "second")
    review.decide(1, "first")
    assert review.decision(1) == "first"
    review.undo()
    assert review.decision(1) == "second"
    again = reviewed(compared, reading)
    assert again.decision(1) == "second"
    again.undo()
    assert again.decision(1) is None
    again.redo()
    assert again.decision(1) == "second"
    assert reviewed(compared, reading).decision(1) == "second"


def test_a_reading_with_work_of_its_own_is_no_consensus(study: Study, compared: ComparedReadings) -> None:
    with pytest.raises(WrongUse, match="no decision"):
        reviewed(compared, study.reading("ben"))


def test_a_first_reading_that_was_copied_in_part_is_copied_to_its_end(study: Study, compared: ComparedReadings) -> None:
    reading = study.reading("both")
    for edit in compared.acts[:-1]:
        reading.record(edit)
    review = reviewed(compared, reading)
    assert reading.edits() == compared.acts
    assert len(review.undecided) == len(compared.differences)


def test_a_decision_that_a_full_disk_breaks_off_is_none(study: Study, compared: ComparedReadings) -> None:
    reading = study.reading("both")
    left = 100

    def keep(edit: Edit) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise OSError("no space left on device")
        reading.record(edit)

    review = ConsensusReview(compared, author="both", journal=ReadingJournal(reading.edits(), keep=keep))
    one, side = next(
        (one, side)
        for one in compared.differences
        for side in SIDES
        if len(acts_of_decision(one, side, compared.scans[review._timepoints.index(one.timepoint)])) > 1
    )
    left = 2  # the second act is not put down
    with pytest.raises(OSError, match="no space"):
        review.decide(one.number, side)
    assert review.decision(one.number) is None
    review.decide(one.number, side)
    review.undo()
    assert review.decision(one.number) is None

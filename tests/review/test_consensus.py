"""A third reading from two."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from ctreview.errors import WrongUse
from ctreview.review.consensus import ReadingDifference, make_consensus, read_differences
from ctreview.review.replay import replay_study
from ctreview.study import Study
from tests.readings import Read


@pytest.fixture
def study(read: Read, tmp_path: Path) -> Study:
    return Study.open(shutil.copytree(read.study.folder, tmp_path / "study"))


@pytest.fixture(scope="module")
def found(read: Read) -> tuple[ReadingDifference, ...]:
    return read_differences(read.study, "anna", "ben")[2]


def test_differences_are_where_the_labels_of_both_readers_differ(
    read: Read, found: tuple[ReadingDifference, ...]
) -> None:
    for timepoint in (1, 2):
        one, other = (read.sessions[name][timepoint - 1].array for name in ("anna", "ben"))
        told = np.zeros(one.shape, dtype=bool)
        for difference in found:
            if difference.timepoint == timepoint:
                told[difference.box] |= difference.where
        assert not told[one == other].any()
        missed = np.count_nonzero((one != other) & ~told) * read.prepared.points[0].volume.geometry.voxel_ml
        assert missed < 0.1 * np.count_nonzero(one != other)
    assert [one.number for one in found] == list(range(1, len(found) + 1))
    assert [one.ml for one in found] == sorted((one.ml for one in found), reverse=True)


def test_each_difference_is_as_it_was_decided(read: Read, study: Study, found: tuple[ReadingDifference, ...]) -> None:
    decisions = {one.number: ("first", "second")[one.number % 2] for one in found}
    made = make_consensus(study, "anna", "ben", decisions, author="both")
    scans = replay_study(Study.open(study.folder), (made,))
    assert not any(scan.refused for scan in scans)
    for one in found:
        chosen = read.sessions[("anna", "ben")[decisions[one.number] == "second"]][one.timepoint - 1].array
        got = scans[one.timepoint - 1].opacity.array
        assert np.array_equal(got[one.box][one.where], chosen[one.box][one.where])


def test_all_for_the_second_reader_gives_that_readers_masks_but_for_slivers(read: Read, study: Study) -> None:
    made = make_consensus(study, "anna", "ben", {}, author="both", rest="second")
    for number, scan in enumerate(replay_study(Study.open(study.folder), (made,))):
        wrong = np.count_nonzero(scan.opacity.array != read.sessions["ben"][number].array)
        assert wrong * scan.timepoint.volume.geometry.voxel_ml < 1.0


def test_neither_leaves_nothing_there(study: Study, found: tuple[ReadingDifference, ...]) -> None:
    made = make_consensus(study, "anna", "ben", {}, author="both", rest="neither")
    scans = replay_study(Study.open(study.folder), (made,))
    assert not any(scans[one.timepoint - 1].opacity.array[one.box][one.where].any() for one in found)


@pytest.mark.parametrize("decisions", [{}, {1: "first", 9999: "second"}])
def test_what_is_not_decided_or_does_not_exist_is_named(study: Study, decisions) -> None:
    with pytest.raises(WrongUse):
        make_consensus(study, "anna", "ben", decisions, author="both")
    assert not (study.folder / "readers" / "both").exists()


def test_a_reading_that_is_there_is_not_overwritten(study: Study) -> None:
    with pytest.raises(WrongUse):
        make_consensus(study, "anna", "ben", {}, author="ben", rest="first")

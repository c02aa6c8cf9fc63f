"""The one list of a reading's edits."""

from __future__ import annotations

import dataclasses

import pytest

from ctreview.edits import Edit
from ctreview.review.corrections import OpacityReview
from ctreview.review.journal import ReadingJournal
from ctreview.volume.geometry import Geometry
from tests.readings import Read, dab

GRID = Geometry.aligned((4, 5, 6), (1.0, 1.0, 1.0), frame_of_reference="one")
EDIT = Edit("brush", "opacity", {}, "anna", "image", GRID)


def test_what_could_not_be_kept_does_not_stand_in_it() -> None:
    def full(edit: Edit) -> None:
        raise OSError(28, "No space left on device")

    journal = ReadingJournal(keep=full)
    with pytest.raises(OSError, match="No space"):
        journal.record(EDIT)
    assert len(journal) == 0


def test_a_copy_gets_the_edits_that_it_lacks_and_all_that_follow() -> None:
    first, second, third = (dataclasses.replace(EDIT, id=name) for name in ("a", "b", "c"))
    original: list[Edit] = []
    journal = ReadingJournal(keep=original.append)
    journal.record(first)
    copied = list(original)
    journal.record(second)
    journal.go_on_in(copied, copied.append)
    journal.record(third)
    assert [edit.id for edit in original] == ["a", "b"]
    assert [edit.id for edit in copied] == [edit.id for edit in journal] == ["a", "b", "c"]


def test_edits_are_told_by_image_and_label_map() -> None:
    other = dataclasses.replace(EDIT, target="regions", id="other")
    elsewhere = dataclasses.replace(EDIT, image="another", id="elsewhere")
    assert ReadingJournal([EDIT, other, elsewhere]).of("image", "opacity") == (EDIT,)


def test_a_review_notices_acts_of_another_one_on_the_same_journal(read: Read) -> None:
    journal = ReadingJournal()
    first = OpacityReview(read.prepared, author="anna", journal=journal)
    second = OpacityReview(read.prepared, author="anna", journal=journal)
    first.act(0, "brush", dab(read.prepared, 0, 9.0))
    assert first.follows(journal)
    assert not second.follows(journal)
    assert not first.follows(ReadingJournal(journal))
    assert OpacityReview(read.prepared, author="anna", journal=journal).follows(journal)

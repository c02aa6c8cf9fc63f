"""Visual scores that a reader records."""

import json

import pytest

from ctreview.change.agreement import weighted_kappa
from ctreview.errors import UnreadableFile, WrongUse
from ctreview.review.grading import compare_grades, confirm
from ctreview.study import Reading

ITEMS = [
    {"region": f"{side}_lung/{third}", "name": name, "value": value, "highest": top}
    for side in ("right", "left")
    for third in ("apical", "basal")
    for name, value, top in (("pattern", 2, 6), ("extent", 1, 3))
]


def reading_of(folder, reader) -> Reading:
    found = Reading(folder / "readers" / reader, reader, 1)
    found.comparison_folder.mkdir(parents=True)
    both = {"scores": [{"key": "jdm_ild", "items": ITEMS}]}
    (found.comparison_folder / "scores.json").write_text(json.dumps({"baseline": both, "followup": both}))
    return found


def test_what_is_not_given_otherwise_is_as_proposed_and_stays_on_the_disk(tmp_path):
    reading = reading_of(tmp_path, "anna")
    confirm(reading, "jdm_ild", timepoint=1, given={("right_lung/basal", "pattern"): 4})
    grades = {grade.place[2:]: (grade.value, grade.proposed) for grade in reading.grades()}
    assert grades["right_lung/basal", "pattern"] == (4, 2)
    assert grades["left_lung/apical", "extent"] == (1, 1)
    confirm(reading, "jdm_ild", timepoint=1)
    assert len(reading.grades()) == len(ITEMS)
    assert {grade.value - grade.proposed for grade in reading.grades()} == {0}


@pytest.mark.parametrize(("place", "value"), [(("right_lung/basal", "pattern"), 7), (("nowhere", "pattern"), 1)])
def test_a_grade_that_does_not_exist_is_refused(tmp_path, place, value):
    reading = reading_of(tmp_path, "anna")
    with pytest.raises(WrongUse):
        confirm(reading, "jdm_ild", timepoint=1, given={place: value})
    assert reading.grades() == ()


def test_without_a_stored_comparison_nothing_is_proposed(tmp_path):
    with pytest.raises(UnreadableFile):
        confirm(Reading(tmp_path / "readers" / "anna", "anna", 1), "jdm_ild", timepoint=1)


def test_kappa_weighs_disagreement_by_its_square():
    assert weighted_kappa([0, 1, 2, 3], [0, 1, 2, 3]) == 1.0
    # by hand: (1 + 0 + 0 + 1) / 4 = 0.5 is seen, 1.5 is due to chance
    assert weighted_kappa([0, 1, 2, 3], [1, 1, 2, 2]) == pytest.approx(1 - 0.5 / 1.5)
    assert weighted_kappa([1, 1], [1, 1]) is None


def test_two_readers_are_compared_on_what_both_graded(tmp_path):
    one, other = reading_of(tmp_path, "anna"), reading_of(tmp_path, "bernd")
    first = confirm(one, "jdm_ild", timepoint=1)
    second = confirm(other, "jdm_ild", timepoint=1, given={("right_lung/basal", "pattern"): 3})
    (found,) = compare_grades(first, second[:-1])
    assert found.items == len(ITEMS) - 1
    assert 0 < found.kappa < 1
    assert 0 < found.icc < 1

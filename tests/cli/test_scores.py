"""``ctreview scores`` on a reading with proposed scores."""

import json

import pytest

from ctreview.cli import main
from ctreview.study import Study
from tests.review.test_grading import reading_of


@pytest.fixture
def study(tmp_path):
    Study.create(tmp_path / "study")
    reading_of(tmp_path / "study", "anna")
    return tmp_path / "study"


def test_what_is_confirmed_stands_beside_what_was_proposed(study, capsys):
    line = ["scores", str(study), "--reader", "anna", "--confirm", "jdm_ild", "--grade", "left_lung/basal:pattern=5"]
    assert main(line) == 0
    capsys.readouterr()
    assert main(["scores", str(study), "--json"]) == 0
    items = json.loads(capsys.readouterr().out)["items"]
    found = {(one["timepoint"], one["region"], one["item"]): (one["proposed"], one["recorded"]) for one in items}
    assert found[1, "left_lung/basal", "pattern"] == (2, 5)
    assert found[1, "right_lung/apical", "extent"] == (1, 1)
    assert found[2, "left_lung/basal", "pattern"] == (2, None)


@pytest.mark.parametrize("grade", ["left_lung/basal:pattern=9", "left_lung/basal=2", "left_lung/basal:pattern=x"])
def test_a_grade_that_makes_no_sense_is_wrong_use(study, grade, capsys):
    assert main(["scores", str(study), "--confirm", "jdm_ild", "--grade", grade]) == 2
    assert not (study / "readers" / "anna" / "grades.json").exists()
    capsys.readouterr()

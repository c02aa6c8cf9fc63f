"""The results of one subject of a cohort, for its timeline."""

from __future__ import annotations

import json

import pytest

from ctreview.cli import main
from ctreview.cohort.subject_results import subject_results
from ctreview.errors import WrongUse
from tests.cohort.pretended import pretended_cohort


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return pretended_cohort(tmp_path_factory.mktemp("cohort"), 4, timepoints=3)


def test_a_subject_has_its_changes_since_the_first_scan_and_a_picture_of_each_scan(cohort):
    changes, images = subject_results(cohort.path, "S002")
    assert [one["interval_days"] for one in changes] == [90, 180]
    assert [image is not None for image in images] == [True, True, True]


def test_a_subject_that_is_not_there_and_one_without_a_result_are_named(cohort):
    with pytest.raises(WrongUse, match="not in the cohort"):
        subject_results(cohort.path, "S999")
    failed = next(one.case.subject for one in cohort.results()[1] if one.change is None)
    with pytest.raises(WrongUse, match="has no result"):
        subject_results(cohort.path, failed)


def test_the_command_line_draws_a_subject(cohort, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["timeline", "--results", str(cohort.path), "--subject", "S001", "--out", str(out), "--json"]) == 0
    values = json.loads(capsys.readouterr().out)["values"]
    assert [one["when"]["earliest"] for one in values] == [0, 90, 180]
    assert (out / "timeline.en.html").read_text(encoding="utf-8").count('class="key-image"') == 3
    assert main(["timeline", "--subject", "S001", "--out", str(tmp_path / "none"), "--example"]) == 2
    assert "--results" in capsys.readouterr().err

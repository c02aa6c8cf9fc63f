import shutil
from dataclasses import replace
from datetime import date

import pytest

from ctreview.cohort import ManifestRow
from ctreview.cohort.subject_check import check_subject
from ctreview.volume.load import LoadSettings


@pytest.fixture
def rows(tree):
    return [ManifestRow(2, "A", "v1", tree / "A/v1"), ManifestRow(3, "A", "v2", tree / "A/v2")]


def faults(rows) -> dict[int, str]:
    return {fault.line: fault.message for fault in check_subject(rows, settings=LoadSettings()).faults}


def test_scans_that_are_what_the_manifest_says(rows):
    found = check_subject([replace(rows[0], acquired=date(2021, 9, 3)), rows[1]], settings=LoadSettings())
    assert found.faults == ()
    assert found.megavoxels[2] == pytest.approx(66 * 57 * 69 / 1e6)


def test_a_date_that_is_not_the_headers(rows):
    assert list(faults([replace(rows[0], acquired=date(2020, 9, 3)), rows[1]])) == [2]


def test_timepoints_in_another_order_than_the_headers(rows):
    said = faults([rows[1], rows[0]])
    assert list(said) == [2]
    assert "made before that of line 3" in said[2]


def test_another_patient_at_the_second_timepoint(rows, tree):
    said = faults([rows[0], replace(rows[1], path=tree / "B/v2", acquired=None)])
    assert "another patient than that of line 2 (id differ" in said[3]
    assert "id-" not in said[3]


def test_what_the_disk_does_not_give_is_a_fault_of_its_line(rows, tmp_path):
    shutil.copytree(rows[1].path, tmp_path / "broken")
    first = sorted((tmp_path / "broken").iterdir())[0]
    first.write_bytes(first.read_bytes()[:300])
    assert list(faults([rows[0], replace(rows[1], path=tmp_path / "broken")])) == [3]

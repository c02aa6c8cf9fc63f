"""What is said of unsaved work before it is removed."""

from __future__ import annotations

from datetime import datetime

import pytest

from ctreview.review.archive import ImageSource
from ctreview.review.unsaved import unsaved_work
from ctreview.review.workspace import Workspace
from ctreview.study import Finding


def test_patient_scans_reader_and_local_time_are_named(
    workspace: Workspace, places: tuple[ImageSource, ImageSource]
) -> None:
    workspace.keep_findings([Finding("nodule", 1, (0.0, 0.0, 0.0))])
    assert workspace.study is not None
    work = unsaved_work(workspace.study)
    assert work.patient == places[0].path.parent.name
    assert work.scans == ("before", "after")
    assert work.content == "anna: 0 acts, 1 finding"
    assert abs((datetime.now().astimezone() - work.started).total_seconds()) < 600
    assert work.title == f"patient {work.patient}, before and after, {work.started:%Y-%m-%d %H:%M}"
    assert work.started.utcoffset() == datetime.now().astimezone().utcoffset()


@pytest.mark.parametrize("name", ["20260309-150405-abc123", "by hand"])
def test_a_folder_of_another_name_is_told_by_its_own_time(workspace: Workspace, name: str) -> None:
    study = workspace.study
    assert study is not None
    moved = type(study)(study.folder.rename(study.folder.with_name(name)))
    started = unsaved_work(moved).started
    assert started.tzinfo is not None
    assert (started.year == 2026 and started.month == 3) == (name != "by hand") or name == "by hand"
    moved.folder.rename(study.folder)

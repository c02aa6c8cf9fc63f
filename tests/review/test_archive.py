"""What may be stored in a study, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ctreview.change import VerdictSettings
from ctreview.errors import InputRefused, UnreadableFile
from ctreview.recipes.chest_ct import Prepared
from ctreview.review.archive import ImageSource, plan_of, settings_of
from ctreview.review.replay import replay
from ctreview.review.workspace import Workspace
from ctreview.study import Study
from ctreview.study.document import write_document
from tests.readings import Read
from tests.review.stored import by_version, emptied, masks_of, moved, other_scan, other_settings


def test_a_scan_that_took_the_place_of_another_is_not_filed(
    workspace: Workspace, prepared: Prepared, places: tuple[ImageSource, ImageSource]
) -> None:
    assert workspace.study is not None
    before = masks_of(workspace.study)
    other = other_scan(prepared, 1)
    with pytest.raises(InputRefused, match="another image of timepoint 2") as refused:
        workspace.store_pair(other, places, plan_of(other))
    assert str(workspace.study.folder) in str(refused.value)
    assert "study of its own" in str(refused.value)
    assert masks_of(workspace.study) == before
    assert workspace.study.source(2).digest == prepared.points[1].volume.digest


def test_what_is_there_already_is_not_written_again(
    workspace: Workspace, prepared: Prepared, places: tuple[ImageSource, ImageSource]
) -> None:
    assert workspace.study is not None
    when = [path.stat().st_mtime_ns for path in workspace.study.folder.rglob("*")]
    threads = replace(prepared, settings=prepared.settings.with_threads(1))
    workspace.store_pair(threads, places, plan_of(threads))
    assert [path.stat().st_mtime_ns for path in workspace.study.folder.rglob("*")] == when


def test_another_version_files_anew_while_nobody_signed(
    workspace: Workspace, prepared: Prepared, places: tuple[ImageSource, ImageSource]
) -> None:
    assert workspace.study is not None
    by_version(workspace.study, "0.0.1")
    before = masks_of(workspace.study)
    workspace.store_pair(emptied(prepared), places, plan_of(prepared))
    assert masks_of(workspace.study) != before
    assert workspace.study.plan == plan_of(prepared)


def test_a_signed_study_is_run_again_by_its_own_settings(
    workspace: Workspace, prepared: Prepared, places: tuple[ImageSource, ImageSource]
) -> None:
    """A setting that came since, with its default, and another version are no reason to refuse what is found alike."""
    assert workspace.study is not None
    assert workspace.reading is not None
    workspace.reading.sign({})
    path = workspace.study.folder / "plan.json"
    plain = json.loads(path.read_text())
    del plain["settings"]["vessels"]
    path.write_text(json.dumps({**plain, "version": "0.0.1"}))
    before = {one: one.read_bytes() for one in workspace.study.folder.rglob("*") if one.is_file()}
    assert settings_of(workspace.study) == prepared.settings
    workspace.store_pair(prepared, places, plan_of(prepared))
    assert {one: one.read_bytes() for one in workspace.study.folder.rglob("*") if one.is_file()} == before


def test_recorded_settings_win_over_defaults_that_changed_since(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert workspace.study is not None
    kept = settings_of(workspace.study).verdict
    name, value = next(iter(moved(VerdictSettings()).items()))
    monkeypatch.setattr(VerdictSettings.__init__, "__defaults__", _with_default(name, value))
    assert getattr(VerdictSettings(), name) == value
    assert settings_of(workspace.study).verdict == kept
    assert getattr(kept, name) != value


def _with_default(name: str, value: float) -> tuple[Any, ...]:
    defaults = VerdictSettings.__init__.__defaults__ or ()
    names = VerdictSettings.__init__.__code__.co_varnames[1:]
    return tuple(value if one == name else old for one, old in zip(names, defaults, strict=False))


def test_a_signed_study_refuses_what_another_version_finds_otherwise(
    workspace: Workspace, prepared: Prepared, places: tuple[ImageSource, ImageSource]
) -> None:
    assert workspace.study is not None
    assert workspace.reading is not None
    workspace.reading.sign({})
    by_version(workspace.study, "0.0.1")
    before = masks_of(workspace.study)
    with pytest.raises(InputRefused, match=r"signed with ctreview 0\.0\.1.*timepoint 2"):
        workspace.store_pair(emptied(prepared), places, plan_of(prepared))
    assert masks_of(workspace.study) == before


def test_a_signed_study_refuses_other_settings_and_names_them(
    workspace: Workspace, prepared: Prepared, places: tuple[ImageSource, ImageSource]
) -> None:
    assert workspace.study is not None
    assert workspace.reading is not None
    workspace.reading.sign({})
    other = other_settings(prepared)
    (name,) = moved(VerdictSettings())
    for ask in (
        lambda: workspace.store_pair(other, places, plan_of(other)),
        lambda: workspace.change_plan(plan_of(other)),
    ):
        with pytest.raises(InputRefused, match=rf"settings\.verdict\.{name} was .*, now"):
            ask()
    with pytest.raises(InputRefused, match=r"age_years was null, now 7\.5"):
        workspace.change_plan(plan_of(prepared, 7.5))


def test_a_study_of_a_version_that_knew_other_settings_is_still_replayed(read: Read, tmp_path: Path) -> None:
    import shutil

    study = Study(Path(shutil.copytree(read.study.folder, tmp_path / "study")))
    plan = plan_of(read.prepared)
    with study.planned(replace(plan, settings={**plan.settings, "of_old": {"x": 1}}, version="0.0.1")):
        pass
    (first, _) = replay(study.folder, reader="ben")
    assert np.array_equal(first.opacity.array, read.sessions["ben"][0].array)
    with pytest.raises(UnreadableFile, match=r"of_old.*ctreview 0\.0\.1") as refused:
        settings_of(study)
    assert "plan.json" in str(refused.value)


def test_filing_that_was_broken_off_is_done_again(
    workspace: Workspace, prepared: Prepared, places: tuple[ImageSource, ImageSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert workspace.study is not None
    plan = plan_of(prepared, 7.5)

    def killed(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Study, "add_timepoint", killed)
        with pytest.raises(KeyboardInterrupt):
            workspace.store_pair(prepared, places, plan)
    assert workspace.study.plan == plan
    assert not workspace.study.filed
    workspace.store_pair(prepared, places, plan)
    assert workspace.study.filed


def test_a_plan_of_the_first_schema_gets_its_images_from_the_timepoints(
    workspace: Workspace, prepared: Prepared
) -> None:
    assert workspace.study is not None
    plan = plan_of(prepared)
    old = {"recipe": plan.recipe, "settings": plan.settings, "age_years": 3.0, "allow_different_patients": False}
    write_document(workspace.study.folder / "plan.json", "ctreview.plan/1", old)
    assert workspace.study.plan == replace(plan, age_years=3.0, version="")
    assert workspace.study.filed

"""What may be filed into a study, what is refused, and what counts as up to date."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ctreview.change import VerdictSettings
from ctreview.errors import InputRefused, UnreadableFile
from ctreview.progress import Cancelled
from ctreview.recipes.chest_ct import Prepared, compare_prepared
from ctreview.recipes.chest_ct.corrections import NO_EDITS
from ctreview.report import basis_of
from ctreview.review.archive import ImageSource, basis, plan_of, settings_of
from ctreview.review.corrections import OpacityReview
from ctreview.review.replay import replay
from ctreview.review.workspace import Workspace
from ctreview.study import AnalysisPlan, Study
from ctreview.study.document import write_document
from tests.readings import Read


@pytest.fixture
def places(small_scans: Path) -> tuple[ImageSource, ImageSource]:
    return ImageSource(small_scans / "before"), ImageSource(small_scans / "after")


@pytest.fixture
def prepared(read: Read) -> Prepared:
    return read.prepared


@pytest.fixture
def workspace(
    prepared: Prepared, places: tuple[ImageSource, ImageSource], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workspace]:
    """With both scans stored in an unsaved study."""
    monkeypatch.setattr("ctreview.study.recovery.recovery_folder", lambda: tmp_path / "recovery")
    made = Workspace("anna")
    made.store_pair(prepared, places, plan_of(prepared))
    yield made
    made.close()


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Folders that a page is rendered for are counted, and the page is a stand-in."""
    made: list[str] = []

    def render(comparison: Any, *_: Any, **__: Any) -> str:
        made.append(comparison.verdict)
        return "<html></html>"

    monkeypatch.setattr("ctreview.report.folder.render_page", render)
    return made


def other_scan(prepared: Prepared, number: int) -> Prepared:
    """The same, as if the scan had been another one."""
    points = list(prepared.points)
    values = points[number].volume.array.copy()
    values[0, 0, 0] += 1
    points[number] = replace(points[number], volume=points[number].volume.with_array(values))
    return replace(prepared, pair=replace(prepared.pair, points=(points[0], points[1])))


def other_settings(prepared: Prepared) -> Prepared:
    settings = replace(prepared.settings, verdict=replace(VerdictSettings(), **_moved(VerdictSettings())))
    return replace(prepared, settings=settings)


def _moved(settings: Any) -> dict[str, float]:
    name, value = next((k, v) for k, v in vars(settings).items() if isinstance(v, float))
    return {name: value * 1.5}


def masks_of(study: Study) -> list[bytes]:
    return [(study.folder / f"timepoints/{number}/masks.seg.nrrd").read_bytes() for number in study.timepoints]


def emptied(prepared: Prepared) -> Prepared:
    """As another version might find it: nothing at the follow-up."""
    points = prepared.points
    none = replace(points[1].opacity, array=np.zeros_like(points[1].opacity.array))
    return replace(prepared, pair=replace(prepared.pair, points=(points[0], replace(points[1], opacity=none))))


def by_version(study: Study, version: str) -> None:
    path = study.folder / "plan.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": version}))


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
    name, value = next(iter(_moved(VerdictSettings()).items()))
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
    (name,) = _moved(VerdictSettings())
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


def test_a_closed_desk_files_nothing(
    workspace: Workspace, prepared: Prepared, places: tuple[ImageSource, ImageSource]
) -> None:
    workspace.close()
    with pytest.raises(Cancelled):
        workspace.store_pair(prepared, places, plan_of(prepared))
    assert workspace.study is None


def test_the_comparison_of_another_age_is_never_taken_for_the_present_one(
    workspace: Workspace, prepared: Prepared, places: tuple[ImageSource, ImageSource], pages: list[str]
) -> None:
    assert workspace.study is not None
    bare = workspace.study.comparison_folder(1, 2)
    mine = workspace.write(prepared, compare_prepared(prepared), NO_EDITS)
    first = basis_of(bare)
    assert first is not None
    aged = replace(prepared, age_years=7.5)
    workspace.store_pair(aged, places, plan_of(aged, 7.5))
    assert not bare.exists()
    assert not mine.exists()
    workspace.write(aged, compare_prepared(aged), NO_EDITS)
    assert basis_of(bare) == basis(plan_of(aged, 7.5), NO_EDITS) != first


def test_a_comparison_that_rests_on_the_same_is_left_and_another_made_anew(
    workspace: Workspace, prepared: Prepared, pages: list[str]
) -> None:
    assert workspace.study is not None
    review = OpacityReview(prepared, author="anna", journal=workspace.journal)
    review.act(0, "remove_small", {"label": "ground_glass", "below_ml": 500.0})
    edits = review.edits
    corrected = compare_prepared(prepared, edits=edits)
    mine = workspace.write(prepared, corrected, edits)
    assert len(pages) == 2
    workspace.write(prepared, corrected, edits)
    assert len(pages) == 2
    assert _opacity_ml(mine) < 5 < _opacity_ml(workspace.study.comparison_folder(1, 2))  # what is dense stays
    review.undo()
    workspace.write(prepared, compare_prepared(prepared, edits=review.edits), review.edits)
    assert len(pages) == 3
    assert _opacity_ml(mine) > 5


def test_what_was_signed_is_not_written_over(workspace: Workspace, prepared: Prepared, pages: list[str]) -> None:
    assert workspace.study is not None
    workspace.sign(prepared, compare_prepared(prepared), NO_EDITS)
    assert workspace.reading is not None
    before = {one: one.read_bytes() for one in workspace.reading.folder.rglob("*") if one.is_file()}
    by_version(workspace.study, "0.0.1")
    workspace.write(prepared, compare_prepared(prepared), NO_EDITS)
    assert {one: one.read_bytes() for one in workspace.reading.folder.rglob("*") if one.is_file()} == before


def test_other_settings_of_the_comparison_alone_are_kept_too(
    workspace: Workspace, prepared: Prepared, pages: list[str]
) -> None:
    assert workspace.study is not None
    workspace.write(prepared, compare_prepared(prepared), NO_EDITS)
    other = other_settings(prepared)
    workspace.change_plan(plan_of(other))
    assert settings_of(workspace.study) == other.settings
    assert not workspace.study.comparison_folder(1, 2).exists()


def test_plans_say_in_what_they_differ() -> None:
    first = AnalysisPlan("chest_ct", {"a": {"b": 1, "threads": 2}, "gone": 1}, images=("x", "y"), version="1")
    second = AnalysisPlan("chest_ct", {"a": {"b": 2, "threads": 9}, "new": 1}, 3.0, images=("x", "z"), version="1")
    assert {str(one) for one in second.differences(first)} == {
        "settings.a.b was 1, now 2",
        "age_years was null, now 3.0",
        'images was ["x", "y"], now ["x", "z"]',
    }
    assert first.digest != second.digest
    assert first.digest == replace(first, settings={"a": {"b": 1, "threads": 7}, "gone": 1}).digest


def _opacity_ml(folder: Path) -> float:
    lungs = json.loads((folder / "change.json").read_text())["regions"][0]
    assert lungs["region"] == "lungs"
    return float(lungs["baseline"]["opacity_ml"])

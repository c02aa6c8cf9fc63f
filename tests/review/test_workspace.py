"""What is written for a reader, and what counts as up to date."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ctreview.progress import Cancelled
from ctreview.recipes.chest_ct import Prepared, compare_prepared
from ctreview.recipes.chest_ct.corrections import NO_EDITS
from ctreview.report import basis_of
from ctreview.review.archive import ImageSource, basis, plan_of, settings_of
from ctreview.review.corrections import OpacityReview
from ctreview.review.grading import confirm
from ctreview.review.workspace import Workspace
from tests.review.stored import by_version, opacity_ml, other_settings


def test_a_closed_workspace_stores_nothing(
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
    assert workspace.reading is not None
    confirm(workspace.reading, "jdm_ild", timepoint=1)
    workspace.write(prepared, corrected, edits)
    assert len(pages) == 3, "what was recorded of a score stands on the page"
    assert opacity_ml(mine) < 5 < opacity_ml(workspace.study.comparison_folder(1, 2))  # what is dense stays
    review.undo()
    workspace.write(prepared, compare_prepared(prepared, edits=review.edits), review.edits)
    assert len(pages) == 4
    assert opacity_ml(mine) > 5


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

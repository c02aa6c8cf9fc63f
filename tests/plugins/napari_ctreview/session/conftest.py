"""What tests of an open reading share."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctreview.recipes.chest_ct import compare_prepared, prepare
from ctreview.review.archive import ImageSource, plan_of
from ctreview.review.corrections import OpacityReview
from ctreview.review.workspace import Workspace
from tests.analysed_once import taken_from
from tests.shared_results import SharedResults


@pytest.fixture(scope="session")
def stored_study(small_scans: Path, shared_results: SharedResults) -> Path:
    """A study with an act in each scan, saved with its comparison; not to be changed."""

    def store(folder: Path) -> None:
        with pytest.MonkeyPatch.context() as patch, taken_from(shared_results):
            patch.setattr("ctreview.study.recovery.recovery_folder", lambda: folder / "recovery")
            workspace = Workspace("anna")
            places = [ImageSource(small_scans / name) for name in ("before", "after")]
            prepared = prepare(*(place.path for place in places))
            workspace.store_pair(prepared, places, plan_of(prepared))
            review = OpacityReview(prepared, author="anna", journal=workspace.journal)
            for number in (0, 1):
                review.act(number, "remove_small", {"label": "ground_glass", "below_ml": 2.0})
            workspace.write(prepared, compare_prepared(prepared, edits=review.edits), review.edits)
            workspace.move_to(workspace.save_as(folder / "study"))
            workspace.close()

    return shared_results.files("stored study", store) / "study"

"""What another version signed is looked at as it is stored."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ctreview.errors import InputRefused, SignedOtherwise
from ctreview.recipes.chest_ct import Prepared, compare_prepared
from ctreview.recipes.chest_ct.corrections import NO_EDITS
from ctreview.review.archive import ImageSource, plan_of
from ctreview.review.stored_reading import made_by_another_version, signed_by_another_version, stored_reading
from ctreview.review.workspace import Workspace
from tests.review.stored import emptied


@pytest.fixture
def earlier(
    workspace: Workspace,
    prepared: Prepared,
    places: tuple[ImageSource, ImageSource],
    pages: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Workspace:
    """A study that an earlier version made and a reader signed."""
    with monkeypatch.context() as before:
        before.setattr("ctreview.review.archive.__version__", "0.0.9")
        workspace.store_pair(prepared, places, replace(plan_of(prepared, 7.0), version="0.0.9"))
        workspace.sign(prepared, compare_prepared(prepared), NO_EDITS)
    return workspace


def test_it_opens_from_its_masks_and_numbers_and_says_which_version_made_them(
    earlier: Workspace, prepared: Prepared
) -> None:
    study, reading = earlier.study, earlier.reading
    assert study is not None
    assert reading is not None
    assert made_by_another_version(study, reading)
    assert signed_by_another_version(study)
    found = stored_reading(study, reading, [point.volume for point in prepared.points])
    for stored, point in zip(found.points, prepared.points, strict=True):
        assert np.array_equal(stored.opacity.array, point.opacity.array)
        assert np.array_equal(stored.organ.mask("left_lung"), point.organ.mask("left_lung"))
    assert found.summary.startswith("sealed by anna on 20")
    assert "made by ctreview 0.0.9" in found.summary
    verdict = compare_prepared(prepared).verdict.replace("_", " ")
    assert verdict in found.summary
    assert found.summary.endswith("read-only")


def test_other_masks_of_this_version_never_come_in_its_place(
    earlier: Workspace, prepared: Prepared, places: tuple[ImageSource, ImageSource]
) -> None:
    assert earlier.study is not None
    before = {path: path.read_bytes() for path in earlier.study.folder.rglob("*") if path.is_file()}
    with pytest.raises(SignedOtherwise, match=r"signed with ctreview 0\.0\.9"):
        earlier.store_pair(emptied(prepared), places, plan_of(emptied(prepared), 7.0))
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("spoil", ["change", "remove"])
def test_masks_that_are_not_those_that_were_signed_are_refused(
    earlier: Workspace, prepared: Prepared, spoil: str
) -> None:
    assert earlier.study is not None
    assert earlier.reading is not None
    path: Path = earlier.reading.comparison_folder / "followup.seg.nrrd"
    if spoil == "remove":
        path.unlink()
    else:
        path.write_bytes((earlier.reading.comparison_folder / "baseline.seg.nrrd").read_bytes())
    with pytest.raises(InputRefused, match="followup"):
        stored_reading(earlier.study, earlier.reading, [point.volume for point in prepared.points])

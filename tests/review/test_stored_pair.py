"""What a study keeps of two scans is what was found in them."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from ctreview.anatomy import DenseCandidate
from ctreview.change import Candidate
from ctreview.errors import UnreadableFile
from ctreview.recipes.chest_ct import Prepared
from ctreview.review.archive import ImageSource, plan_of, store_pair
from ctreview.review.stored_candidates import candidates_of
from ctreview.review.stored_pair import stored_pair
from ctreview.review.workspace import Workspace
from tests.review.stored import by_version


def offering(prepared: Prepared) -> Prepared:
    """With a candidate at follow-up."""
    point = prepared.points[1]
    mask = np.zeros(point.volume.geometry.shape, bool)
    mask[2:5, 3:9, 4:7] = np.random.default_rng(2).random((3, 6, 3)) < 0.6
    piece = DenseCandidate.from_mask(
        mask,
        point.volume.geometry,
        side="left_lung",
        region="left_lung/basal",
        proposed="collapse",
        reason="a sharp edge",
    )
    points = (prepared.points[0], replace(point, candidates=(Candidate(piece),)))
    return replace(prepared, pair=replace(prepared.pair, points=points))


def test_masks_candidates_and_thresholds_are_those_that_were_found(
    workspace: Workspace, prepared: Prepared, places: tuple[ImageSource, ImageSource]
) -> None:
    found, told = offering(prepared), []
    study = workspace.study
    assert study is not None
    (study.folder / "plan.json").unlink()  # as if nothing had been filed
    store_pair(study, found, places, plan_of(found))
    volumes = [point.volume for point in found.points]
    pair = stored_pair(study, volumes, on_labels=lambda number, what, _labels: told.append((number, what)))
    assert pair is not None
    assert pair.unchanged
    assert sorted(told) == [(0, "opacity"), (1, "opacity")]
    for point, before, limits in zip(pair.points, found.points, found.thresholds, strict=True):
        assert np.array_equal(point.organ.array, before.organ.array)
        assert np.array_equal(point.opacity.array, before.opacity.array)
        assert [one.to_dict() for one in point.candidates] == [one.to_dict() for one in before.candidates]
        for one, other in zip(point.candidates, before.candidates, strict=True):
            assert np.array_equal(one.piece.mask, other.piece.mask)
        number = pair.points.index(point)
        assert pair.thresholds[number].ground_glass_hu == pytest.approx(limits.ground_glass_hu, abs=1e-5)


def test_what_another_version_or_one_without_candidates_filed_has_to_be_found_again(
    workspace: Workspace, prepared: Prepared
) -> None:
    study, volumes = workspace.study, [point.volume for point in prepared.points]
    assert study is not None
    (study.folder / "timepoints/2/candidates.json").unlink()
    pair = stored_pair(study, volumes)
    assert pair is not None
    assert not pair.unchanged
    by_version(study, "0.0.1")
    other = stored_pair(study, volumes)
    assert other is not None
    assert not other.unchanged
    (study.folder / "timepoints/1/masks.seg.nrrd").unlink()
    assert stored_pair(study, volumes) is None


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("side", "heart", "side"),
        ("mask", {"start": [0, 0, 0], "shape": [2, 2, 2], "bits": "####"}, "cannot be read"),
        ("centre", [1.0, 2.0], "centre"),
    ],
)
def test_a_damaged_file_of_candidates_is_named(
    workspace: Workspace,
    prepared: Prepared,
    places: tuple[ImageSource, ImageSource],
    field: str,
    value: object,
    said: str,
) -> None:
    study, found = workspace.study, offering(prepared)
    assert study is not None
    (study.folder / "plan.json").unlink()
    store_pair(study, found, places, plan_of(found))
    path = study.folder / "timepoints/2/candidates.json"
    plain = json.loads(path.read_text())
    plain["candidates"][0][field] = value
    path.write_text(json.dumps(plain))
    with pytest.raises(UnreadableFile, match=said):
        candidates_of(path.parent)

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from ctreview.anatomy import LUNG_SCHEME, DenseCandidate, LungMap
from ctreview.volume.geometry import Geometry

GRID = Geometry.aligned((20, 30, 30), (2.0, 1.0, 1.0), frame_of_reference="source:box")


def blob(start: int = 5) -> npt.NDArray[np.bool_]:
    mask = np.zeros(GRID.shape, dtype=bool)
    mask[start : start + 4, 10:17, 8:11] = True
    mask[start, 10, 8] = False
    return mask


def candidate(mask: npt.NDArray[np.bool_], **changes: str) -> DenseCandidate:
    words = {"side": "right_lung", "region": "right_lung/basal", "proposed": "consolidation", "reason": "…"} | changes
    return DenseCandidate.from_mask(mask, GRID, **words)  # type: ignore[arg-type]


def lungs(*candidates: DenseCandidate) -> LungMap:
    array = np.zeros(GRID.shape, dtype=np.uint8)
    array[8:, 5:20, 2:12] = 1
    return LungMap(array, GRID, LUNG_SCHEME, candidates=candidates)


def test_a_candidate_gives_back_its_voxels_and_says_how_many() -> None:
    mask = blob()
    found = candidate(mask)
    whole = np.zeros(GRID.shape, dtype=bool)
    whole[found.box] = found.mask
    assert np.array_equal(whole, mask)
    assert found.ml == pytest.approx(mask.sum() * GRID.voxel_ml, abs=0.05)
    assert found.centre == pytest.approx(GRID.to_lps(np.argwhere(mask).mean(axis=0)), abs=0.06)


def test_the_same_piece_has_the_same_id_and_another_another() -> None:
    assert candidate(blob()).id == candidate(blob(), reason="other words").id
    assert len({candidate(blob(start)).id for start in range(5)}) == 5


def test_candidates_stay_with_lungs_that_are_changed() -> None:
    before = lungs(candidate(blob()))
    assert replace(before, array=before.array.copy()).candidates == before.candidates

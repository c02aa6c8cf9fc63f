"""Dense tissue behind dense lung is found as deep as the other lung goes, and no organ without dense lung before it."""

from __future__ import annotations

import numpy as np
import pytest

from ctreview.anatomy.coarse import CoarseImage
from ctreview.anatomy.dense_lung.mirrored_lung import REACH_MM, dense_behind, mirrored

SHAPE = (24, 30, 40)
SPACING = (2.0, 2.0, 2.0)
MIDLINE = 19.5
SOFT, BONE = 40.0, 400.0


def chest(behind_hu: float = SOFT) -> tuple[CoarseImage, np.ndarray, np.ndarray]:
    """Two lungs alike; in the back of the right one (side 1) dense lung, 4 blocks deep, with tissue behind it."""
    hu = np.full(SHAPE, SOFT, dtype=np.float32)
    lungs = np.zeros(SHAPE, dtype=np.uint8)
    lungs[4:20, 4:26, 4:16], lungs[4:20, 4:26, 24:36] = 1, 2
    hu[lungs > 0] = -850.0
    dense = np.zeros(SHAPE, dtype=np.uint8)
    dense[4:20, 14:18, 4:16] = 1
    lungs[4:20, 14:26, 4:16] = 0
    hu[4:20, 14:18, 4:16] = SOFT
    hu[4:20, 18:26, 4:16] = behind_hu
    return CoarseImage(hu, (1, 1, 1), SPACING, SHAPE), lungs, dense


def found(coarse: CoarseImage, lungs: np.ndarray, dense: np.ndarray, size: float = 1.0) -> np.ndarray:
    return dense_behind(coarse, lungs, dense, dense > 0, MIDLINE, size)


def test_a_mask_is_mirrored_at_the_midline() -> None:
    mask = np.zeros((1, 1, 40), dtype=bool)
    mask[0, 0, 3] = True
    assert np.flatnonzero(mirrored(mask, MIDLINE)).tolist() == [36]
    assert not mirrored(mask, 35.0).any()


def test_it_reaches_as_far_as_the_other_lung_and_no_farther_than_its_limit() -> None:
    rows = np.flatnonzero((found(*chest()) == 1).any(axis=(0, 2)))
    assert rows.tolist() == list(range(18, 18 + int(REACH_MM / SPACING[1])))
    assert np.flatnonzero((found(*chest(), size=2.0) == 1).any(axis=(0, 2))).tolist() == list(range(18, 26))


def test_nothing_is_found_without_dense_lung() -> None:
    """An organ that takes the place of lung is none for being where the other side has lung."""
    coarse, lungs, dense = chest()
    assert not found(coarse, lungs, np.zeros_like(dense)).any()


def test_nothing_is_found_where_the_other_lung_is_missing() -> None:
    coarse, lungs, dense = chest()
    lungs[lungs == 2] = 0
    assert not found(coarse, lungs, dense).any()


@pytest.mark.parametrize("hu", [-100.0, BONE])
def test_neither_fat_nor_bone_is_taken(hu: float) -> None:
    assert not found(*chest(hu)).any()

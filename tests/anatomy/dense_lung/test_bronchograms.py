from __future__ import annotations

import numpy as np

from ctreview.anatomy.coarse import CoarseImage
from ctreview.anatomy.dense_lung.bronchograms import find_bronchograms
from ctreview.volume.geometry import Geometry

GRID = Geometry.aligned((50, 60, 60), (2.0, 2.0, 2.0), frame_of_reference="source:box")
LUNG = np.zeros(GRID.shape, dtype=np.uint8)
LUNG[5:45, 5:55, 5:55] = 2
DENSE = (slice(15, 35), slice(35, 55), slice(20, 40))
"""A piece of the lung's back that holds no air."""


def scan(*, bronchi: int) -> tuple[CoarseImage, np.ndarray]:
    lungs = LUNG.copy()
    lungs[DENSE] = 0
    image = np.where(lungs > 0, -850.0, 40.0).astype(np.float32)
    for number in range(bronchi):
        image[20 + 4 * (number % 3), 38:44, 24 + 5 * (number // 3)] = -500.0
    return CoarseImage.from_array(image, GRID, 2.0), lungs


def test_tissue_around_bronchi_is_proposed_for_the_lung_beside_it() -> None:
    coarse, lungs = scan(bronchi=9)
    found = find_bronchograms(coarse, lungs, np.zeros(GRID.shape, dtype=bool))
    assert len(np.unique(found.pockets)) - 1 == 9
    proposed = found.tissue == 2
    assert coarse.volume_ml(proposed) > 5.0
    inside = np.zeros(GRID.shape, dtype=bool)
    inside[DENSE] = True
    assert not (proposed & ~inside).any()


def test_soft_tissue_without_air_is_not_proposed_nor_is_a_single_pocket() -> None:
    for bronchi in (0, 1):
        coarse, lungs = scan(bronchi=bronchi)
        assert not find_bronchograms(coarse, lungs, np.zeros(GRID.shape, dtype=bool)).tissue.any()


def test_air_of_airways_that_were_followed_says_nothing() -> None:
    coarse, lungs = scan(bronchi=9)
    assert not find_bronchograms(coarse, lungs, (coarse.array < -400) & (lungs == 0)).tissue.any()

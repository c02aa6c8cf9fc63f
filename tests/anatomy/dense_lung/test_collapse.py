from __future__ import annotations

import numpy as np

from ctreview.anatomy.coarse import CoarseImage
from ctreview.anatomy.dense_lung.collapse import CollapsedLobe, find_collapsed_lobes
from ctreview.volume.geometry import Geometry

GRID = Geometry.aligned((60, 60, 90), (3.0, 3.0, 3.0), frame_of_reference="source:box")
MIDLINE, CARINA = 44.5, 35.0


def found(top_of_right: int, dense_hu: float = 40.0, carina: float = CARINA) -> tuple[CollapsedLobe, ...]:
    """The left lung reaches up to slice 55, the right up to another one; above it lies something dense."""
    lungs = np.zeros(GRID.shape, dtype=np.uint8)
    lungs[10:top_of_right, 12:48, 10:38] = 1
    lungs[10:55, 12:48, 54:78] = 2
    hu = np.where(lungs > 0, -850.0, 45.0).astype(np.float32)
    hu[top_of_right:55, 12:48, 10:38] = dense_hu
    image = CoarseImage.from_array(hu, GRID, 3.0)
    return find_collapsed_lobes(image, lungs, np.zeros(GRID.shape, dtype=bool), MIDLINE, 1.0, carina)


def test_dense_tissue_above_the_carina_of_a_small_lung_may_be_a_collapsed_lobe() -> None:
    (lobe,) = found(top_of_right=36)
    assert lobe.side == 1
    assert lobe.volume_share < 0.7
    assert np.argwhere(lobe.blocks)[:, 0].min() >= CARINA


def test_fluid_is_no_collapse() -> None:
    assert not found(top_of_right=36, dense_hu=10.0)


def test_a_lung_that_lost_no_volume_has_no_collapsed_lobe() -> None:
    assert not found(top_of_right=48)


def test_without_a_carina_nothing_is_proposed() -> None:
    assert not found(top_of_right=36, carina=np.inf)

from __future__ import annotations

import numpy as np
import pytest

from ctreview.anatomy.costal import costal_depth
from ctreview.anatomy.laterality import LEFT, RIGHT
from ctreview.phantom import Phantom


def test_depth_grows_from_the_ribs_to_the_hilum(adult: Phantom) -> None:
    right, left = (adult.lungs.array == side for side in (RIGHT, LEFT))
    depth = costal_depth(right, left, adult.volume.geometry.spacing)
    lungs = right | left
    assert depth.shape == lungs.shape
    middle = np.flatnonzero(lungs.any(axis=(1, 2)))[lungs.any(axis=(1, 2)).sum() // 2]
    across = np.flatnonzero(lungs[middle].any(axis=0))
    column = int(np.flatnonzero(lungs[middle, :, across[0]])[0])
    assert depth[middle, column, across[0]] < 8
    between = ~lungs[middle] & (depth[middle] > 0)
    assert depth[middle][between].max() > 40, "the mediastinum is deep"


@pytest.mark.parametrize("side", [RIGHT, LEFT])
def test_beside_a_single_lung_the_middle_is_deep(adult: Phantom, side: int) -> None:
    right, left = (adult.lungs.array == number for number in (RIGHT, LEFT))
    nothing = np.zeros_like(right)
    one = right if side == RIGHT else left
    depth = costal_depth(*((right, nothing) if side == RIGHT else (nothing, left)), adult.volume.geometry.spacing)
    middle = np.flatnonzero(one.any(axis=(1, 2)))[one.any(axis=(1, 2)).sum() // 2]
    across = np.flatnonzero(one[middle].any(axis=0))
    medial, lateral = (across[-1], across[0]) if side == RIGHT else (across[0], across[-1])
    rows = one[middle].any(axis=1)
    centre = int(np.flatnonzero(rows).mean())
    assert depth[middle, centre, medial] > 30 > 15 > depth[middle, centre, lateral]

"""Which directions end at ribs."""

from __future__ import annotations

import numpy as np
import pytest

from ctreview.anatomy.dense_lung.rib_rays import ANGLES, STERNUM_MM, _past_sternum

FRONT = 3 * ANGLES // 4


@pytest.mark.parametrize("side", [-1, 1])
def test_rays_past_the_heart_are_not_costal(side: int) -> None:
    """From the middle of a lung 70 mm beside the midline, with a wall 90 mm off all around."""
    cage = np.full((1, ANGLES), 90.0, dtype=np.float32)
    past = _past_sternum(cage, side * 70.0, 1.0)[0]
    across = ANGLES - 1 if side < 0 else ANGLES // 2 + 1
    assert past[across], "through the heart to the other side"
    assert not past[FRONT], "straight on to the ribs in front"
    assert not past[: ANGLES // 2].any(), "behind"
    mirrored = _past_sternum(cage, -side * 70.0, 1.0)[0]
    assert np.array_equal(past, mirrored[(ANGLES // 2 - np.arange(ANGLES)) % ANGLES])


def test_where_there_is_no_wall_there_is_nothing_to_pass() -> None:
    assert not _past_sternum(np.full((2, ANGLES), np.inf, dtype=np.float32), 70.0, 1.0).any()


def test_rays_that_end_beside_the_breastbone_stay() -> None:
    end = np.full((1, ANGLES), 70.0 - STERNUM_MM, dtype=np.float32)
    assert not _past_sternum(end, 70.0, 1.0).any()

from __future__ import annotations

import numpy as np

from ctreview.opacity.borders import moving_organs, shared_with_moving


def _thorax() -> np.ndarray:
    """Two lungs beside a heart, above a diaphragm; slices from the feet up."""
    lung = np.zeros((6, 5, 20), dtype=bool)
    lung[2:, 1:4, 2:8] = lung[2:, 1:4, 12:18] = True
    return lung


def test_heart_and_diaphragm_move_and_the_chest_wall_does_not() -> None:
    moving = moving_organs(_thorax())
    assert moving[4, 2, 10]
    assert moving[0, 2, 4]
    assert not moving[4, 0].any()


def test_only_thick_slices_are_shared_with_the_diaphragm() -> None:
    lung = _thorax()
    assert np.array_equal(np.argwhere(shared_with_moving(lung, 5.0, 2.5).any(axis=(1, 2))), [[2]])
    assert not shared_with_moving(lung, 2.5000001, 2.5).any()

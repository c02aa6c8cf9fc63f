"""The descending aorta is found by its length, and nothing else that is round."""

from __future__ import annotations

import numpy as np

from ctreview.anatomy.coarse import CoarseImage
from ctreview.anatomy.dense_lung.aorta import find_descending_aorta
from ctreview.anatomy.dense_lung.block_noise import block_noise

SHAPE, MM = (60, 60, 80), 2.5
MIDLINE = 40


def found(heights: slice, *, in_bone: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """A round body to the left of the spine and behind the heart, in fat and beside the left lung."""
    hu = np.full(SHAPE, -100.0, dtype=np.float32)
    lungs = np.zeros(SHAPE, dtype=np.uint8)
    lungs[:, 5:55, 5:30], lungs[:, 5:55, 50:75] = 1, 2
    hu[:, 5:28, 30:50] = 40.0
    y, x = np.ogrid[: SHAPE[1], : SHAPE[2]]
    tube = np.zeros(SHAPE, dtype=bool)
    tube[heights] = np.hypot(y - 40, x - 47) * MM < 12.0
    wall = np.zeros(SHAPE, dtype=bool)
    wall[heights] = np.hypot(y - 40, x - 47) * MM < (20.0 if in_bone else 12.0)
    lungs[wall] = 0
    hu[lungs > 0] = -850.0
    hu[wall] = 400.0
    hu[tube] = 40.0
    hu += np.random.default_rng(1).normal(0.0, 15.0, SHAPE).astype(np.float32)
    coarse = CoarseImage(hu, (1, 1, 1), (MM, MM, MM), SHAPE)
    return find_descending_aorta(coarse, lungs, MIDLINE, 1.0, block_noise(coarse, lungs > 0)), tube


def test_a_long_tube_of_blood_is_found() -> None:
    ours, tube = found(slice(5, 55))
    assert np.count_nonzero(ours & tube) > 0.9 * np.count_nonzero(tube)
    assert np.count_nonzero(ours & ~tube) < 0.7 * np.count_nonzero(tube)


def test_a_mass_is_too_short_and_the_spinal_canal_lies_in_bone() -> None:
    assert not found(slice(20, 36))[0].any()
    assert not found(slice(5, 55), in_bone=True)[0].any()

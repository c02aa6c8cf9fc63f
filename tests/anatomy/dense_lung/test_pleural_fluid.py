"""Fluid has one density, which the noise of the scan alone makes vary; noise is smoothed where there is much."""

from __future__ import annotations

import numpy as np
import pytest

from ctreview.anatomy.coarse import CoarseImage
from ctreview.anatomy.dense_lung.block_noise import QUIET_HU, block_noise, quietened
from ctreview.anatomy.dense_lung.pleural_fluid import is_uniform

SHAPE = (20, 60, 60)
NO_LUNG = np.zeros(SHAPE, dtype=bool)
GAP = np.zeros(SHAPE, dtype=bool)
GAP[5:15, 20:40, 20:40] = True


def tissue(noise_hu: float) -> CoarseImage:
    hu = 40.0 + np.random.default_rng(1).normal(0.0, noise_hu, SHAPE)
    return CoarseImage(hu.astype(np.float32), (1, 1, 1), (2.0, 2.0, 2.0), SHAPE)


@pytest.mark.parametrize(("level", "gas", "fluid"), [(10.0, 0.0, True), (-90.0, 0.0, False), (30.0, -120.0, False)])
def test_fat_and_food_are_no_fluid(level: float, gas: float, fluid: bool) -> None:
    coarse = tissue(12.0)
    hu = coarse.array - 40.0 + level
    hu[:, ::2, :] += gas
    assert is_uniform(hu, GAP, NO_LUNG, block_noise(coarse, NO_LUNG)) == fluid


def test_noise_is_smoothed_only_where_there_is_much() -> None:
    quiet, loud = tissue(12.0), tissue(40.0)
    assert quietened(quiet, NO_LUNG)[0] is quiet
    smoothed, noise = quietened(loud, NO_LUNG)
    assert block_noise(smoothed, NO_LUNG) == noise <= QUIET_HU

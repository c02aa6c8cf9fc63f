"""Distances to the border of a mask are those of an independent program, to the last bit."""

import edt
import numpy as np
import pytest
from scipy import ndimage

from ctreview.volume.distance import beside, dilated, distance, eroded

SPACINGS = [(1.0, 0.66, 0.66), (2.5, 0.742, 0.742), (2.0, 2.1, 2.2)]


def _blobs() -> np.ndarray:
    mask = np.random.default_rng(3).random((14, 24, 30)) < 0.9
    mask[:4] = True
    mask[:, :, 20:] &= np.random.default_rng(4).random((14, 24, 10)) < 0.3
    return mask


@pytest.mark.parametrize("spacing", SPACINGS)
def test_distance_is_that_of_another_program(spacing):
    mask = _blobs()
    assert np.array_equal(distance(mask, spacing), edt.edt(mask, anisotropy=spacing, black_border=False))


@pytest.mark.parametrize("radius", [0.5, 2.1, 4.0, 25.0])
@pytest.mark.parametrize("spacing", SPACINGS)
def test_masks_grow_and_shrink_by_distance(spacing, radius):
    mask = _blobs()
    inner, outer = (edt.edt(part, anisotropy=spacing, black_border=False) for part in (mask, ~mask))
    assert np.array_equal(eroded(mask, radius, spacing), inner > radius)
    assert np.array_equal(dilated(mask, radius, spacing), outer <= radius)


def test_without_a_border_nothing_is_near():
    whole = np.ones((3, 4, 5), dtype=bool)
    assert np.isinf(distance(whole, (1.0, 1.0, 1.0))).all()
    assert eroded(whole, 9.0, (1.0, 1.0, 1.0)).all()
    assert not dilated(~whole, 9.0, (1.0, 1.0, 1.0)).any()


def test_the_six_neighbours():
    mask, cross = ~_blobs(), ndimage.generate_binary_structure(3, 1)
    mask[0, 0, 0] = True
    assert np.array_equal(beside(mask), ndimage.binary_dilation(mask, cross))
    assert np.array_equal(~beside(~mask), ndimage.binary_erosion(mask, cross, border_value=1))

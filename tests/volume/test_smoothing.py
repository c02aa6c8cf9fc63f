"""Gaussian smoothing is that of scipy, to the last bit."""

import numpy as np
import pytest
from scipy import ndimage

from ctreview.volume.smoothing import gaussian


@pytest.mark.parametrize("mode", ["reflect", "nearest", "constant"])
@pytest.mark.parametrize("sigma", [(0.6, 1.3, 2.1), (4.0, 0.0, 9.0)])
def test_smoothing_is_that_of_scipy(sigma, mode):
    values = np.random.default_rng(1).normal(-700.0, 200.0, (9, 12, 17)).astype(np.float32)
    expected = ndimage.gaussian_filter(values, sigma, truncate=3.0, mode=mode)
    assert np.array_equal(gaussian(values, sigma, truncate=3.0, mode=mode, threads=2), expected)

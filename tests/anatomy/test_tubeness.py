from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctreview.anatomy.tubeness import update_tubeness

SPACING = (1.0, 1.0, 1.0)


def strength(
    image: np.ndarray, scale: float, least: float = -2000.0, flatness: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    from scipy.ndimage import gaussian_filter

    smooth = gaussian_filter(image.astype(np.float32), scale)
    bright, dark = np.zeros_like(smooth), np.zeros_like(smooth)
    update_tubeness(smooth, np.ones(smooth.shape, dtype=bool), SPACING, scale, least, flatness, bright, dark)
    return bright, dark


def across(axis: tuple[float, float, float]) -> np.ndarray:
    """Squared distance of each voxel of a cube from a line through its middle."""
    index = np.stack(np.meshgrid(*[np.arange(41) - 20.0] * 3, indexing="ij"), axis=-1)
    along = np.asarray(axis) / np.linalg.norm(axis)
    return np.asarray((index**2).sum(axis=-1) - (index @ along) ** 2)


@settings(deadline=None, max_examples=15)
@given(
    axis=st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda a: np.linalg.norm(a) > 0.3),
    contrast=st.floats(50, 900),
)
def test_a_tube_gives_a_quarter_of_its_contrast_in_any_direction(
    axis: tuple[float, float, float], contrast: float
) -> None:
    width = 2.0
    image = -850 + contrast * np.exp(-across(axis) / (2 * width**2))
    bright, dark = strength(image, width)
    assert bright[20, 20, 20] == pytest.approx(contrast / 4, rel=0.12)
    assert dark[20, 20, 20] == 0


def test_a_hollow_tube_is_dark() -> None:
    image = -850 - 150 * np.exp(-across((1, 0, 0)) / 8)
    bright, dark = strength(image, 2.0)
    assert dark[20, 20, 20] == pytest.approx(150 / 4, rel=0.1)
    assert bright[20, 20, 20] == 0


def test_a_plate_gives_nothing_and_a_ball_a_quarter_of_a_tube() -> None:
    index = np.arange(41) - 20.0
    plate = np.broadcast_to(400 * np.exp(-(index**2) / 8), (41, 41, 41))
    assert strength(plate, 2.0)[0][20, 20, 20] == pytest.approx(0, abs=1)
    squares = index**2
    ball = 400 * np.exp(-(squares[:, None, None] + squares[:, None] + squares) / 8)
    # blurring by its own width leaves 2^−1.5 of its height, and half the scale-normalised curvature
    expected = 0.25 * 400 * 2**-1.5 / 2
    assert strength(ball, 2.0)[0][20, 20, 20] == pytest.approx(expected, rel=0.1)


def test_the_round_edge_of_a_wide_patch_counts_less_where_flatness_does() -> None:
    column = np.where(across((1, 0, 0)) < 14**2, 30.0, -860.0)
    round_only, flat_too = (strength(column, 4.0, least=-250.0, flatness=f)[0][20] for f in (0.0, 0.5))
    assert np.count_nonzero(flat_too > 30) < 0.5 * np.count_nonzero(round_only > 30)
    vessel = -860 + 900 * np.exp(-across((1, 0, 0)) / 32)
    assert strength(vessel, 4.0, flatness=0.5)[0][20, 20, 20] == pytest.approx(225, rel=0.1)


def test_what_is_too_thin_a_haze_is_no_bright_tube() -> None:
    image = -850 + 300 * np.exp(-across((0, 1, 0)) / 8)
    assert strength(image, 2.0, least=-500.0)[0].max() == 0

from __future__ import annotations

import numpy as np
import pytest

from ctreview.errors import WrongUse
from ctreview.image_quality import measure_spread
from ctreview.volume.geometry import Geometry
from ctreview.volume.volume import Volume
from tests.image_quality.bodies import ellipsoid


@pytest.mark.parametrize("spread_mm", [(0.5, 0.8), (0.8, 1.5), (1.3, 0.9), (1.6, 2.0)])
def test_both_spreads_are_found(spread_mm: tuple[float, float]) -> None:
    found = measure_spread(ellipsoid(spread_mm))
    assert (found.in_plane_mm, found.through_plane_mm) == pytest.approx(spread_mm, rel=0.15)


@pytest.mark.parametrize("spacing_mm", [1.0, 5.0, 8.0])
def test_the_spread_through_the_plane_does_not_depend_on_how_far_slices_lie_apart(spacing_mm: float) -> None:
    found = measure_spread(ellipsoid((0.7, 1.4), (spacing_mm, 0.8, 0.8)))
    assert found.through_plane_mm == pytest.approx(1.4, rel=0.15)


def test_noise_does_not_pass_for_sharpness() -> None:
    found = measure_spread(ellipsoid((0.9, 1.2), noise_hu=30.0))
    assert found.in_plane_mm == pytest.approx(0.9, rel=0.2)


def test_without_edges_the_voxels_size_stands_in() -> None:
    uniform = Volume(np.full((5, 40, 40), 30, np.int16), Geometry((5, 40, 40), np.eye(4), "1.2.3"))
    found = measure_spread(uniform)
    assert not found.measured
    assert found.in_plane_mm == pytest.approx(0.45)


def test_only_hu_have_edges_of_known_height() -> None:
    volume = Volume(np.zeros((5, 40, 40)), Geometry((5, 40, 40), np.eye(4), "1.2.3"), "ms")
    with pytest.raises(WrongUse, match="HU"):
        measure_spread(volume)

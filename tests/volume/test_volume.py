"""A volume says itself whether it is in HU."""

from __future__ import annotations

import numpy as np
import pytest

from ctreview.errors import WrongUse
from ctreview.volume import Geometry, Volume

GRID = Geometry.aligned((2, 3, 4), (1, 1, 1), frame_of_reference="1.2")


def test_what_needs_hu_says_so_and_what_was_given() -> None:
    array = np.zeros(GRID.shape, np.int16)
    Volume(array, GRID).require_hu("mass follows from")
    with pytest.raises(WrongUse, match="mass follows from HU, and this volume is in arbitrary") as refused:
        Volume(array, GRID, "arbitrary").require_hu("mass follows from", remedy="Load a CT.")
    assert refused.value.remedy == "Load a CT."


def test_a_copy_is_the_same_image_whatever_its_header_says() -> None:
    array = np.random.default_rng(0).integers(-1000, 500, (3, 4, 5)).astype(np.int16)
    grid = Geometry.aligned((3, 4, 5), (2.0, 1.0, 1.0), frame_of_reference="1.2.3")
    moved = Geometry.aligned((3, 4, 5), (2.0, 1.0, 1.0), origin=(5, 0, 0), frame_of_reference="9.9")
    wider = Geometry.aligned((3, 4, 5), (3.0, 1.0, 1.0), frame_of_reference="1.2.3")
    noisy = array.copy()
    noisy[0, 0, 0] += 1
    one = Volume(array, grid)
    assert one.same_image(Volume(array.copy(), moved))
    assert not one.same_image(Volume(array, wider))
    assert not one.same_image(Volume(noisy, grid))

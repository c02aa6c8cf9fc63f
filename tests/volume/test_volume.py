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

"""What regions win from each other where the border between them moves."""

from __future__ import annotations

import numpy as np

from ctreview.change.border_sensitivity import border_sensitivities
from ctreview.opacity import OPACITY_SCHEME
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.regions import BorderShift, Partition, Regions

GRID = Geometry.aligned((1, 1, 10), (10.0, 10.0, 10.0), frame_of_reference="source:test")


def test_what_one_region_wins_the_other_loses() -> None:
    whole = Partition(np.ones(GRID.shape, np.uint8), {"organ": (1,)})
    cells = np.array([[[1] * 5 + [2] * 5]], dtype=np.uint8)
    halves = Partition(cells, {"near": (1,), "far": (2,)})
    opacity = np.zeros(GRID.shape, np.uint8)
    opacity[..., 5] = OPACITY_SCHEME["ground_glass"].value
    shifts = (
        BorderShift("fissure", 1, 1, np.array([5, 6]), np.array([1, 1], np.uint8)),
        BorderShift("fissure", -1, 1, np.array([3, 4]), np.array([2, 2], np.uint8)),
    )
    regions = Regions(GRID, (whole, halves), (), shifts)
    found = border_sensitivities(regions, LabelMap(opacity, GRID, OPACITY_SCHEME))["fissure"]
    assert regions.names == ("organ", "near", "far")
    assert np.allclose(found.volume_ml, [0.0, 2.0, -2.0])
    assert np.allclose(found.opacity_ml[:, -1], [0.0, 0.5, -0.5])

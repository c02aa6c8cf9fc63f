"""Timepoints that are put together from stored label maps."""

from __future__ import annotations

import numpy as np
import pytest

from ctreview.anatomy import LUNG_SCHEME
from ctreview.errors import UnreadableFile
from ctreview.opacity.scheme import OPACITY_SCHEME
from ctreview.recipes.chest_ct.masks import regions_from_masks, timepoint_from_masks
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.volume import Volume

GRID = Geometry.aligned((12, 10, 14), (5.0, 5.0, 5.0), frame_of_reference="one")
LUNGS = np.zeros(GRID.shape, np.uint8)
LUNGS[1:11, 1:9, 1:6], LUNGS[1:11, 1:9, 8:13] = 1, 2
LOBES = Scheme((Label(1, "left_upper_lobe", (1, 2, 3)), Label(2, "left_lower_lobe", (3, 2, 1))))


def lungs() -> LabelMap:
    return LabelMap(LUNGS, GRID, LUNG_SCHEME)


def opacity() -> LabelMap:
    return LabelMap(np.zeros(GRID.shape, np.uint8), GRID, OPACITY_SCHEME)


def volume() -> Volume:
    return Volume(np.full(GRID.shape, -800, np.int16), GRID, "HU")


def test_stored_lobes_are_counted_again() -> None:
    numbers = np.where(LUNGS == 2, 2, 0).astype(np.uint8)
    numbers[6:][LUNGS[6:] == 2] = 1
    point = timepoint_from_masks(volume(), [opacity(), LabelMap(numbers, GRID, LOBES), lungs()])
    assert {"left_upper_lobe", "left_lower_lobe/basal"} <= set(point.regions.names)


def test_without_stored_lobes_none_are_invented() -> None:
    point = timepoint_from_masks(volume(), [lungs(), opacity()])
    assert not [name for name in point.regions.names if "lobe" in name]
    assert "left_lung" in point.regions.names


@pytest.mark.parametrize(("masks", "missing"), [([opacity()], "lungs"), ([lungs()], "opacity")])
def test_what_is_missing_is_named(masks: list[LabelMap], missing: str) -> None:
    with pytest.raises(UnreadableFile, match=f"here: the masks hold no {missing}"):
        timepoint_from_masks(volume(), masks, where="here")


def test_without_lungs_there_are_no_regions() -> None:
    assert regions_from_masks([opacity()]) is None

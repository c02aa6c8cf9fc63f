"""Label maps and regions."""

from __future__ import annotations

import numpy as np
import pytest

from ctreview.errors import WrongUse
from ctreview.volume import Geometry, Label, LabelMap, Partition, Regions, Scheme

GRID = Geometry.aligned((3, 4, 5), (2.0, 1.0, 1.0), frame_of_reference="1.2.3")
SCHEME = Scheme((Label(1, "right_lung", (1, 2, 3)), Label(2, "left_lung", (4, 5, 6)), Label(7, "trachea", (7, 8, 9))))


def _labels(kind: type = np.uint8) -> LabelMap:
    array = np.zeros(GRID.shape, kind)
    array[0], array[1, :2], array[2, 0, 0] = 1, 2, 7
    return LabelMap(array, GRID, SCHEME)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.uint32])
def test_masks_and_volumes(kind: type) -> None:
    labels = _labels(kind)
    assert labels.voxels == {"right_lung": 20, "left_lung": 10, "trachea": 1}
    assert labels.mask("right_lung", "trachea").sum() == 21
    assert labels.mask().sum() == 31
    assert labels.volume_ml("right_lung", "left_lung") == pytest.approx(30 * 0.002)
    assert SCHEME["left_lung"].name == "left lung"


def test_wrong_use_is_named() -> None:
    with pytest.raises(WrongUse, match="right_lung, left_lung, trachea"):
        SCHEME["liver"]
    with pytest.raises(WrongUse, match="unsigned"):
        LabelMap(np.zeros(GRID.shape, np.int16), GRID, SCHEME)
    with pytest.raises(WrongUse, match="unique"):
        Scheme((Label(1, "a", (0, 0, 0)), Label(1, "b", (0, 0, 0))))
    with pytest.raises(WrongUse, match="fill"):
        LabelMap(np.zeros((2, 2, 2), np.uint8), GRID, SCHEME)


def test_regions_count_and_sum_what_their_masks_hold() -> None:
    rng = np.random.default_rng(0)
    cells = rng.integers(0, 5, GRID.shape).astype(np.uint8)
    halves = (rng.integers(0, 3, GRID.shape)).astype(np.uint8)
    regions = Regions(
        GRID,
        (
            Partition(cells, {"lungs": (1, 2, 3, 4), "right_lung": (1, 2), "left_lung": (3, 4)}),
            Partition(halves, {"lungs/ventral": (1,), "lungs/dorsal": (2,)}),
        ),
    )
    labels = rng.integers(0, 3, GRID.shape).astype(np.uint8)
    values = rng.normal(size=GRID.shape)
    assert regions.names == ("lungs", "right_lung", "left_lung", "lungs/ventral", "lungs/dorsal")
    for name in regions.names:
        mask = regions.mask(name)
        assert list(regions.count(labels, 3)[name]) == [int((labels[mask] == value).sum()) for value in range(3)]
        assert regions.total(values)[name] == pytest.approx(float(values[mask].sum()))
    with pytest.raises(WrongUse, match="lungs/ventral"):
        regions.mask("liver")


def test_labels_from_a_file_are_described_as_the_code_knows_them() -> None:
    known = Scheme((Label(1, "haze", (0, 0, 0), severity=2), Label(2, "base", (0, 0, 0), counted=False, may_be="haze")))
    stored = Scheme((Label(5, "base", (1, 1, 1)), Label(6, "other", (2, 2, 2))))
    read = LabelMap(np.full(GRID.shape, 5, np.uint8), GRID, stored)
    found = read.described_by(known)
    assert [(label.value, label.counted) for label in found.scheme] == [(5, False), (6, True)]
    assert (found.counted_ml(), read.counted_ml()) == (0.0, pytest.approx(0.12))

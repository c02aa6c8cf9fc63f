from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ctreview.change.tally import Tally
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.regions import Partition, Regions

GRID = Geometry.aligned((5, 6, 7), (2, 1, 1), frame_of_reference="1.2")
SCHEME = Scheme((Label(1, "ground_glass", (255, 200, 0)), Label(3, "consolidation", (0, 100, 200))))


@given(st.integers(0, 2**32 - 1))
def test_following_boxes_gives_what_counting_anew_gives(seed: int) -> None:
    random = np.random.default_rng(seed)
    parts = Partition(random.integers(0, 4, GRID.shape).astype(np.uint8), {"a": (1, 2, 3), "b": (2,)})
    whole = Partition((parts.cells > 0).astype(np.uint8), {"all": (1,)})
    regions = Regions(GRID, (whole, parts))
    array = random.choice([0, 1, 3], GRID.shape).astype(np.uint8)
    tally = Tally(regions, LabelMap(array, GRID, SCHEME))
    for _ in range(4):
        start = tuple(int(random.integers(0, n)) for n in GRID.shape)
        size = tuple(int(random.integers(1, n - s + 1)) for s, n in zip(start, GRID.shape, strict=True))
        box = tuple(slice(s, s + n) for s, n in zip(start, size, strict=True))
        before = array[box].copy()
        array[box] = random.choice([0, 1, 3], size)
        tally.follow(start, before, array[box])  # type: ignore[arg-type]
    counted = regions.count(array, 4)
    assert tally.volumes_ml == {name: counted[name].sum() * GRID.voxel_ml for name in regions.names}
    for name, row in tally.ml().items():
        assert row["ground_glass"] == counted[name][1] * GRID.voxel_ml
        assert row["consolidation"] == counted[name][3] * GRID.voxel_ml

from __future__ import annotations

import numpy as np
from napari_ctreview.viewer.readout import ReadoutSource, read

from ctreview.anatomy import divide_lungs
from ctreview.change.fate import FATE_SCHEME
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.volume import Volume

GRID = Geometry.aligned((4, 5, 6), (2, 2, 2), frame_of_reference="1.2.3")
HU = Volume(np.arange(120).reshape(4, 5, 6).astype(np.int16) - 900, GRID)


def labels(values: dict[tuple[int, int, int], int], *keys: str) -> LabelMap:
    array = np.zeros(GRID.shape, np.uint8)
    for place, value in values.items():
        array[place] = value
    return LabelMap(array, GRID, Scheme(tuple(Label(n, key, (0, 0, 0)) for n, key in enumerate(keys, 1))))


def test_a_voxel_is_read_with_value_class_and_fate() -> None:
    place = (1, 2, 3)
    fate = LabelMap(labels({place: 1}, "x").array, GRID, FATE_SCHEME)
    known = ReadoutSource(classes=(labels({}, "vessel"), labels({place: 1}, "ground_glass")), fate=fate)
    found = read(GRID.to_lps(place), HU, known)
    assert found.index == place
    assert found.value == HU.array[place]
    assert found.lines == (f"−{abs(int(HU.array[place]))} HU", "ground glass", "below threshold at follow-up")
    assert read(GRID.to_lps((1, 2, 4)), HU, known).lines[1:] == ()


def test_the_first_map_that_names_a_voxel_names_it() -> None:
    place = (0, 0, 0)
    known = ReadoutSource(classes=(labels({place: 1}, "vessel"), labels({place: 1}, "ground_glass")))
    assert read(GRID.to_lps(place), HU, known).kind == "vessel"


def test_the_region_is_the_smallest_part_with_where_in_it(pair) -> None:
    phantom = pair.before
    regions = divide_lungs(phantom.lungs, lobes=phantom.lobes)
    wanted = regions.mask("right_upper_lobe/ventral") & regions.mask("right_upper_lobe/peripheral")
    place = phantom.lungs.geometry.to_lps(np.argwhere(wanted)[0])
    words = read(place, phantom.volume, ReadoutSource(regions=regions)).region.split(", ")
    assert words[0] == "right upper lobe"
    assert {"ventral", "peripheral"} <= set(words)
    outside = phantom.lungs.geometry.to_lps(np.argwhere(~regions.mask("lungs"))[0])
    assert read(outside, phantom.volume, ReadoutSource(regions=regions)).region == ""


def test_outside_the_scan_nothing_is_claimed() -> None:
    assert read(GRID.to_lps((9, 0, 0)), HU).lines == ("outside the scan",)

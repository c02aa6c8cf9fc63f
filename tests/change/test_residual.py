import numpy as np
import pytest

from ctreview.change import measure, name_residual
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.regions import Partition, Regions
from ctreview.volume.volume import Volume

from .bodies import DIVISIONS, OPACITY

GRID = Geometry.aligned((12, 10, 20), (10.0, 10.0, 10.0), frame_of_reference="source:test")
THIRDS, HALVES = ("basal", "middle", "apical"), ("ventral", "dorsal")


def sides(names=("right_lung", "left_lung")) -> Regions:
    third = np.arange(12)[:, None, None] // 4
    half = np.arange(10)[None, :, None] // 5
    side = np.arange(20)[None, None, :] // 10
    cells = (1 + third + 3 * half + 6 * side).astype(np.uint8)
    found = {}
    for number, name in enumerate(names):
        own = {(t, h): 1 + t + 3 * h + 6 * number for t in range(3) for h in range(2)}
        found[name] = tuple(own.values())
        found |= {f"{name}/{word}": tuple(own[t, h] for h in range(2)) for t, word in enumerate(THIRDS)}
        found |= {f"{name}/{word}": tuple(own[t, h] for t in range(3)) for h, word in enumerate(HALVES)}
    whole = Partition(np.ones(GRID.shape, dtype=np.uint8), {"lungs": (1,)})
    return Regions(GRID, (whole, Partition(np.broadcast_to(cells, GRID.shape), found)), DIVISIONS)


def sentence(*places, regions=None):
    array = np.zeros(GRID.shape, dtype=np.uint8)
    for place in places:
        array[place] = 1
    regions = regions or sides()
    volume = Volume(np.full(GRID.shape, -800, dtype=np.int16), GRID)
    return name_residual(measure(volume, regions, LabelMap(array, GRID, OPACITY)), regions)


def test_one_place():
    assert sentence(np.s_[0:2, 0:3, 0:2]) == (
        "12.0 mL are left: 100 % in the right lung (100 % of that in its basal third, 100 % in its ventral half)."
    )


def test_two_places_largest_first_and_a_part_only_where_it_stands_out():
    said = sentence(np.s_[0:6, 2:8, 2], np.s_[8:12, 8:10, 14:17])
    assert said == (
        "60.0 mL are left: 60 % in the right lung (67 % of that in its basal third); "
        "40 % in the left lung (100 % of that in its apical third, 100 % in its dorsal half)."
    )


def test_lobes_are_named_where_they_are_known():
    lobes = sides(("right_middle_lobe", "left_upper_lobe"))
    assert "100 % in the right middle lobe" in sentence(np.s_[0, 0, 0], regions=lobes)
    assert sentence(np.s_[0, 0, 0], regions=lobes).startswith("1.0 mL is left")


def test_nothing_left():
    assert sentence() == "Nothing above the threshold is left."


@pytest.mark.parametrize("share", [0.9, 0.7])
def test_a_place_is_left_out_once_most_is_named(share):
    many = round(100 * share)
    flat = np.zeros((12, 10, 20), dtype=bool)
    right, left = (
        np.nonzero(np.indices(GRID.shape)[2].ravel() < 10)[0],
        np.nonzero(np.indices(GRID.shape)[2].ravel() >= 10)[0],
    )
    flat.ravel()[right[:many]] = True
    flat.ravel()[left[: 100 - many]] = True
    said = sentence(flat)
    assert f"{many} % in the right lung" in said
    assert ("left lung" in said) == (share < 0.85)

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ctreview.anatomy import LUNG_SCHEME, divide_lungs
from ctreview.anatomy.regions import PERIPHERAL_MM
from ctreview.errors import GridMismatch, SegmentationFailed
from ctreview.phantom import Phantom
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme

PLACES = ("apical", "middle", "basal", "ventral", "dorsal", "central", "peripheral")


def grid(shape: tuple[int, int, int], spacing: float = 2.0) -> Geometry:
    return Geometry.aligned(shape, (spacing, spacing, spacing), frame_of_reference="source:test")


def two_boxes(shape: tuple[int, int, int] = (40, 30, 60)) -> npt.NDArray[Any]:
    """A right lung of height 24 and a left lung of height 30, both 20 deep and 20 wide."""
    array = np.zeros(shape, dtype=np.uint8)
    array[8:32, 5:25, 5:25] = 1
    array[5:35, 5:25, 35:55] = 2
    return array


def voxels(regions: Any, labels: LabelMap) -> dict[str, int]:
    ones = np.zeros(labels.geometry.shape, dtype=np.uint8)
    return {name: int(counts[0]) for name, counts in regions.count(ones, 1).items()}


def test_every_name_of_the_design_is_there_and_sums_agree() -> None:
    lungs = LabelMap(two_boxes(), grid((40, 30, 60)), LUNG_SCHEME)
    regions = divide_lungs(lungs)
    parts = ("lungs", "right_lung", "left_lung")
    assert set(regions.names) == {*parts, *(f"{part}/{place}" for part in parts for place in PLACES)}
    count = voxels(regions, lungs)
    assert count["lungs"] == count["right_lung"] + count["left_lung"] == np.count_nonzero(lungs.array)
    for part in parts:
        assert count[part] == sum(count[f"{part}/{place}"] for place in ("apical", "middle", "basal"))
        assert count[part] == count[f"{part}/ventral"] + count[f"{part}/dorsal"]
        assert count[part] == count[f"{part}/central"] + count[f"{part}/peripheral"]


def test_thirds_are_those_of_the_part_and_not_of_the_whole() -> None:
    lungs = LabelMap(two_boxes(), grid((40, 30, 60)), LUNG_SCHEME)
    regions = divide_lungs(lungs)
    right, whole = regions.mask("right_lung/basal"), regions.mask("lungs/basal")
    assert np.flatnonzero(right.any(axis=(1, 2))).tolist() == list(range(8, 16))
    assert np.flatnonzero(whole.any(axis=(1, 2))).tolist() == list(range(5, 15))
    top = regions.mask("right_lung/apical")
    assert np.flatnonzero(top.any(axis=(1, 2))).tolist() == list(range(24, 32))


def test_ventral_is_in_front() -> None:
    lungs = LabelMap(two_boxes(), grid((40, 30, 60)), LUNG_SCHEME)
    ventral = divide_lungs(lungs).mask("left_lung/ventral")
    assert np.flatnonzero(ventral.any(axis=(0, 2))).tolist() == list(range(5, 15))


def test_the_rim_is_as_deep_as_the_size_of_the_lungs_says() -> None:
    # two lungs of 100 × 200 × 125 mm hold 5 L: the rim is 20 mm deep
    array = np.zeros((60, 110, 140), dtype=np.uint8)
    array[5:55, 5:105, 3:65] = 1
    array[5:55, 5:105, 75:137] = 2
    lungs = LabelMap(array, grid(array.shape), LUNG_SCHEME)
    ml = lungs.volume_ml("right_lung", "left_lung")
    depth = PERIPHERAL_MM * (ml / 5000.0) ** (1 / 3)
    core = divide_lungs(lungs).mask("right_lung/central")
    inside = [(np.flatnonzero(core.any(axis=tuple(k for k in range(3) if k != axis)))) for axis in range(3)]
    for hit, (first, last) in zip(inside, ((5, 54), (5, 104), (3, 64)), strict=True):
        assert (hit[0] - first) * 2.0 == pytest.approx(depth, abs=2.0)
        assert (last - hit[-1]) * 2.0 == pytest.approx(depth, abs=2.0)


def test_where_the_field_of_view_cuts_the_lung_is_no_pleura() -> None:
    array = np.zeros((40, 60, 60), dtype=np.uint8)
    array[:, 5:55, :50] = 1  # cut below, above and to the right
    core = divide_lungs(LabelMap(array, grid(array.shape), LUNG_SCHEME)).mask("right_lung/central")
    assert core[0].any()
    assert core[:, :, 0].any()
    assert not core[:, 5].any()


def test_thirds_follow_the_patient_where_the_grid_is_oblique() -> None:
    turn = np.deg2rad(25.0)
    affine = np.eye(4)
    # axis 0 leans backwards: a plain cut across axis 0 would be wrong by tan 25°
    affine[:3, 0] = (0, 2 * np.sin(turn), 2 * np.cos(turn))
    affine[:3, 1] = (0, 2 * np.cos(turn), -2 * np.sin(turn))
    affine[:3, 2] = (2, 0, 0)
    array = np.zeros((60, 60, 30), dtype=np.uint8)
    array[10:50, 10:50, 5:25] = 1
    lungs = LabelMap(array, Geometry(array.shape, affine, "source:test"), LUNG_SCHEME)
    regions = divide_lungs(lungs)
    heights = {
        place: lungs.geometry.to_lps(np.argwhere(regions.mask(f"right_lung/{place}")))[:, 2]
        for place in ("apical", "middle", "basal")
    }
    assert heights["basal"].max() < heights["middle"].min() + 1e-6
    assert heights["middle"].max() < heights["apical"].min() + 1e-6
    spans = [np.ptp(values) for values in heights.values()]
    assert max(spans) - min(spans) < 2 * 2.0


def test_lobes_are_divided_too_and_counted_inside_the_lungs_only(adult: Phantom) -> None:
    regions = divide_lungs(adult.lungs, lobes=adult.lobes)
    count = voxels(regions, adult.lungs)
    lobes = [label.key for label in adult.lobes.scheme]
    assert len(lobes) == 5
    inside = adult.lungs.mask("right_lung", "left_lung")
    for lobe in lobes:
        assert count[lobe] == np.count_nonzero(adult.lobes.mask(lobe) & inside) > 0
        assert count[lobe] == sum(count[f"{lobe}/{place}"] for place in ("apical", "middle", "basal"))


def test_a_map_without_any_lobe_leaves_the_regions_of_the_lungs() -> None:
    lungs = LabelMap(two_boxes(), grid(two_boxes().shape), LUNG_SCHEME)
    assert divide_lungs(lungs, lobes=lungs).names == divide_lungs(lungs).names


def test_a_single_lung_has_no_regions_of_the_other() -> None:
    array = two_boxes()
    array[array == 2] = 0
    names = divide_lungs(LabelMap(array, grid(array.shape), LUNG_SCHEME)).names
    assert "right_lung/apical" in names
    assert not [name for name in names if name.startswith("left")]


def test_airways_belong_to_no_region() -> None:
    array = two_boxes()
    array[20:38, 14:18, 28:32] = 3
    lungs = LabelMap(array, grid(array.shape), LUNG_SCHEME)
    assert not (divide_lungs(lungs).mask("lungs") & (array == 3)).any()


def test_no_lung_and_another_place_are_refused() -> None:
    shape = (8, 8, 8)
    empty = LabelMap(np.zeros(shape, dtype=np.uint8), grid(shape), LUNG_SCHEME)
    with pytest.raises(SegmentationFailed, match="no lung"):
        divide_lungs(empty)
    lobes = LabelMap(
        np.ones(shape, dtype=np.uint8), grid(shape, 3.0), Scheme((Label(1, "right_upper_lobe", (0, 0, 0)),))
    )
    with pytest.raises(GridMismatch):
        divide_lungs(empty, lobes=lobes)

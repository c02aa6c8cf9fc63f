from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ctreview.anatomy.mid_plane import find_mid_plane
from ctreview.dicom import find_series
from ctreview.volume.geometry import Geometry
from ctreview.volume.load import load_volume
from ctreview.volume.volume import Volume


def limbs(*middles: float, radius: float = 40.0, frame: str = "1.2.3") -> Volume:
    grid = Geometry.aligned((6, 60, 160), (6.0, 2.0, 2.0), origin=(-100, -60, 0), frame_of_reference=frame)
    index = np.stack(np.meshgrid(*(np.arange(n) for n in grid.shape), indexing="ij"), axis=-1)
    points = grid.to_lps(index)
    array = np.random.default_rng(0).rayleigh(5.0, grid.shape).astype(np.float32)
    for middle in middles:
        array[np.hypot(points[..., 0] - middle, points[..., 1]) < radius] += 300
    return Volume(array, grid, "arbitrary")


@pytest.mark.parametrize("apart", [80.0, 95.0])
def test_two_limbs_are_parted_by_the_gap_between_them(apart: float) -> None:
    found = find_mid_plane(limbs(60 - apart / 2, 60 + apart / 2))
    assert found.method == "gap between the limbs"
    assert found.x_mm == pytest.approx(60, abs=2.1)


def test_a_trunk_is_parted_in_its_middle() -> None:
    found = find_mid_plane(limbs(25, radius=50))
    assert (found.method, found.x_mm) == ("middle of the body", pytest.approx(25, abs=2.1))


@pytest.mark.parametrize("middle", [-50.0, 60.0])
def test_one_limb_lies_on_the_side_that_the_scanner_says(middle: float) -> None:
    found = find_mid_plane(limbs(middle))
    assert (found.method, found.x_mm) == ("patient's x = 0", 0.0)


def test_a_file_without_patient_coordinates_does_not_say_where_the_scanner_is() -> None:
    assert find_mid_plane(limbs(60, frame="source:abc")).method == "middle of the body"


@pytest.mark.data
def test_real_thighs_and_a_real_limb(shared_data: Path) -> None:
    thighs = load_volume(shared_data / "thigh_mr" / "thighs.nii.gz")
    found = find_mid_plane(thighs)
    assert found.method == "gap between the limbs"
    assert found.x_mm == pytest.approx(-478, abs=4), "read from the image"
    (series,) = find_series(shared_data / "t1_mr" / "dicom")
    assert find_mid_plane(load_volume(series)).method == "patient's x = 0"

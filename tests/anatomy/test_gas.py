"""Gas planted where lung is, was, or lies close: with noise, a blur, and a wall thinner than a voxel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage

from ctreview.anatomy import LungMap, find_lungs
from ctreview.anatomy.body import Body
from ctreview.anatomy.coarse import CoarseImage
from ctreview.anatomy.gas import find_gas, outside_lung
from ctreview.checks import Check
from ctreview.phantom import Phantom
from ctreview.volume.box import bounding_box
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

Mask = npt.NDArray[np.bool_]

NAMES = ("gas_under_diaphragm", "pneumothorax", "mediastinal_air", "bullae")


def lungs_of(labels: LabelMap) -> Mask:
    return labels.mask("right_lung", "left_lung")


def ball(volume: Volume, centre: tuple[float, float, float], radii: tuple[float, float, float]) -> Mask:
    """An ellipsoid around an index, of radii in millimetres."""
    axes = np.ogrid[tuple(slice(0, size) for size in volume.array.shape)]
    spacing = volume.geometry.spacing
    squares = [((axis - c) * s / r) ** 2 for axis, c, s, r in zip(axes, centre, spacing, radii, strict=True)]
    return np.asarray(squares[0] + squares[1] + squares[2] < 1)


def planted(volume: Volume, gas: Mask, wall_mm: float = 0.0, wall_hu: float = 30.0) -> Volume:
    """The scan with gas in a wall, whose voxels hold as much of it as they would of one so thin."""
    spacing = np.array(volume.geometry.spacing)
    box = bounding_box(gas, [8 + int(np.ceil(wall_mm / step)) for step in spacing])  # nothing is changed farther off
    inside = gas[box]
    near = ndimage.binary_dilation(inside, iterations=4)
    part = volume.array[box].astype(np.float32)
    away = ndimage.distance_transform_edt(~inside, sampling=spacing)
    share = np.clip((wall_mm - (away - spacing.min())) / spacing.min(), 0, 1) * ~inside
    part += (wall_hu - part) * share
    part[inside] = -985
    smooth = ndimage.gaussian_filter(part, 0.5 / spacing)
    grain = ndimage.gaussian_filter(np.random.default_rng(7).normal(0, 1, part.shape), 0.5)
    part[near] = smooth[near]
    part[inside] += grain[inside] / grain.std() * 20.0
    array = volume.array.copy()
    array[box] = np.clip(part, -1024, 3000).astype(array.dtype)
    return volume.with_array(array)


def bubble(volume: Volume, lungs: LabelMap, radius: float, lift: float) -> Mask:
    """A gastric bubble that lifts the left dome by so many millimetres."""
    left = lungs.mask("left_lung")
    _, y, x = (round(float(axis.mean())) for axis in np.nonzero(left))
    around = max(2, round(8.0 / volume.geometry.spacing[1]))
    columns = left[:, y - around : y + around, x - around : x + around]
    dome = int(np.argmax(columns, axis=0)[columns.any(axis=0)].max())
    return ball(
        volume, (dome + (lift - 0.8 * radius) / volume.geometry.spacing[0], y, x), (0.8 * radius, radius, radius)
    )


def crescent(volume: Volume, lungs: LabelMap, depth: float) -> Mask:
    """The front of the right lung above its lower third, so many millimetres deep."""
    right = lungs.mask("right_lung")
    moved = np.zeros_like(right)
    steps = round(depth / volume.geometry.spacing[1])
    moved[:, steps:] = right[:, :-steps]
    z, y, _ = np.nonzero(right)
    front = right & ~moved
    front[: int(np.percentile(z, 35))] = False
    front[:, int(np.percentile(y, 45)) :] = False
    labels, _ = ndimage.label(ndimage.binary_opening(front, iterations=1))
    return np.asarray(labels == np.argmax(np.bincount(labels.ravel())[1:]) + 1)


def check(lungs: LungMap, name: str) -> Check:
    (found,) = (item for item in lungs.checks if item.name == name)
    return found


def failed(lungs: LungMap) -> list[str]:
    return [name for name in NAMES if not check(lungs, name).ok]


def left_in_lung(found: LungMap, gas: Mask) -> float:
    return float(np.count_nonzero(lungs_of(found) & gas) / np.count_nonzero(gas))


def lost(found: LungMap, healthy: LungMap, gas: Mask) -> float:
    """How much of the lung that is left is not found any more."""
    rest = lungs_of(healthy) & ~gas
    return float(np.count_nonzero(rest & ~lungs_of(found)) / np.count_nonzero(rest))


def test_the_rim_between_two_pockets_is_counted_once() -> None:
    array = np.full((40, 40, 60), 40.0, dtype=np.float32)
    array[10:30, 10:30, 8:19] = array[10:30, 10:30, 20:27] = -990.0
    array[10:30, 10:30, 19] = -930.0  # a septum thinner than a block
    array[5:35, 2:38, 42:58] = -850.0
    coarse = CoarseImage(array, (1, 1, 1), (2.0, 2.0, 2.0), array.shape)
    body = Body(array > -200, array < -400, np.ones(array.shape, dtype=bool), -960.0, None)
    found = find_gas(coarse, body, np.zeros(array.shape, dtype=bool))
    assert len(found) == 2
    taken = outside_lung(found, array.shape, edge=False)
    assert np.count_nonzero(found[0].blocks) + np.count_nonzero(found[1].blocks) > np.count_nonzero(taken)
    assert sum(pocket.ml for pocket in found) == pytest.approx(np.count_nonzero(taken) * coarse.voxel_ml)


def test_small_pockets_count_as_gas_beside_larger_ones_of_the_same_bowel() -> None:
    """Folds and stool part the gas of a colon."""
    array = np.full((40, 60, 80), 40.0, dtype=np.float32)
    array[5:35, 42:58] = -850.0
    for middle, radius in ((12, 5), (24, 3), (66, 3)):
        z, y, x = np.ogrid[:40, :60, :80]
        array[(z - 20) ** 2 + (y - 20) ** 2 + (x - middle) ** 2 < radius**2] = -990.0
    coarse = CoarseImage(array, (1, 1, 1), (2.0, 2.0, 2.0), array.shape)
    body = Body(array > -200, array < -400, np.ones(array.shape, dtype=bool), -960.0, None)
    taken = outside_lung(find_gas(coarse, body, np.zeros(array.shape, dtype=bool)), array.shape, edge=False)
    assert taken[20, 20, 12]
    assert taken[20, 20, 24]
    assert not taken[20, 20, 66]


def test_a_healthy_phantom_has_no_gas_to_name(adult_lungs: LungMap) -> None:
    assert failed(adult_lungs) == []
    assert [check(adult_lungs, name).value for name in ("pneumothorax", "mediastinal_air", "bullae")] == [0.0] * 3


@pytest.mark.parametrize("wall_mm", [1.0, 2.0])
def test_a_gastric_bubble_that_lifts_the_dome_is_no_lung(adult: Phantom, adult_lungs: LungMap, wall_mm: float) -> None:
    gas = bubble(adult.volume, adult_lungs, 36.0, 22.0)
    found = find_lungs(planted(adult.volume, gas, wall_mm))
    assert left_in_lung(found, gas) < 0.08
    assert lost(found, adult_lungs, gas) < 0.01
    assert failed(found) == ["gas_under_diaphragm"]
    assert check(found, "gas_under_diaphragm").regions == ("left_lung",)


def test_a_pneumothorax_is_named_and_no_lung(adult: Phantom, adult_lungs: LungMap) -> None:
    gas = crescent(adult.volume, adult_lungs, 24.0)
    found = find_lungs(planted(adult.volume, gas, 1.0, -200.0))
    assert left_in_lung(found, gas) < 0.2
    assert lost(found, adult_lungs, gas) < 0.01
    assert failed(found) == ["pneumothorax"]
    assert check(found, "pneumothorax").regions == ("right_lung",)
    ml = np.count_nonzero(gas) * adult.volume.geometry.voxel_ml
    assert check(found, "pneumothorax").value == pytest.approx(ml, rel=0.3)


def test_a_bulla_is_named_and_stays_lung(adult: Phantom, adult_lungs: LungMap) -> None:
    z, y, x = np.nonzero(adult_lungs.mask("right_lung"))
    centre = float(np.percentile(z, 65)), float(y.mean()), float(x.mean())
    gas = ball(adult.volume, centre, (18.0, 18.0, 18.0))
    found = find_lungs(planted(adult.volume, gas, 0.5, -200.0))
    assert left_in_lung(found, gas) > 0.99
    assert failed(found) == ["bullae"]


def test_air_in_the_oesophagus_is_named_and_no_lung(adult: Phantom, adult_lungs: LungMap) -> None:
    z, y, x = np.nonzero(adult_lungs.mask("trachea_and_main_bronchi"))
    upper = z > np.percentile(z, 70)
    behind = y[upper].max() + round(12.0 / adult.volume.geometry.spacing[1])
    gas = ball(adult.volume, (float(np.percentile(z, 70)), behind, float(x[upper].mean())), (50.0, 6.0, 7.0))
    gas &= ndimage.distance_transform_edt(~lungs_of(adult_lungs), sampling=adult.volume.geometry.spacing) > 4.0
    found = find_lungs(planted(adult.volume, gas))
    assert left_in_lung(found, gas) == 0.0
    assert failed(found) == ["mediastinal_air"]


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name"), [("bubble", "gas_under_diaphragm"), ("crescent", "pneumothorax")])
def test_gas_planted_into_a_real_scan(normal001: tuple[Volume, LungMap], kind: str, name: str) -> None:
    volume, healthy = normal001
    assert failed(healthy) == []
    gas = bubble(volume, healthy, 42.0, 28.0) if kind == "bubble" else crescent(volume, healthy, 18.0)
    found = find_lungs(planted(volume, gas, 1.5, 30.0))
    assert left_in_lung(found, gas) < 0.15
    assert lost(found, healthy, gas) < 0.01
    assert failed(found) == [name]

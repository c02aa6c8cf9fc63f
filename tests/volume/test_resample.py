"""Sampling on other grids, and through transforms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from ctreview.errors import GridMismatch, UnreadableFile
from ctreview.volume import Geometry, Label, LabelMap, Scheme, Transform, Volume, resample, resample_labels, warp
from ctreview.volume.resample import unwarp_labels, warp_labels
from ctreview.volume.write import read_transform, write_transform

GRID = Geometry.aligned((12, 20, 24), (2.0, 1.0, 0.8), origin=(-9, -10, 5), frame_of_reference="1.2.3")
NODES = Geometry.aligned((6, 6, 6), (4.0, 4.0, 4.0), origin=(-8, -9, 6), frame_of_reference="1.2.3")
PLAIN = np.array([40.0, 25.0, -30.0])


def _ramp(grid: Geometry, dtype: type = np.int16) -> Volume:
    """A volume whose value is a linear function of the place in the patient."""
    index = np.stack(np.meshgrid(*(np.arange(n) for n in grid.shape), indexing="ij"), axis=-1)
    return Volume(np.round(grid.to_lps(index) @ PLAIN).astype(dtype), grid)


def _sheared() -> Geometry:
    affine = np.array(GRID.affine)
    affine[1, 0] = 0.6
    return replace(GRID, affine=affine)


@pytest.mark.parametrize("grid", [GRID, _sheared()], ids=["straight", "sheared"])
def test_values_stay_where_they_were_in_the_patient(grid: Geometry) -> None:
    target = Geometry.aligned((6, 9, 11), (1.3, 0.9, 1.1), origin=(-6, -4, 9), frame_of_reference="1.2.3")
    found = resample(_ramp(grid), target)
    assert found.array.dtype == np.int16
    assert np.abs(found.array - _ramp(target).array).max() <= 1


def test_rounding_does_not_darken() -> None:
    """ITK cuts decimals off; half a unit of bias would be half a unit of lung density."""
    rng = np.random.default_rng(0)
    volume = Volume(rng.integers(-1000, -500, GRID.shape).astype(np.int16), GRID)
    target = GRID.resized((1.7, 0.9, 0.9)).crop((1, 1, 1), (10, 18, 18))
    whole = resample(volume, target).array
    exact = resample(volume.with_array(volume.array.astype(np.float32)), target).array
    assert abs(float((whole - exact).mean())) < 0.02


def test_outside_is_air_for_density_and_nothing_for_labels() -> None:
    away = Geometry.aligned((3, 3, 3), (1, 1, 1), origin=(500, 0, 0), frame_of_reference="1.2.3")
    assert set(resample(_ramp(GRID), away).array.ravel()) == {-1024}
    assert set(resample(_ramp(GRID), away, fill=7).array.ravel()) == {7}
    labels = LabelMap(np.ones(GRID.shape, np.uint8), GRID, Scheme((Label(1, "all", (1, 1, 1)),)))
    assert resample_labels(labels, away).volume_ml() == 0
    assert resample_labels(labels, GRID).voxels == labels.voxels


def test_another_frame_of_reference_is_refused() -> None:
    other = replace(GRID, frame_of_reference="4.5.6")
    with pytest.raises(GridMismatch, match=r"(?s)frames of reference.*Register"):
        resample(_ramp(GRID), other)


def _transform() -> Transform:
    rng = np.random.default_rng(1)
    affine = np.array([[1.02, 0.05, 0, 2], [0, 0.97, 0.02, -1], [0.03, 0, 1.05, 0.5], [0, 0, 0, 1.0]])
    moving = replace(GRID, frame_of_reference="7.8.9")
    return Transform(GRID, moving, affine, rng.normal(0, 0.7, (3, *NODES.shape)).astype(np.float32), NODES)


def test_warping_takes_the_value_where_the_transform_points() -> None:
    transform = _transform()
    moving = Volume(_ramp(GRID, np.float32).array, transform.moving)
    found = warp(moving, transform, fill=np.nan)
    index = np.stack(np.meshgrid(*(np.arange(n) for n in GRID.shape), indexing="ij"), axis=-1)
    expected = transform.to_moving(GRID.to_lps(index)) @ PLAIN
    at = GRID.to_index(transform.to_moving(GRID.to_lps(index)))
    seen = np.all((at >= 0) & (at <= np.array(GRID.shape) - 1), axis=-1)  # beyond, the outermost voxel is repeated
    assert seen.mean() > 0.4
    assert np.abs(found.array - expected)[seen].max() < 1.0
    assert found.geometry == GRID


def test_labels_warp_with_their_volume() -> None:
    transform = _transform()
    field = np.zeros(GRID.shape, np.uint8)
    field[4:8, 6:14, 6:16] = 1
    labels = LabelMap(field, transform.moving, Scheme((Label(1, "box", (1, 1, 1)),)))
    found = warp_labels(labels, transform)
    share = warp(Volume(field.astype(np.float32), transform.moving, "fraction"), transform).array
    assert (found.mask() == (share > 0.5)).mean() > 0.97
    with pytest.raises(GridMismatch):
        warp_labels(found, transform)


@pytest.mark.parametrize("with_field", [True, False])
def test_a_written_transform_maps_as_the_one_in_memory(tmp_path: Path, with_field: bool) -> None:
    transform = _transform()
    if not with_field:
        transform = replace(transform, displacement=None, grid=None)
    write_transform(transform, tmp_path / "t.h5")
    points = np.random.default_rng(2).uniform((-20, -20, -5), (25, 25, 40), (3000, 3))
    itk = sitk.ReadTransform(str(tmp_path / "t.h5"))
    theirs = np.array([itk.TransformPoint(point.tolist()) for point in points])
    assert np.abs(theirs - transform.to_moving(points)).max() < 1e-5
    again = read_transform(tmp_path / "t.h5", transform.fixed, transform.moving)
    assert np.abs(again.to_moving(points) - transform.to_moving(points)).max() < 1e-5


def test_a_broken_transform_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.h5").write_bytes(b"no")
    with pytest.raises(UnreadableFile, match=r"t\.h5"):
        read_transform(tmp_path / "t.h5", GRID, GRID)


def test_labels_brought_forward_and_back_are_where_they_were() -> None:
    hump = np.sin(np.pi * np.arange(6) / 5)
    bump = 1.5 * hump[:, None, None] * hump[:, None] * hump
    bumps = np.stack([bump, -bump, 0.5 * bump]).astype(np.float32)
    shift = np.eye(4)
    shift[:3, 3] = (3.0, -1.0, 4.0)
    there = replace(GRID, affine=np.array(GRID.affine) + np.pad(np.array([[3.0], [-1.0], [4.0]]), ((0, 1), (3, 0))))
    transform = Transform(GRID, replace(there, frame_of_reference="9"), shift, bumps, NODES)
    index = np.indices(GRID.shape)
    ball = ((index - np.array([6, 10, 12])[:, None, None, None]) * np.array([2, 1, 0.8])[:, None, None, None]) ** 2
    labels = LabelMap((ball.sum(axis=0) < 36).astype(np.uint8), GRID, Scheme((Label(1, "all", (1, 1, 1)),)))
    forward = unwarp_labels(labels, transform)
    back = warp_labels(forward, transform)
    common = 2 * (back.mask() & labels.mask()).sum() / (back.voxels["all"] + labels.voxels["all"])
    assert common > 0.93
    centre = forward.geometry.to_lps(np.argwhere(forward.mask())).mean(axis=0)
    wanted = transform.to_moving(labels.geometry.to_lps(np.argwhere(labels.mask()))).mean(axis=0)
    # each voxel takes its nearest label, so a place is right to half a voxel of the labels' own grid
    assert np.all(np.abs(centre - wanted) <= 0.5 * np.array(labels.geometry.spacing)[::-1])
    with pytest.raises(GridMismatch):
        unwarp_labels(forward, transform)

"""Point mappings between two images."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from time import sleep, time

import numpy as np
import pytest

from ctreview.errors import WrongUse
from ctreview.volume import Geometry, Transform
from ctreview.volume.hdf5_times import without_times
from ctreview.volume.write import read_transform, write_transform

FIXED = Geometry.aligned((10, 12, 14), (3.0, 2.0, 2.0), origin=(-14, -12, 0), frame_of_reference="1.2.3")
MOVING = replace(FIXED, frame_of_reference="4.5.6")
NODES = Geometry.aligned((8, 8, 8), (4.0, 4.0, 4.0), origin=(-16, -14, -2), frame_of_reference="1.2.3")


def _transform() -> Transform:
    z, y, x = np.indices(NODES.shape)
    field = np.stack([np.sin(z / 3), np.cos(x / 4), 0.5 * np.sin(y / 2)]).astype(np.float32)
    affine = np.array([[1.05, 0.02, 0, 3], [0, 0.95, 0.04, -2], [0.01, 0, 1.02, 1], [0, 0, 0, 1.0]])
    return Transform(FIXED, MOVING, affine, field, NODES)


def test_back_and_forth_is_where_it_was() -> None:
    points = np.random.default_rng(0).uniform((-10, -8, 4), (8, 8, 20), (200, 3))
    transform = _transform()
    again = transform.to_fixed(transform.to_moving(points), tolerance_mm=1e-6)
    assert np.abs(again - points).max() < 1e-4


def test_the_displacement_is_that_of_the_nodes_and_nothing_far_outside() -> None:
    transform = _transform()
    assert transform.displacement is not None
    assert transform.displacement_at(NODES.to_lps((3, 4, 5))) == pytest.approx(transform.displacement[:, 3, 4, 5])
    away = np.array([[500.0, 0, 0]])
    assert transform.displacement_at(away) == pytest.approx(np.zeros((1, 3)))
    assert transform.to_moving(away) == pytest.approx(away @ transform.affine[:3, :3].T + transform.affine[:3, 3])


def test_halves_of_a_displacement_are_refused() -> None:
    with pytest.raises(WrongUse):
        Transform(FIXED, MOVING, np.eye(4), None, NODES)
    with pytest.raises(WrongUse):
        Transform(FIXED, MOVING, np.eye(4), np.zeros((3, 2, 2, 2), np.float32), NODES)
    with pytest.raises(WrongUse, match="frame"):
        Transform(FIXED, MOVING, np.eye(4), np.zeros((3, *MOVING.shape), np.float32), MOVING)


def test_the_same_transform_is_the_same_bytes_whenever_it_is_written(tmp_path: Path) -> None:
    """HDF5 keeps times in whole seconds."""
    write_transform(_transform(), tmp_path / "one.h5")
    first = time()
    while int(time()) == int(first):
        sleep(0.05)
    write_transform(_transform(), tmp_path / "other.h5")
    assert (tmp_path / "one.h5").read_bytes() == (tmp_path / "other.h5").read_bytes()
    found = read_transform(tmp_path / "one.h5", FIXED, MOVING)
    assert np.array_equal(found.displacement, _transform().displacement)


def test_bytes_that_only_look_like_a_header_of_hdf5_are_left_alone() -> None:
    data = np.random.default_rng(0).integers(0, 256, 4000, np.uint8).tobytes()
    for flags in (0x00, 0x20, 0x30, 0x23, 0xFF):
        assert without_times(data + b"OHDR\x02" + bytes([flags]) + data) == data + b"OHDR\x02" + bytes([flags]) + data
        assert without_times(b"OHDR\x02" + bytes([flags])) == b"OHDR\x02" + bytes([flags])

"""Making a pair ready keeps everything where it is."""

from __future__ import annotations

import numpy as np
import pytest

from ctreview.registration.pair import prepare_pair
from ctreview.registration.sampling import sample
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume
from tests.registration.bodies import ORGAN, Organ, affine_of, moved_grid, points_of, waves


def ramp(geometry: Geometry) -> np.ndarray:
    return (points_of(geometry) @ np.array([2.0, -3.0, 5.0])).astype(np.float32)


def test_averaging_fine_voxels_keeps_values_where_they_are() -> None:
    # Sizes that are whole multiples of two: an odd last row would be left out, far from the mask.
    geometry = Geometry.aligned((24, 62, 62), (2.5, 0.7, 0.7), origin=(5.0, 6.0, 7.0), frame_of_reference="source:f")
    volume = Volume(ramp(geometry), geometry)
    array = np.zeros(geometry.shape, dtype=np.uint8)
    array[8:16, 24:40, 20:44] = 1
    mask = LabelMap(array, geometry, ORGAN)
    pair = prepare_pair(volume, volume, mask, mask, spacing_mm=1.5, intensity_range=(-1e6, 1e6))
    side = pair.fixed
    assert side.geometry.spacing == pytest.approx((2.5, 1.4, 1.4))
    assert np.abs(side.image - ramp(side.geometry)).max() < 1e-2
    assert side.volume_ml == pytest.approx(mask.volume_ml("organ"))
    assert side.centroid == pytest.approx(points_of(geometry)[array > 0].mean(axis=0), abs=1e-4)


def test_sampling_agrees_with_the_transform() -> None:
    geometry = Organ().geometry
    truth = waves(geometry, moved_grid(geometry, (3.0, 4.0, 5.0), grow=6), affine_of((3.0, 4.0, 5.0)), 4.0)
    image = ramp(truth.moving)
    got = sample(image, truth.moving, geometry, truth, fill=-999.0, threads=2)
    inner = (slice(3, -3),) * 3
    expected = truth.to_moving(points_of(geometry)) @ np.array([2.0, -3.0, 5.0])
    assert np.abs(got - expected)[inner].max() < 0.05


def test_outside_of_the_image_is_filled() -> None:
    geometry = Organ().geometry
    far = Geometry.aligned((4, 4, 4), (2.0,) * 3, origin=(500.0, 0.0, 0.0), frame_of_reference="source:0")
    assert (sample(ramp(geometry), geometry, far, None, fill=-999.0) == -999.0).all()


def test_transform_found_goes_there_and_back() -> None:
    geometry = Organ().geometry
    truth = waves(geometry, moved_grid(geometry, (3.0, 4.0, 5.0)), affine_of((3.0, 4.0, 5.0), (1.1, 1.0, 0.9)), 4.0)
    points = points_of(geometry)[::6, ::6, ::6]
    assert np.abs(truth.to_fixed(truth.to_moving(points), tolerance_mm=1e-4) - points).max() < 1e-3

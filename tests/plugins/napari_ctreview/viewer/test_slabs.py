from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari_ctreview.viewer.layers import image_layer
from napari_ctreview.viewer.planes import Plane, show
from napari_ctreview.viewer.slabs import THIN, Projection, Slab, apply, next_kind, next_thickness

from ctreview.errors import WrongUse
from ctreview.volume.geometry import Geometry
from ctreview.volume.volume import Volume

GRID = Geometry.aligned((30, 40, 50), (1.5, 0.8, 0.7), origin=(-10.3, 5.1, -200.7), frame_of_reference="1.2.3")
VOLUME = Volume(np.random.default_rng(2).integers(-1000, 0, GRID.shape).astype(np.int16), GRID)
FUNCTIONS: dict[Projection, Any] = {Projection.MIP: np.max, Projection.MINIP: np.min, Projection.AVERAGE: np.mean}


@pytest.mark.parametrize("kind", list(FUNCTIONS))
@pytest.mark.parametrize("plane", list(Plane))
@pytest.mark.parametrize("millimetres", [3.0, 8.0])
def test_what_is_drawn_is_the_projection_of_the_slices_around_the_one_shown(
    kind: Projection, plane: Plane, millimetres: float
) -> None:
    model = ViewerModel()
    data, options, _ = image_layer(VOLUME, name="x")
    image = model.add_image(data, **options)
    show(model, plane)
    slab = Slab(kind, millimetres)
    apply(model, image, slab, GRID.spacing)
    axis = plane.value
    for shown in (0, 11, 17):
        model.dims.set_point(axis, options["translate"][axis] + shown * GRID.spacing[axis])
        beside = slab.slices(GRID.spacing[axis]) // 2
        inside = [slice(None)] * 3
        inside[axis] = slice(max(shown - beside, 0), shown + beside + 1)
        expected = FUNCTIONS[kind](VOLUME.array[tuple(inside)], axis=axis)
        assert np.array_equal(np.asarray(image._data_view), expected)
    apply(model, image, THIN, GRID.spacing)
    assert np.array_equal(np.asarray(image._data_view), VOLUME.array.take(shown, axis=axis))


@pytest.mark.parametrize(
    ("millimetres", "spacing", "slices"), [(8, 1.0, 9), (8, 1.5, 5), (5, 5, 1), (3, 0.7, 5), (10, 2, 5)]
)
def test_a_slab_is_an_odd_number_of_slices_and_says_how_thick_it_is(
    millimetres: float, spacing: float, slices: int
) -> None:
    slab = Slab(Projection.MIP, millimetres)
    assert slab.slices(spacing) == slices
    assert slab.shown_mm(spacing) == pytest.approx(slices * spacing)
    assert abs(slab.shown_mm(spacing) - millimetres) <= spacing


def test_a_key_walks_through_the_kinds_and_their_thicknesses() -> None:
    seen, slab = [], THIN
    for _ in range(4):
        slab = next_kind(slab)
        seen.append(slab.kind)
    assert seen == [Projection.MIP, Projection.MINIP, Projection.AVERAGE, Projection.THIN]
    mip = next_kind(THIN)
    assert next_thickness(next_thickness(mip, 1), 1).thickness_mm == 10
    assert next_thickness(next_thickness(mip, -1), -1).thickness_mm == 5
    assert next_thickness(THIN, 1) is THIN


def test_a_slab_without_thickness_is_refused() -> None:
    with pytest.raises(WrongUse):
        Slab(Projection.MIP, 0)
    with pytest.raises(WrongUse):
        Slab(Projection.THIN, 3)

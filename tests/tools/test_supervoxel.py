from __future__ import annotations

import numpy as np
import pytest

from ctreview.tools import (
    Canvas,
    PickSettings,
    take_piece,
)
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

from .conftest import LESION, SCHEME, distance_to, make_canvas
from .drawing import ANGLES, after


@pytest.mark.parametrize("angle", ANGLES)
def test_a_supervoxel_is_compact_and_follows_the_edge_that_it_meets(angle: float) -> None:
    canvas = make_canvas(angle)
    settings = PickSettings(takes="supervoxel", supervoxel_mm=8.0)
    near_the_edge = LESION + np.array([0, 6.0, 2.0])
    painted = after(canvas, take_piece(canvas, point=near_the_edge, label="ground_glass", settings=settings))
    found = painted.labels.mask()
    in_lesion = distance_to(canvas.geometry, LESION) < 8
    assert (found & in_lesion).sum() > 0.9 * found.sum() > 0, "the lesion's edge is where it ends"
    assert not found[canvas.barrier.array > 0].any()  # type: ignore[union-attr]
    in_plain_lung = np.array([-15.0, 0.0, 0.0])
    sizes = []
    for steps in (-2, 0, 2):
        patch = take_piece(canvas, point=in_plain_lung, label="ground_glass", steps=steps, settings=settings)
        sizes.append(after(canvas, patch).labels.volume_ml("ground_glass"))
    assert sizes[0] < sizes[1] < sizes[2]
    assert sizes[1] == pytest.approx(0.8**3, rel=0.6), "where nothing stops it, about as wide as asked"


@pytest.mark.parametrize("spacing", [(5.0, 0.7, 0.7), (0.7, 0.7, 0.7), (0.35, 0.35, 3.0)])
def test_a_supervoxel_is_as_wide_as_asked_in_all_directions(spacing: tuple[float, float, float]) -> None:
    settings = PickSettings(takes="supervoxel")
    shape = tuple(round(70 / mm) for mm in spacing)
    geometry = Geometry.aligned(shape, spacing, frame_of_reference="1.2.3")
    noise = np.random.default_rng(3).normal(-850, 20, shape)
    plain = Canvas(Volume(noise.astype(np.int16), geometry), LabelMap(np.zeros(shape, np.uint8), geometry, SCHEME))
    point = geometry.to_lps(np.array(shape) // 2)
    first, again = (take_piece(plain, point=point, label="ground_glass", settings=settings) for _ in range(2))
    assert np.array_equal(first.labels, again.labels)
    found = np.argwhere(after(plain, first).labels.mask())
    # of a cuboid the standard deviation is its width over the root of 12
    widths = found.std(axis=0) * np.array(spacing) * np.sqrt(12)
    assert widths == pytest.approx([settings.supervoxel_mm] * 3, rel=0.25)


def test_clicks_in_one_cell_of_the_lattice_see_the_same_supervoxel(canvas: Canvas) -> None:
    settings = PickSettings(takes="supervoxel")
    here = np.array([-14.0, 0.0, 0.0])
    first = after(canvas, take_piece(canvas, point=here, label="ground_glass", settings=settings)).labels.mask()
    edges = np.rint(settings.supervoxel_mm / np.array(canvas.geometry.spacing)).astype(int)
    index = np.argwhere(first)
    same_cell = index[np.all(index // edges == canvas.voxel_at(here) // edges, axis=1)]
    assert len(same_cell) > 50
    for voxel in same_cell[:: len(same_cell) // 3]:
        point = canvas.geometry.to_lps(voxel)
        again = after(canvas, take_piece(canvas, point=point, label="ground_glass", settings=settings)).labels.mask()
        assert np.array_equal(first, again)

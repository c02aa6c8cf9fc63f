from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from napari.layers import Image, Labels
from napari_ctreview.input_output.writer import write_segmentation_layers
from napari_ctreview.viewer.layers import geometry_of, image_layer, labels_layer, labels_of, to_lps, to_world

from ctreview.errors import WrongUse
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.segmentation import read_segmentation
from ctreview.volume.volume import Volume

SCHEME = Scheme((Label(1, "ground_glass", (255, 200, 0)), Label(3, "consolidation", (0, 100, 200))))


def grid(angle: float = 0.0) -> Geometry:
    set_plane = np.array([(1, 0, 0), (0, np.cos(angle), -np.sin(angle)), (0, np.sin(angle), np.cos(angle))])
    affine = np.eye(4)
    affine[:3, :3] = set_plane @ np.array([(0, 0, 0.7), (0, 0.8, 0), (2.5, 0, 0)])
    affine[:3, 3] = (-31, 12, -207)
    return Geometry((5, 6, 7), affine, "1.2.3")


@pytest.mark.parametrize("angle", [0.0, 0.2])
def test_world_and_patient_are_two_names_of_one_place(angle: float) -> None:
    geometry = grid(angle)
    index = np.array(list(itertools.product(range(5), range(6), range(7))), dtype=float)
    world = to_world(geometry, geometry.to_lps(index))
    assert np.allclose(to_lps(geometry, world), geometry.to_lps(index))
    data, options, _ = image_layer(Volume(np.zeros((5, 6, 7), np.int16), geometry), name="x")
    layer = Image(data, **options)
    assert np.allclose([layer.data_to_world(i) for i in index], world)


def test_a_point_farther_left_lies_farther_right_on_the_screen_and_head_and_back_are_where_they_belong() -> None:
    geometry = grid()
    middle = geometry.to_lps([2, 3, 3])
    for lps_axis, world_axis in ((0, 2), (1, 1), (2, 0)):
        step = np.zeros(3)
        step[lps_axis] = 5
        moved = to_world(geometry, middle + step) - to_world(geometry, middle)
        assert moved[world_axis] == pytest.approx(5)
        assert np.allclose(np.delete(moved, world_axis), 0)


def test_labels_come_back_from_their_layer_with_names_place_and_edits() -> None:
    labels = LabelMap(np.random.default_rng(0).choice([0, 1, 3], (5, 6, 7)).astype(np.uint8), grid(), SCHEME)
    data, options, _ = labels_layer(labels, name="opacity", array=labels.array.copy())
    layer = Labels(data, **options)
    layer.data[0, 0, 0] = 3
    again = labels_of(layer)
    assert again.array[0, 0, 0] == 3
    assert again.geometry == labels.geometry
    assert again.scheme == SCHEME
    assert np.allclose(layer.get_color(1)[:3], np.array([255, 200, 0]) / 255, atol=0.01)


def test_a_layer_of_another_program_says_its_own_place_or_is_refused() -> None:
    layer = Labels(np.array([[[0, 2], [7, 2]]]), scale=(3, 2, 1), translate=(10, 20, 30), name="foreign")
    found = labels_of(layer)
    assert np.allclose(found.geometry.to_lps([0, 0, 0]), (30, 20, 10))
    assert [label.key for label in found.scheme] == ["label_2", "label_7"]
    with pytest.raises(WrongUse, match="rotated"):
        geometry_of(Labels(np.zeros((2, 2, 2), int), rotate=30))


def test_saved_layers_open_with_their_names_in_their_place(tmp_path: Path) -> None:
    labels = LabelMap(np.random.default_rng(0).choice([0, 1, 3], (5, 6, 7)).astype(np.uint8), grid(0.2), SCHEME)
    data, options, _ = labels_layer(labels, name="opacity")
    layer = Labels(data, **options)
    (written,) = write_segmentation_layers(str(tmp_path / "mine.nrrd"), [layer.as_layer_data_tuple()])
    assert Path(written).name == "mine.seg.nrrd"
    (found,) = read_segmentation(written, on=labels.geometry)
    assert found.geometry == labels.geometry
    assert {label.name for label in found.scheme} == {"ground glass", "consolidation"}
    assert np.array_equal(found.mask("consolidation"), labels.mask("consolidation"))

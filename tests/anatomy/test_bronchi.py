"""Bronchi of a drawn tree of airways are named by the lobes that they feed."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from ctreview.anatomy import LUNG_SCHEME
from ctreview.anatomy.bronchi import find_lobar_bronchi
from ctreview.volume.geometry import FloatArray, Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

GRID = Geometry.aligned((100, 50, 70), (2.5, 2.0, 2.0), frame_of_reference="source:test")
MIDDLE = GRID.to_lps((np.array(GRID.shape) - 1) / 2.0)

TREE: dict[str, list[tuple[float, float, float]]] = {
    "trachea": [(0, 0, 90), (0, 0, 20)],
    "right": [(0, 0, 20), (-22, 0, 6)],
    "left": [(0, 0, 20), (30, 0, 0)],
    "right_upper_lobe": [(-22, 0, 6), (-50, -4, 14)],
    "intermediate": [(-22, 0, 6), (-30, 4, -24)],
    "right_middle_lobe": [(-30, 4, -24), (-44, -24, -36)],
    "right_lower_lobe": [(-30, 4, -24), (-40, 20, -58)],
    "left_upper_lobe": [(30, 0, 0), (54, -14, 10)],
    "left_lower_lobe": [(30, 0, 0), (44, 22, -52)],
}
"""Millimetres to the patient's left, back and head."""

LOBES = [name for name in TREE if name.endswith("lobe")]


@cache
def distance(name: str) -> FloatArray:
    first, last = (np.array(end, dtype=float) + MIDDLE for end in TREE[name])
    index = np.stack(np.meshgrid(*(np.arange(n) for n in GRID.shape), indexing="ij"), axis=-1)
    points, way = GRID.to_lps(index), last - first
    share = np.clip((points - first) @ way / (way @ way), 0.0, 1.0)
    return np.asarray(np.linalg.norm(points - first - share[..., None] * way, axis=-1))


@cache
def scan(without: str = "") -> tuple[Volume, LabelMap]:
    found = {name: distance(name) for name in TREE if name != without}
    nearest = np.min(list(found.values()), axis=0)
    hu = np.where(nearest < 3.5, -1000, np.where(nearest < 6.5, -100, -850)).astype(np.int16)
    outside = np.min([found[name] for name in TREE if name in found and name not in LOBES], axis=0)
    x = GRID.to_lps(np.argwhere(np.ones(GRID.shape, dtype=bool)))[:, 0].reshape(GRID.shape)
    labels = np.where(x < MIDDLE[0], 1, 2).astype(np.uint8)
    labels[outside < 6.5] = 0
    labels[(outside < 6.5) & (nearest < 3.5)] = LUNG_SCHEME["trachea_and_main_bronchi"].value
    return Volume(hu, GRID), LabelMap(labels, GRID, LUNG_SCHEME)


@pytest.mark.parametrize("lobe", LOBES)
def test_each_lobe_has_its_bronchus(lobe: str) -> None:
    places = find_lobar_bronchi(*scan())[lobe]
    first, last = (np.array(end, dtype=float) + MIDDLE for end in TREE[lobe])
    share = (places - first) @ (last - first) / ((last - first) @ (last - first))
    off = np.linalg.norm(places - first - share[:, None] * (last - first), axis=1)
    assert share.max() > 0.8
    assert off.max() < 4.0


def test_without_the_middle_lobes_bronchus_what_is_below_is_not_named() -> None:
    found = find_lobar_bronchi(*scan("right_middle_lobe"))
    assert "right_upper_lobe" in found
    assert not {"right_middle_lobe", "right_lower_lobe"} & set(found)


def test_without_a_trachea_nothing_is_named() -> None:
    volume, lungs = scan()
    bare = np.where(lungs.array > 2, 0, lungs.array).astype(np.uint8)
    assert not find_lobar_bronchi(volume, LabelMap(bare, GRID, LUNG_SCHEME))

from __future__ import annotations

import numpy as np
import pytest

from ctreview.edits import apply
from ctreview.errors import EditDoesNotApply
from ctreview.tools import Canvas, DrawnLabel, fill_between, fill_by_image
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.volume import Volume

from .drawing import dice

GRID = Geometry.aligned((13, 64, 64), (5.0, 1.0, 1.0), frame_of_reference="1.2.3")
SCHEME = Scheme((Label(1, "disc", (200, 0, 0)), Label(2, "ring", (0, 200, 0)), Label(3, "spot", (0, 0, 200))))
DRAWN = (0, 12)


def winding(radius: float) -> np.ndarray:
    """A disc whose middle swings out between the first slice and the last: halfway it lies where neither is."""
    z, y, x = np.indices(GRID.shape, dtype=float)
    turn = np.pi * z / 12
    return np.hypot(y - 32 - 6 * np.sin(turn), x - 32 - 9 * np.sin(turn)) < radius


@pytest.fixture(scope="module")
def canvas() -> Canvas:
    rng = np.random.default_rng(3)
    disc, around = winding(8.0), winding(14.0)
    image = np.where(disc, 300.0, np.where(around, 180.0, 60.0)) + rng.normal(0, 6, GRID.shape)
    labels = np.zeros(GRID.shape, np.uint8)
    for level in DRAWN:
        labels[level] = np.where(disc[level], 1, np.where(around[level], 2, 0))
    return Canvas(Volume(image.astype(np.float32), GRID, "arbitrary"), LabelMap(labels, GRID, SCHEME))


def filled(canvas: Canvas, *names: str) -> np.ndarray:
    array = canvas.labels.array.copy()
    apply(array, fill_by_image(canvas, drawn=[DrawnLabel(name, DRAWN) for name in names]))
    return array


def test_outlines_follow_what_the_image_shows_where_their_mean_does_not(canvas: Canvas) -> None:
    straight = canvas.labels.array.copy()
    apply(straight, fill_between(canvas, label="disc"))
    found = filled(canvas, "disc", "ring")
    assert dice(straight == 1, winding(8.0)) < 0.6
    assert dice(found == 1, winding(8.0)) > 0.93
    assert dice(found == 2, winding(14.0) & ~winding(8.0)) > 0.85


def test_drawn_slices_and_other_labels_stay(canvas: Canvas) -> None:
    labels = canvas.labels.array.copy()
    labels[6, 30:44, 36:44] = 3
    spotted = Canvas(canvas.volume, LabelMap(labels, GRID, SCHEME))
    found = filled(spotted, "disc", "ring")
    assert np.array_equal(found[list(DRAWN)], labels[list(DRAWN)])
    assert np.array_equal(found == 3, labels == 3)


def test_filling_anew_gives_the_same(canvas: Canvas) -> None:
    once = filled(canvas, "disc")
    again = filled(Canvas(canvas.volume, LabelMap(once, GRID, SCHEME)), "disc")
    assert np.array_equal(once, again)


def test_one_drawn_slice_is_refused(canvas: Canvas) -> None:
    with pytest.raises(EditDoesNotApply, match="two drawn slices"):
        fill_by_image(canvas, drawn=[DrawnLabel("disc", (0,))])

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctreview.edits import UNDO, Edit, Patch, apply, replay
from ctreview.errors import EditDoesNotApply, WrongUse
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme

GRID = Geometry.aligned((4, 5, 6), (1.5, 0.7, 0.7), frame_of_reference="1.2.3")
SCHEME = Scheme((Label(1, "ground_glass", (255, 200, 0)), Label(2, "consolidation", (0, 100, 200))))
BASE = LabelMap(np.zeros(GRID.shape, dtype=np.uint8), GRID, SCHEME)


def put(labels: LabelMap, edit: Edit) -> Patch:
    a, b, c = edit.payload["at"]
    return Patch((a, b, c), np.full((1, 1, 1), edit.payload["value"], dtype=labels.array.dtype))


def swap(labels: LabelMap, edit: Edit) -> Patch:
    if not labels.array.any():
        raise EditDoesNotApply("there is nothing to swap")
    return Patch((0, 0, 0), np.where(labels.array > 0, 3 - labels.array, 0).astype(labels.array.dtype))


HANDLERS = {"put": put, "swap": swap}


def edit(kind: str, image: str = "abc", grid: Geometry = GRID, **payload: object) -> Edit:
    return Edit(kind=kind, target="opacity", payload=payload, author="r", image=image, geometry=grid)


def test_edits_are_applied_in_order_and_the_base_is_left_alone() -> None:
    done = replay(
        BASE,
        [edit("put", at=[1, 2, 3], value=1), edit("swap"), edit("put", at=[0, 0, 0], value=1)],
        HANDLERS,
        image="abc",
    )
    assert done.labels.array[1, 2, 3] == 2
    assert done.labels.array[0, 0, 0] == 1
    assert len(done.applied) == 3
    assert not BASE.array.any()


def test_an_undone_edit_leaves_no_trace_even_in_what_came_after() -> None:
    first = edit("put", at=[1, 2, 3], value=1)
    done = replay(BASE, [first, edit("swap"), edit(UNDO, of=first.id)], HANDLERS, image="abc")
    assert not done.labels.array.any()
    assert [reason for _, reason in done.refused] == ["there is nothing to swap"]


def test_an_edit_of_another_image_or_grid_is_named_and_not_applied() -> None:
    moved = Geometry.aligned((4, 5, 6), (1.5, 0.7, 0.7), origin=(5, 0, 0), frame_of_reference="1.2.3")
    edits = [edit("put", image="other", at=[0, 0, 0], value=1), edit("put", grid=moved, at=[0, 0, 0], value=1)]
    done = replay(BASE, edits, HANDLERS, image="abc")
    assert not done.labels.array.any()
    assert "another image" in done.refused[0][1]
    assert "corners 5 mm apart" in done.refused[1][1]


def test_an_unknown_kind_stops_the_replay() -> None:
    with pytest.raises(WrongUse, match="'wand'"):
        replay(BASE, [edit("wand")], HANDLERS, image="abc")


@given(st.integers(0, 2**32 - 1))
def test_a_patch_is_undone_by_the_patch_that_apply_gives_back(seed: int) -> None:
    generator = np.random.default_rng(seed)
    array = generator.integers(0, 3, GRID.shape).astype(np.uint8)
    before = array.copy()
    start = tuple(int(generator.integers(0, n)) for n in GRID.shape)
    size = tuple(int(generator.integers(1, n - s + 1)) for s, n in zip(start, GRID.shape, strict=True))
    undo = apply(array, Patch(start, generator.integers(0, 3, size).astype(np.uint8)))  # type: ignore[arg-type]
    apply(array, undo)
    assert np.array_equal(array, before)

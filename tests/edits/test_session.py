from __future__ import annotations

import errno

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctreview.edits import Edit, LabelChange, Patch, Session, replay
from ctreview.errors import EditDoesNotApply
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme

GRID = Geometry.aligned((6, 7, 8), (2, 1, 1), frame_of_reference="1.2.3")
SCHEME = Scheme((Label(1, "ground_glass", (255, 200, 0)), Label(2, "consolidation", (0, 100, 200))))
BASE = LabelMap((np.arange(336).reshape(GRID.shape) % 5 == 0).astype(np.uint8), GRID, SCHEME)


def put(labels: LabelMap, edit: Edit) -> Patch:
    i, j, k = edit.payload["at"]
    return Patch((i, j, k), np.full((2, 2, 2), edit.payload["value"], labels.array.dtype))


def turn(labels: LabelMap, edit: Edit) -> Patch:
    if not (labels.array == 2).any():
        raise EditDoesNotApply("there is nothing to turn")
    return Patch((0, 0, 0), np.where(labels.array == 2, 1, labels.array).astype(labels.array.dtype))


HANDLERS = {"put": put, "turn": turn}


def session(journal: list[Edit]) -> Session:
    return Session(BASE, target="opacity", image="abc", handlers=HANDLERS, author="anna", record=journal.append)


acts = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 4), st.integers(0, 5), st.integers(0, 6), st.integers(0, 2)),
        st.just(("turn",)),
        st.just(("undo",)),
        st.just(("redo",)),
    ),
    max_size=14,
)


@settings(deadline=None)
@given(acts, st.integers(0, 14))
def test_what_is_on_screen_is_what_a_replay_of_the_journal_gives(done: list[tuple], reopened: int) -> None:
    journal: list[Edit] = []
    here = session(journal)
    for number, one in enumerate(done):
        if number == reopened:  # the window was closed and opened again
            here = session(journal)
            here.restore(tuple(journal))
        try:
            if one[0] == "put":
                here.act("put", {"at": list(one[1:4]), "value": one[4]})
            elif one[0] == "turn":
                here.act("turn", {})
            elif one[0] == "undo":
                here.undo()
            else:
                here.redo()
        except EditDoesNotApply:
            pass
    again = replay(BASE, journal, HANDLERS, image="abc")
    assert np.array_equal(here.array, again.labels.array)


def test_undo_gives_back_every_step_and_redo_walks_forward_again() -> None:
    here = session([])
    states = [here.array.copy()]
    for value in (1, 2, 0):
        here.act("put", {"at": [1, 2, value], "value": value})
        states.append(here.array.copy())
    for state in reversed(states[:-1]):
        here.undo()
        assert np.array_equal(here.array, state)
    assert here.undo() is None
    for state in states[1:]:
        here.redo()
        assert np.array_equal(here.array, state)
    assert here.redo() is None


def test_what_cannot_be_put_down_is_not_done() -> None:
    def full(_: Edit) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    here = Session(BASE, target="opacity", image="abc", handlers=HANDLERS, author="anna", record=full)
    with pytest.raises(OSError, match="No space"):
        here.act("put", {"at": [0, 0, 0], "value": 2})
    assert np.array_equal(here.array, BASE.array)
    assert not here.can_undo


def test_an_act_that_does_not_apply_leaves_no_record() -> None:
    journal: list[Edit] = []
    here = session(journal)
    with pytest.raises(EditDoesNotApply):
        here.act("turn", {})
    assert journal == []


def test_what_was_foreseen_is_not_computed_again_unless_the_labels_changed() -> None:
    asked: list[str] = []

    def count(labels: LabelMap, edit: Edit) -> Patch:
        asked.append(edit.kind)
        return put(labels, edit)

    journal: list[Edit] = []
    here = Session(BASE, target="opacity", image="abc", handlers={"put": count}, author="anna", record=journal.append)
    payload = {"at": [0, 0, 0], "value": 2}
    patch = here.preview("put", payload)
    assert np.array_equal(here.array, BASE.array)
    assert journal == []
    assert here.preview("put", payload) is patch
    here.act("put", payload)
    assert asked == ["put"]
    assert (here.array[:2, :2, :2] == 2).all()
    here.preview("put", payload)
    here.undo()
    here.act("put", payload)
    assert asked == ["put"] * 3, "what was foreseen on other labels counts for nothing"
    here.preview("put", {"at": [2, 0, 0], "value": 1})
    here.act("put", {"at": [2, 2, 0], "value": 1})
    assert (here.array[2:4, 2:4, :2] == 1).all()


def test_listeners_hear_the_box_before_and_after() -> None:
    heard: list[LabelChange] = []
    here = session([])
    here.listeners.append(heard.append)
    here.act("put", {"at": [1, 1, 1], "value": 2})
    here.undo()
    assert heard[0].after.labels.tolist() == np.full((2, 2, 2), 2).tolist()
    assert np.array_equal(heard[1].after.labels, heard[0].before.labels)


def test_undo_keeps_no_copies_of_the_volume() -> None:
    grid = Geometry.aligned((100, 200, 200), (1, 1, 1), frame_of_reference="1.2")
    base = LabelMap(np.zeros(grid.shape, np.uint8), grid, SCHEME)

    def everywhere(labels: LabelMap, edit: Edit) -> Patch:
        return Patch((0, 0, 0), np.full(grid.shape, edit.payload["value"], np.uint8))

    handlers = {"all": everywhere}
    here = Session(base, target="opacity", image="abc", handlers=handlers, author="a", record=lambda _: None)
    for number in range(4):
        here.act("all", {"value": 1 + number % 2})
    assert sum(len(packed.changed) + len(packed.labels) for _, packed in here._done) < 0.02 * base.array.nbytes
    here.undo()
    assert (here.array == 1).all()


def test_a_change_is_as_small_as_what_changed() -> None:
    def few(labels: LabelMap, edit: Edit) -> Patch:
        new = labels.array.copy()
        new[2, 1:3, 3] = edit.payload["value"]
        return Patch((0, 0, 0), new)

    here = Session(BASE, target="opacity", image="abc", handlers={"few": few}, author="a", record=lambda _: None)
    change = here.act("few", {"value": 1})
    assert change.before.start == (2, 1, 3)
    assert change.after.labels.tolist() == [[[1], [1]]]
    again = here.act("few", {"value": 1})  # changes nothing, and can be undone all the same
    assert np.array_equal(again.before.labels, again.after.labels)
    here.undo()
    assert (here.array != BASE.array).sum() == 2
    here.undo()
    assert np.array_equal(here.array, BASE.array)

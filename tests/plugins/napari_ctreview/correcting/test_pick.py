from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari_ctreview.viewer.planes import Plane

from tests.plugins.napari_ctreview.simulated_mouse import CTRL, lesion_of
from tests.plugins.napari_ctreview.waiting import until


def dice(one: Any, other: Any) -> float:
    return float(2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other)))


@pytest.mark.parametrize("plane", list(Plane))
def test_hover_shows_the_piece_and_a_click_takes_it_where_it_is(
    at_work: Any, pair: Any, qtbot: Any, canvas_of: Any, plane: Plane
) -> None:
    panes, editor, corrector, mouse = at_work()
    panes.set_plane(plane)
    place = lesion_of(pair)
    panes.go_to(place)
    pane, truth = panes.panes[0], pair.before.opacity.mask("ground_glass")
    corrector.select_tool("pick")
    bare = canvas_of(pane)

    mouse.hover(0, place)
    until(qtbot, lambda: bool(corrector.tool.sketches(0)))
    previewed = canvas_of(pane)
    assert not editor.session(0).array.any(), "a hover changes nothing"
    assert editor.records == []

    mouse.click(0, place)
    labels = editor.session(0).array
    assert dice(labels == 1, truth) > 0.6
    assert [edit.kind for _, edit in editor.records] == ["take_piece"]
    mouse.hover(0, place + 60.0)
    taken = canvas_of(pane)
    x, y = (round(float(v)) for v in pane.pixels_of(place)[0])
    for shown in (previewed, taken):
        changed = np.any(np.abs(shown.astype(int) - bare) > 12, axis=-1)
        assert changed[y - 3 : y + 4, x - 3 : x + 4].any(), "the piece is not drawn under the cursor"
    # ground glass is orange: more red than blue, where the image was grey
    here = taken[y - 2 : y + 3, x - 2 : x + 3].astype(int).mean(axis=(0, 1))
    assert here[0] - here[2] > 30
    if plane is not Plane.SAGITTAL:
        orange = taken[..., 0].astype(int) - taken[..., 2] - (bare[..., 0].astype(int) - bare[..., 2]) > 30
        # the lesion lies in the patient's right lung: left of the middle of that scan
        middle = pane.pixels_of(pane.geometry.to_lps((np.array(pane.geometry.shape) - 1) / 2))[0][0]
        assert np.argwhere(orange)[:, 1].mean() < middle


def test_control_click_removes_the_piece_and_undo_brings_it_back(at_work: Any, pair: Any) -> None:
    panes, editor, corrector, mouse = at_work(empty=False)
    place = lesion_of(pair)
    before = editor.session(0).array.copy()
    assert before.any()
    corrector.select_tool("pick")
    mouse.click(0, place, modifiers=CTRL)
    assert editor.session(0).array[tuple(np.rint(panes.panes[0].geometry.to_index(place)).astype(int))] == 0
    assert np.count_nonzero(editor.session(0).array) < np.count_nonzero(before)
    corrector.undo()
    assert np.array_equal(editor.session(0).array, before)
    corrector.redo()
    assert np.count_nonzero(editor.session(0).array) < np.count_nonzero(before)


def test_shift_and_wheel_grow_the_piece_and_the_other_pane_stays(at_work: Any, pair: Any) -> None:
    _, editor, corrector, mouse = at_work()
    place = lesion_of(pair)
    corrector.select_tool("pick")
    mouse.hover(0, place)
    mouse.wheel(0, place, 3)
    mouse.click(0, place)
    wide = np.count_nonzero(editor.session(0).array)
    assert editor.records[-1][1].payload["steps"] == 3
    corrector.undo()
    mouse.click(0, place)
    assert editor.records[-1][1].payload["steps"] == 0, "each piece is learned anew"
    assert 0 < np.count_nonzero(editor.session(0).array) < wide
    assert not editor.session(1).array.any()


def test_a_click_beside_the_lung_says_so_and_changes_nothing(at_work: Any, pair: Any) -> None:
    _, editor, corrector, mouse = at_work()
    said: list[str] = []
    corrector.notice.connect(said.append)
    corrector.select_tool("pick")
    # at the level of the lesion, in front of the chest
    corner = lesion_of(pair)
    corner[1] = pair.before.volume.geometry.corners()[:, 1].min() + 1
    mouse.click(0, corner)
    assert "may be labelled" in said[-1]
    assert editor.records == []

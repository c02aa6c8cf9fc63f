from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from napari_ctreview.viewer.planes import Plane

from ctreview.tools import BrushSettings
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


@pytest.mark.parametrize("plane", list(Plane))
def test_the_brush_paints_while_dragging_and_makes_one_edit(
    at_work: Any, pair: Any, canvas_of: Any, plane: Plane
) -> None:
    panes, editor, corrector, mouse = at_work()
    place = lesion_of(pair)
    panes.set_plane(plane)
    panes.go_to(place)
    pane = panes.panes[0]
    corrector.choose("consolidation")
    corrector.set("brush", BrushSettings(radius_mm=7.0))
    corrector.select_tool("brush")
    along = np.array([0.0, 0, 0])
    along[{0: 1, 1: 2, 2: 1}[plane.value]] = 1.0  # up or down the screen
    ends = [place + along * step for step in (0.0, 5.0, 10.0)]
    bare = canvas_of(pane)
    live: list[Any] = []

    def look() -> None:
        assert not editor.session(0).array.any(), "nothing is kept before the mouse is let go"
        live.append(canvas_of(pane))

    mouse.drag(0, ends, before_release=look)
    painted = np.argwhere(editor.session(0).array == 2)
    assert len(painted) > 4
    level = round(float(pane.geometry.to_index(place)[plane.value]))
    assert set(painted[:, plane.value]) == {level}
    away = pane.geometry.to_lps(painted) - place
    assert np.linalg.norm(away, axis=1).max() < 10 + 7 + 1
    lungs = pair.before.lobes.array > 0
    assert all(lungs[tuple(one)] for one in painted)
    assert [edit.kind for _, edit in editor.records] == ["brush"]
    mouse.hover(0, place + 70 * along)
    x, y = (round(float(v)) for v in pane.pixels_of(pane.geometry.to_lps(painted[len(painted) // 2]))[0])
    for shown in (live[0], canvas_of(pane)):
        reddened = shown[y, x].astype(int) - bare[y, x]
        assert reddened[0] - reddened[2] > 30
    corrector.undo()
    assert not editor.session(0).array.any()
    assert np.abs(canvas_of(pane)[y, x].astype(int) - bare[y, x]).max() < 12


def test_the_gate_the_ball_the_wheel_and_erasing(at_work: Any, pair: Any) -> None:
    _, editor, corrector, mouse = at_work()
    place = lesion_of(pair)
    corrector.select_tool("brush")
    corrector.set("brush", BrushSettings(radius_mm=12.0, shape="ball", low_hu=-750.0, high_hu=-300.0))
    mouse.click(0, place)
    painted = editor.session(0).array == 1
    hu = pair.before.volume.array[painted]
    assert hu.min() >= -750
    assert hu.max() <= -300
    assert len(set(np.argwhere(painted)[:, 0])) > 2
    before = corrector.settings["brush"].radius_mm
    mouse.wheel(0, place, 2)
    assert corrector.settings["brush"].radius_mm == pytest.approx(before * 1.15**2, rel=0.02)
    corrector.set("brush", replace(corrector.settings["brush"], radius_mm=30.0, low_hu=None, high_hu=None))
    mouse.click(0, place, modifiers=CTRL)
    assert not editor.session(0).array.any()
    assert editor.records[-1][1].payload["label"] is None
    ring = corrector.tool.sketches(0)[-1]
    assert ring.radius_mm == 30.0


def test_a_stroke_on_the_followup_is_an_edit_of_the_followup(at_work: Any, pair: Any) -> None:
    panes, editor, corrector, mouse = at_work()
    place = pair.transform.to_moving(lesion_of(pair))
    corrector.select_tool("brush")
    mouse.drag(1, [panes.panes[1].centre, panes.panes[1].centre + np.array([4.0, 0, 0])])
    assert not editor.session(0).array.any()
    painted = np.argwhere(editor.session(1).array)
    assert len(painted)
    middle = panes.panes[1].geometry.to_lps(painted.mean(axis=0))
    assert np.linalg.norm(middle - place) < 10


def test_escape_and_a_ruler_take_the_tool_out_of_the_hand(at_work: Any, pair: Any, qtbot: Any) -> None:
    panes, editor, corrector, mouse = at_work()
    place = lesion_of(pair)
    corrector.select_tool("brush")
    panes.rulers.select("distance")
    mouse.drag(0, [place, place + np.array([20.0, 0, 0])])
    assert len(panes.panes[0].marks) == 1
    assert not editor.session(0).array.any(), "the ruler had the mouse"
    mouse.hover(0, place)
    assert panes.mouse_grabber is corrector, "the brush comes back when the ruler is done"
    panes.deactivate()
    assert corrector.tool is None
    assert panes.mouse_grabber is None
    mouse.drag(0, [place, place + np.array([20.0, 0, 0])])
    assert not editor.session(0).array.any()

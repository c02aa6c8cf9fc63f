from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from napari_ctreview.correcting.shortcuts import KEYS, install
from napari_ctreview.viewer.planes import Plane
from napari_ctreview.viewer.shortcuts import KEYS as PANE_KEYS
from napari_ctreview.viewer.shortcuts import install as install_pane_keys
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from ctreview.tools import BrushSettings
from tests.plugins.napari_ctreview.simulated_mouse import CTRL, lesion_of
from tests.plugins.napari_ctreview.waiting import until


def across_the_lesion(pair: Any, half_mm: float = 8.0) -> list[Any]:
    place = lesion_of(pair)
    return [place + np.array([x, 0.0, 0.0]) for x in np.linspace(-half_mm, half_mm, 5)]


def around(place: Any, radius_mm: float, steps: int = 16) -> list[Any]:
    angles = np.linspace(0, 2 * np.pi, steps, endpoint=False)
    return [place + radius_mm * np.array([np.cos(a), np.sin(a), 0.0]) for a in angles]


def healthy(pair: Any) -> Any:
    """A place in the left lung, on the level of the lesion."""
    lobes, place = pair.before.lobes, lesion_of(pair)
    level = round(float(lobes.geometry.to_index(place)[0]))
    index = np.argwhere(lobes.mask("left_upper_lobe")[level])
    return lobes.geometry.to_lps([level, *np.median(index, axis=0)])


def test_strokes_show_what_they_come_to_and_return_takes_it(
    at_work: Any, pair: Any, qtbot: Any, canvas_of: Any
) -> None:
    panes, editor, corrector, mouse = at_work()
    pane, truth = panes.panes[0], pair.before.opacity.mask("ground_glass")
    corrector.select_tool("scribble")
    # a stroke as thick as a voxel, or it may pass between their centres
    corrector.set("scribble", replace(corrector.settings["scribble"], stroke_mm=4.0))
    bare = canvas_of(pane)
    mouse.drag(0, across_the_lesion(pair))
    away = lesion_of(pair) + np.array([0.0, 45.0, 0.0])
    mouse.drag(0, [away, away + np.array([10.0, 0, 0])], modifiers=CTRL)
    until(qtbot, lambda: len(corrector.tool.sketches(0)) == 3)
    assert not editor.session(0).array.any(), "a preview changes nothing"
    x, y = (round(float(v)) for v in pane.pixels_of(lesion_of(pair))[0])
    shown, previewed = canvas_of(pane), corrector.tool.sketches(0)
    assert np.abs(shown[y, x].astype(int) - bare[y, x]).max() > 20
    corrector.finish()
    until(qtbot, lambda: len(editor.records) == 1)
    record = editor.records[0][1]
    assert record.kind == "scribble"
    assert [one["label"] for one in record.payload["strokes"]] == ["ground_glass", None]
    labels = editor.session(0).array
    place = tuple(np.rint(pane.geometry.to_index(lesion_of(pair))).astype(int))
    beside = tuple(np.rint(pane.geometry.to_index(away)).astype(int))
    assert (labels[place], labels[beside]) == (1, 0)
    assert np.count_nonzero((labels == 1) & truth) > 0.2 * truth.sum()
    preview = previewed[0]
    box = tuple(slice(a, a + n) for a, n in zip(preview.start, preview.values.shape, strict=True))
    assert np.array_equal(labels[box] == 1, preview.values == 1), "what is taken is what was shown"
    assert len(corrector.tool.sketches(0)) == 2, "the strokes that were taken stay, dashed"
    assert all(line.dashed for line in corrector.tool.sketches(0))


def test_doubt_is_shown_and_undo_takes_strokes_back_before_acts(at_work: Any, pair: Any, qtbot: Any) -> None:
    _, editor, corrector, mouse = at_work()
    corrector.select_tool("scribble")
    scribble = corrector.tool
    scribble.toggle_doubt()
    mouse.drag(0, across_the_lesion(pair))
    until(qtbot, lambda: len(scribble.sketches(0)) == 3)
    doubt = scribble.sketches(0)[0]
    assert 0 < doubt.values.max() <= 255
    scribble.toggle_doubt()
    assert len(scribble.sketches(0)) == 2
    corrector.undo()
    assert scribble.sketches(0) == []
    assert editor.records == []


def test_strokes_go_to_the_other_timepoint_through_the_registration(at_work: Any, pair: Any, qtbot: Any) -> None:
    _, editor, corrector, mouse = at_work()
    corrector.select_tool("scribble")
    points = across_the_lesion(pair)
    mouse.drag(0, points)
    corrector.tool.to_other()
    assert len(corrector.tool.sketches(0)) == 0
    line = corrector.tool.sketches(1)[-1]
    assert np.allclose(line.points[0], pair.transform.to_moving(points[0]), atol=2.1)
    corrector.finish()
    until(qtbot, lambda: len(editor.records) == 1)
    assert editor.records[0][0] == 1
    assert not editor.session(0).array.any()


def test_the_whole_lung_is_labelled_in_the_background(at_work: Any, pair: Any, qtbot: Any) -> None:
    _, editor, corrector, mouse = at_work()
    corrector.select_tool("scribble")
    busy: list[str] = []
    corrector.busy.connect(busy.append)
    mouse.drag(0, across_the_lesion(pair))
    corrector.finish(everywhere=True)
    assert editor.records == [], "the window does not wait for it"
    until(qtbot, lambda: len(editor.records) == 1)
    assert editor.records[0][1].payload["settings"]["reach_mm"] is None
    assert "Labelling the whole lung" in busy


@pytest.mark.parametrize("plane", list(Plane))
def test_a_lasso_gives_the_class_to_what_it_encloses(at_work: Any, pair: Any, plane: Plane) -> None:
    panes, editor, corrector, mouse = at_work()
    place = lesion_of(pair)
    panes.set_plane(plane)
    panes.go_to(place)
    first, second = ((1, 0), (2, 0), (2, 1))[plane.value]
    ring = np.zeros((16, 3))
    angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    ring[:, first], ring[:, second] = 14 * np.sin(angles), 14 * np.cos(angles)
    corrector.choose("consolidation")
    corrector.select_tool("lasso")
    mouse.drag(0, list(place + ring))
    found = np.argwhere(editor.session(0).array == 2)
    grid = panes.panes[0].geometry
    assert len(found) > 4
    assert set(found[:, plane.value]) == {round(float(grid.to_index(place)[plane.value]))}
    assert np.linalg.norm(grid.to_lps(found) - place, axis=1).max() < 14.5
    mouse.drag(0, list(place + ring), modifiers=CTRL)
    assert not editor.session(0).array.any()


def test_a_lasso_may_change_only_what_has_a_class(at_work: Any, pair: Any) -> None:
    _, editor, corrector, mouse = at_work(empty=False)
    corrector.select_tool("lasso")
    corrector.choose("consolidation")
    corrector.set("lasso", replace(corrector.settings["lasso"], only_labelled=True, depth_mm=20.0))
    before = editor.session(0).array.copy()
    mouse.drag(0, around(lesion_of(pair), 40.0))
    after = editor.session(0).array
    assert np.array_equal(after > 0, before > 0)
    assert (after == 2).sum() > 100


def test_a_live_wire_is_shown_between_clicks_and_closed_at_its_first(at_work: Any, pair: Any, qtbot: Any) -> None:
    panes, editor, corrector, mouse = at_work()
    place = healthy(pair)
    panes.go_to(place)
    corrector.select_tool("wire")
    corners = around(place, 16.0, 4)
    for corner in corners[:3]:
        mouse.click(0, corner)
    wire = corrector.tool
    mouse.hover(0, corners[3])
    until(qtbot, lambda: any(one.dashed for one in wire.sketches(0)))
    until(qtbot, lambda: len(wire.sketches(0)[0].points) > 3)
    leg = next(one for one in wire.sketches(0) if one.dashed).points
    spacing = max(panes.panes[0].geometry.spacing)
    assert np.linalg.norm(leg[0] - corners[2]) < spacing
    assert np.linalg.norm(leg[-1] - corners[3]) < spacing
    mouse.click(0, corners[3])
    assert wire.back()
    mouse.click(0, corners[3])
    assert editor.records == []
    mouse.click(0, corners[0])
    until(qtbot, lambda: len(editor.records) == 1)
    assert len(editor.records[0][1].payload["points"]) == 4
    assert editor.session(0).array[tuple(np.rint(panes.panes[0].geometry.to_index(place)).astype(int))] == 1
    assert wire.sketches(0) == ()


def test_slices_between_two_drawn_ones_are_filled_and_nothing_else(at_work: Any, pair: Any, qtbot: Any) -> None:
    panes, editor, corrector, mouse = at_work()
    pane, place = panes.panes[0], healthy(pair)
    said: list[str] = []
    corrector.notice.connect(said.append)
    panes.go_to(place)
    corrector.select_tool("brush")
    corrector.set("brush", BrushSettings(radius_mm=9.0))
    step = pane.geometry.spacing[0]
    mouse.click(0, place)
    press("F", panes, corrector, qtbot)
    assert "two slices" in said[-1]
    panes.go_to(place + np.array([0, 0, 4 * step]))
    mouse.click(0, place + np.array([0, 0, 4 * step]))
    drawn = set(np.argwhere(editor.session(0).array)[:, 0])
    assert len(drawn) == 2
    press("F", panes, corrector, qtbot)
    until(qtbot, lambda: len(editor.records) == 3)
    filled = set(np.argwhere(editor.session(0).array)[:, 0])
    assert filled == set(range(min(drawn), max(drawn) + 1))


def press(keys: str, panes: Any, corrector: Any, qtbot: Any) -> None:
    next(key for key in KEYS if key.keys == keys).act(corrector)


def test_islands_outlines_and_copies(at_work: Any, pair: Any, qtbot: Any) -> None:
    panes, editor, corrector, mouse = at_work(empty=False)
    place, spot = lesion_of(pair), healthy(pair)
    corrector.select_tool("brush")
    corrector.set("brush", BrushSettings(radius_mm=6.0, shape="ball"))
    lesion = np.count_nonzero(editor.session(0).array)

    def volume() -> int:
        return int(np.count_nonzero(editor.session(0).array))

    def done(keys: str) -> int:
        count = len(editor.records)
        press(keys, panes, corrector, qtbot)
        until(qtbot, lambda: len(editor.records) == count + 1)
        return volume()

    mouse.click(0, spot)
    with_spot = volume()
    assert with_spot > lesion
    corrector.set("acts", replace(corrector.settings["acts"], island_ml=10.0))
    assert done("J") <= lesion
    corrector.undo()
    mouse.hover(0, spot)
    kept = done("I")
    assert 0 < kept <= with_spot - lesion + 5
    corrector.undo()
    assert done("Shift+I") <= lesion
    corrector.set("acts", replace(corrector.settings["acts"], grow_mm=4.0))
    grown = done("+")
    assert grown > lesion
    assert done("-") < grown
    mouse.hover(0, place)
    assert done("Delete") < grown / 2

    # what the baseline had is brought to the follow-up, where nothing is
    mouse.hover(1, pair.transform.to_moving(place))
    editor.session(1)
    before = np.count_nonzero(editor.session(1).array)
    count = len(editor.records)
    press("G", panes, corrector, qtbot)
    until(qtbot, lambda: len(editor.records) == count + 1)
    copied = np.argwhere(editor.session(1).array == 1)
    assert len(copied) > before
    assert editor.records[-1][0] == 1
    middle = panes.panes[1].geometry.to_lps(copied.mean(axis=0))
    assert np.linalg.norm(middle - pair.transform.to_moving(place)) < 25


def test_the_keys_are_all_different_and_work_over_the_panes(at_work: Any, pair: Any, qtbot: Any) -> None:
    panes, editor, corrector, mouse = at_work()
    every = [key.keys for key in (*PANE_KEYS, *KEYS)]
    assert len(set(every)) == len(every)
    assert all(key.says for key in KEYS)
    install_pane_keys(panes)
    install(corrector)
    panes.viewer.window._qt_window.activateWindow()
    panes.panes[1].canvas.canvas.native.setFocus()
    until(qtbot, lambda: QApplication.focusWidget() is not None)

    def key(which: Any, modifiers: Any = Qt.KeyboardModifier.NoModifier) -> None:
        qtbot.keyClick(QApplication.focusWidget(), which, modifiers)

    key(Qt.Key.Key_B)
    assert corrector.tool.name == "brush"
    key(Qt.Key.Key_6)
    assert corrector.label == "consolidation"
    key(Qt.Key.Key_0)
    assert corrector.label is None
    key(Qt.Key.Key_5)
    mouse.click(0, lesion_of(pair))
    assert editor.session(0).array.any()
    key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not editor.session(0).array.any()
    key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert editor.session(0).array.any()
    key(Qt.Key.Key_Escape)
    assert corrector.tool is None
    key(Qt.Key.Key_P)
    assert corrector.tool.name == "pick"
    key(Qt.Key.Key_P)
    assert corrector.tool is None

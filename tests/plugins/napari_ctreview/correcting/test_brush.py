from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from napari_ctreview.viewer.planes import Plane

from ctreview.tools import BrushSettings
from tests.plugins.napari_ctreview.simulated_mouse import CTRL, lesion_of


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

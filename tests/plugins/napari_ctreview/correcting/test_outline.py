from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from napari_ctreview.viewer.planes import Plane

from tests.plugins.napari_ctreview.simulated_mouse import CTRL, lesion_of
from tests.plugins.napari_ctreview.waiting import until


def around(place: Any, radius_mm: float, steps: int = 16) -> list[Any]:
    angles = np.linspace(0, 2 * np.pi, steps, endpoint=False)
    return [place + radius_mm * np.array([np.cos(a), np.sin(a), 0.0]) for a in angles]


def healthy(pair: Any) -> Any:
    """A place in the left lung, on the level of the lesion."""
    lobes, place = pair.before.lobes, lesion_of(pair)
    level = round(float(lobes.geometry.to_index(place)[0]))
    index = np.argwhere(lobes.mask("left_upper_lobe")[level])
    return lobes.geometry.to_lps([level, *np.median(index, axis=0)])


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

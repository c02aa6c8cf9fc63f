from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from napari_ctreview.correcting.shortcuts import KEYS

from ctreview.tools import BrushSettings
from tests.plugins.napari_ctreview.simulated_mouse import lesion_of
from tests.plugins.napari_ctreview.waiting import until


def healthy(pair: Any) -> Any:
    """A place in the left lung, on the level of the lesion."""
    lobes, place = pair.before.lobes, lesion_of(pair)
    level = round(float(lobes.geometry.to_index(place)[0]))
    index = np.argwhere(lobes.mask("left_upper_lobe")[level])
    return lobes.geometry.to_lps([level, *np.median(index, axis=0)])


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

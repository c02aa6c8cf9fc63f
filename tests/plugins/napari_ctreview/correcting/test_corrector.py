from __future__ import annotations

from typing import Any

import numpy as np

from tests.plugins.napari_ctreview.simulated_mouse import lesion_of


def test_escape_and_a_ruler_take_the_tool_out_of_the_hand(at_work: Any, pair: Any, qtbot: Any) -> None:
    panes, editor, corrector, mouse = at_work()
    place = lesion_of(pair)
    corrector.select_tool("brush")
    panes.rulers.select("distance")
    mouse.drag(0, [place, place + np.array([20.0, 0, 0])])
    assert len(panes.panes[0].marks) == 1
    assert not editor.session(0).array.any(), "the ruler had the mouse"
    mouse.hover(0, place)
    assert panes.mouse.grabber is corrector, "the brush comes back when the ruler is done"
    panes.mouse.deactivate()
    assert corrector.tool is None
    assert panes.mouse.grabber is None
    mouse.drag(0, [place, place + np.array([20.0, 0, 0])])
    assert not editor.session(0).array.any()

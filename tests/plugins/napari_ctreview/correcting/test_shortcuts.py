from __future__ import annotations

from typing import Any

from napari_ctreview.correcting.shortcuts import KEYS, install
from napari_ctreview.viewer.shortcuts import KEYS as PANE_KEYS
from napari_ctreview.viewer.shortcuts import install as install_pane_keys
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from tests.plugins.napari_ctreview.simulated_mouse import lesion_of
from tests.plugins.napari_ctreview.waiting import focused


def test_the_keys_are_all_different_and_work_over_the_panes(at_work: Any, pair: Any, qtbot: Any) -> None:
    panes, editor, corrector, mouse = at_work()
    every = [key.keys for key in (*PANE_KEYS, *KEYS)]
    assert len(set(every)) == len(every)
    assert all(key.description for key in KEYS)
    install_pane_keys(panes)
    install(corrector)
    focused(qtbot, panes.panes[1].canvas.canvas.native)

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

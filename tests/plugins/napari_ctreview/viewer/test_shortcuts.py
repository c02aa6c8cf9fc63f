from __future__ import annotations

from typing import Any

from napari_ctreview.viewer.planes import Plane
from napari_ctreview.viewer.shortcuts import KEYS, install
from napari_ctreview.viewer.slabs import Projection
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from tests.plugins.napari_ctreview.waiting import focused


def test_keys_do_what_the_guide_says(make_panes: Any, pair: Any, qtbot: Any) -> None:
    panes = make_panes()
    panes.scans.show_timepoints(pair.before.volume, pair.after.volume, transform=pair.transform)
    install(panes)
    focused(qtbot, panes.panes[1].canvas.canvas.native)

    def press(key: Any) -> None:
        qtbot.keyClick(QApplication.focusWidget(), key)

    press(Qt.Key.Key_C)
    assert panes.plane is Plane.CORONAL
    press(Qt.Key.Key_S)
    assert panes.panes[1].plane is Plane.SAGITTAL
    press(Qt.Key.Key_A)
    press(Qt.Key.Key_3)
    assert tuple(panes.panes[0].image.contrast_limits) == (-160, 240)
    assert "mediastinum" in panes.panes[1].annotations.corners.bottom_right[-1]
    press(Qt.Key.Key_2)
    assert tuple(panes.panes[1].image.contrast_limits) == (-1050, -350)
    press(Qt.Key.Key_M)
    assert panes.panes[1].slab.kind is Projection.MIP
    assert any(line.startswith("SLAB MIP") for line in panes.panes[1].annotations.corners.bottom_right)
    before = panes.panes[0].centre[2]
    press(Qt.Key.Key_Up)
    assert panes.panes[0].centre[2] > before
    press(Qt.Key.Key_L)
    assert panes.link.on is False
    keys = [key.keys for key in KEYS]
    assert len(set(keys)) == len(keys)
    assert all(key.description for key in KEYS)

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari_ctreview.viewer.cine import Cine
from napari_ctreview.viewer.measurements import Angle, Caliper, RegionOfInterest
from napari_ctreview.viewer.planes import Plane
from napari_ctreview.viewer.shortcuts import KEYS, install
from napari_ctreview.viewer.slabs import Projection
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from tests.plugins.napari_ctreview.waiting import until


def drag(canvas: Any, start: tuple[float, float], end: tuple[float, float], qtbot: Any) -> None:
    first, last = QPoint(*map(round, start)), QPoint(*map(round, end))
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, first)
    for share in (0.3, 0.7, 1.0):
        to = QPointF(first) + (QPointF(last) - QPointF(first)) * share
        move = QMouseEvent(
            QEvent.Type.MouseMove,
            to,
            QPointF(canvas.mapToGlobal(to.toPoint())),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(canvas, move)
        qtbot.wait(15)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, last)


def test_rulers_measure_what_is_dragged_and_draw_it_there(
    make_panes: Any, pair: Any, qtbot: Any, canvas_of: Any
) -> None:
    panes = make_panes()
    panes.show_timepoints(pair.before.volume, pair.after.volume, transform=pair.transform)
    left = panes.panes[0]
    canvas = left.canvas.canvas.native
    done: list[Any] = []
    panes.rulers.done.connect(lambda number, mark: done.append((number, mark)))
    start = left.centre
    (x, y), _ = left.pixels_of(start)
    zoom = left.model.scene.camera.zoom

    bare = canvas_of(left)
    panes.rulers.select("distance")
    drag(canvas, (x, y), (x + 30 * zoom, y + 40 * zoom), qtbot)
    number, caliper = done[-1]
    assert number == 0
    assert isinstance(caliper, Caliper)
    assert caliper.length_mm == pytest.approx(50, abs=2 / zoom)
    assert np.allclose(left.centre, start), "measuring must not move the image"
    changed = np.any(canvas_of(left) != bare, axis=-1)
    assert changed[round(y + 15 * zoom), round(x + 11 * zoom) - 6 : round(x + 11 * zoom) + 8].any()

    panes.rulers.select("region")
    drag(canvas, (x - 60 * zoom, y - 20 * zoom), (x - 40 * zoom, y), qtbot)
    region = done[-1][1]
    assert isinstance(region, RegionOfInterest)
    found = region.statistics(pair.before.volume)
    assert found is not None
    assert found.area_mm2 == pytest.approx(np.pi * 100, rel=0.25)

    panes.rulers.select("angle")
    drag(canvas, (x, y - 40 * zoom), (x, y), qtbot)
    assert len(done) == 2
    drag(canvas, (x + 5, y), (x + 40 * zoom, y), qtbot)
    angle = done[-1][1]
    assert isinstance(angle, Angle)
    assert angle.degrees == pytest.approx(90, abs=2)

    assert left.marks == [caliper, region, angle]
    left.step(3)
    assert left._drawings() == []  # they belong to their own slice
    panes.rulers.remove_last()
    assert left.marks == [caliper, region]
    panes.rulers.select("distance")
    panes.rulers.deactivate()
    assert panes.mouse_grabber is None
    drag(canvas, (x, y), (x + 40, y), qtbot)
    assert len(done) == 3
    assert not np.allclose(left.centre[0], start[0])


def test_keys_do_what_the_guide_says(make_panes: Any, pair: Any, qtbot: Any) -> None:
    panes = make_panes()
    panes.show_timepoints(pair.before.volume, pair.after.volume, transform=pair.transform)
    install(panes)
    window = panes.viewer.window._qt_window
    window.activateWindow()
    canvas = panes.panes[1].canvas.canvas.native
    canvas.setFocus()
    until(qtbot, lambda: QApplication.focusWidget() is not None)

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
    assert all(key.says for key in KEYS)


def test_cine_runs_to_the_end_and_back(qtbot: Any) -> None:
    place, ends = [0], []

    def step(by: int) -> bool:
        if not 0 <= place[0] + by <= 3:
            return False
        place[0] += by
        ends.append(place[0])
        return True

    cine = Cine(step, per_second=60)
    cine.toggle()
    until(qtbot, lambda: len(ends) >= 8)
    cine.toggle()
    assert not cine.running
    assert ends[:8] == [1, 2, 3, 2, 1, 0, 1, 2]
    stuck = Cine(lambda by: False, per_second=60)
    stuck.toggle()
    until(qtbot, lambda: not stuck.running)

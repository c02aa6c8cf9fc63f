from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari_ctreview.viewer.measurements import Angle, Caliper, RegionOfInterest
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication


def drag(
    canvas: Any,
    start: tuple[float, float],
    end: tuple[float, float],
    qtbot: Any,
    told: tuple[float, ...] = (0.3, 0.7, 1.0),
) -> None:
    """Drag with the left button; told are the shares of the way at which a move is reported."""
    first, last = QPoint(*map(round, start)), QPoint(*map(round, end))
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, first)
    for share in told:
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
    panes.scans.show_timepoints(pair.before.volume, pair.after.volume, transform=pair.transform)
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
    assert panes.mouse.grabber is None
    here = left.centre[2]
    drag(canvas, (x, y), (x, y + 80), qtbot)
    assert len(done) == 3
    assert left.centre[2] < here, "the left button scrolls again"


def test_a_fast_drag_ends_where_the_button_is_released(make_panes: Any, pair: Any, qtbot: Any) -> None:
    panes = make_panes()
    panes.scans.show_timepoints(pair.before.volume, pair.after.volume, transform=pair.transform)
    left = panes.panes[0]
    (x, y), _ = left.pixels_of(left.centre)
    zoom = left.model.scene.camera.zoom
    for told in ((0.4,), ()):  # vispy drops moves that come too fast: the last ones, or all
        panes.rulers.select("distance")
        drag(left.surface, (x, y), (x + 30 * zoom, y + 40 * zoom), qtbot, told)
        (caliper,) = left.marks
        assert isinstance(caliper, Caliper)
        assert caliper.length_mm == pytest.approx(50, abs=2 / zoom)
        panes.rulers.remove_last()

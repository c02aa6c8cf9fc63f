"""Layouts, three planes and the mouse's gestures, by keys and mouse."""

from __future__ import annotations

import weakref
from dataclasses import replace
from typing import Any

import numpy as np
from napari_ctreview.napari_adapter import new_canvas
from napari_ctreview.viewer import reformats
from napari_ctreview.viewer.input_settings import FILE, conflicts, input_settings
from napari_ctreview.viewer.mouse_buttons import mouse_buttons
from napari_ctreview.viewer.planes import Plane
from napari_ctreview.viewer.shortcuts import install
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent, QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from ctreview.volume.volume import SliceNumbers
from tests.plugins.napari_ctreview.waiting import focused, until

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def _surface(pane: Any) -> Any:
    return pane.canvas.canvas.native


def _pixel(pane: Any, lps: Any) -> QPoint:
    _surface(pane).repaint()
    (x, y), _ = pane.pixels_of(np.asarray(lps, dtype=float))
    return QPoint(round(float(x)), round(float(y)))


def _press(qtbot: Any, panes: Any, key: Any) -> None:
    focused(qtbot, _surface(panes.panes[0]))
    qtbot.keyClick(_surface(panes.panes[0]), key)
    qtbot.wait(50)


def _hover(pane: Any, at: QPoint, button: Any = Qt.MouseButton.NoButton) -> None:
    there = QPointF(_surface(pane).mapToGlobal(at))
    event = QMouseEvent(QEvent.Type.MouseMove, QPointF(at), there, Qt.MouseButton.NoButton, button, NONE)
    QApplication.sendEvent(_surface(pane), event)


def _wheel(pane: Any, up: bool) -> None:
    at = QPoint(60, 60)
    turn = QPoint(0, 120 if up else -120)
    there, held = QPointF(_surface(pane).mapToGlobal(at)), Qt.MouseButton.NoButton
    event = QWheelEvent(QPointF(at), there, QPoint(0, 0), turn, held, NONE, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(_surface(pane), event)


def _drag(pane: Any, button: Any, by: tuple[int, int], modifiers: Any = NONE) -> None:
    start = QPoint(120, 120)
    QTest.mousePress(_surface(pane), button, modifiers, start)
    for share in (0.5, 1.0):
        at = start + QPoint(round(by[0] * share), round(by[1] * share))
        there = QPointF(_surface(pane).mapToGlobal(at))
        event = QMouseEvent(QEvent.Type.MouseMove, QPointF(at), there, Qt.MouseButton.NoButton, button, modifiers)
        QApplication.sendEvent(_surface(pane), event)
        QTest.qWait(10)
    QTest.mouseRelease(_surface(pane), button, modifiers, start + QPoint(*by))


def _same_image(one: Any, other: Any) -> bool:
    return np.array_equal(np.asarray(one.image.data), np.asarray(other.image.data))


def test_three_planes_of_both_scans_hang_by_a_key_and_go_where_the_mouse_says(
    make_panes: Any, pair: Any, qtbot: Any, monkeypatch: Any
) -> None:
    panes = make_panes()
    panes.scans.show_timepoints(pair.before.volume, pair.after.volume, transform=pair.transform)
    panes.show_labels(0, pair.before.opacity, name="opacity")
    install(panes)
    signs: list[bool] = []
    annotations = weakref.proxy(panes.panes[0].annotations)
    monkeypatch.setattr(reformats, "new_canvas", lambda: signs.append("opening" in annotations.doing) or new_canvas())
    _press(qtbot, panes, Qt.Key.Key_F3)
    until(qtbot, lambda: len(signs) == 4 and annotations.doing == "")
    assert signs == [True] * 4, "that it works is on screen before the first canvas is made"
    here, there = panes.hanging.reformats
    until(qtbot, lambda: all(pane.image is not None for pane in (*here.panes, *there.panes)))
    assert [pane.plane for pane in here.panes] == [Plane.CORONAL, Plane.SAGITTAL]
    assert all(pane.canvas.isVisible() for pane in (*panes.panes, *here.panes, *there.panes))
    assert all(_same_image(pane, panes.panes[0]) for pane in here.panes)
    assert set(here.panes[0].labels) == {"opacity"}
    lines = [drawing for drawing in panes.panes[0].annotations.drawings() if not drawing.shadow]
    assert len(lines) == 2, "where the two other planes cut this one"

    place = here.place
    target = place + np.array([24.0, -16.0, 0.0])
    QTest.mouseClick(_surface(panes.panes[0]), LEFT, NONE, _pixel(panes.panes[0], target))
    assert np.allclose(here.place, target, atol=4.1), "a click goes there in the two other planes"
    mapped = pair.transform.to_moving(here.place)
    assert np.allclose(there.place[:2], mapped[:2], atol=8.1), "and in the other scan"
    before = panes.panes[0].centre
    QTest.mouseClick(_surface(here.panes[0]), LEFT, NONE, _pixel(here.panes[0], target + np.array([0, 0, 28.0])))
    assert np.allclose(here.place[2], target[2] + 28.0, atol=4.1)
    assert abs(panes.panes[0].centre[2] - before[2]) > 20.0, "the large pane follows a click in a small one"

    slices = [pane.centre[1] for pane in (here.panes[0], there.panes[0])]
    _wheel(here.panes[0], up=True)
    assert here.panes[0].centre[1] != slices[0]
    assert there.panes[0].centre[1] != slices[1], "the other scan follows"
    panes.set_window("mediastinum")
    assert all(tuple(pane.image.contrast_limits) == (-160, 240) for pane in (*here.panes, *there.panes))

    QTest.mouseDClick(_surface(here.panes[1]), LEFT, NONE, QPoint(60, 60))
    qtbot.wait(50)
    assert panes.panes[0].plane is Plane.SAGITTAL, "a small pane that is maximised becomes the large one"
    assert [pane.canvas.isVisible() for pane in panes.panes] == [True, False]
    assert not any(pane.canvas.isVisible() for pane in here.panes)
    QTest.mouseDClick(_surface(panes.panes[0]), LEFT, NONE, QPoint(60, 60))
    qtbot.wait(50)
    assert all(pane.canvas.isVisible() for pane in panes.panes)

    _hover(panes.panes[1], QPoint(150, 150))
    _press(qtbot, panes, Qt.Key.Key_F4)
    assert [pane.canvas.isVisible() for pane in panes.panes] == [False, True], "the scan under the cursor"
    until(qtbot, lambda: [pane.plane for pane in there.panes] == [Plane.AXIAL, Plane.CORONAL])
    panes.scans.show_timepoints(pair.after.volume, pair.before.volume)
    assert [pane.canvas.isVisible() for pane in panes.panes] == [False, True], "remembered for scans of this kind"
    until(qtbot, lambda: all(_same_image(pane, panes.panes[1]) for pane in there.panes))


def test_a_plane_opens_at_the_cursor_and_slices_have_the_archive_s_number(
    make_panes: Any, pair: Any, qtbot: Any, tmp_path: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("napari_ctreview.preferences.folder", lambda: tmp_path)
    (tmp_path / FILE).write_text('{"keys": {"C": "F9"}}', encoding="utf-8")
    panes = make_panes(1)
    count = pair.before.volume.geometry.shape[0]
    numbers = SliceNumbers(0, tuple(range(100 + count, 100, -1)))
    panes.scans.show_volumes([replace(pair.before.volume, slice_numbers=numbers)], ["baseline"])
    (pane,) = panes.panes
    panes.go_to(pair.before.volume.geometry.to_lps((3, 30, 30)))
    shown = pane.annotations.corners.bottom_right
    mm = pane.centre[2]
    side = "F" if mm < 0 else "H"
    assert f"axial Im {100 + count - 3}/{count}  {side} {abs(mm):.1f} mm" in shown
    assert pane.annotations.pixels_per_mm() > 0
    panes.hanging.reset_view()
    install(panes)
    target = pane.centre + np.array([40.0, 28.0, 0.0])
    _hover(pane, _pixel(pane, target))
    _press(qtbot, panes, Qt.Key.Key_C)
    assert pane.plane is Plane.AXIAL, "this key was changed"
    _press(qtbot, panes, Qt.Key.Key_F9)
    assert pane.plane is Plane.CORONAL
    assert np.isclose(pane.centre[1], target[1], atol=2.1), "through the place under the mouse"
    counted = round(float(pane.geometry.to_index(pane.centre)[1])) + 1
    assert pane.annotations.corners.bottom_right[-2].startswith(f"coronal {counted}/"), "no image of the archive"


def test_drags_scroll_move_zoom_and_window_by_the_buttons(make_panes: Any, pair: Any) -> None:
    panes = make_panes(1)
    panes.scans.show_volumes([pair.before.volume], ["baseline"])
    (pane,) = panes.panes
    start, zoom = pane.centre, pane.model.scene.camera.zoom
    _drag(pane, LEFT, (0, 80))
    assert pane.centre[2] < start[2] - 4.0, "downwards to the feet, as with the wheel"
    assert np.allclose(pane.centre[:2], start[:2]), "the image stays"
    start = pane.centre
    _drag(pane, Qt.MouseButton.MiddleButton, (40, 0))
    assert np.isclose(pane.centre[0], start[0] - 40 / zoom, atol=2.0), "the image goes with the mouse"
    assert np.isclose(pane.centre[2], start[2])
    _drag(pane, Qt.MouseButton.RightButton, (0, -60), Qt.KeyboardModifier.ControlModifier)
    assert pane.model.scene.camera.zoom > 1.2 * zoom


def test_keys_and_buttons_are_the_readers_own(tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("napari_ctreview.preferences.folder", lambda: tmp_path)
    assert conflicts(["B", "P"], input_settings()) == ()
    (tmp_path / FILE).write_text('{"keys": {"B": "P", "ß": "B"}, "mouse": {"right": "zoom"}}', encoding="utf-8")
    found = input_settings()
    assert found.key("B") == "P"
    assert mouse_buttons(found)["right"] == "zoom"
    unknown, twice = conflicts(["B", "P"], found)
    assert "“ß”" in unknown
    assert "gives “P” to several" in twice
    (tmp_path / FILE).write_text("{", encoding="utf-8")
    (said,) = conflicts(["B"], input_settings())
    assert "cannot be read" in said

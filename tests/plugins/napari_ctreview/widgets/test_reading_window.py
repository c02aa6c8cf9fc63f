"""One reading in one window, from the history of acts to the signature: by mouse and keys."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari_ctreview.viewer.annotations import ImageDrawing
from napari_ctreview.widgets import ask
from napari_ctreview.widgets.all_keys import every_key
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from ctreview.study import Finding
from tests.plugins.napari_ctreview.open_window import open_window
from tests.plugins.napari_ctreview.reading import glass_at, glass_ml
from tests.plugins.napari_ctreview.simulated_mouse import LEFT, SHIFT, SimulatedMouse, click, press
from tests.plugins.napari_ctreview.waiting import until
from tests.shared_results import SharedResults


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reader")


@pytest.fixture(scope="module")
def window(qapp: Any, folder: Path, small_scans: Path, shared_results: SharedResults) -> Iterator[Any]:
    """A dock with both scans read to the comparison."""
    with open_window(folder, shared_results) as opened:
        opened.load(small_scans / "before", small_scans / "after")
        opened.run()
        yield opened.dock


@pytest.fixture(autouse=True)
def _state_of_the_window(_own_state: None, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The window's own folders, not those of each test."""
    monkeypatch.setattr("ctreview.study.recovery.recovery_folder", lambda: folder / "recovery")
    monkeypatch.setattr("napari_ctreview.preferences.folder", lambda: folder / "settings")


def _click_row(rows: Any, row: int) -> None:
    rows.scrollToItem(rows.item(row))
    at = rows.visualItemRect(rows.item(row)).center()
    QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=at)


def test_the_history_is_read_and_gone_back_in(window: Any, qtbot: Any) -> None:
    history, controller = window.history.rows, window.controller
    window.boxes["correct"].open()
    QTest.mouseClick(window.history.parentWidget().header, Qt.MouseButton.LeftButton)
    assert [history.item(row).text() for row in range(history.count())] == ["As it was found"]
    mouse, volumes = SimulatedMouse(window.panes, qtbot), [glass_ml(controller, 0)]
    click(window.tools.tools["pick"])
    for _ in range(2):
        place = glass_at(controller, 0)
        window.panes.go_to(place)
        mouse.click(0, place, modifiers=Qt.KeyboardModifier.ControlModifier)
        until(qtbot, lambda: glass_ml(controller, 0) < volumes[-1])
        volumes.append(glass_ml(controller, 0))
    assert (history.count(), history.currentRow()) == (3, 2)
    assert "Piece removed" in history.item(1).text()
    assert history.item(1).text().endswith("baseline")
    _click_row(history, 0)
    assert glass_ml(controller, 0) == volumes[0], "the beginning"
    assert (history.count(), history.currentRow()) == (3, 0), "what was taken back can be brought again"
    _click_row(history, 2)
    assert glass_ml(controller, 0) == volumes[2]
    press(qtbot, window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert history.currentRow() == 1, "undo walks the same list"
    press(qtbot, window, Qt.Key.Key_Escape)


def test_ctrl_q_asks_where_work_is_in_no_study_also_from_a_text_field(
    window: Any, qtbot: Any, monkeypatch: Any
) -> None:
    said: list[str] = []
    monkeypatch.setattr(ask, "closing_confirmed", lambda _parent, left: bool(said.append(left)))
    press(qtbot, window, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    window.load.age.setFocus()
    QTest.keyClick(window.load.age, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    assert len(said) == 2
    assert "acts" in said[0]
    assert window.isVisible()
    assert window.controller.state.open


def _show_again(window: Any, font: Any, qtbot: Any) -> None:
    """As it is shown on a system with this font."""
    QApplication.setFont(font)
    window.hide()
    window.show()
    qtbot.wait(50)


def test_letters_are_as_large_as_the_system_s(window: Any, qtbot: Any, qapp: Any) -> None:
    shown = (window.run_all, window.header, window.tools.tools["pick"], window.measurements.table, window.load.age)
    usual, before, width = qapp.font(), [one.fontInfo().pointSizeF() for one in shown], window.minimumWidth()
    larger = qapp.font()
    larger.setPointSize(17)
    _show_again(window, larger, qtbot)
    assert [round(one.fontInfo().pointSizeF()) for one in shown] == [17] * len(shown)
    assert round(window.panes.panes[0].annotations.font().pointSizeF()) == 17
    assert window.minimumWidth() > width, "nothing is cut off"
    _show_again(window, usual, qtbot)
    assert [one.fontInfo().pointSizeF() for one in shown] == before


def test_measurements_are_listed_gone_to_and_removed(window: Any, qtbot: Any) -> None:
    panes, table = window.panes, window.measurements.table
    mouse = SimulatedMouse(panes, qtbot)
    place = panes.panes[0].centre
    click(window.measurements.buttons["distance"])
    mouse.drag(0, [place, place + np.array([20.0, 0.0, 0.0])])
    assert [table.item(0, column).text() for column in range(2)] == ["distance", "baseline"]
    assert table.item(0, 2).text().endswith(" mm")
    assert not window.measurements.buttons["distance"].isChecked()
    panes.go_to(place + np.array([0.0, 0.0, 24.0]))
    QTest.mouseClick(table.viewport(), LEFT, pos=table.visualItemRect(table.item(0, 0)).center())
    assert np.isclose(panes.panes[0].centre[2], place[2], atol=0.5)
    click(window.measurements.remove)
    assert table.rowCount() == 0
    assert panes.scans.measurements == 0


def test_keys_outline_the_lungs_lay_the_follow_up_over_and_take_the_class_under_the_cursor(
    window: Any, qtbot: Any, canvas_of: Any
) -> None:
    panes = window.panes
    place = np.array(glass_at(window.controller, 0))
    panes.go_to(place)
    press(qtbot, window, Qt.Key.Key_O, SHIFT)
    assert "lung outline" in panes.panes[0].labels
    press(qtbot, window, Qt.Key.Key_O, SHIFT)
    assert "lung outline" not in panes.panes[0].labels
    before = canvas_of(panes.panes[0]).astype(int)
    press(qtbot, window, Qt.Key.Key_Z)
    (over,) = [one for one in panes.panes[0].annotations.drawings() if isinstance(one, ImageDrawing)]
    assert over.area.width() > 100
    faded = canvas_of(panes.panes[0]).astype(int)
    assert (faded != before).mean() > 0.01
    assert "50 % of the other" in panes.panes[0].annotations.corners.bottom_right
    press(qtbot, window, Qt.Key.Key_Z)
    assert "checkerboard" in panes.panes[0].annotations.corners.bottom_right
    press(qtbot, window, Qt.Key.Key_Z)
    assert np.array_equal(canvas_of(panes.panes[0]).astype(int), before)
    SimulatedMouse(panes, qtbot).hover(0, place)
    press(qtbot, window, Qt.Key.Key_0)
    assert window.corrector.label is None
    press(qtbot, window, Qt.Key.Key_P, SHIFT)
    assert window.corrector.label == "ground_glass"


def test_name_and_date_are_shown_on_request_alone_and_stay_out_of_key_images(
    window: Any, qtbot: Any, monkeypatch: Any
) -> None:
    pane = window.panes.panes[0]
    seen: list[str] = []
    monkeypatch.setattr(
        "napari_ctreview.viewer.key_image_capture.capture_png",
        lambda panes: seen.append(" ".join(panes.panes[0].annotations.corners.top_left)) or b"",
    )
    assert pane.annotations.corners.top_left == ("BASELINE   day 0",)
    press(qtbot, window, Qt.Key.Key_N, SHIFT)
    assert "2021-09-03" in pane.annotations.corners.top_left
    assert len(pane.annotations.corners.top_left) == 3, "title, name, date"
    window.panes.take_key_image()
    assert seen == ["BASELINE   day 0"]
    press(qtbot, window, Qt.Key.Key_N, SHIFT)
    assert pane.annotations.corners.top_left == ("BASELINE   day 0",)
    window.key_image_recorder.remove(window.controller.state.key_images()[0])


def test_one_overlay_shows_every_key(window: Any, qtbot: Any) -> None:
    press(qtbot, window, Qt.Key.Key_Question)
    until(qtbot, window.keys.isVisible)
    shown = " ".join(column.text() for column in window.keys.columns)
    assert all(f"<b>{escape(key)}</b>" in shown for key in every_key())
    assert window.keys.height() <= window.panes.viewer.window._qt_window.height()
    assert window.keys.width() <= window.panes.viewer.window._qt_window.width()
    QTest.keyClick(window.keys, Qt.Key.Key_A)
    assert not window.keys.isVisible()
    assert len(set(every_key())) == len(every_key()), "no key does two things"


def test_save_state_is_in_view_and_signing_shows_a_summary_and_leaves_a_badge(
    window: Any, qtbot: Any, folder: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(ask, "folder_to_save", lambda *_: folder / "study")
    state = window.controller.state
    assert "Not saved to a study yet" in window.header.text()
    window.boxes["sign"].open()
    click(window.sign.buttons["Save as…"])
    until(qtbot, lambda: window.header.text().startswith("✓ Saved"))
    assert window.controller.archive.unsaved == "", "nothing to ask for when the window closes"
    _click_row(window.history.rows, 0)
    assert "masks and report are those of" in window.header.text()
    until(qtbot, lambda: window.controller.chest_ct.up_to_date is not None)
    click(window.sign.buttons["Sign"])
    assert not state.signed, "the summary comes first"
    assert "0 acts, 0 findings" in window.sign.confirm.text.text()
    assert "Both lungs" in window.sign.confirm.text.text()
    click(window.sign.confirm.leave)
    assert not window.sign.confirm.isVisible()
    click(window.sign.buttons["Sign"])
    click(window.sign.confirm.sign)
    until(qtbot, lambda: state.signed and not state.worker.busy)
    assert window.header.text().startswith("✒ Signed")
    stands = glass_ml(window.controller, 0)
    _click_row(window.history.rows, 1)
    assert glass_ml(window.controller, 0) == stands, "a signed reading stays as it is"
    assert window.history.rows.currentRow() == 0


def test_a_reading_once_more_knows_nothing_of_what_was_offered_in_the_first(window: Any, qtbot: Any) -> None:
    place = tuple(float(v) for v in window.panes.panes[0].centre)
    window.marker.track(Finding("nodule", 1, place, tracked="nodule 1"))
    assert window.marker.offer is not None
    click(window.sign.buttons["Read again, blinded"])
    until(qtbot, lambda: window.controller.state.blinded and window.controller.chest_ct.begun)
    assert window.marker.offer is None

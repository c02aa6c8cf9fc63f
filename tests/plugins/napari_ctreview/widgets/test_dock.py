"""The dock, driven as a person would: drop folders, click, press keys, stop, save, close, go on, sign."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QComboBox, QLineEdit, QPushButton

from tests.analysed_once import analysed_anew
from tests.plugins.napari_ctreview.reading import compared, glass_at, glass_ml
from tests.plugins.napari_ctreview.simulated_mouse import SimulatedMouse, click, drop, press
from tests.plugins.napari_ctreview.waiting import drawn, until

pytestmark = pytest.mark.usefixtures("prepared_once")


def loaded(qtbot: Any, dock: Any, folder: Path) -> None:
    """Drop baseline and follow-up on their panes and wait until they are read."""
    drop(dock.panes.panes[0], folder / "before")
    until(qtbot, lambda: dock.controller.state.loader.scans[0] is not None)
    drop(dock.panes.panes[1], folder / "after")
    until(qtbot, lambda: dock.controller.state.loader.ready)


def reviewed(qtbot: Any, dock: Any, folder: Path) -> None:
    """Load both scans and run all steps."""
    loaded(qtbot, dock, folder)
    compared(qtbot, dock.controller, lambda: click(dock.run_all))


def test_dropping_two_folders_and_run_all_shows_every_step(make_dock: Any, small_scans: Path, qtbot: Any) -> None:
    dock = make_dock()
    states: list[tuple[str, str]] = []
    place = dock.controller

    def note() -> None:
        for name, box in dock.boxes.items():
            state = (name, box.step.state)
            if not states or state not in states:
                states.append(state)

    assert not dock.run_all.isEnabled()
    place.state.changed.connect(note)
    reviewed(qtbot, dock, small_scans)
    for name in ("load", "lungs", "opacity", "register", "change"):
        assert (name, "running") in states, name
        assert dock.boxes[name].step.state == "done"
    order = [states.index((name, "running")) for name in ("load", "lungs", "opacity", "register", "change")]
    assert order == sorted(order)
    comparison = place.chest_ct.comparison
    assert comparison.verdict == "not_interpretable", "voxels of 4 mm"
    reason = next(check.message for check in comparison.checks if check.stops)
    assert reason in dock.change.headline.text()
    assert set(dock.panes.panes[0].labels) == {"opacity"}
    assert not dock.panes.panes[2].canvas.isVisible()
    dock.boxes["change"].open()
    dock.fate.setChecked(True)
    qtbot.wait(50)
    assert dock.panes.panes[2].canvas.isVisible()
    assert set(dock.panes.panes[2].labels) == {"fate"}
    dock.fate.setChecked(False)
    assert not dock.panes.panes[2].canvas.isVisible()


def test_a_click_with_the_pick_removes_a_piece_and_the_table_follows_at_once(
    make_dock: Any, small_scans: Path, qtbot: Any, canvas_of: Any
) -> None:
    import time

    dock = make_dock()
    reviewed(qtbot, dock, small_scans)
    place = dock.controller
    where = np.array(glass_at(place, 0))
    dock.panes.go_to(where)
    qtbot.wait(50)
    x, y = (round(float(v)) for v in dock.panes.panes[0].pixels_of(where)[0])
    coloured = canvas_of(dock.panes.panes[0])[y, x].astype(int)
    assert np.ptp(coloured) > 40, "ground glass is drawn in colour over a grey scan"
    before = glass_ml(place, 0)
    followed: list[float] = []
    place.state.edited.connect(lambda *_: followed.append(time.perf_counter()))
    mouse = SimulatedMouse(dock.panes, qtbot)
    click(dock.tools.tools["pick"])
    start = time.perf_counter()
    mouse.click(0, where, modifiers=Qt.KeyboardModifier.ControlModifier)
    until(qtbot, lambda: bool(followed))
    assert followed[0] - start < 1.0
    assert glass_ml(place, 0) < before
    assert "carried over" in dock.change.headline.text()
    assert np.ptp(canvas_of(dock.panes.panes[0])[y, x].astype(int)) < np.ptp(coloured)
    until(qtbot, lambda: "carried over" not in dock.change.headline.text())
    press(qtbot, dock, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert glass_ml(place, 0) == before
    click(dock.tools.acts["Redo"])
    assert glass_ml(place, 0) < before


def test_a_wrong_folder_is_said_in_the_dock(make_dock: Any, small_scans: Path, tmp_path: Path, qtbot: Any) -> None:
    dock = make_dock()
    drop(dock.panes.panes[0], tmp_path)
    until(qtbot, dock.message.isVisible)
    assert str(tmp_path) in dock.message.text()
    assert dock.boxes["load"].step.state == "failed"
    loaded(qtbot, dock, small_scans)
    assert dock.boxes["load"].step.state == "done"
    assert not dock.message.isVisible()


def test_swapped_dates_are_warned_of_and_swapped_back(make_dock: Any, small_scans: Path, qtbot: Any) -> None:
    dock = make_dock()
    drop(dock.panes.panes[0], small_scans / "after", small_scans / "before")
    until(qtbot, lambda: dock.controller.state.loader.ready)
    assert "swapped" in dock.boxes["load"].step.message
    click(dock.load.buttons["swap"])
    assert dock.boxes["load"].step.message == ""
    assert dock.load.names[0].text().startswith("before")
    days = [pane.annotations.corners.top_left[0] for pane in dock.panes.panes[:2]]
    assert days[0].startswith("BASELINE")
    assert days[1].startswith("FOLLOW-UP")


def test_a_follow_up_alone_is_no_baseline(make_dock: Any, small_scans: Path, qtbot: Any) -> None:
    dock = make_dock()
    dock.controller.state.loader.open(1, small_scans / "after")
    until(qtbot, lambda: dock.controller.state.loader.scans[1] is not None)
    pane = dock.panes.panes[0]
    assert pane.annotations.corners.top_left == ("FOLLOW-UP",), "days since a baseline that is not there are not known"
    drawn(qtbot, dock.panes)
    press(qtbot, dock, Qt.Key.Key_K)
    press(qtbot, dock, Qt.Key.Key_Q)
    SimulatedMouse(dock.panes, qtbot).click(0, pane.centre)
    (image,), (finding,) = dock.controller.state.key_images(), dock.controller.state.findings()
    assert (image.timepoint, finding.timepoint) == (2, 2)
    assert dock.key_images.table.item(0, 0).text() == "1  follow-up"
    assert dock.findings.table.item(0, 1).text() == "follow-up"
    dock.controller.state.loader.open(0, small_scans / "before")
    until(qtbot, lambda: dock.controller.state.loader.ready)
    assert dock.controller.state.key_images() == (image,)
    dock.marker.go_to(finding)
    assert np.allclose(dock.panes.panes[1].centre, finding.place, atol=2.1), (
        "it is found on the follow-up, at the right"
    )
    click(dock.load.buttons["clear"])
    assert dock.message.isVisible()
    assert dock.message.text() == "Removed with the scan they were made on: 1 finding and 1 key image."


def test_a_folder_with_several_series_asks_which(make_dock: Any, small_scans: Path, tmp_path: Path, qtbot: Any) -> None:
    import shutil

    for name in ("before", "after"):
        shutil.copytree(small_scans / name, tmp_path / "both" / name)
    dock = make_dock()
    asked: list[int] = []

    def choose(found: Any) -> Any:
        asked.append(len(found))
        return found[1] if len(asked) > 1 else None

    dock.controller.state.loader.chooser = choose
    drop(dock.panes.panes[0], tmp_path / "both")
    until(qtbot, lambda: len(asked) == 1 and not dock.controller.state.worker.busy)
    assert dock.boxes["load"].step.state == "to do"
    drop(dock.panes.panes[0], tmp_path / "both")
    until(qtbot, lambda: dock.controller.state.loader.scans[0] is not None)
    assert asked == [2, 2]


def test_three_panes_and_the_dock_fit_a_small_screen(make_dock: Any, small_scans: Path, qtbot: Any) -> None:
    dock = make_dock()
    reviewed(qtbot, dock, small_scans)
    for box in dock.boxes.values():
        box.open()
    dock.fate.setChecked(True)
    window = dock.panes.viewer.window._qt_window
    window.resize(1280, 800)
    qtbot.wait(100)
    assert (window.width(), window.height()) == (1280, 800), "nothing in it asks for more"
    assert [pane.canvas.isVisible() for pane in dock.panes.panes] == [True] * 3
    widths = [pane.canvas.width() for pane in dock.panes.panes]
    assert min(widths) > 150
    sliders = [one for pane in dock.panes.panes for one in pane.canvas.dims.slider_widgets]
    assert max(one.minimumSizeHint().width() for one in sliders) < 100, "at twice the scale panes are that narrow"
    for box in dock.boxes.values():
        assert box.minimumSizeHint().width() <= dock.width() - 16, "the dock has no bar to move it sideways"


def test_stop_leaves_the_steps_to_do(make_dock: Any, small_scans: Path, qtbot: Any, monkeypatch: Any) -> None:
    dock = make_dock()
    loaded(qtbot, dock, small_scans)
    monkeypatch.undo()  # the real work, which can be stopped
    with analysed_anew():
        click(dock.run_all)
        until(qtbot, dock.boxes["lungs"].cancel.isVisible)
        click(dock.boxes["lungs"].cancel)
        until(qtbot, lambda: not dock.controller.state.worker.busy)
    assert dock.boxes["lungs"].step.state == "to do"
    assert dock.boxes["lungs"].step.message == "stopped"
    assert dock.run_all.isEnabled()


def test_fields_come_from_the_settings_and_go_back_into_them(make_dock: Any) -> None:
    from dataclasses import fields

    dock = make_dock()
    place, form = dock.controller, dock.forms["opacity"]
    settings = place.chest_ct.settings.opacity
    shown = {name.split(".")[1] for name in form.fields}
    assert shown >= {item.name for item in fields(settings) if isinstance(getattr(settings, item.name), float)}
    line = form.fields["opacity.least_patch_ml"]
    assert isinstance(line, QLineEdit)
    assert float(line.text()) == settings.least_patch_ml
    assert "patches" in line.toolTip()
    line.setText("0.75")
    line.editingFinished.emit()
    assert place.chest_ct.settings.opacity.least_patch_ml == 0.75
    line.setText("much")
    line.editingFinished.emit()
    assert line.text() == "0.75"
    assert "cannot be" in form._wrong.text()
    (back,) = (button for button in form.findChildren(QPushButton) if button.text() == "Standard settings")
    back.click()
    assert place.chest_ct.settings.opacity == settings
    assert any(
        isinstance(field, QComboBox | QCheckBox) for form in dock.forms.values() for field in form.fields.values()
    )


def test_save_close_reopen_and_sign_by_the_buttons(
    make_dock: Any, small_scans: Path, tmp_path: Path, qtbot: Any, monkeypatch: Any
) -> None:
    from napari_ctreview.widgets import ask

    monkeypatch.setattr(ask, "folder_to_save", lambda *_: tmp_path / "study")
    monkeypatch.setattr(ask, "folder_to_open", lambda *_: tmp_path / "study")
    dock = make_dock()
    dock.sign.reader.setText("Änne K")
    dock.sign.reader.editingFinished.emit()
    reviewed(qtbot, dock, small_scans)
    dock.boxes["sign"].open()
    dock.controller.act(0, "remove_piece", {"point": glass_at(dock.controller, 0)})
    kept = glass_ml(dock.controller, 0)
    click(dock.sign.buttons["Sign"])
    assert "save it first" in dock.message.text()
    click(dock.sign.buttons["Save as…"])
    until(qtbot, (tmp_path / "study/readers/Änne K/comparison").exists)
    until(qtbot, lambda: not dock.controller.state.worker.busy)
    click(dock.load.buttons["clear"])
    assert dock.controller.state.study is None
    assert dock.panes.panes[0].volume is None
    compared(qtbot, dock.controller, lambda: click(dock.sign.buttons["Open study…"]))
    assert glass_ml(dock.controller, 0) == kept
    click(dock.sign.buttons["Sign"])
    click(dock.sign.confirm.sign)
    until(qtbot, lambda: dock.controller.state.signed and not dock.controller.state.worker.busy)
    assert "signed, read-only" in dock.sign.summary.text()
    assert not dock.sign.buttons["Sign"].isEnabled()
    signed = dock.controller.state.reading.signature()
    assert signed["reader"] == "Änne K"
    assert signed["statement"]["words"]["en"].startswith("Signed by Änne K")
    click(dock.sign.buttons["Correct (new version)"])
    assert "version 2: draft" in dock.sign.summary.text()


def test_work_that_was_not_saved_is_offered_at_the_next_start_and_never_removed_unasked(
    make_dock: Any, small_scans: Path, qtbot: Any, monkeypatch: Any
) -> None:
    from napari_ctreview.widgets import ask
    from qtpy.QtWidgets import QLabel

    from ctreview.review.unsaved import unsaved_work
    from ctreview.study.recovery import left_over

    first = make_dock()
    reviewed(qtbot, first, small_scans)
    first.controller.act(0, "remove_piece", {"point": glass_at(first.controller, 0)})
    kept = glass_ml(first.controller, 0)
    first.stop()  # as with the window
    (study,) = left_over()
    work = unsaved_work(study)
    second = make_dock()
    ((row, on, away),) = second.unsaved.rows.values()
    asked: list[str] = []
    monkeypatch.setattr(ask, "removal_confirmed", lambda _parent, *said: bool(asked.append(" ".join(said))))
    click(away)
    assert asked == [f"Remove the unsaved reading of {work.title}? {work.content}. It cannot be brought back."]
    assert work.content.endswith("1 act")
    assert left_over(), "the answer was no"
    assert work.title in row.findChild(QLabel).text()
    compared(qtbot, second.controller, lambda: click(on))
    assert glass_ml(second.controller, 0) == kept
    assert second.controller.chest_ct.review.can_undo


def test_a_blinded_reader_is_told_nothing_by_the_dock(make_dock: Any, small_scans: Path, qtbot: Any) -> None:
    dock = make_dock()
    reviewed(qtbot, dock, small_scans)
    dock.boxes["sign"].open()
    dock.boxes["change"].open()
    click(dock.sign.buttons["Go on blinded"])
    assert not dock.change.isVisible()
    assert not dock.fate.isEnabled()
    assert {label.text() for label in dock.load.names} == {"loaded; hidden until the reading is signed"}
    written = " ".join(
        " ".join(pane.annotations.corners.top_left + pane.annotations.corners.top_right)
        for pane in dock.panes.panes[:2]
    )
    assert written == "A B" or set(written.split()) <= {"A", "B"}
    assert {layer.name for pane in dock.panes.panes[:2] for layer in pane.model.layers} == {"A", "B", "opacity"}


def test_mr_examinations_are_shown_with_their_contrasts(
    make_dock: Any, examinations: tuple[Path, Path], qtbot: Any
) -> None:
    dock = make_dock()
    for number, folder in enumerate(examinations):
        drop(dock.panes.panes[number], folder)
        until(qtbot, lambda number=number: dock.controller.state.loader.scans[number] is not None)
    assert [len(one.contrasts) for one in dock.panes.scans.examinations] == [2, 2]
    assert "T1" in dock.load.names[0].text()
    first = dock.panes.panes[0].volume
    press(qtbot, dock, Qt.Key.Key_X)
    qtbot.wait(50)
    assert dock.panes.panes[0].volume is not first
    assert dock.run_all.text() == "Find muscle and compare"

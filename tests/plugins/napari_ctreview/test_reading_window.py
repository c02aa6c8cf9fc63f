"""One window with an open reading: whatever a reader presses, only the reading answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari_ctreview.viewer.planes import Plane
from napari_ctreview.viewer.slabs import THIN
from qtpy.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from qtpy.QtGui import QAction, QDragEnterEvent, QDropEvent, QKeySequence, QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QWidget,
)

from ctreview.dicom.acquisition import Patient
from ctreview.phantom import small_thorax
from ctreview.volume.write import write_dicom
from tests.plugins.napari_ctreview.open_window import OpenWindow, open_window
from tests.plugins.napari_ctreview.simulated_mouse import click
from tests.shared_results import SharedResults


@pytest.fixture(scope="module")
def other_patient(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two scans of somebody else, ``first`` and ``second``, on another grid."""
    folder = tmp_path_factory.mktemp("other")
    for number, name in enumerate(("first", "second")):
        phantom = small_thorax(spacing_mm=6.0, seed=7 + number, acquired=datetime(2022, 3 + number, 4))
        write_dicom(phantom.volume, folder / name, patient=Patient(id="somebody else"))
    return folder


@pytest.fixture(scope="module")
def reading(
    small_scans: Path, other_patient: Path, shared_results: SharedResults, tmp_path_factory: Any, qapp: Any
) -> Iterator[OpenWindow]:
    """A reading of one patient, compared, with every step unfolded; before it another patient was shown."""
    with open_window(tmp_path_factory.mktemp("state"), shared_results) as window:
        window.unfold()
        window.load(other_patient / "first", other_patient / "second")
        window.texts_of_other_patient = window.texts()
        click(window.dock.load.buttons["clear"])
        window.load(small_scans / "before", small_scans / "after")
        window.run()
        window.unfold()
        yield window


@pytest.fixture
def as_usual(reading: OpenWindow) -> None:
    """How the window is before a reader sets it: linked, thin slices, no ruler, the first type of finding.

    Some of napari's keys are the reading's too, and set it by how often they were pressed in the tests before.
    """
    panes = reading.panes
    panes.mouse.deactivate()
    panes.set_slab(THIN)
    if not panes.link.on:
        panes.link.toggle()
    reading.dock.findings.type.setCurrentIndex(0)


def napari_keys() -> list[QKeySequence]:
    """Every key that napari binds by itself: of its viewer, its kinds of layers, and its menus."""
    from app_model.backends.qt import QKeyBindingSequence
    from napari.utils.shortcuts import default_shortcuts

    return [QKeyBindingSequence(one) for bound in default_shortcuts.values() for one in bound]


def menu_keys(window: QWidget) -> list[QKeySequence]:
    return [keys for action in window.findChildren(QAction) for keys in action.shortcuts()]


def is_text_field(widget: QWidget) -> bool:
    return isinstance(widget, QLineEdit | QAbstractSpinBox) or (
        isinstance(widget, QPlainTextEdit) and not widget.isReadOnly()
    )


def focusable(window: QWidget) -> list[QWidget]:
    """Every widget that a reader sees and can go to, and the window itself."""
    while QApplication.activePopupWidget() is not None:  # Alt+Down is also the key that opens a choice
        QApplication.activePopupWidget().close()
    found = [one for one in window.findChildren(QWidget) if one.isVisible() and one.isEnabled()]
    found = [one for one in found if one.window() is window]
    return [one for one in found if one.focusPolicy() != Qt.FocusPolicy.NoFocus] + [window]


def press(widget: QWidget, keys: QKeySequence) -> None:
    """Press a key on a widget as a keyboard does: first asking for shortcuts, then the key and its release."""
    pressed = keys[0]
    QTest.keyClick(widget, pressed.key(), pressed.keyboardModifiers())


ACTING = {"Ctrl+Q", "A", "C", "S", "F", "I", "G", "K", "Space", "Return", "Del", "Backspace", "-"}
"""Keys of both that are meant to change what is watched here: planes, acts on labels, cine."""


def test_no_key_of_napari_changes_anything_whichever_widget_has_the_focus(reading: OpenWindow) -> None:
    own = {keys.toString() for keys in reading.own_keys()}
    assert own >= ACTING
    bound = {keys.toString(): keys for keys in [*napari_keys(), *menu_keys(reading.window)] if keys.toString()}
    tried = [keys for words, keys in bound.items() if words not in ACTING]
    assert len(tried) > 40
    widgets = focusable(reading.window)
    assert len(widgets) > 60
    before = reading.everything()
    for widget in widgets:
        widget.setFocus()
        for keys in tried:
            press(widget, keys)
        assert QApplication.activeModalWidget() is None
        assert reading.everything() == before, (type(widget).__name__, widget.objectName())
    QApplication.processEvents()
    assert reading.everything() == before


def test_the_keys_of_the_reading_work_whichever_widget_has_the_focus(reading: OpenWindow) -> None:
    silent = []
    for widget in focusable(reading.window):
        if is_text_field(widget) or (isinstance(widget, QComboBox) and widget.isEditable()):
            continue
        reading.dock.corrector.choose("ground_glass")
        widget.setFocus()
        QTest.keyClick(widget, Qt.Key.Key_6)  # napari's key to pan
        if reading.dock.corrector.label != "consolidation":
            silent.append(type(widget).__name__)
    assert silent == []
    reading.dock.tools.setFocus()
    QTest.keyClick(reading.dock.tools, Qt.Key.Key_C)
    assert reading.panes.plane is Plane.CORONAL
    QTest.keyClick(reading.dock.tools, Qt.Key.Key_A)
    assert reading.panes.plane is Plane.AXIAL


def test_letters_typed_into_a_field_stay_there(reading: OpenWindow) -> None:
    plane = reading.panes.plane
    field = reading.dock.load.age
    field.setFocus()
    field.clear()
    QTest.keyClicks(field, "2")
    QTest.keyClick(field, Qt.Key.Key_C)
    QTest.keyClick(field, Qt.Key.Key_Up)  # a field does not want it; neither may the panes have it
    assert field.text() == "2c"
    assert reading.panes.plane is plane
    field.clear()
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert not field.hasFocus()


def test_a_layer_that_anything_else_changes_is_as_it_was(reading: OpenWindow) -> None:
    before = reading.everything()
    for pane in reading.panes.panes[:2]:
        for layer in list(pane.model.layers):
            for mode in ("transform", "paint", "erase", "fill", "pan_zoom"):
                if mode in _modes(layer):
                    layer.mode = mode
                    assert str(layer.mode) == "pan_zoom"
            layer.editable = True
            assert not layer.editable
            layer.translate = np.asarray(layer.translate) + 10.0
            layer.scale = np.asarray(layer.scale) * 2
            layer.affine = np.diag([1.0, 2.0, 1.0, 1.0])
            layer.rotate = 30
            if hasattr(layer, "paint"):
                middle = np.array(layer.data.shape) // 2
                layer.selected_label = 1
                layer.brush_size = 9
                layer.paint(middle, 1)
                layer.fill(middle, 2)
        pane.model.dims.ndisplay = 3
        pane.model.dims.roll()
        pane.model.dims.transpose()
        pane.model.canvas.grid.enabled = True
        pane.model.scene.camera.orientation2d = ("up", "left")
    QApplication.processEvents()
    assert reading.everything() == before


def test_layers_taken_away_come_back_and_foreign_ones_go(reading: OpenWindow) -> None:
    if not reading.panes.lobe_lines.wanted:
        reading.panes.lobe_lines.toggle()  # they are drawn meanwhile
    before = reading.everything()
    model = reading.panes.panes[0].model
    model.layers.select_all()
    model.layers.remove_selected()
    reading.panes.panes[1].model.layers.clear()
    QApplication.processEvents()
    assert reading.everything() == before
    model.add_points([[0, 0, 0]])
    QApplication.processEvents()
    QApplication.processEvents()
    assert reading.everything() == before
    assert "reading" in reading.dock.message.text()


def test_panels_buttons_and_hints_of_napari_are_not_there_at_any_size(reading: OpenWindow) -> None:
    own = reading.window._qt_viewer
    panels = (own.dockLayerList, own.dockLayerControls, own.dockConsole)
    for size in ((1100, 700), (1500, 950), (2500, 1300)):
        reading.window.resize(*size)
        for panel in panels:
            panel.show()
        QApplication.processEvents()
        assert not any(panel.isVisible() for panel in panels)
        assert not own.viewerButtons.isVisible()
    viewer = reading.panes.viewer
    viewer.help = "hold <space> to pan"
    viewer.status = "baseline [1 2 3]: -850"
    assert (viewer.help, viewer.status) == ("", "")
    assert not reading.window.statusBar().isVisible()
    assert not viewer.window.layers_menu.menuAction().isEnabled()
    assert not viewer.window.view_menu.menuAction().isEnabled()
    reading.window.resize(1500, 950)


def _modes(layer: Any) -> set[str]:
    return {str(one) for one in type(layer)._modeclass}


@pytest.mark.usefixtures("as_usual")
def test_the_readout_follows_every_change_of_slice(reading: OpenWindow) -> None:
    panes = reading.panes
    pane, canvas = panes.panes[0], panes.panes[0].surface
    panes.go_to(pane.geometry.to_lps(np.array(pane.geometry.shape) // 2))
    QApplication.processEvents()
    QTest.mouseMove(canvas, QPoint(canvas.width() // 2 + 11, canvas.height() // 2 + 7))
    QTest.qWait(15)  # vispy drops a move that comes within 10 ms of the one before
    QTest.mouseMove(canvas, QPoint(canvas.width() // 2 + 10, canvas.height() // 2 + 8))
    QApplication.processEvents()

    def is_true(number: int) -> bool:
        """Whether the readout of the first pane, and of the linked one, is that of the pixel under the mouse now."""
        QApplication.processEvents()
        here = pane.place_at(np.array([canvas.width() // 2 + 10.0, canvas.height() // 2 + 8.0]))
        there = here if number == 0 else panes.link.synchronizer.mapping(0, 1)(here)
        shown = panes.panes[number].annotations.corners.bottom_left
        return bool(shown) and shown == panes.panes[number].read(there).lines

    assert is_true(0)
    for key in (Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_C, Qt.Key.Key_Down, Qt.Key.Key_S, Qt.Key.Key_A):
        QTest.keyClick(reading.dock.tools, key)
        assert is_true(0), key
        assert is_true(1), key
    panes.cine._advance()
    assert is_true(0)
    panes.go_to(panes.panes[1].centre + 12.0, pane=1)
    assert is_true(0)
    assert is_true(1)
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    assert pane.annotations.corners.bottom_left == ()
    panes.go_to(pane.centre - 8.0)
    QApplication.processEvents()
    assert pane.annotations.corners.bottom_left == pane.read(pane.centre).lines, "of the place that was gone to"
    panes.mouse.leave()


def test_the_wheel_over_a_field_scrolls_the_dock_and_changes_no_value(reading: OpenWindow) -> None:
    dock = reading.dock
    (scroll,) = [one for one in dock.findChildren(QScrollArea) if one.widget() is not None and one.parent() is dock]
    bar = scroll.verticalScrollBar()
    fields = [one for one in dock.findChildren(QAbstractSpinBox) + dock.findChildren(QComboBox) if one.isVisible()]
    assert len(fields) > 5
    before = [_value_of(one) for one in fields]
    scrolled = 0
    for field in fields:
        bar.setValue(bar.maximum() // 2)
        field.setFocus()
        wheel(field, -1)
        scrolled += bar.value() > bar.maximum() // 2
    assert [_value_of(one) for one in fields] == before
    assert scrolled == len(fields)


def test_what_cannot_be_read_is_said_by_the_dock_wherever_it_is_dropped(reading: OpenWindow, tmp_path: Path) -> None:
    before = reading.everything()
    (tmp_path / "letter.txt").write_text("Dear colleague")
    for target in (reading.dock.load, reading.dock.run_all, reading.panes.panes[1].canvas, reading.window):
        reading.dock.complain("")
        drop_on(target, tmp_path / "letter.txt")
        assert "letter.txt" in reading.dock.message.text()
        assert QApplication.activeModalWidget() is None
    reading.dock.complain("")
    assert reading.everything() == before


@pytest.mark.usefixtures("as_usual")
def test_another_patient_leaves_nothing_of_the_one_before(reading: OpenWindow, other_patient: Path) -> None:
    dock, before = reading.dock, reading.texts_of_other_patient
    dock.marker.text = "beside the fissure"
    dock.panes.go_to(dock.panes.panes[0].centre)
    dock.marker.select_shape("point")
    QTest.mouseClick(dock.panes.panes[0].surface, Qt.MouseButton.LeftButton)
    dock.marker.track(dock.marker.findings[0])
    assert dock.marker.offer is not None
    dock.marker.text = "said of nobody yet"
    dock.marker.changed.emit()
    dock.load.two_patients.click()
    dock.load.age.setText("9")
    dock.load.age.editingFinished.emit()
    dock.fate.setChecked(True)
    written = reading.texts() - before
    assert any("mL" in line for line in written)
    assert {dock.marker.findings[0].tracked, "ticked: Two patients are meant (no verdict then)"} <= written
    dock.panes.mouse.leave()
    click(dock.load.buttons["clear"])
    reading.load(other_patient / "first", other_patient / "second")
    reading.until(lambda: not reading.controller.state.worker.busy)
    dock.fate.setChecked(False)
    left = {line for line in reading.texts() - before if not line.startswith("Unsaved reading of")}
    assert left <= UNSAVED, left
    assert reading.controller.state.loader.allow_different_patients is False


UNSAVED = {
    "The reading of the scans before was not saved; it is offered above the steps, with 1 finding.",
    "Go on",
    "Remove",
}
"""What is said of work that was not saved is meant to stand."""


def test_one_scan_dropped_on_the_dock_is_run_alone(reading: OpenWindow, other_patient: Path) -> None:
    dock, state = reading.dock, reading.controller.state
    click(dock.load.buttons["clear"])
    drop_on(dock.load, other_patient / "first")
    reading.until(lambda: state.loader.scans[0] is not None)
    assert dock.run_all.text() == "Run this scan alone"
    click(dock.run_all)
    reading.until(lambda: not state.worker.busy)
    assert dock.boxes["opacity"].step.state == "done"
    assert "Both lungs:" in dock.boxes["opacity"].step.message
    assert "opacity" in dock.panes.panes[0].labels
    assert dock.boxes["change"].step.message == "needs the other timepoint"
    assert not dock.sign.buttons["Save as…"].isEnabled()


def test_after_the_reading_napari_is_napari_again(reading: OpenWindow) -> None:
    click(reading.dock.load.buttons["clear"])
    layer = reading.viewer.add_labels(np.zeros((4, 8, 8), np.uint8))
    QTest.keyClick(reading.panes.panes[0].surface, Qt.Key.Key_2)
    assert str(layer.mode) == "paint"
    assert reading.window.statusBar().isVisible()
    assert reading.viewer.window.layers_menu.menuAction().isEnabled()
    reading.viewer.dims.roll()
    assert tuple(reading.viewer.dims.order) != (0, 1, 2)
    reading.viewer.window.remove_dock_widget(reading.dock)  # as its own button does
    assert reading.window._qt_viewer.dockLayerList.isVisible()
    assert reading.window._qt_viewer.dockLayerControls.isVisible()
    assert reading.window.centralWidget().isAncestorOf(reading.window._qt_viewer)


def _value_of(field: Any) -> Any:
    return field.currentText() if isinstance(field, QComboBox) else field.value()


def wheel(widget: QWidget, steps: int) -> None:
    """Turn the wheel over the middle of a widget."""
    at = QPointF(widget.rect().center())
    still = (Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)
    event = QWheelEvent(at, widget.mapToGlobal(at), QPoint(0, 0), QPoint(0, 120 * steps), *still)
    QApplication.sendEvent(widget, event)


def drop_on(widget: QWidget, *paths: Path) -> None:
    """Drop files or folders on a widget, as a file manager would."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    held = (mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    # Qt drops only where something was dragged in
    QApplication.sendEvent(widget, QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, *held))
    QApplication.sendEvent(widget, QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, *held))

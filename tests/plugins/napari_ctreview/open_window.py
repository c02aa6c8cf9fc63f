"""One window for many tests: napari with the dock, and what a reading in it may not lose."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QDeadlineTimer, QEventLoop, QModelIndex, Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QShortcut,
    QStatusBar,
    QTableView,
    QTabWidget,
    QTextEdit,
    QTreeView,
    QWidget,
)

from tests.plugins.napari_ctreview.prepared import prepare_once
from tests.plugins.napari_ctreview.waiting import LONGEST_MS, LONGEST_S
from tests.shared_results import SharedResults


class OpenWindow:
    """napari's window with a dock that stays open for all tests of a module."""

    def __init__(self, viewer: Any, dock: Any) -> None:
        self.viewer, self.dock = viewer, dock
        self.window = viewer.window._qt_window
        self.texts_of_other_patient: set[str] = set()

    @property
    def panes(self) -> Any:
        return self.dock.panes

    @property
    def controller(self) -> Any:
        return self.dock.controller

    def until(self, condition: Any) -> None:
        """Let the window go on until something is so."""
        deadline = QDeadlineTimer(LONGEST_MS)
        while not condition():
            assert not deadline.hasExpired(), "it did not come"
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)

    def load(self, *folders: Path) -> None:
        """Load one scan or two."""
        for number, folder in enumerate(folders):
            before = self.controller.state.loader.scans[number]
            self.controller.open_dropped(number, [str(folder)])
            self.until(lambda number=number, before=before: self.controller.state.loader.scans[number] is not before)

    def run(self) -> None:
        """Run all steps, to the comparison and the list of its pieces."""
        self.controller.run()
        self.until(lambda: self.controller.chest_ct.comparison is not None)
        self.until(lambda: not self.controller.state.worker.busy and self.dock.change.listed)

    def unfold(self) -> None:
        """Open every step."""
        for box in self.dock.boxes.values():
            box.open()
        QApplication.processEvents()

    def texts(self) -> set[str]:
        """Everything that is written anywhere in the window, shown or not, a line each, and which boxes are ticked."""
        from napari._qt.dialogs.qt_notification import NapariQtNotification

        own = self.window._qt_viewer
        # sliders number the slices of the place shown last; napari's panels, which are locked away, name its own things
        left_out = [pane.canvas.dims for pane in self.panes.panes]
        left_out += self.window.findChildren(NapariQtNotification)
        left_out += [own.dockLayerControls, own.dockLayerList, own.dockConsole]
        written = [one for one in self.window.findChildren(QWidget) if not any(s.isAncestorOf(one) for s in left_out)]
        found = [line for widget in written for line in _texts_of(widget)]
        for pane in self.panes.panes:
            corners = pane.annotations.corners
            for lines in (corners.top_left, corners.top_right, corners.bottom_left, corners.bottom_right):
                found += lines
            found += [*pane.annotations.warnings, *(layer.name for layer in pane.model.layers)]
            found += [str(mark) for mark in pane.marks]
        found += [self.window.windowTitle(), self.viewer.title, str(self.viewer.status), self.viewer.help]
        return {line.strip().lstrip("▸▾ ") for text in found for line in text.splitlines() if line.strip()}

    def own_keys(self) -> list[QKeySequence]:
        """The keys of the reading."""
        from napari_ctreview.viewer.key_dispatch import READING_KEY

        return [one.key() for one in self.window.findChildren(QShortcut, READING_KEY)]

    def everything(self) -> Any:
        """What only an act of the reading may change: labels, journal, places of layers, how they are turned."""
        review = self.controller.chest_ct.review
        labels = [] if review is None else [int(session.array.astype(np.int64).sum()) for session in review.sessions]
        arrays = [] if review is None else [hash(session.array.tobytes()) for session in review.sessions]
        placed = ("scale", "translate", "rotate", "shear")
        shown = [
            [
                (
                    (layer.name, layer.editable, str(layer.mode), layer.affine.affine_matrix.tobytes()),
                    [np.asarray(getattr(layer, name)).tobytes() for name in placed],
                )
                for layer in pane.model.layers
            ]
            for pane in self.panes.panes
        ]
        turned = [
            (tuple(pane.model.dims.order), pane.model.dims.ndisplay, str(pane.model.scene.camera.orientation2d))
            for pane in self.panes.panes
            if pane.volume is not None
        ]
        return labels, arrays, len(self.controller.state.workspace.journal), shown, turned


def _texts_of(widget: QWidget) -> Iterator[str]:
    yield widget.toolTip()
    yield widget.windowTitle()
    if isinstance(widget.parentWidget(), QAbstractSpinBox):
        return  # how a tool is set is the reader's, not the patient's
    if isinstance(widget, QLabel | QLineEdit | QAbstractButton):
        yield widget.text()
    if isinstance(widget, QCheckBox) and widget.isChecked():
        yield f"ticked: {widget.text()}"
    if isinstance(widget, QTextEdit | QPlainTextEdit):
        yield widget.toPlainText()
    if isinstance(widget, QComboBox):
        yield widget.currentText()
    if isinstance(widget, QTabWidget):
        yield from (widget.tabText(number) for number in range(widget.count()))
    if isinstance(widget, QStatusBar):
        yield widget.currentMessage()
    if isinstance(widget, QTableView | QTreeView) and widget.model() is not None:
        yield from _items_of(widget.model(), QModelIndex())


def _items_of(model: Any, parent: QModelIndex) -> Iterator[str]:
    roles = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
    for row in range(model.rowCount(parent)):
        for column in range(model.columnCount(parent)):
            index = model.index(row, column, parent)
            yield from (str(model.data(index, role) or "") for role in roles)
        yield from _items_of(model, model.index(row, 0, parent))


@contextmanager
def _own_application() -> Iterator[None]:
    """napari registers commands with one application for all windows; this one gets another, as in napari's fixture."""
    from app_model import Application
    from napari._app_model._app import NapariApplication, _napari_names
    from napari._qt._qapp_model.qactions import init_qactions
    from napari.plugins import _initialize_plugins

    name = "ctreview's open window"
    application = NapariApplication(name)
    application.injection_store.namespace = _napari_names
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NapariApplication, "get_app_model", classmethod(lambda _cls: application))
        try:
            for once in (init_qactions, _initialize_plugins):
                once.cache_clear()
            yield
        finally:
            Application.destroy(name)
            for once in (init_qactions, _initialize_plugins):
                once.cache_clear()


_KEPT: list[Any] = []


@contextmanager
def open_window(state: Path, shared: SharedResults) -> Iterator[OpenWindow]:
    """Open napari with the dock; at the end the reading is closed and the window hidden.

    The window itself lives until the process ends: canvases of several windows that are closed one after the other in
    one process end in a fault of the graphics driver now and then.
    """
    from napari import Viewer
    from napari.qt import QtViewer
    from napari_ctreview.widgets.dock import ReviewDock

    from ctreview.recipes import chest_ct

    with _own_application(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("ctreview.study.recovery.recovery_folder", lambda: state / "recovery")
        patch.setattr("napari_ctreview.preferences.folder", lambda: state / "settings")
        patch.setattr("napari_ctreview.widgets.dock.warm_up_tools", lambda: None)  # compiling would slow what follows
        patch.setattr("napari_ctreview.session.chest_ct_pair.prepare", prepare_once(chest_ct.prepare, shared))
        viewer = Viewer(show=True)
        viewer.window._qt_window.resize(1500, 950)
        dock = ReviewDock(viewer)
        viewer.window.add_dock_widget(dock, name="Review two timepoints", area="right")
        QApplication.processEvents()
        controller = dock.controller
        try:
            yield OpenWindow(viewer, dock)
        finally:
            controller.close()
            controller.state.worker.wait(LONGEST_S)
            viewer.window._qt_window.hide()
            _KEPT.append(viewer)
            QApplication.processEvents()
            QtViewer._instances.clear()  # pytest holds the window for a while; napari's fixture would call it a leak

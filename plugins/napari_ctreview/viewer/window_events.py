"""What happens anywhere in napari's window and is the reading's: keys, what is dropped, the wheel over a field."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtCore import QCoreApplication, QEvent, QObject, QPoint, Signal
from qtpy.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QDockWidget, QScrollArea, QWidget

from napari_ctreview.viewer.key_dispatch import KEY_EVENTS, KeyDispatch

__all__ = ["WindowEvents"]

_DRAGS = frozenset({QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.Drop})


class WindowEvents(QObject):
    """Looks at the events of a window before its widgets do.

    Parameters
    ----------
    window : QWidget
        napari's main window.
    dock : QWidget
        The dock of the reading.

    Attributes
    ----------
    keys : KeyDispatch
    dropped : Signal(QPoint, list)
        Files or folders of this computer were dropped at a place of the screen; the list is empty where what was
        dropped is none.
    may_close : callable
        Asked when the window is to close; where it gives False, the window stays.
    closing : Signal()
        The window is asked to close; napari may still let it stay.
    """

    dropped = Signal(QPoint, list)
    closing = Signal()

    def __init__(self, window: QWidget, dock: QWidget, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._window: QWidget | None = window
        self._dock: QWidget | None = dock
        self.keys = KeyDispatch(window, dock, self)
        self.may_close: Callable[[], bool] = lambda: True
        self._answers: dict[Any, Callable[[QWidget, Any], bool]] = {
            **dict.fromkeys(KEY_EVENTS, self.keys.take),
            **dict.fromkeys(_DRAGS, self._drag),
            QEvent.Type.FocusIn: self._focus,
            QEvent.Type.Wheel: self._wheel,
            QEvent.Type.Close: self._close,
        }
        window.setAcceptDrops(True)  # a pane without a scan, the dock and the bars around them take drops as well
        _application().installEventFilter(self)

    def stop(self) -> None:
        """Leave the window's events alone from now on, for good."""
        self.keys.set_on(False)
        _application().removeEventFilter(self)
        self._answers.clear()
        self._window = self._dock = None  # else the window, which owns this through its dock, would never be freed
        self.keys.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Take what is the reading's."""
        kind = event.type()
        answer = self._answers.get(kind)
        if answer is None or not isinstance(watched, QWidget) or not self._is_within(watched):
            return False
        return answer(watched, event)

    def _is_within(self, widget: QWidget) -> bool:
        """Whether a widget is of this window, also where its panel floats."""
        top = widget.window()
        return top is self._window or (isinstance(top, QDockWidget) and top.parentWidget() is self._window)

    def _focus(self, widget: QWidget, event: Any) -> bool:
        self.keys.note_focus(widget, event)
        return False

    def _wheel(self, widget: QWidget, event: Any) -> bool:
        """Over a number or a choice the wheel scrolls the dock: a value that changes unseen is a wrong setting."""
        field = widget if isinstance(widget, QAbstractSpinBox | QComboBox) else widget.parentWidget()
        if (
            not isinstance(field, QAbstractSpinBox | QComboBox)
            or self._dock is None
            or not self._dock.isAncestorOf(field)
        ):
            return False
        around = field.parentWidget()
        while around is not None and not isinstance(around, QScrollArea):
            around = around.parentWidget()
        if around is not None:
            QApplication.sendEvent(around.verticalScrollBar(), event)
        return True

    def _drag(self, widget: QWidget, event: Any) -> bool:
        """Take what is dropped, whatever lies under it; napari would ask which of its readers to use."""
        mime = event.mimeData()
        if not mime.hasUrls():
            return False
        event.acceptProposedAction()
        if event.type() == QEvent.Type.Drop:
            where = widget.mapToGlobal(event.position().toPoint())
            self.dropped.emit(where, [str(Path(url.toLocalFile())) for url in mime.urls() if url.isLocalFile()])
        return True

    def _close(self, widget: QWidget, event: Any) -> bool:
        if widget is not self._window:
            return False
        if not self.may_close():
            event.ignore()
            return True
        self.closing.emit()
        return False


def _application() -> QCoreApplication:
    found = QApplication.instance()
    assert found is not None
    return found

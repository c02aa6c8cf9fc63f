"""Keys belong to the reading, whichever widget of the window has the focus; a text field keeps what is typed.

napari takes keys in three ways: shortcuts of its menus, key bindings of its canvases, and its window, which passes on
what no widget wanted. None of them gets one while a reading is open.
"""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QShortcut,
    QTabBar,
    QTextEdit,
    QWidget,
)

__all__ = ["ALWAYS", "KEY_EVENTS", "READING_KEY", "KeyDispatch", "is_text_field"]

ALWAYS = "always"
"""Property of a shortcut that works also while keys are napari's."""

READING_KEY = "reading key"
"""Object name of each shortcut that belongs to the reading; napari's have another."""

KEY_EVENTS = frozenset({QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease})

_OPERATED = (QAbstractItemView, QAbstractButton, QAbstractSlider, QComboBox, QTabBar)
_OPERATING = frozenset(
    {
        *(Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right),
        *(Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End),
        *(Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space),
    }
)
"""What works a list, a button or a choice. It is theirs only where the reader went to them with Tab."""

_BY_TAB = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)


class KeyDispatch(QObject):
    """Gives each key of a window to the reading, to the text field it is typed into, or to nothing.

    Parameters
    ----------
    window : QWidget
        napari's main window; every shortcut in it that is named `READING_KEY` is a key of the reading.
    dock : QWidget
        Widgets within it get the keys that the reading does not use; napari's own get none.

    Attributes
    ----------
    on : bool
        Whether keys are the reading's. Else they are napari's, and none of the reading's works.
    """

    def __init__(self, window: QWidget, dock: QWidget, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._window: QWidget | None = window
        self._dock: QWidget | None = dock
        self._passed: QWidget | None = None
        self._reached_by_tab: QWidget | None = None
        self.on = True

    def set_on(self, on: bool) -> None:
        """Let keys be the reading's, or napari's."""
        if on == self.on:
            return
        self.on = on
        for shortcut in self._shortcuts():
            shortcut.setEnabled(on or bool(shortcut.property(ALWAYS)))

    def stop(self) -> None:
        """Let go of the window, which owns what holds this."""
        self._window = self._dock = self._passed = self._reached_by_tab = None

    def note_focus(self, widget: QWidget, event: Any) -> None:
        """Remember whether the reader went to a widget with Tab."""
        self._reached_by_tab = widget if event.reason() in _BY_TAB else None

    def take(self, widget: QWidget, event: Any) -> bool:
        """Act on a key event of the window before any widget sees it; True where none may."""
        if not self.on:
            return False
        kind = event.type()
        if kind == QEvent.Type.ShortcutOverride:
            self._passed = None
            event.accept()  # no shortcut of a menu is looked for: what the reading uses is found below
            return True
        if self._was_passed_on(widget) or not self._concerns(widget, event, kind):
            event.accept()
            return True
        self._passed = widget
        return False

    def _concerns(self, widget: QWidget, event: Any, kind: Any) -> bool:
        """Whether a key goes to the widget; one of the reading acts here."""
        if is_text_field(widget) and not _quits(event):
            return not self._leaves(widget, event, kind)
        if self._operates(widget, event.key()):
            return True
        shortcut = self._shortcut_of(event)
        if shortcut is None:
            return self._dock is not None and self._dock.isAncestorOf(widget)
        if kind == QEvent.Type.KeyPress:
            shortcut.activated.emit()
        return False

    def _leaves(self, field: QWidget, event: Any, kind: Any) -> bool:
        """Escape leaves a text field; an editor within a list closes by itself."""
        if event.key() != Qt.Key.Key_Escape or isinstance(_parent_of(_parent_of(field)), QAbstractItemView):
            return False
        if kind == QEvent.Type.KeyPress:
            field.clearFocus()
        return True

    def _operates(self, widget: QWidget, key: Any) -> bool:
        by_tab = widget is self._reached_by_tab and isinstance(widget, _OPERATED)
        return key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab) or (by_tab and key in _OPERATING)

    def _was_passed_on(self, widget: QWidget) -> bool:
        """Whether this is a key that a widget within did not want."""
        return self._passed is not None and widget is not self._passed and widget.isAncestorOf(self._passed)

    def _shortcut_of(self, event: Any) -> QShortcut | None:
        """The key of the reading that was pressed, if it may be used now."""
        pressed = _sequences(event)
        usable = [one for one in self._shortcuts() if one.isEnabled() and _can_be_used(one)]
        return next((one for keys in pressed for one in usable if one.key() == keys), None)

    def _shortcuts(self) -> list[QShortcut]:
        return [] if self._window is None else list(self._window.findChildren(QShortcut, READING_KEY))


def is_text_field(widget: QWidget | None) -> bool:
    """Whether text can be typed into a widget."""
    if isinstance(widget, QLineEdit | QTextEdit | QPlainTextEdit):
        return not widget.isReadOnly()
    if isinstance(widget, QComboBox):
        return widget.isEditable()
    return isinstance(widget, QAbstractSpinBox)


def _quits(event: Any) -> bool:
    """Whether this is Ctrl+Q, which no text field uses."""
    return bool(event.key() == Qt.Key.Key_Q and event.modifiers() == Qt.KeyboardModifier.ControlModifier)


def _sequences(event: Any) -> list[QKeySequence]:
    """What a key event may be called: with Shift, then without it, as some keyboards need it to reach “+” or “?”."""
    key = Qt.Key.Key_Return if event.key() == Qt.Key.Key_Enter else Qt.Key(event.key())
    held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    found = [QKeySequence(_combined(held, key))]
    if held & Qt.KeyboardModifier.ShiftModifier and not Qt.Key.Key_A <= key <= Qt.Key.Key_Z and key < Qt.Key.Key_Escape:
        found.append(QKeySequence(_combined(held & ~Qt.KeyboardModifier.ShiftModifier, key)))
    return found


def _combined(held: Any, key: Any) -> Any:
    return held | key


def _can_be_used(shortcut: QShortcut) -> bool:
    owner = shortcut.parent()
    if isinstance(owner, QAbstractButton) and not owner.isEnabled():
        return False
    return (
        isinstance(owner, QWidget)
        and owner.isVisible()
        and owner.isEnabled()
        and QApplication.activeModalWidget() is None
    )


def _parent_of(widget: QWidget | None) -> QWidget | None:
    return None if widget is None else widget.parentWidget()

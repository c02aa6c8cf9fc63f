"""All keys and buttons of the mouse at one glance, over the window until the next key or click."""

from __future__ import annotations

from html import escape

from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QFont, QFontInfo, QKeyEvent, QMouseEvent
from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from napari_ctreview.viewer.input_settings import input_settings
from napari_ctreview.viewer.mouse_buttons import mouse_buttons
from napari_ctreview.widgets.all_keys import Rows, key_groups, mouse_rows

__all__ = ["KeysOverlay"]

_COLUMNS = (
    ("Reading", "Two readings"),
    ("Correcting", "Muscle MRI"),
    ("Findings", "Dense areas to confirm", "Pieces and words", "Mouse"),
)

_SMALLEST = 7
"""Pixels of a letter."""


class KeysOverlay(QFrame):
    """Keys as the reader has set them."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window, Qt.WindowType.Popup)
        self.setStyleSheet("KeysOverlay { background: #20242b; border: 1px solid #56b4e9; } QLabel { color: #e8e8e8; }")
        self.columns = [QLabel() for _ in _COLUMNS]
        row = QHBoxLayout(self)
        row.setSpacing(18)
        for column in self.columns:
            column.setTextFormat(Qt.TextFormat.RichText)
            column.setAlignment(Qt.AlignmentFlag.AlignTop)
            row.addWidget(column)

    def open(self) -> None:
        """Show it in the middle of the window, as large as it needs to be."""
        settings = input_settings()
        groups = {
            title: [(settings.key(key), says) for key, says in rows if settings.key(key)]
            for title, rows in key_groups().items()
        }
        groups["Mouse"] = mouse_rows(mouse_buttons(settings))
        for column, names in zip(self.columns, _COLUMNS, strict=True):
            column.setText("".join(_table(name, groups[name]) for name in names))
        self._fit()
        window = self._behind()
        middle = window.mapToGlobal(QPoint(window.width() // 2, window.height() // 2))
        self.move(middle - QPoint(self.width() // 2, self.height() // 2))
        self.show()

    def _fit(self) -> None:
        """The largest letters, up to those of the system, with which all of it lies within the window."""
        room = self._behind().size()
        for pixels in range(QFontInfo(self.font()).pixelSize(), _SMALLEST - 1, -1):
            font = QFont(self.font())
            font.setPixelSize(pixels)
            for column in self.columns:
                column.setFont(font)
            size = self.sizeHint()
            if size.width() <= room.width() and size.height() <= room.height():
                break
        self.resize(self.sizeHint())

    def _behind(self) -> QWidget:
        """The window; one that is kept here would never be freed."""
        window = self.parentWidget()
        assert window is not None
        return window

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802, ARG002 - Qt's name and signature
        """Any key closes it."""
        self.close()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802, ARG002 - Qt's name and signature
        """So does a click."""
        self.close()


def _table(title: str, rows: Rows) -> str:
    lines = "".join(f"<tr><td><b>{escape(key)}</b>&nbsp;&nbsp;</td><td>{escape(says)}</td></tr>" for key, says in rows)
    return f"<p style='color: #ffd166'><b>{escape(title)}</b></p><table cellspacing='0' cellpadding='1'>{lines}</table>"

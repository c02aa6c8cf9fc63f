"""A part of a step that the reader may fold away, and finds folded at the next start."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QToolButton, QVBoxLayout, QWidget

from napari_ctreview import preferences

__all__ = ["FoldingSection"]


class FoldingSection(QWidget):
    """A titled part with a widget in it.

    Parameters
    ----------
    title : str
        What it is called; also what is remembered of it goes by this name.
    content : QWidget
        What is folded.
    opened : bool
        Whether it is open until the reader folds it.
    """

    def __init__(self, title: str, content: QWidget, *, opened: bool = True) -> None:
        super().__init__()
        self._name = f"section/{title.lower()}"
        self.content = content
        self.header = QToolButton()
        self.header.setText(title)
        self.header.setCheckable(True)
        self.header.setAutoRaise(True)
        self.header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.header.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(content)
        open_now = preferences.recall(self._name, "open" if opened else "folded") == "open"
        self.header.setChecked(open_now)
        self._show(open_now)
        self.header.toggled.connect(self._toggled)

    def _toggled(self, opened: bool) -> None:
        preferences.remember(self._name, "open" if opened else "folded")
        self._show(opened)

    def _show(self, opened: bool) -> None:
        self.header.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)
        self.content.setVisible(opened)

"""A table that is walked row by row."""

from __future__ import annotations

from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget

__all__ = ["RowTable"]


class RowTable(QTableWidget):
    """A table of which whole rows are chosen; the last column takes what is left of the width.

    Parameters
    ----------
    columns : tuple of str
        Their headings.
    """

    def __init__(self, columns: tuple[str, ...]) -> None:
        super().__init__(0, 0)
        self.set_columns(columns)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)

    def set_columns(self, columns: tuple[str, ...]) -> None:
        """Give it other headings."""
        self.setColumnCount(len(columns))
        self.setHorizontalHeaderLabels(list(columns))
        last = len(columns) - 1
        for column in range(last):
            self.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setSectionResizeMode(last, QHeaderView.ResizeMode.Stretch)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Letters are keys of the list, not a search for rows."""
        if not event.text().strip():
            super().keyPressEvent(event)

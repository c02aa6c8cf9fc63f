"""Which series of a folder is meant."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ctreview.dicom import Series

__all__ = ["SeriesChooser", "ask"]

_COLUMNS = ("Series", "What it is", "Slices", "Spacing (mm)", "Kernel", "Remarks")


class SeriesChooser(QDialog):
    """A table of series; a double click or Enter takes one.

    Parameters
    ----------
    found : sequence of Series
        What the folder holds. The one with the most slices is chosen at first.
    """

    def __init__(self, found: Sequence[Series], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Which series?")
        self.resize(820, 320)
        self.found = list(found)
        self.table = QTableWidget(len(self.found), len(_COLUMNS))
        self.table.setHorizontalHeaderLabels(list(_COLUMNS))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.verticalHeader().hide()
        for row, series in enumerate(self.found):
            for column, text in enumerate(_row(series)):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
                self.table.setItem(row, column, item)
        self.table.resizeColumnsToContents()
        self.table.horizontalHeader().setSectionResizeMode(len(_COLUMNS) - 1, QHeaderView.ResizeMode.Stretch)
        self.table.selectRow(max(range(len(self.found)), key=lambda row: self.found[row].shape[0]))
        self.table.cellDoubleClicked.connect(self.accept)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel(f"{len(self.found)} series are here. Which one is meant?"))
        layout.addWidget(self.table)
        layout.addWidget(buttons)

    @property
    def chosen(self) -> Series | None:
        """The series of the row that is selected."""
        row = self.table.currentRow()
        return self.found[row] if row >= 0 else None


def ask(found: Sequence[Series]) -> Series | None:
    """Ask which series is meant.

    Parameters
    ----------
    found : sequence of Series
        Two or more that can be read.

    Returns
    -------
    Series or None
        None where the question was closed.
    """
    dialog = SeriesChooser(found, QApplication.activeWindow())
    try:
        return dialog.chosen if dialog.exec() == QDialog.DialogCode.Accepted else None
    finally:
        dialog.deleteLater()


def _row(series: Series) -> tuple[str, ...]:
    scan = series.acquisition
    spacing = "" if series.spacing is None else " × ".join(f"{step:.2f}" for step in series.spacing)
    what = " ".join(word for word in (scan.description or "", series.part or "") if word) or series.kind
    return (
        f"{series.modality} {series.key}",
        what,
        f"{series.shape[0]} of {series.shape[1]} × {series.shape[2]}",
        spacing,
        scan.kernel or "",
        " ".join(series.warnings),
    )

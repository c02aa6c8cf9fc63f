"""Regions painted on MRI: their names, and a table of what they measure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ctreview.errors import CtreviewError, in_words
from ctreview.report import words
from ctreview.review.region_files import as_csv
from ctreview.review.regions import RegionRow
from ctreview.volume.atomic import atomic_path
from napari_ctreview.correcting import Corrector
from napari_ctreview.session.reading_controller import ReadingController
from napari_ctreview.viewer.correspondence import TITLES
from napari_ctreview.widgets import ask
from napari_ctreview.widgets.action_button import action_button
from napari_ctreview.widgets.row_table import RowTable

__all__ = ["RegionsPanel"]

_SIDES = {"right": "R", "left": "L", "both": "R + L"}
_UNITS = {
    "arbitrary": "in the image's own values, which have no unit",
    "fraction": "in per cent",
    "ms": "in milliseconds",
    "HU": "in HU",
}


class RegionsPanel(QWidget):
    """Names regions, and shows their volume, mean and standard deviation on each side at each timepoint.

    Parameters
    ----------
    controller : ReadingController
    corrector : Corrector
        A region that is named or chosen is what its tools paint.
    """

    def __init__(self, controller: ReadingController, corrector: Corrector, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.controller, self.state, self.corrector = controller, controller.state, corrector
        self._shown: object = None
        self.name = QLineEdit()
        self.name.setPlaceholderText("Name of a region, such as rectus femoris")
        self.add, self.middle, self.copy, self.export = (
            action_button(*words)
            for words in (
                ("Add", "A region of this name, at every timepoint; it is painted next"),
                ("Mid-plane here", "Right and left part at the middle of the pane that the mouse was in last"),
                ("Copy table", "All contrasts, for a spreadsheet"),
                ("Export CSV…", "All contrasts, as comma-separated values"),
            )
        )
        self.explanation = QLabel()
        self.explanation.setWordWrap(True)
        self.table = RowTable(("Region", "Side"))
        self.table.setMinimumHeight(170)
        self.table.verticalHeader().setDefaultSectionSize(2 * self.table.fontMetrics().height() + 6)
        naming = QHBoxLayout()
        naming.addWidget(self.name, 1)
        naming.addWidget(self.add)
        doing = QHBoxLayout()
        for button in (self.middle, self.copy, self.export):
            doing.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addLayout(naming)
        layout.addWidget(self.table)
        layout.addWidget(self.explanation)
        layout.addLayout(doing)
        self.add.clicked.connect(self._add)
        self.name.returnPressed.connect(self._add)
        self.middle.clicked.connect(self._set_middle)
        self.copy.clicked.connect(self._copy)
        self.export.clicked.connect(self._export)
        self.table.currentCellChanged.connect(lambda row, *_: self._choose(row))
        self.state.changed.connect(self.follow)
        self.state.panes.scans.contrast_changed.connect(self.follow)

    def follow(self) -> None:
        """Show what the regions measure, and offer what may be done now; called at every progress of a step."""
        open_ = self.controller.muscle_mr.begun
        self.setVisible(open_)
        if not open_:
            return
        timepoints = self.controller.muscle_mr.rows()
        if timepoints != self._shown:
            self._shown = timepoints
            self._fill(timepoints)
            self.explanation.setText(_explained(timepoints))
        for button in (self.copy, self.export):
            button.setEnabled(any(timepoints))
        for widget in (self.name, self.add, self.middle):
            widget.setEnabled(not self.state.signed)

    def clear(self) -> None:
        """Show no region: other scans are read."""
        self._shown = None
        self.name.clear()
        self.table.setRowCount(0)
        self.explanation.clear()

    def _fill(self, timepoints: Sequence[Sequence[RegionRow]]) -> None:
        headings = ("Region", "Side", *(TITLES if len(timepoints) > 1 else ("mL, mean ± SD",)))
        row = self.table.currentRow()
        self.table.blockSignals(True)
        self.table.set_columns(headings)
        self.table.setRowCount(len(timepoints[0]))
        for number, first in enumerate(timepoints[0]):
            cells = [first.values.region.replace("_", " ") if number % 3 == 0 else "", _SIDES[first.values.side]]
            cells += [f"{rows[number].values.volume_ml:.2f} mL\n{_mean_words(rows[number])}" for rows in timepoints]
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                if column > 1:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(number, column, item)
        self.table.setCurrentCell(min(row, len(timepoints[0]) - 1), 0)
        self.table.blockSignals(False)

    def _add(self) -> None:
        key = None
        try:
            key = self.controller.muscle_mr.name_region(self.name.text())
        except CtreviewError as error:
            self.state.failed.emit(in_words(error))
        if key is not None:
            self.name.clear()
            self.name.clearFocus()
            self.corrector.refresh_context()
            self.corrector.choose(key)

    def _choose(self, row: int) -> None:
        """Paint the region of a row next."""
        review = self.controller.muscle_mr.review
        keys = [] if review is None else [label.key for label in review.scheme]
        if 0 <= row // 3 < len(keys):
            self.controller.muscle_mr.correct("regions")
            self.corrector.choose(keys[row // 3])

    def _set_middle(self) -> None:
        number = self.corrector.active_pane
        pane = self.state.panes.panes[number]
        if pane.volume is not None:
            self.controller.muscle_mr.set_middle(number, float(pane.centre[0]))

    def _copy(self) -> None:
        # a spreadsheet takes tabs for columns
        QApplication.clipboard().setText(as_csv(self.controller.muscle_mr.rows_of_all_contrasts(), separator="\t"))

    def _export(self) -> None:
        path = ask.file_to_save(self, "Export the table of regions", "regions.csv", "Comma-separated values (*.csv)")
        if path is None:
            return
        try:
            _write(path, as_csv(self.controller.muscle_mr.rows_of_all_contrasts()))
        except OSError as error:
            self.state.failed.emit(f"The table was not written: {in_words(error)}")


def _write(path: Path, text: str) -> None:
    with atomic_path(path) as draft:
        draft.write_text(text, encoding="utf-8")


def _mean_words(row: RegionRow) -> str:
    values = row.values
    if values.mean is None:
        return "–"
    factor = 100.0 if row.unit == "fraction" else 1.0
    mean, sd = (None if one is None else one * factor for one in (values.mean, values.sd))
    digits = 1 if row.unit in ("fraction", "ms") or abs(mean or 0.0) < 100 else 0
    return f"{mean:.{digits}f}" + ("" if sd is None else f" ± {sd:.{digits}f}")


def _explained(timepoints: Sequence[Sequence[RegionRow]]) -> str:
    """Which contrast and unit the means are of, and what parts right from left."""
    there = [rows[0] for rows in timepoints if rows]
    if not there:
        return "Name a region, then paint it with the tools above: brush, live wire, lasso, pick, fill between."
    contrasts = " and ".join(dict.fromkeys(row.contrast for row in there))
    parted = "; ".join(
        f"{TITLES[row.timepoint - 1]} at x = {words.number(row.middle.x_mm)} mm ({row.middle.method})" for row in there
    )
    units = " and ".join(dict.fromkeys(_UNITS[row.unit] for row in there))
    return f"Mean ± SD of {contrasts}, {units}. R and L are the patient's, parted {parted}."

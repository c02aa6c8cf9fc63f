"""Measurements: buttons to measure, and the list of what was measured, to go to and to take off."""

from __future__ import annotations

from functools import partial

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QTableWidgetItem, QVBoxLayout, QWidget

from ctreview.volume.geometry import FloatArray
from napari_ctreview.session.reading_state import ReadingState
from napari_ctreview.viewer.measurements import Angle, Caliper, RegionOfInterest
from napari_ctreview.viewer.pane import Pane, SliceMeasurement
from napari_ctreview.viewer.planes import Plane
from napari_ctreview.viewer.rulers import RulerKind
from napari_ctreview.widgets.row_table import RowTable

__all__ = ["MeasurementList"]

_RULERS: tuple[tuple[RulerKind, str, str], ...] = (
    ("distance", "Distance", "Drag from end to end (D)"),
    ("angle", "Angle", "Drag the first leg, click the end of the second (N)"),
    ("region", "Region", "Drag an ellipse: mean ± SD (R)"),
)


class MeasurementList(QWidget):
    """What was measured in all panes.

    Attributes
    ----------
    titles : tuple of str
        What the timepoints are called, by the study's number.
    """

    def __init__(self, state: ReadingState, titles: tuple[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.panes, self.titles = state.panes, titles
        self.rulers = self.panes.rulers
        self.buttons: dict[str, QPushButton] = {}
        self._listed: list[tuple[Pane, SliceMeasurement]] = []
        self.table = RowTable(("Measured", "When", "Value"))
        self.table.setMinimumHeight(4 * self.table.fontMetrics().lineSpacing())
        row = QHBoxLayout()
        for ruler, title, tip in _RULERS:
            button = self.buttons[ruler] = QPushButton(title)
            button.setToolTip(tip)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(partial(self._take, ruler))
            row.addWidget(button)
        self.remove = QPushButton("Remove")
        self.remove.setToolTip("Take the chosen measurement off; Backspace takes the last one")
        self.remove.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.remove.clicked.connect(self._remove)
        row.addWidget(self.remove)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addLayout(row)
        layout.addWidget(self.table)
        self.table.currentCellChanged.connect(lambda *_: self._allow())
        self.table.cellClicked.connect(lambda number, _column: self._go_to(number))
        self.rulers.changed.connect(self.follow)
        state.changed.connect(self.follow)
        self.follow()

    def follow(self) -> None:
        """List what is measured now."""
        for ruler, button in self.buttons.items():
            button.setChecked(self.rulers.ruler == ruler)
        listed = [(pane, mark) for pane in self.panes.panes if pane.volume is not None for mark in pane.marks]
        if [id(mark) for _, mark in listed] != [id(mark) for _, mark in self._listed]:
            self._listed = listed
            self.table.setRowCount(len(listed))
            for number, (pane, mark) in enumerate(listed):
                when = self._title(pane)
                for column, words in enumerate((_kind(mark), when, _value(pane, mark))):
                    self.table.setItem(number, column, QTableWidgetItem(words))
        self._allow()

    def _title(self, pane: Pane) -> str:
        number = self.panes.panes.index(pane)
        return "ABC"[number] if self.panes.scans.blinded else self.titles[pane.timepoint - 1]

    def _take(self, ruler: RulerKind) -> None:
        if self.rulers.ruler == ruler:
            self.rulers.deactivate()
        else:
            self.rulers.select(ruler)

    def _go_to(self, number: int) -> None:
        pane, mark = self._listed[number]
        points = _points(mark)
        index = pane.geometry.to_index(points)
        across = mark.across if isinstance(mark, RegionOfInterest) else int(np.argmin(np.ptp(index, axis=0)))
        if pane.across != across:
            self.panes.set_plane(Plane(across))
        self.panes.go_to(points.mean(axis=0), pane=self.panes.panes.index(pane))

    def _remove(self) -> None:
        number = self.table.currentRow()
        if 0 <= number < len(self._listed):
            self.rulers.remove(*self._listed[number])

    def _allow(self) -> None:
        self.remove.setEnabled(0 <= self.table.currentRow() < len(self._listed))


def _points(mark: SliceMeasurement) -> FloatArray:
    return mark.corners if isinstance(mark, RegionOfInterest) else mark.points


def _kind(mark: SliceMeasurement) -> str:
    return {Caliper: "distance", Angle: "angle", RegionOfInterest: "region"}[type(mark)]


def _value(pane: Pane, mark: SliceMeasurement) -> str:
    if not isinstance(mark, RegionOfInterest):
        return str(mark)
    known = pane.volume is not None and mark.geometry.same_grid(pane.volume.geometry)
    return str(mark.statistics(pane.volume) or "") if known and pane.volume is not None else ""

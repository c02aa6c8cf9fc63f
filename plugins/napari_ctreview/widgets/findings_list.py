"""The list of findings, with buttons to mark, find again and take them out."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QGridLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ctreview.study import FINDING_TYPES, Finding
from napari_ctreview.marking.finding_marker import FindingMarker, FindingShape
from napari_ctreview.marking.finding_sketches import size_of
from napari_ctreview.viewer.correspondence import TITLES
from napari_ctreview.widgets.action_button import action_button

__all__ = ["FindingsList"]

_COLUMNS = ("Finding", "When", "Size", "Where")
_SHAPES: tuple[tuple[FindingShape, str, str], ...] = (
    ("point", "Point", "Q"),
    ("axes", "Two axes", "Y"),
    ("ellipsoid", "Ellipsoid", "E"),
)


class FindingsList(QWidget):
    """Findings of both timepoints; the one chosen is shown in the panes.

    Parameters
    ----------
    marker : FindingMarker
        What marks them.
    titles : tuple of str
        What the timepoints are called, by the study's number.
    """

    def __init__(
        self, marker: FindingMarker, *, titles: tuple[str, str] = TITLES, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.marker, self.titles = marker, titles
        self.shapes: dict[FindingShape, QPushButton] = {}
        self.type = QComboBox()
        self.type.addItems(FINDING_TYPES)
        self.text = QLineEdit()
        self.text.setPlaceholderText("What you say of it")
        self.table = QTableWidget(0, len(_COLUMNS))
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.track, self.confirm, self.not_seen, self.dismiss, self.remove = (
            action_button(*words)
            for words in (
                ("At other timepoint", "Offer it where the registration says that it lies"),
                ("Confirm", "Keep what is offered; its size is measured here anew (Shift+Q)"),
                ("Not seen", "It is no longer seen, or not seen yet, at this timepoint (Shift+E)"),
                ("Dismiss", "Forget what is offered"),
                ("Remove", "Take the chosen finding out"),
            )
        )
        self._arrange()
        self._connect()
        self.show_findings()

    @property
    def chosen(self) -> Finding | None:
        """The finding of the row that is chosen."""
        row = self.table.currentRow()
        found = self.marker.findings
        return found[row] if 0 <= row < len(found) else None

    def show_findings(self) -> None:
        """Fill the table anew."""
        row = self.table.currentRow()
        found = self.marker.findings
        self.table.blockSignals(True)
        self.table.setRowCount(len(found))
        for number, one in enumerate(found):
            when = self.titles[one.timepoint - 1]
            for column, words in enumerate((one.tracked or one.type, when, self._size(one), one.region)):
                item = QTableWidgetItem(words)
                item.setToolTip(one.text if column == 0 and one.text else words)
                self.table.setItem(number, column, item)
        self.table.setCurrentCell(min(row, len(found) - 1), 0)
        self.table.blockSignals(False)
        if self.text.text() != self.marker.text:
            self.text.setText(self.marker.text)
        for shape, button in self.shapes.items():
            button.setChecked(self.marker.shape == shape)
        self._allow()

    def _size(self, finding: Finding) -> str:
        if finding.state == "not_seen" and self.titles == TITLES:  # with letters for the scans, their order is hidden
            return "no longer seen" if finding.timepoint > 1 else "not seen yet"
        return size_of(finding)

    def _arrange(self) -> None:
        self.table.setHorizontalHeaderLabels(list(_COLUMNS))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(22)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.setMinimumHeight(110)
        grid = QGridLayout(self)
        grid.setContentsMargins(4, 4, 4, 4)
        for column, (shape, title, key) in enumerate(_SHAPES):
            button = self.shapes[shape] = action_button(title, f"Mark a finding ({key})")
            button.setCheckable(True)
            grid.addWidget(button, 0, column)
        grid.addWidget(self.type, 1, 0)
        grid.addWidget(self.text, 1, 1, 1, 2)
        grid.addWidget(self.table, 2, 0, 1, 3)
        last = QVBoxLayout()
        row = QGridLayout()
        for column, button in enumerate((self.track, self.confirm, self.not_seen, self.dismiss, self.remove)):
            row.addWidget(button, column // 3, column % 3)
        last.addLayout(row)
        last.addWidget(self.message)
        grid.addLayout(last, 3, 0, 1, 3)

    def _connect(self) -> None:
        for shape, button in self.shapes.items():
            button.clicked.connect(self._selecting(shape))
        self.type.currentTextChanged.connect(self._set_type)
        self.text.textChanged.connect(self._set_text)
        self.text.returnPressed.connect(self.text.clearFocus)
        self.table.currentCellChanged.connect(lambda *_: self._choose())
        self.table.cellDoubleClicked.connect(lambda *_: self._choose())
        self.track.clicked.connect(lambda: self._with_chosen(self.marker.track))
        self.remove.clicked.connect(lambda: self._with_chosen(self.marker.remove))
        self.confirm.clicked.connect(self.marker.confirm)
        self.not_seen.clicked.connect(self.marker.confirm_not_seen)
        self.dismiss.clicked.connect(self.marker.dismiss)
        self.marker.changed.connect(self.show_findings)
        self.marker.notice.connect(self.message.setText)

    def _selecting(self, shape: FindingShape) -> Callable[[], None]:
        def select() -> None:
            self.marker.select_shape(shape)
            self.show_findings()

        return select

    def _with_chosen(self, act: Callable[[Finding], None]) -> None:
        if self.chosen is not None:
            act(self.chosen)

    def _choose(self) -> None:
        self._with_chosen(self.marker.go_to)
        self._allow()

    def _set_type(self, kind: str) -> None:
        self.marker.type = kind

    def _set_text(self, text: str) -> None:
        self.marker.text = text

    def _allow(self) -> None:
        """Offer only what can be done."""
        for button in (self.track, self.remove):
            button.setEnabled(self.chosen is not None)
        for button in (self.confirm, self.not_seen, self.dismiss):
            button.setEnabled(self.marker.offer is not None)

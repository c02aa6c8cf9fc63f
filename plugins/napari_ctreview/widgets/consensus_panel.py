"""Two readings of a study: which, the list of their differences, and for whom each is decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from qtpy.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ctreview.errors import CtreviewError, in_words
from ctreview.report import words
from ctreview.review.consensus import Side
from ctreview.study.store import require_reader_name
from napari_ctreview.session.reading_controller import ReadingController
from napari_ctreview.viewer.correspondence import TITLES
from napari_ctreview.viewer.shortcuts import bind_key
from napari_ctreview.widgets.action_button import action_button
from napari_ctreview.widgets.row_table import RowTable

__all__ = ["KEYS", "ConsensusChoice", "DifferenceList"]

KEYS: dict[Side, tuple[str, str, str]] = {
    "first": ("Ctrl+1", "A", "the difference is decided as A has it"),
    "second": ("Ctrl+2", "B", "the difference is decided as B has it"),
    "neither": ("Ctrl+3", "Neither", "the difference is decided for neither: nothing is labelled there"),
}
"""Key, words on the button, and what it does; the next one that is left is shown then."""

_COLUMNS = ("", "Scan", "mL", "A", "B", "Where")
_DECIDED: dict[Side | None, str] = {None: "", "first": "A", "second": "B", "neither": "–"}


class ConsensusChoice(QWidget):
    """Which two readings of the study that is open are compared, and what the consensus is called."""

    def __init__(self, controller: ReadingController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.controller, self.state = controller, controller.state
        self.readers = (QComboBox(), QComboBox())
        self.name = QLineEdit("consensus")
        self.name.setToolTip("The consensus is a reading of its own under this name.")
        self.begin = QPushButton("Decide their differences")
        self.begin.clicked.connect(lambda _on=False: self._begin())
        grid = QGridLayout(self)
        grid.setContentsMargins(4, 4, 4, 4)
        for row, (title, widget) in enumerate(
            (("A", self.readers[0]), ("B", self.readers[1]), ("Consensus", self.name))
        ):
            grid.addWidget(QLabel(title), row, 0)
            grid.addWidget(widget, row, 1)
        grid.addWidget(self.begin, 3, 0, 1, 2)
        grid.setColumnStretch(1, 1)
        self.state.reading_changed.connect(self.follow)
        self.state.worker.ended.connect(lambda *_: self.follow())
        self.follow()

    def follow(self) -> None:
        """Offer the readings of the study that is open; not to a reader who may not know of others."""
        study = self.state.study
        there = study is not None and self.state.workspace.saved and not self.state.blinded
        found = [] if study is None or not there else [one for one in study.readings if one.holds_work]
        names = [one.reader if one.version == 1 else f"{one.reader}.{one.version}" for one in found]
        for number, choice in enumerate(self.readers):
            if [choice.itemText(row) for row in range(choice.count())] != names:
                choice.clear()
                choice.addItems(names)
                choice.setCurrentIndex(min(number, len(names) - 1))
        self.begin.setEnabled(len(names) > 1)

    def _begin(self) -> None:
        study, name = self.state.study, self.name.text().strip()
        if study is None:
            return
        try:
            require_reader_name(name)
        except CtreviewError as error:
            self.state.failed.emit(in_words(error))
            return
        first, second = (choice.currentText() for choice in self.readers)
        self.controller.consensus.pair = (first, second)
        self.controller.archive.open(study.folder, author=name, mode=self.controller.consensus)


class DifferenceList(QWidget):
    """Every difference of two readings, with what was decided of it; keys and buttons decide the one that is shown."""

    def __init__(self, controller: ReadingController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.controller, self.mode = controller, controller.consensus
        self.heading = QLabel()
        self.heading.setWordWrap(True)
        self.table = RowTable(_COLUMNS)
        self.table.setMinimumHeight(9 * self.table.verticalHeader().defaultSectionSize())
        self.table.currentCellChanged.connect(lambda row, _c, before, _b: self._go_to(row) if row != before else None)
        self.buttons: dict[Side, QPushButton] = {}
        deciding = QHBoxLayout()
        for side, (key, title, says) in KEYS.items():
            button = action_button(f"{title}  {key}", f"{says[0].upper()}{says[1:]} ({key})", self._decides(side))
            deciding.addWidget(button)
            self.buttons[side] = button
        self.open = action_button("Open the consensus", "To compare, correct, save and sign it", self._open)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.heading, self.table):
            layout.addWidget(widget)
        layout.addLayout(deciding)
        layout.addWidget(self.open)
        self.mode.moved.connect(self.follow)
        controller.state.reading_changed.connect(self.follow)
        self.follow()

    def install_keys(self, widget: QWidget) -> None:
        """Make the keys work in the window of a widget that is always shown."""
        for side, (key, *_) in KEYS.items():
            bind_key(key, self._decides(side), widget)

    def follow(self) -> None:
        """Show what is decided by now."""
        review = self.mode.review
        self.open.setEnabled(review is not None and not review.undecided)
        for button in self.buttons.values():
            button.setEnabled(self.mode.current is not None)
        if review is None:
            self.heading.clear()
            self.table.setRowCount(0)
            return
        first, second = self.mode.readers
        self.heading.setText(f"A: {first}, B: {second}. Where nothing is decided yet, the consensus is as A has it.")
        self.table.blockSignals(True)
        self.table.setRowCount(len(self.mode.differences))
        for row, one in enumerate(self.mode.differences):
            decided = review.decision(one.number)
            cells = (
                _DECIDED[decided],
                TITLES[one.timepoint - 1],
                words.number(one.ml),
                _labels(one.first_ml),
                _labels(one.second_ml),
                words.region_name(one.region),
            )
            for column, text in enumerate(cells):
                self.table.setItem(row, column, QTableWidgetItem(text))
        if self.mode.current is not None:
            self.table.setCurrentCell(self.mode.current.number - 1, 0)
        self.table.blockSignals(False)

    def _go_to(self, row: int) -> None:
        if 0 <= row < len(self.mode.differences):
            self.mode.go_to(self.mode.differences[row].number)

    def _decides(self, side: Side) -> Callable[[], None]:
        def decide() -> None:
            review, current = self.mode.review, self.mode.current
            if review is None or current is None:
                return
            self.mode.decide(side)
            left = review.undecided
            if left:
                self.mode.go_to(next((number for number in left if number > current.number), left[0]))

        return decide

    def _open(self) -> None:
        study = self.controller.state.study
        if study is not None:
            self.controller.archive.open(study.folder, author=self.controller.state.workspace.author)


def _labels(ml: Mapping[str, float]) -> str:
    return ", ".join(f"{key.replace('_', ' ')} {words.number(value)}" for key, value in ml.items()) or "nothing"

"""Dense areas that are in no number: look at each, then accept it as what it is, or dismiss it."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QGridLayout, QLabel, QPushButton, QTableWidgetItem, QVBoxLayout, QWidget

from ctreview.change import Candidate
from ctreview.recipes.chest_ct.candidates import acceptance, dismissal
from ctreview.report import words
from ctreview.tools.candidate import ACCEPT, DISMISS, CandidateClass
from napari_ctreview.viewer.shortcuts import bind_key
from napari_ctreview.widgets.row_table import RowTable

__all__ = ["KEYS", "CandidateList"]

KEYS: dict[str, tuple[str, str, CandidateClass | None, str]] = {
    "consolidation": ("Ctrl+8", "Consolidation", "consolidation", "Lung, counted as consolidation"),
    "collapse": ("Ctrl+7", "Collapse", "collapse", "Lung without air, counted as lung and not as opacity"),
    "effusion": ("Ctrl+6", "Effusion", "effusion", "No lung; counted nowhere"),
    "dismiss": ("Ctrl+9", "Dismiss", None, "No disease, or an organ; counted nowhere"),
}
"""Key, words on the button, class and what it does; the keys work wherever the focus is while the list is shown."""

_MARKS = {"open": "", "accepted": "✓", "dismissed": "✕"}
_COLUMNS = ("", "Scan", "mL", "May be", "Beside")
_ROWS = 4


class CandidateList(QWidget):
    """The candidates of both scans; hidden where there are none.

    Attributes
    ----------
    chosen : Signal(int, object)
        A timepoint (0 baseline, 1 follow-up) and a place in LPS millimetres that the reader wants to see.
    decided : Signal(int, str, object)
        Timepoint, kind of edit and payload.
    taken_before : callable
        Asked at each key, with its name in `KEYS`, whether it was for somebody else: a tool that shows a piece.
    """

    chosen = Signal(int, object)
    decided = Signal(int, str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: list[tuple[int, Candidate]] = []
        self._titles = ("", "")
        self.taken_before: Callable[[str], bool] = lambda _name: False
        self.buttons: dict[str, QPushButton] = {}
        self.heading = QLabel()
        self.heading.setWordWrap(True)
        self.table = RowTable(_COLUMNS)
        row = self.table.verticalHeader().defaultSectionSize()
        self.table.setFixedHeight((_ROWS + 1) * row + 8)
        self.table.currentCellChanged.connect(self._moved)
        self.table.cellClicked.connect(lambda *_: self._tell())
        self.reason = QLabel()
        self.reason.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 4, 2, 2)
        for widget in (self.heading, self.table, self.reason):
            layout.addWidget(widget)
        layout.addLayout(self._buttons())
        self.hide()

    # --- what is shown

    def show_candidates(
        self, candidates: tuple[tuple[Candidate, ...], tuple[Candidate, ...]], titles: tuple[str, str]
    ) -> None:
        """List what is offered in both scans, under the names that the scans have for the reader and in their order."""
        row, self._titles = self.table.currentRow(), titles
        found = [(number, one) for number, own in enumerate(candidates) for one in own]
        self._shown = sorted(found, key=lambda one: titles[one[0]])
        self.setVisible(bool(self._shown))
        table = self.table
        table.blockSignals(True)
        table.setRowCount(len(self._shown))
        for at, (number, one) in enumerate(self._shown):
            cells = (
                _MARKS[one.state],
                titles[number],
                words.number(one.piece.ml),
                one.label or one.piece.proposed,
                words.region_name(one.piece.region),
            )
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip(f"{one.piece.id}: {one.piece.reason}")
                if column == _COLUMNS.index("mL"):
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                table.setItem(at, column, item)
        table.setCurrentCell(row if 0 <= row < len(self._shown) else -1, 1)
        table.blockSignals(False)
        self._refresh()

    @property
    def candidate(self) -> Candidate | None:
        """That of the current row."""
        row = self.table.currentRow()
        return self._shown[row][1] if 0 <= row < len(self._shown) else None

    # --- what a reader does

    def decide(self, name: str) -> None:
        """Accept the current one as a class, or dismiss it, and go on to the next that is open.

        Where none is current, the first that is open is gone to instead: nothing is decided unseen.
        """
        row = self.table.currentRow()
        if not 0 <= row < len(self._shown):
            self._go_on(-1)
            return
        number, one = self._shown[row]
        label = KEYS[name][2]
        if (one.state, one.label) != (("dismissed", None) if label is None else ("accepted", label)):
            kind, payload = (DISMISS, dismissal(one.piece)) if label is None else (ACCEPT, acceptance(one.piece, label))
            self.decided.emit(number, kind, payload)
        self._go_on(row)

    def _go_on(self, row: int) -> None:
        following = [*range(row + 1, len(self._shown)), *range(max(row, 0))]
        still_open = [at for at in following if self._shown[at][1].state == "open"]
        if still_open:
            self.table.setCurrentCell(still_open[0], 1)

    # --- how it is made

    def _buttons(self) -> QGridLayout:
        grid = QGridLayout()
        for at, (name, (key, title, _, tip)) in enumerate(KEYS.items()):
            button = QPushButton(f"{title}  {key}")
            button.setToolTip(f"{tip} ({key})")
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(self._deciding(name))
            grid.addWidget(button, at // 2, at % 2)
            self.buttons[name] = button
        return grid

    def install_keys(self, widget: QWidget) -> None:
        """Make the keys work in the window of a widget that is always shown."""
        for name, (key, *_) in KEYS.items():
            bind_key(key, self._pressed(name), widget)

    def _pressed(self, name: str) -> Callable[[], None]:
        def press() -> None:
            if not self.taken_before(name) and self._shown:
                self.decide(name)

        return press

    def _deciding(self, name: str) -> Callable[[], None]:
        return lambda: self.decide(name)

    def _moved(self, row: int, _column: int, before: int, _before: int) -> None:
        self._refresh()
        if row != before:
            self._tell()

    def _tell(self) -> None:
        row = self.table.currentRow()
        if 0 <= row < len(self._shown):
            number, one = self._shown[row]
            self.chosen.emit(number, list(one.piece.centre))

    def _refresh(self) -> None:
        still: dict[str, list[float]] = {}
        for number, one in self._shown:
            if one.state == "open":
                still.setdefault(_in(self._titles[number]), []).append(one.piece.ml)
        self.heading.setText(
            f"{words.to_confirm(still)} They are in no number, interval or verdict."
            if still
            else "All dense areas beside the lungs were judged."
            if self._shown
            else ""
        )
        current = self.candidate
        self.reason.setText("" if current is None else f"Not counted: {current.piece.reason}.")
        for name, button in self.buttons.items():
            label = KEYS[name][2]
            state = ("dismissed", None) if label is None else ("accepted", label)
            button.setEnabled(current is not None and (current.state, current.label) != state)


def _in(title: str) -> str:
    """``"at baseline"``; a blinded reader's scans are letters: ``"in A"``."""
    return f"in {title}" if len(title) == 1 else f"at {title.lower()}"

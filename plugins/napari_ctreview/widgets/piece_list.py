"""The list of pieces: step through them, accept or reject each, with the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ctreview.change import FATE_SCHEME, Piece, Pieces, fate_words
from ctreview.opacity.scheme import OPACITY_SCHEME
from ctreview.report import words
from napari_ctreview.viewer.shortcuts import bind_key
from napari_ctreview.widgets.row_table import RowTable

__all__ = ["FILTERS", "KEYS", "PieceList"]

FILTERS: dict[str, tuple[str, ...]] = {
    "all": ("resolved", "persistent_followup", "new"),
    "resolved": ("resolved",),
    "persistent": ("persistent_followup",),
    "new": ("new",),
}
"""Which fates each filter shows. What persists is listed as it is at follow-up; it would else stand there twice."""

FATES = {label.key: (fate_words(label.key, OPACITY_SCHEME), label.line) for label in FATE_SCHEME}
"""The words and colours of the fates; “below threshold” until a reader has confirmed that it resolved."""

KEYS = {
    "previous": (",", "◀ Previous", "Previous piece"),
    "next": (".", "▶ Next", "Next piece"),
    "elsewhere": ("Shift+G", "In both", "The other scan has it too: it is taken there as well"),
    "accept": ("8", "Accept", "Yes, this is so; on to the next that is open"),
    "reject": ("9", "Reject", "This is no opacity; it is removed, in both scans where it is in both"),
}
"""Key, words on the button, and what it does. They work wherever the focus is while the list is shown."""

_MARKS = {"open": "", "accepted": "✓", "rejected": "✕", "in both": "⇄"}
_TITLES = {"all": "All", "resolved": "Resolved", "persistent": "Persistent", "new": "New"}
_TIPS = {
    "all": "Every piece, once. What persists is listed as it is at follow-up.",
    **{
        name: f"Pieces of which a part is {name}; one that is also something else stands under that as well."
        for name in ("resolved", "persistent", "new")
    },
}
_COLUMNS = ("", "mL", "What became of it", "Where")
_NOT_YET = "The pieces are listed once both scans are compared."

PieceState = Literal["open", "accepted", "rejected", "in both"]
PieceId = tuple[int, str, tuple[float, float, float]]


class PieceList(QWidget):
    """Pieces of one comparison.

    Attributes
    ----------
    chosen : Signal(Piece, str)
        A piece is to be looked at, and the fate it was listed for.
    decided : Signal(int, str, object)
        Timepoint, kind of edit and payload: a rejection is an edit.
    """

    chosen = Signal(object, str)
    decided = Signal(int, str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pieces = Pieces((), ({}, {}))
        self._states: dict[PieceId, PieceState] = {}
        self._shown: list[Piece] = []
        self._filter = "all"
        self.filters: dict[str, QPushButton] = {}
        self.buttons: dict[str, QPushButton] = {}
        self.table = RowTable(_COLUMNS)
        self.table.currentCellChanged.connect(self._moved)
        self.table.cellClicked.connect(lambda *_: self._tell())
        self.notice = QLabel(_NOT_YET)
        self.notice.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 4, 2, 2)
        layout.addLayout(self._filters())
        layout.addWidget(self.table, 1)
        layout.addWidget(self.notice)
        layout.addLayout(self._buttons())
        self._refresh()

    # --- what is shown

    def show_pieces(self, pieces: Pieces) -> None:
        """List the pieces of a new comparison; what was accepted stays so, what was rejected and is back is open."""
        current = self.piece
        self.pieces = pieces
        names = {_name(piece) for piece in pieces.pieces}
        self._states = {name: state for name, state in self._states.items() if name in names and state == "accepted"}
        self._list()
        for row, piece in enumerate(self._shown):
            if current is not None and _name(piece) == _name(current):
                self._go_to_row(row, tell=False)
        self._refresh()
        if not pieces.pieces:
            least = words.number(pieces.least_ml, decimals=1)
            self.notice.setText(f"No piece of {least} mL or more. {_small_words(pieces)}".strip())

    def clear(self) -> None:
        """List nothing: other scans are read."""
        self.pieces, self._states = Pieces((), ({}, {})), {}
        self._list()
        self._refresh()
        self.notice.setText(_NOT_YET)

    def filter(self, name: str) -> None:
        """Show one kind of piece."""
        self._filter = name
        self.filters[name].setChecked(True)
        self._list()
        self._refresh()

    @property
    def piece(self) -> Piece | None:
        """The piece of the current row."""
        row = self.table.currentRow()
        return self._shown[row] if 0 <= row < len(self._shown) else None

    def state(self, piece: Piece) -> PieceState:
        """What was decided about a piece."""
        return self._states.get(_name(piece), "open")

    # --- what a reader does

    def step(self, rows: int) -> None:
        """Go on or back; from nowhere to the first."""
        row = self.table.currentRow()
        self._go_to_row(0 if row < 0 else min(max(row + rows, 0), len(self._shown) - 1))

    def accept(self) -> None:
        """The piece is what it is said to be."""
        self._decide("accepted", lambda _: ())

    def reject(self) -> None:
        """The piece is no opacity."""
        self._decide("rejected", Piece.rejected)

    def elsewhere(self) -> None:
        """The other scan has the piece too."""
        piece = self.piece
        if piece is not None and piece.missed_elsewhere():
            self._decide("in both", Piece.missed_elsewhere)

    def _decide(
        self, state: PieceState, edits: Callable[[Piece], tuple[tuple[int, str, dict[str, object]], ...]]
    ) -> None:
        piece = self.piece
        if piece is None or self.state(piece) in ("rejected", "in both"):
            return
        self._states[_name(piece)] = state
        self._mark(self.table.currentRow())
        for number, kind, payload in edits(piece):
            self.decided.emit(number, kind, payload)
        following = [*range(self.table.currentRow() + 1, len(self._shown)), *range(self.table.currentRow())]
        still_open = [row for row in following if self.state(self._shown[row]) == "open"]
        if still_open:
            self._go_to_row(still_open[0])
        self._refresh()

    # --- how it is made

    def _filters(self) -> QHBoxLayout:
        row = QHBoxLayout()
        group = QButtonGroup(self)
        for name, title in _TITLES.items():
            button = QPushButton(title)
            button.setCheckable(True)
            button.setChecked(name == "all")
            button.setToolTip(_TIPS[name])
            button.clicked.connect(self._filtering(name))
            group.addButton(button)
            row.addWidget(button)
            self.filters[name] = button
        return row

    def _filtering(self, name: str) -> Callable[[], None]:
        return lambda: self.filter(name)

    def _buttons(self) -> QGridLayout:
        """Stepping above, deciding below."""
        acts: dict[str, Callable[[], None]] = {
            "previous": lambda: self.step(-1),
            "next": lambda: self.step(1),
            "elsewhere": self.elsewhere,
            "accept": self.accept,
            "reject": self.reject,
        }
        grid = QGridLayout()
        places = {
            "previous": (0, 0, 2),
            "next": (0, 2, 2),
            "elsewhere": (0, 4, 2),
            "accept": (1, 0, 3),
            "reject": (1, 3, 3),
        }
        for name, (key, title, tip) in KEYS.items():
            button = QPushButton(f"{title}  {key}")
            button.setToolTip(f"{tip} ({key})")
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(acts[name])
            bind_key(key, acts[name], self)
            row, column, width = places[name]
            grid.addWidget(button, row, column, 1, width)
            self.buttons[name] = button
        return grid

    def _list(self) -> None:
        registered = any(piece.fate for piece in self.pieces.pieces)
        found = self.pieces.of(*FILTERS[self._filter]) if registered else self.pieces.pieces
        self._shown = sorted(found, key=lambda piece: -self._ml(piece))
        table = self.table
        table.blockSignals(True)
        table.setRowCount(len(self._shown))
        for row, piece in enumerate(self._shown):
            fate = self._fate(piece)
            word, colour = FATES.get(fate or "", (("at baseline", "at follow-up")[piece.timepoint], "#d0d4da"))
            cells = (
                "",
                words.number(self._ml(piece), decimals=1),
                word,
                words.region_name(piece.region) or "outside the lungs",
            )
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip(_tip(piece))
                if column == 1:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                if column == 2:
                    item.setForeground(QColor(colour))
                table.setItem(row, column, item)
            self._mark(row)
        table.setCurrentCell(-1, -1)
        table.blockSignals(False)
        for name, button in self.filters.items():
            button.setText(f"{_TITLES[name]} {len(self.pieces.of(*FILTERS[name]))}" if registered else _TITLES[name])
            button.setEnabled(registered or name == "all")

    def _fate(self, piece: Piece) -> str | None:
        """The fate that a piece is listed for: of those shown the one that most of it has."""
        own = {fate: piece.fate_ml[fate] for fate in FILTERS[self._filter] if fate in piece.fate_ml}
        return max(own, key=lambda fate: own[fate]) if own else None

    def _ml(self, piece: Piece) -> float:
        """How much of a piece is listed."""
        fate = self._fate(piece)
        return piece.ml if fate is None else piece.fate_ml[fate]

    def _mark(self, row: int) -> None:
        state = self.state(self._shown[row])
        for column in range(self.table.columnCount()):
            item = self.table.item(row, column)
            assert item is not None
            if column == 0:
                item.setText(_MARKS[state])
                continue
            font = item.font()
            font.setStrikeOut(state == "rejected")
            item.setFont(font)

    def _go_to_row(self, row: int, *, tell: bool = True) -> None:
        if 0 <= row < len(self._shown):
            self.table.blockSignals(True)
            self.table.setCurrentCell(row, 1)
            self.table.blockSignals(False)
            self._refresh()
            if tell:
                self._tell()

    def _moved(self, row: int, _column: int, before: int, _before: int) -> None:
        self._refresh()
        if row != before:
            self._tell()

    def _tell(self) -> None:
        piece = self.piece
        if piece is not None:
            self.chosen.emit(piece, self._fate(piece) or "")

    def _refresh(self) -> None:
        piece = self.piece
        decided = piece is None or self.state(piece) in ("rejected", "in both")
        for name in ("accept", "reject"):
            self.buttons[name].setEnabled(not decided)
        self.buttons["elsewhere"].setEnabled(not decided and piece is not None and bool(piece.missed_elsewhere()))
        for name in ("previous", "next"):
            self.buttons[name].setEnabled(bool(self._shown))
        if self._shown:
            done = sum(self.state(one) != "open" for one in self._shown)
            head = f"{done} of {len(self._shown)} looked at. "
            self.notice.setText(head + (_small_words(self.pieces) if piece is None else _sentence(piece)))
        elif self.pieces.pieces:
            self.notice.setText("None of this kind.")


def _name(piece: Piece) -> PieceId:
    return piece.timepoint, piece.label, piece.place


def _sentence(piece: Piece) -> str:
    """A piece in words."""
    when = ("baseline", "follow-up")[piece.timepoint]
    what = piece.label.replace("_", " ").capitalize()
    parts = [f"{words.number(ml, decimals=1)} mL {FATES[fate][0]}" for fate, ml in piece.fate_ml.items()]
    became = f": {words.listed(parts)}" if len(parts) > 1 else ""
    return f"{what}, {words.number(piece.ml, decimals=1)} mL at {when}{became}."


def _small_words(pieces: Pieces) -> str:
    """What is too small to be listed; empty where nothing is."""
    said = [
        f"{small.count} at {when} ({words.number(small.ml, decimals=1)} mL)"
        for when, small in zip(("baseline", "follow-up"), pieces.small, strict=True)
        if small.count
    ]
    least = words.number(pieces.least_ml, decimals=1)
    return f"Below {least} mL and not listed, but in all volumes: {words.listed(said)}." if said else ""


def _tip(piece: Piece) -> str:
    return f"{_sentence(piece)} Rejecting it removes all of it."

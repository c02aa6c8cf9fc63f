"""The worklist: cases with their state, the next one by a key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QIcon, QImage, QPixmap
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ctreview.errors import CtreviewError, in_words
from ctreview.progress import Progress
from napari_ctreview.session.reading_controller import ReadingController
from napari_ctreview.session.worklist import CaseStatus, ReadingCase, read_worklist, status_of, thumbnail
from napari_ctreview.viewer.shortcuts import Shortcut
from napari_ctreview.widgets import ask
from napari_ctreview.widgets.row_table import RowTable
from napari_ctreview.worker import Worker

__all__ = ["KEYS", "WorklistPanel"]

_FILTERS: dict[str, Callable[[CaseStatus], bool]] = {
    "all": lambda _status: True,
    "new": lambda status: status.state == "new",
    "draft": lambda status: status.state == "draft",
    "signed": lambda status: status.state == "signed",
    "to confirm": lambda status: status.to_confirm > 0,
}

KEYS: tuple[Shortcut, ...] = (
    Shortcut("Ctrl+Right", "next case of the worklist", lambda worklist: worklist.step(1), always=True),
    Shortcut("Ctrl+Left", "previous case of the worklist", lambda worklist: worklist.step(-1), always=True),
)


class WorklistPanel(QWidget):
    """Cases of a folder of studies or of a manifest.

    Attributes
    ----------
    cases : tuple of ReadingCase
        In their order.
    current : ReadingCase or None
        The one that was opened last.
    """

    def __init__(self, controller: ReadingController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.controller = controller
        self.cases: tuple[ReadingCase, ...] = ()
        self.current: ReadingCase | None = None
        self._statuses: dict[ReadingCase, CaseStatus] = {}
        self._worker = Worker(self)
        self._said = ""
        self.folder, self.manifest = QPushButton("Folder…"), QPushButton("Manifest…")
        self.folder.setToolTip("A folder with study folders in it")
        self.manifest.setToolTip("A CSV file with columns baseline and followup, or subject, timepoint and path")
        self.previous, self.following = QPushButton("Previous"), QPushButton("Next")
        self.previous.setToolTip("Previous case shown in the list (Ctrl+Left)")
        self.following.setToolTip("Next case shown in the list (Ctrl+Right); its scans are loaded already")
        self.shown, self.search = QComboBox(), QLineEdit()
        self.shown.addItems(list(_FILTERS))
        self.search.setPlaceholderText("name")
        self.search.setClearButtonEnabled(True)
        self.counts = QLabel()
        self.counts.setWordWrap(True)
        self.table = RowTable(("Case", "State"))
        self.table.setIconSize(QSize(48, 48))
        self.table.setMinimumHeight(160)
        self.table.setWordWrap(True)
        self._lay_out()
        self._connect()
        self._follow()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        for widgets in ((self.folder, self.manifest, self.previous, self.following), (self.shown, self.search)):
            row = QHBoxLayout()
            for widget in widgets:
                row.addWidget(widget)
            layout.addLayout(row)
        layout.addWidget(self.table)
        layout.addWidget(self.counts)
        for button in (self.folder, self.manifest, self.previous, self.following):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def _connect(self) -> None:
        self.folder.clicked.connect(lambda: self._ask(ask.folder_to_open(self, "A folder of studies")))
        self.manifest.clicked.connect(lambda: self._ask(ask.manifest_to_open(self)))
        self.previous.clicked.connect(lambda: self.step(-1))
        self.following.clicked.connect(lambda: self.step(1))
        self.shown.currentTextChanged.connect(lambda _: self._filter())
        self.search.textChanged.connect(lambda _: self._filter())
        self.table.cellDoubleClicked.connect(lambda row, _column: self.open(self.cases[row]))
        self.controller.state.changed.connect(self._look_again)

    # --- which cases

    def show_cases(self, path: Path) -> None:
        """List the cases of a folder or a manifest; their states and pictures follow.

        Raises
        ------
        UnreadableFile
            See `read_worklist`.
        """
        self.cases, self.current, self._statuses = read_worklist(path), None, {}
        self.table.setRowCount(len(self.cases))
        for row, case in enumerate(self.cases):
            for column, words in enumerate((case.name, "…")):
                item = QTableWidgetItem(words)
                item.setToolTip(str(case.study or " – ".join(map(str, case.scans))))
                self.table.setItem(row, column, item)
            self.table.setRowHeight(row, 52)
        self.table.horizontalHeader().setSectionResizeMode(0, self.table.horizontalHeader().ResizeMode.Stretch)
        self._worker.cancel()
        reader = self.controller.state.workspace.author
        for case in self.cases:
            self._worker.start("status", _looking_at(case, reader), self._have)
        self._follow()

    def open(self, case: ReadingCase) -> None:
        """Open a case; the one after it is loaded meanwhile."""
        self.current = case
        self.table.setCurrentCell(self.cases.index(case), 0)
        self.controller.cases.open(case)
        after = self._beside(1)
        self.controller.cases.announce(after)
        self._follow()

    def step(self, by: int) -> None:
        """Open the next case that the list shows, or the previous one."""
        case = self._beside(by)
        if case is not None:
            self.open(case)
        else:
            self.controller.state.failed.emit(
                "The worklist has no further case." if self.cases else "Open a worklist first: a folder or a manifest."
            )

    def _beside(self, by: int) -> ReadingCase | None:
        listed = [case for row, case in enumerate(self.cases) if case is self.current or not self._hidden(row)]
        if self.current is None:
            return listed[0] if listed else None
        at = listed.index(self.current) + by
        return listed[at] if 0 <= at < len(listed) else None

    # --- what is shown of them

    def _ask(self, path: Path | None) -> None:
        if path is None:
            return
        try:
            self.show_cases(path)
        except CtreviewError as wrong:
            self.controller.state.failed.emit(in_words(wrong))

    def _have(self, found: tuple[ReadingCase, CaseStatus, np.ndarray | None]) -> None:
        case, status, picture = found
        if case not in self.cases:
            return
        row = self.cases.index(case)
        self._statuses[case] = status
        name, state = self.table.item(row, 0), self.table.item(row, 1)
        assert name is not None
        assert state is not None
        state.setText(_status_words(status))
        if picture is not None:
            height, width = picture.shape
            pixels = np.ascontiguousarray(picture)
            image = QImage(pixels.data, width, height, width, QImage.Format.Format_Grayscale8).copy()
            name.setIcon(QIcon(QPixmap.fromImage(image)))
        self._filter()

    def _look_again(self) -> None:
        """The state of the case that is read may be another now."""
        said = self.controller.archive.save_state.words
        if self.current is not None and said != self._said:
            self._said = said
            self._worker.start("status", _looking_at(self.current, self.controller.state.workspace.author), self._have)

    def _filter(self) -> None:
        for row in range(len(self.cases)):
            self.table.setRowHidden(row, self._hidden(row))
        self._follow()

    def _hidden(self, row: int) -> bool:
        case = self.cases[row]
        status = self._statuses.get(case, CaseStatus("new"))
        wanted = self.search.text().strip().lower()
        return not _FILTERS[self.shown.currentText()](status) or wanted not in case.name.lower()

    def _follow(self) -> None:
        listed = sum(not self._hidden(row) for row in range(len(self.cases)))
        signed = sum(status.state == "signed" for status in self._statuses.values())
        at = "" if self.current is None else f"Case {self.cases.index(self.current) + 1} of {len(self.cases)}. "
        self.counts.setText(f"{at}{listed} of {len(self.cases)} shown, {signed} signed" if self.cases else "")
        self.previous.setEnabled(self._beside(-1) is not None and self.current is not None)
        self.following.setEnabled(self._beside(1) is not None)


def _looking_at(
    case: ReadingCase, reader: str
) -> Callable[[Progress], tuple[ReadingCase, CaseStatus, np.ndarray | None]]:
    return lambda _progress: (case, status_of(case, reader), thumbnail(case))


def _status_words(status: CaseStatus) -> str:
    lines: list[str] = [status.state]
    if status.to_confirm:
        lines.append(f"{status.to_confirm} to confirm")
    if status.others:
        lines.append(f"signed: {', '.join(status.others)}")
    return "\n".join(lines)

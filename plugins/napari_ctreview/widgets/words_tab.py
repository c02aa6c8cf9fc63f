"""The report in words, to be copied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qtpy.QtGui import QFontMetrics
from qtpy.QtWidgets import (
    QApplication,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ctreview.change import Comparison
from ctreview.report import narrate
from ctreview.report.languages import LANGUAGES, Marked
from napari_ctreview.viewer.shortcuts import bind_key

__all__ = ["COPY", "WordsTab"]

COPY = "Shift+C"


class WordsTab(QWidget):
    """Technique, comparison, findings, impression and limitations; a draft until signed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._comparison: Comparison | None = None
        self._signed: Mapping[str, Any] | None = None
        self._findings: tuple[Marked, ...] = ()
        self._outdated = False
        self.language = QComboBox()
        for code, phrases in LANGUAGES.items():
            self.language.addItem(phrases.name, code)
        self.language.setToolTip("The language of the report.")
        self.language.currentIndexChanged.connect(lambda _: self._write())
        self.copy = QPushButton(f"Copy  {COPY}")
        bind_key(COPY, self._copy, self.copy)
        self.copy.setToolTip(f"Copy the whole report ({COPY}).")
        self.copy.clicked.connect(self._copy)
        self.state = QLabel()
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setMinimumHeight(12 * QFontMetrics(self.text.font()).lineSpacing())
        top = QHBoxLayout()
        top.addWidget(self.language)
        top.addWidget(self.copy)
        top.addWidget(self.state, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 4, 2, 2)
        layout.addLayout(top)
        layout.addWidget(self.text, 1)
        self._write()

    def show_comparison(self, comparison: Comparison) -> None:
        """Write the report anew."""
        self._comparison, self._outdated = comparison, False
        self._write()

    def clear(self) -> None:
        """Write no report: other scans are read."""
        self._comparison, self._signed, self._findings, self._outdated = None, None, (), False
        self._write()

    def update_report(self, *, signed: Mapping[str, Any] | None, findings: Sequence[Marked]) -> None:
        """Say who signed, and what was marked."""
        if (signed, tuple(findings)) != (self._signed, self._findings):
            self._signed, self._findings = signed, tuple(findings)
            self._write()

    def outdated(self) -> None:
        """The numbers have changed since: nothing may be copied until there is a new comparison."""
        self._outdated = True
        self._write()

    def _write(self) -> None:
        there = self._comparison is not None
        self.copy.setEnabled(there and not self._outdated)
        stands = "draft" if self._signed is None else "signed"
        self.state.setText("" if not there else "corrected since; comparing anew …" if self._outdated else stands)
        if self._comparison is None:
            self.text.setPlainText("The report is written once both scans are compared.")
            return
        language = str(self.language.currentData())
        self.text.setPlainText(narrate(self._comparison, language, signed=self._signed, findings=self._findings))

    def _copy(self) -> None:
        QApplication.clipboard().setText(self.text.toPlainText())
        self.state.setText("copied")

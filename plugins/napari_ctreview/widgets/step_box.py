"""One step of the work in the dock: what it is, how far it is, what it asks for, what it found odd."""

from __future__ import annotations

from html import escape

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_ctreview import preferences
from napari_ctreview.session.steps import Step

__all__ = ["StepBox"]

_MARKS = {"to do": ("○", "#9a9a9a"), "running": ("●", "#4aa3ff"), "done": ("✓", "#58c26d"), "failed": ("✕", "#ff6b5e")}
_WARNING = "#e8b33c"


class StepBox(QFrame):
    """A step that can be opened and closed.

    Parameters
    ----------
    title : str
        What it is called; what the reader opened or closed is remembered by it.

    Attributes
    ----------
    body : QVBoxLayout
        Where the step's own widgets go.
    stopped : Signal()
        The reader wants what runs to stop.
    """

    stopped = Signal()

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("step")
        self.setStyleSheet("#step { border: 1px solid rgba(128, 128, 128, 90); border-radius: 4px; }")
        self.step = Step()
        self._title, self._name = title, f"step/{title.lower()}"
        self._number = 0
        self.header = QPushButton(f"▸  {title}")
        self.header.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.header.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.header.setCheckable(True)
        self.header.setFlat(True)
        self.header.setStyleSheet(
            "QPushButton, QPushButton:checked, QPushButton:hover"
            " { font-weight: bold; text-align: left; border: none; background: transparent; }"
        )
        self.header.toggled.connect(self._open)
        self.header.clicked.connect(self._remember)
        self.mark = QLabel()
        self.mark.setTextFormat(Qt.TextFormat.RichText)
        self.explanation = QLabel()
        self.explanation.setWordWrap(True)
        self.explanation.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedSize(80, 8)
        self.cancel = QPushButton("Cancel")
        self.cancel.clicked.connect(self.stopped)
        self.cancel.setFixedHeight(self.header.sizeHint().height())
        self.cancel.setFlat(True)
        top = QHBoxLayout()  # what comes and goes while a step runs takes no line of its own: nothing moves
        top.addWidget(self.header, 1)
        top.addWidget(self.bar)
        top.addWidget(self.cancel)
        top.addWidget(self.mark)
        self._inside = QWidget()
        self.body = QVBoxLayout(self._inside)
        self.body.setContentsMargins(0, 0, 0, 0)
        self._inside.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.explanation)
        layout.addWidget(self._inside)
        self.show_step(self.step)

    def set_number(self, number: int) -> None:
        """Say which step it is, from 1."""
        self._number = number
        self._open(self.header.isChecked())

    def open(self, opened: bool = True) -> None:
        """Show the step's own widgets, or only its state."""
        self.header.setChecked(opened)

    def suggest(self, opened: bool) -> None:
        """Open or close it, unless the reader has done either before."""
        kept = preferences.recall(self._name)
        self.open(opened if not kept else kept == "open")

    def _remember(self, opened: bool) -> None:
        preferences.remember(self._name, "open" if opened else "folded")

    def show_step(self, step: Step, *, hidden_checks: bool = False) -> None:
        """Show how far the step is; a blinded reader does not see what could tell the scans apart."""
        self.step = step
        sign, colour = _MARKS[step.state]
        self.mark.setText(f"<span style='color:{colour}'>{sign} {step.state}</span>")
        running = step.state == "running"
        self.bar.setVisible(running)
        self.cancel.setVisible(running)
        self.bar.setValue(round(1000 * step.share))
        self.bar.setToolTip(step.message if running else "")
        if running:
            return
        lines = [_line(step.message, _MARKS["failed"][1] if step.state == "failed" else "")] if step.message else []
        if not hidden_checks:
            lines += [_line(f"⚠ {check.message}", _WARNING) for check in step.checks]
        self.explanation.setText("<br>".join(lines))
        self.explanation.setVisible(bool(lines))

    def _open(self, opened: bool) -> None:
        self._inside.setVisible(opened)
        number = f"{self._number}  " if self._number else ""
        self.header.setText(f"{'▾' if opened else '▸'}  {number}{self._title}")


def _line(text: str, colour: str) -> str:
    written = escape(text)
    return f"<span style='color:{colour}'>{written}</span>" if colour else written

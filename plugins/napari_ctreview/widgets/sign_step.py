"""Save, open, sign; and reading without knowing which scan is which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ctreview.errors import CtreviewError, in_words
from ctreview.review.beside import studies_beside
from ctreview.review.unsaved import unsaved_work
from ctreview.study import Study, recovery
from napari_ctreview.session.reading_controller import ReadingController
from napari_ctreview.widgets import ask

__all__ = ["SignConfirmation", "SignStep", "UnsavedStudies"]


_BESIDE = {"chest": "the chest CT", "muscle": "the muscle MRI"}


class SignStep(QWidget):
    """Who reads, where the work lies, and its end."""

    def __init__(self, controller: ReadingController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.controller, self.state = controller, controller.state
        self.buttons: dict[str, QPushButton] = {}
        self.reader = QLineEdit(self.state.workspace.author)
        self.reader.editingFinished.connect(self._named)
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.blinded = QCheckBox("Open blinded")
        self.blinded.setToolTip(
            "<p>Hides dates, order, what headers say and what became of the opacity, and shuffles both scans, until "
            "the reading is signed. A reader who has signed reads once more, from the start.</p>"
        )
        self.confirm = SignConfirmation()
        self.confirm.hide()
        self.confirm.signed.connect(self._sign)
        who = QHBoxLayout()
        who.addWidget(QLabel("Reader"))
        who.addWidget(self.reader, 1)
        grid = QGridLayout()
        acts: tuple[tuple[str, Callable[[], object]], ...] = (
            ("Open study…", self._open),
            ("Close study", controller.archive.close),
            ("Save as…", self._save_as),
            ("Save", controller.archive.save),
            ("Sign", self._ask),
            ("Correct (new version)", lambda: self._do(controller.archive.correct)),
            ("Read again, blinded", lambda: self._do(lambda: controller.archive.read_again(blinded=True))),
            ("Go on blinded", lambda: self._do(controller.archive.blind)),
        )
        for position, (title, act) in enumerate(acts):
            button = QPushButton(title)
            button.clicked.connect(lambda _on=False, act=act: act())
            grid.addWidget(button, position // 2, position % 2)
            self.buttons[title] = button
        grid.addWidget(self.blinded, (len(acts) + 1) // 2, 1)
        self._folder: Path | None = None
        self._others: dict[str, Path] = {}
        self.beside = QPushButton()
        self.beside.setToolTip("It lies in the same folder; what is open now is closed, and kept")
        self.beside.clicked.connect(self._open_beside)
        self.moved = QLabel()
        self.moved.setWordWrap(True)
        self.locate = QPushButton("Locate…")
        self.locate.setToolTip("Look for the scans by the digests that the study keeps, and open it")
        self.locate.clicked.connect(self._locate)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(who)
        layout.addWidget(self.summary)
        layout.addWidget(self.beside)
        layout.addLayout(grid)
        layout.addWidget(self.confirm)
        layout.addWidget(self.moved)
        layout.addWidget(self.locate)
        self.state.changed.connect(self.follow)
        self.follow()

    def follow(self) -> None:
        """Offer what may be done now."""
        workspace = self.state.workspace
        there, signed, idle = self.state.mode.begun, self.state.signed, not self.state.signing
        moved = self.controller.archive.moved
        for widget in (self.moved, self.locate):
            widget.setVisible(moved is not None)
        self.moved.setText("" if moved is None else f"Study “{moved.study.folder.name}”: {moved.said}")
        for title, possible in {
            "Close study": workspace.study is not None and idle,
            "Save as…": there and idle,
            "Save": there and workspace.saved and idle and not signed,
            "Sign": there and idle and not signed,
            "Correct (new version)": there and signed,
            "Read again, blinded": there and self.state.mode.can_blind and signed,
            "Go on blinded": there
            and self.state.mode.can_blind
            and not signed
            and not self.state.blinded
            and not workspace.journal,
        }.items():
            self.buttons[title].setEnabled(possible)
        self.reader.setEnabled(workspace.study is None)
        if not self.reader.hasFocus():
            self.reader.setText(workspace.author)
        self.summary.setText(self._summarised())
        self._offer_beside()
        if self.confirm.asked:
            self._show_summary(asked=self.buttons["Sign"].isEnabled())

    def _summarised(self) -> str:
        workspace = self.state.workspace
        if workspace.study is None or workspace.reading is None:
            return "Nothing is being read yet."
        where = (
            f"Study “{workspace.study.folder.name}”" if workspace.saved else "Not saved yet; acts are kept for recovery"
        )
        version = f", version {workspace.reading.version}" if workspace.reading.version > 1 else ""
        state = "signed, read-only" if self.state.signed else "draft"
        return f"{where}. {workspace.author}{version}: {state}{', blinded' if self.state.blinded else ''}."

    def _named(self) -> None:
        try:
            self.controller.archive.name_reader(self.reader.text())
        except CtreviewError as error:
            self.state.failed.emit(in_words(error))
            self.reader.setText(self.state.workspace.author)

    def _open(self) -> None:
        found = ask.folder_to_open(self, "Open a study")
        if found is not None:
            self.controller.archive.open(found, blinded=self.blinded.isChecked())

    def _offer_beside(self) -> None:
        """Offer the study of another kind of examination in the same folder; looked for once in each folder."""
        study = self.state.study if self.state.workspace.saved else None
        folder = None if study is None else study.folder
        if folder != self._folder:
            self._folder = folder
            self._others = {} if study is None else studies_beside(study)
        self.beside.setVisible(bool(self._others))
        self.beside.setText(f"Open {' and '.join(_BESIDE[name] for name in self._others)} of this patient")

    def _open_beside(self) -> None:
        for place in self._others.values():
            self.controller.archive.open(place)

    def _locate(self) -> None:
        found = ask.folder_to_open(self, "Where the scans of the study lie now")
        if found is not None:
            self.controller.archive.locate(found)

    def _save_as(self) -> None:
        found = ask.folder_to_save(self, "Save the study as")
        if found is not None:
            self.controller.archive.save_as(found)

    def _ask(self) -> None:
        """Show what would be signed, before it is."""
        if not self.state.workspace.saved:
            self.state.failed.emit("A reading is signed in a study of your own: save it first, with “Save as…”.")
            return
        self._show_summary(asked=True)

    def _show_summary(self, *, asked: bool) -> None:
        workspace = self.state.workspace
        acts = sum(act.stands for act in self.controller.acts())
        counted = ((acts, "act"), (len(workspace.findings), "finding"), (len(workspace.key_images), "key image"))
        kept = ", ".join(f"{many} {what}{'' if many == 1 else 's'}" for many, what in counted)
        lines = (*self.state.mode.sign_summary(), kept) if asked else ()
        self.confirm.ask(workspace.author, lines)

    def _sign(self) -> None:
        self.confirm.ask("", ())
        self.controller.archive.sign()

    def _do(self, act: Callable[[], object]) -> None:
        try:
            act()
        except (CtreviewError, OSError) as error:
            self.state.failed.emit(in_words(error))


class SignConfirmation(QFrame):
    """What a signature would stand for, with the button that gives it.

    Attributes
    ----------
    signed : Signal()
        The reader has seen it and signs.
    """

    signed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.asked = False
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.sign, self.leave = QPushButton(), QPushButton("Not yet")
        self.sign.clicked.connect(self.signed)
        self.leave.clicked.connect(lambda: self.ask("", ()))
        row = QHBoxLayout()
        row.addWidget(self.sign, 1)
        row.addWidget(self.leave)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addLayout(row)

    def ask(self, reader: str, lines: Sequence[str]) -> None:
        """Show what would be signed, a line each; nothing where there is none."""
        self.asked = bool(lines)
        closed = "After this the reading is read-only; a correction makes a new version."
        shown = "".join(f"<li>{escape(line)}</li>" for line in lines)
        self.text.setText(f"<b>What is signed</b><ul style='margin-left: -20px'>{shown}</ul>{closed}")
        self.sign.setText(f"Sign as {reader}")
        self.setVisible(self.asked)


class UnsavedStudies(QWidget):
    """Work that a program which was killed left behind, to go on with or to throw away.

    Attributes
    ----------
    chosen : Signal(object)
        The `Study` to go on with.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: dict[str, tuple[QWidget, QPushButton, QPushButton]] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self.refresh()

    def refresh(self) -> None:
        """See what is there."""
        for study in recovery.left_over():
            if study.folder.name not in self.rows:
                self._offer(study)
        self.setVisible(bool(self.rows))

    def _offer(self, study: Study) -> None:
        work = unsaved_work(study)
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        text = QLabel(f"Unsaved: {work.title}. {work.content}")
        text.setWordWrap(True)
        on, away = QPushButton("Go on"), QPushButton("Remove")
        on.clicked.connect(lambda: self._take(study))
        away.clicked.connect(lambda: self._remove(study))
        line.addWidget(text, 1)
        line.addWidget(on)
        line.addWidget(away)
        self._layout.addWidget(row)
        self.rows[study.folder.name] = (row, on, away)

    def _take(self, study: Study) -> None:
        self._put_away(study)
        self.chosen.emit(study)

    def _remove(self, study: Study) -> None:
        work = unsaved_work(study)
        question = f"Remove the unsaved reading of {work.title}?"
        if ask.removal_confirmed(self, question, f"{work.content}. It cannot be brought back."):
            recovery.discard(study)
            self._put_away(study)

    def _put_away(self, study: Study) -> None:
        row, _, _ = self.rows.pop(study.folder.name)
        row.hide()
        row.deleteLater()
        self.setVisible(bool(self.rows))

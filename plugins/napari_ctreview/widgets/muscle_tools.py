"""What the tools work on in muscle MRI, and how groups are carried on once they are drawn."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QLineEdit, QPushButton, QRadioButton, QVBoxLayout, QWidget

from ctreview.muscle.scheme import LimbSide
from ctreview.review.muscle import FemurEnd, MuscleReview
from napari_ctreview.correcting import Corrector
from napari_ctreview.session.muscle_mr_mode import Corrected
from napari_ctreview.session.reading_controller import ReadingController
from napari_ctreview.viewer.shortcuts import Shortcut

__all__ = ["KEYS", "MuscleTools"]

_TITLES: dict[Corrected, str] = {"tissue": "Tissues", "groups": "Groups of muscles", "regions": "Regions by name"}

KEYS = (
    Shortcut("Ctrl+M", "muscle groups to the other side, by registration", lambda tools: tools.mirror()),
    Shortcut("Ctrl+D", "muscle groups from the other date, by registration", lambda tools: tools.carry()),
)


class MuscleTools(QWidget):
    """Which labels the tools change; the groups of one side, or of one date, proposed on the other.

    Parameters
    ----------
    controller : ReadingController
    corrector : Corrector
        The pane that the mouse was in last is the one that groups are brought to, and the class that is chosen says
        from which side.
    """

    def __init__(self, controller: ReadingController, corrector: Corrector, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mode, self.state, self.corrector = controller.muscle_mr, controller.state, corrector
        self.what = {word: QRadioButton(title) for word, title in _TITLES.items()}
        self.buttons = {"mirror": QPushButton("To the other side"), "carry": QPushButton("From the other date")}
        grid = QGridLayout()
        for place, (word, choice) in enumerate(self.what.items()):
            choice.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            choice.setToolTip(f"Tools change {_TITLES[word].lower()}")
            choice.clicked.connect(lambda _on, word=word: self.mode.correct(word))
            grid.addWidget(choice, 0, place)
        for place, (key, button) in enumerate(zip(KEYS, self.buttons.values(), strict=True)):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setToolTip(f"{key.description[0].upper()}{key.description[1:]} ({key.keys})")
            grid.addWidget(button, 1, place + 1)
        self.ends: dict[FemurEnd, QPushButton] = {"knee": QPushButton(), "hip": QPushButton()}
        self.heights: dict[FemurEnd, QLineEdit] = {"knee": QLineEdit(), "hip": QLineEdit()}
        for row, (end, button) in enumerate(self.ends.items(), 2):
            button.setText(f"{end.capitalize()} joint here")
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setToolTip(
                f"The femurs reach to the {end} joint at the level in the middle of the pane of the mouse."
                " With both ends said, heights are shares of the femur, and two dates are compared by them."
            )
            button.clicked.connect(lambda _on=False, end=end: self._set_end(end))
            height = self.heights[end]
            height.setPlaceholderText("or its z in mm")
            height.setToolTip("LPS millimetres; it may lie beyond the image, as a localiser shows it.")
            height.editingFinished.connect(lambda end=end: self._type_end(end))
            grid.addWidget(button, row, 1)
            grid.addWidget(height, row, 2)
        self.buttons["mirror"].clicked.connect(lambda _on=False: self.mirror())
        self.buttons["carry"].clicked.connect(lambda _on=False: self.carry())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 0)
        layout.addLayout(grid)
        self.state.changed.connect(self.follow)
        self.follow()

    def follow(self) -> None:
        """Show what the tools work on now; nothing before tissues were found."""
        review = self.mode.tissues
        self.setVisible(review is not None)
        if review is None:
            return
        for word, choice in self.what.items():
            choice.setChecked(word == self.mode.corrected)
        idle = self.mode.corrected == "groups" and not self.state.worker.busy and not self.state.signed
        self.buttons["mirror"].setEnabled(idle)
        self.buttons["carry"].setEnabled(idle and len(review.found.scans) > 1)

        ends = review.femur_ends(self._number(review))
        for end, height in self.heights.items():
            if not height.hasFocus():
                height.setText(f"{ends[end]:.0f}" if end in ends else "")
            for widget in (height, self.ends[end]):
                widget.setEnabled(not self.state.signed)

    def _number(self, review: MuscleReview) -> int:
        """The examination in the pane of the mouse."""
        return min(self.corrector.active_pane, len(review.found.scans) - 1)

    def _set_end(self, end: FemurEnd) -> None:
        review = self.mode.tissues
        if review is not None:
            number = self._number(review)
            self.mode.set_femur_end(number, end, float(self.state.panes.panes[number].centre[2]))

    def _type_end(self, end: FemurEnd) -> None:
        """Take a height that was typed, unless it is the one that stands."""
        review, text = self.mode.tissues, self.heights[end].text().strip().replace(",", ".").replace("−", "-")
        if review is None or not text:
            return
        try:
            z_mm = float(text)
        except ValueError:
            self.state.failed.emit(f"“{text}” is no height in millimetres.")
            return
        number = self._number(review)
        known = review.femur_ends(number).get(end)
        if known is None or round(known) != round(z_mm):
            self.mode.set_femur_end(number, end, z_mm)

    def mirror(self) -> None:
        """Bring the groups of the side of the chosen class to the other one, in the pane of the mouse."""
        if self.mode.tissues is not None:
            drawn_on: LimbSide = "left" if (self.corrector.label or "").startswith("left_") else "right"
            self.mode.mirror_groups(self.corrector.active_pane, drawn_on)

    def carry(self) -> None:
        """Bring the groups of the other date to the pane of the mouse."""
        if self.mode.tissues is not None:
            self.mode.carry_groups(self.corrector.active_pane)

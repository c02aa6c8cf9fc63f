"""What the tools work on in muscle MRI, how groups are carried on once they are drawn, and what a click marks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from ctreview.muscle.maps.stir_reference import PROPOSED_RADIUS_MM, ReferenceBall
from ctreview.muscle.scheme import LimbSide
from ctreview.report import words
from ctreview.review.muscle import FemurEnd, MuscleReview
from ctreview.volume.geometry import FloatArray
from napari_ctreview.correcting import Corrector
from napari_ctreview.marking.landmark_marker import LandmarkMarker, ShownBall, ShownHeight
from napari_ctreview.session.muscle_mr_mode import Corrected
from napari_ctreview.session.reading_controller import ReadingController
from napari_ctreview.viewer.correspondence import TITLES
from napari_ctreview.viewer.shortcuts import Shortcut
from napari_ctreview.widgets.action_button import action_button

__all__ = ["KEYS", "MuscleTools"]

_TITLES: dict[Corrected, str] = {"tissue": "Tissues", "groups": "Groups of muscles", "regions": "Regions by name"}

KEYS = (
    Shortcut("Ctrl+M", "muscle groups to the other side, by registration", lambda tools: tools.mirror()),
    Shortcut("Ctrl+D", "muscle groups from the other date, by registration", lambda tools: tools.carry()),
    Shortcut("Shift+K", "the next click marks the knee joint, where the femurs end", lambda tools: tools.mark("knee")),
    Shortcut("Shift+H", "the next click marks the hip joint, where the femurs end", lambda tools: tools.mark("hip")),
    Shortcut("Shift+R", "the next click marks muscle taken as healthy in STIR", lambda tools: tools.mark("reference")),
)

Landmark = FemurEnd | Literal["reference"]

_HINTS: Mapping[str, str] = {
    "knee": "Click at the knee joint: the femurs reach to that height.",
    "hip": "Click at the hip joint: the femurs reach to that height.",
    "reference": "Click into muscle that is healthy in STIR; look at it on STIR, with X.",
}


class MuscleTools(QWidget):
    """Which labels the tools change; groups proposed on the other side or date; femur ends and reference by a click.

    Parameters
    ----------
    controller : ReadingController
    corrector : Corrector
        The pane that the mouse was in last is the one that groups are brought to, and the class that is chosen says
        from which side.
    landmarks : LandmarkMarker
    """

    def __init__(
        self,
        controller: ReadingController,
        corrector: Corrector,
        landmarks: LandmarkMarker,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.mode, self.state, self.corrector = controller.muscle_mr, controller.state, corrector
        self.landmarks = landmarks
        self._followed = 0
        self._drawn: list[list[ShownHeight | ShownBall]] = []
        self.what = {word: QRadioButton(title) for word, title in _TITLES.items()}
        self.buttons = {
            "mirror": _button("To the other side", KEYS[0]),
            "carry": _button("From the other date", KEYS[1]),
        }
        self.marks: dict[Landmark, QPushButton] = {
            "knee": _button("Knee joint…", KEYS[2]),
            "hip": _button("Hip joint…", KEYS[3]),
            "reference": _button("STIR reference…", KEYS[4]),
        }
        self.heights: dict[FemurEnd, QLineEdit] = {"knee": QLineEdit(), "hip": QLineEdit()}
        self.radius = QDoubleSpinBox(minimum=2.0, maximum=60.0, value=PROPOSED_RADIUS_MM, decimals=0, suffix=" mm")
        self.take = QPushButton("Confirm the proposed")
        self.said = QLabel()
        self._lay_out()
        self._connect()
        self.follow()

    def _lay_out(self) -> None:
        grid = QGridLayout()
        for place, (word, choice) in enumerate(self.what.items()):
            choice.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            choice.setToolTip(f"Tools change {_TITLES[word].lower()}")
            grid.addWidget(choice, 0, place)
        grid.addWidget(self.buttons["mirror"], 1, 1)
        grid.addWidget(self.buttons["carry"], 1, 2)
        for row, (end, height) in enumerate(self.heights.items(), 2):
            height.setPlaceholderText("or its z in mm")
            height.setToolTip(
                "LPS millimetres, of the pane of the mouse; it may lie beyond the image, as a localiser shows it."
                " With both ends said, heights are shares of the femur, and two dates are compared by them."
            )
            grid.addWidget(self.marks[end], row, 0, 1, 2)
            grid.addWidget(height, row, 2)
        self.radius.setToolTip("Radius of the reference that is marked next")
        self.radius.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.take.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.take.setToolTip(
            "The dashed circle: the darkest even muscle of STIR in the pane of the mouse; while the tools draw a group,"
            " the darkest even place within that"
        )
        self.said.setWordWrap(True)
        grid.addWidget(self.marks["reference"], 4, 0)
        grid.addWidget(self.radius, 4, 1)
        grid.addWidget(self.take, 4, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 0)
        layout.addLayout(grid)
        layout.addWidget(self.said)

    def _connect(self) -> None:
        for word, choice in self.what.items():
            choice.clicked.connect(lambda _on, word=word: self.mode.correct(word))
        for landmark, button in self.marks.items():
            button.clicked.connect(lambda _on=False, landmark=landmark: self.mark(landmark))
        for end, height in self.heights.items():
            height.editingFinished.connect(lambda end=end: self._type_end(end))
        self.buttons["mirror"].clicked.connect(lambda _on=False: self.mirror())
        self.buttons["carry"].clicked.connect(lambda _on=False: self.carry())
        self.take.clicked.connect(lambda _on=False: self._take_proposed())
        self.landmarks.shown = self._shown
        self.landmarks.placed.connect(self._place)
        self.landmarks.changed.connect(self.follow)
        self.corrector.panes.mouse.moved.connect(self._follow_pane)
        self.state.changed.connect(self.follow)

    def follow(self) -> None:
        """Show what the tools work on now; nothing before tissues were found."""
        if not self.state.open:  # a job may end after the window was closed
            return
        review = self.mode.tissues
        self.setVisible(review is not None)
        drawn = [self._shown(number) for number in range(len(self.state.panes.panes))]
        if drawn != self._drawn:  # every step of a job comes here
            self._drawn = drawn
            self.landmarks.redraw()
        if review is None:
            return
        for word, choice in self.what.items():
            choice.setChecked(word == self.mode.corrected)
        free = not self.state.signed
        idle = self.mode.corrected == "groups" and not self.state.worker.busy and free
        self.buttons["mirror"].setEnabled(idle)
        self.buttons["carry"].setEnabled(idle and len(review.found.scans) > 1)
        number = self._followed = self._number(review)
        ends = review.femur_ends(number)
        for end, height in self.heights.items():
            if not height.hasFocus():
                height.setText(f"{ends[end]:.0f}" if end in ends else "")
            height.setEnabled(free)
        scan, confirmed = review.found.scans[number], review.stir_reference(number)
        has_stir = "STIR" in scan.alignments
        for landmark, button in self.marks.items():
            button.setDown(self.landmarks.landmark == landmark)
            button.setEnabled(free and (has_stir or landmark != "reference"))
        self.radius.setEnabled(free and has_stir)
        group = self._chosen_group(review, number)
        self.take.setText("Confirm the proposed" if group is None else "Confirm in the group")
        proposed = group is not None or (confirmed is None and scan.proposed_reference is not None)
        self.take.setEnabled(free and has_stir and proposed)
        self.said.setText(self._words(review, number))

    def _words(self, review: MuscleReview, number: int) -> str:
        """What the next click marks, else what was marked."""
        if self.landmarks.landmark is not None:
            return _HINTS[self.landmarks.landmark]
        title = TITLES[review.timepoints[number] - 1]
        found = [f"{end} joint at {words.number(z_mm)} mm" for end, z_mm in review.femur_ends(number).items()]
        ball = review.stir_reference(number)
        if ball is not None:
            place = ", ".join(words.number(part, decimals=0) for part in ball.centre_mm)
            found.append(f"STIR reference at {place} mm, radius {ball.radius_mm:.0f} mm")
        return f"{title[:1].upper()}{title[1:]}: {'; '.join(found)}." if found else ""

    def _follow_pane(self, _cursor: object) -> None:
        """Show what was said of the pane that the mouse came to."""
        review = self.mode.tissues
        if review is not None and self._number(review) != self._followed:
            self.follow()

    def _number(self, review: MuscleReview) -> int:
        """The examination in the pane of the mouse."""
        return min(self.corrector.active_pane, len(review.found.scans) - 1)

    # --- landmarks

    def mark(self, landmark: Landmark) -> None:
        """Let the next click say where it lies."""
        if self.mode.tissues is not None and not self.state.signed:
            self.landmarks.select(landmark)

    def _place(self, pane: int, landmark: str, lps: FloatArray) -> None:
        if landmark == "reference":
            x, y, z = (round(float(part), 1) for part in lps)
            self.mode.confirm_stir_reference(pane, ReferenceBall((x, y, z), self.radius.value()))
        else:
            self.mode.set_femur_end(pane, "knee" if landmark == "knee" else "hip", float(lps[2]))

    def _take_proposed(self) -> None:
        """Confirm what the program proposes, after it was shown: the reader sees what is confirmed."""
        review = self.mode.tissues
        if review is None:
            return
        number = self._number(review)
        group = self._chosen_group(review, number)
        proposed = review.found.scans[number].proposed_reference
        if group is not None:
            proposed = review.propose_in_group(number, group, self.radius.value())
            if proposed is None:
                self.state.failed.emit(
                    "No ball of this radius fits into the group on STIR: draw it, or take a smaller one."
                )
        if proposed is not None:
            self.state.panes.go_to(np.array(proposed.centre_mm), pane=number)
            self.mode.confirm_stir_reference(number, proposed)

    def _chosen_group(self, review: MuscleReview, number: int) -> str | None:
        """The group that the tools draw in an examination; None while they work on something else."""
        label = self.corrector.label
        known = {one.key for one in review.groups[number].base.scheme}
        return label if self.mode.corrected == "groups" and label in known else None

    def _shown(self, number: int) -> list[ShownHeight | ShownBall]:
        """What is drawn over a pane."""
        review = self.mode.tissues
        if review is None or number >= len(review.found.scans):
            return []
        found: list[ShownHeight | ShownBall] = [
            ShownHeight(z_mm, f"{end} joint") for end, z_mm in review.femur_ends(number).items()
        ]
        confirmed, proposed = review.stir_reference(number), review.found.scans[number].proposed_reference
        if confirmed is not None:
            found.append(ShownBall(confirmed, "STIR reference"))
        elif proposed is not None:
            found.append(ShownBall(proposed, "STIR reference?", proposed=True))
        return found

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

    # --- groups

    def mirror(self) -> None:
        """Bring the groups of the side of the chosen class to the other one, in the pane of the mouse."""
        if self.mode.tissues is not None:
            drawn_on: LimbSide = "left" if (self.corrector.label or "").startswith("left_") else "right"
            self.mode.mirror_groups(self.corrector.active_pane, drawn_on)

    def carry(self) -> None:
        """Bring the groups of the other date to the pane of the mouse."""
        if self.mode.tissues is not None:
            self.mode.carry_groups(self.corrector.active_pane)


def _button(text: str, key: Shortcut) -> QPushButton:
    return action_button(text, f"{key.description[0].upper()}{key.description[1:]} ({key.keys})")

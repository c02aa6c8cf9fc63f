"""What the dock is made of: a header, and the steps with their widgets and settings beneath each other."""

from __future__ import annotations

import getpass
import re
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QApplication,
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_ctreview.correcting import Corrector, ToolBox
from napari_ctreview.marking.finding_marker import FindingMarker
from napari_ctreview.marking.key_image_recorder import KeyImageRecorder
from napari_ctreview.marking.landmark_marker import LandmarkMarker
from napari_ctreview.napari_adapter import LETTERS_PT, window_of
from napari_ctreview.session.chest_ct_display import FATE_PANE
from napari_ctreview.session.reading_controller import ReadingController
from napari_ctreview.session.steps import STEPS
from napari_ctreview.viewer.correspondence import TITLES
from napari_ctreview.viewer.panes import Panes
from napari_ctreview.widgets import worklist_panel
from napari_ctreview.widgets.candidate_list import CandidateList
from napari_ctreview.widgets.change_panel import ChangePanel
from napari_ctreview.widgets.consensus_panel import ConsensusChoice, DifferenceList
from napari_ctreview.widgets.course_panel import CoursePanel
from napari_ctreview.widgets.findings_list import FindingsList
from napari_ctreview.widgets.folding_section import FoldingSection
from napari_ctreview.widgets.history_list import HistoryList
from napari_ctreview.widgets.key_images_list import KeyImagesList
from napari_ctreview.widgets.keys_overlay import KeysOverlay
from napari_ctreview.widgets.load_step import LoadStep
from napari_ctreview.widgets.measurement_list import MeasurementList
from napari_ctreview.widgets.muscle_panel import MusclePanel
from napari_ctreview.widgets.muscle_tools import MuscleTools
from napari_ctreview.widgets.reading_header import ReadingHeader
from napari_ctreview.widgets.regions_panel import RegionsPanel
from napari_ctreview.widgets.settings_form import SettingsForm
from napari_ctreview.widgets.sign_step import SignStep, UnsavedStudies
from napari_ctreview.widgets.step_box import StepBox
from napari_ctreview.widgets.step_settings import StepSettings

__all__ = ["DockForm"]

_PARTS = {
    "load": ("load",),
    "lungs": ("lungs", "lungs_from", "lobes", "lobes_from", "vessels"),
    "opacity": ("opacity",),
    "register": ("registration",),
    "change": ("inspiration", "fate", "interval", "verdict"),
}
"""Which settings of the recipe belong to which step."""

_LEAST_WIDTH = 380

_LETTERS = (
    "QLabel, QPushButton, QToolButton, QCheckBox, QComboBox, QLineEdit, QAbstractSpinBox, QAbstractItemView,"
    " QHeaderView, QTabBar::tab, QPlainTextEdit"
)
"""What napari's theme gives a size of its own."""

_TITLES = {"measures": "Measures and change", "sign": "Save and sign"}


class DockForm(QWidget):
    """The widgets of the dock and what they show.

    Parameters
    ----------
    viewer : napari.Viewer
        Its canvas becomes the pane of the baseline.

    Attributes
    ----------
    controller : ReadingController
    boxes : dict of str to StepBox
        The steps by name.
    settings, forms : dict of str to StepSettings, of str to SettingsForm
        The settings of each step that has any, and the fields in them.
    """

    def __init__(self, viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.panes = Panes(viewer, 3)
        self.panes.hanging.use(FATE_PANE, False)
        self.controller = ReadingController(self.panes, self, author=_who())
        self.state = self.controller.state
        self.corrector = Corrector(self.panes, self.controller, self)
        self.marker = FindingMarker(self.panes, self.state, self)
        self.key_image_recorder = KeyImageRecorder(self.panes, self.state, self)
        self.keys = KeysOverlay(window_of(viewer))
        self.worklist = worklist_panel.WorklistPanel(self.controller)
        self.boxes: dict[str, StepBox] = {}
        self.settings: dict[str, StepSettings] = {}
        self.forms: dict[str, SettingsForm] = {}
        self._build()

    def _build(self) -> None:
        self.run_all = QPushButton("Run all")
        self.run_all.setToolTip("All steps of the computer, with the settings below.")
        self.stop_all = QPushButton("Stop")
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.message.setStyleSheet("QLabel { background: #5a2a26; color: white; padding: 6px; border-radius: 3px; }")
        self.message.hide()
        self.doing = QLabel()
        self.doing.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.doing.setMinimumHeight(self.doing.fontMetrics().lineSpacing())
        self.header = ReadingHeader(self.controller)
        self.unsaved = UnsavedStudies()
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(2, 2, 2, 2)
        column.setSpacing(4)
        column.addWidget(FoldingSection("Worklist", self.worklist, opened=False))
        for name in STEPS:
            box = self.boxes[name] = StepBox(_TITLES.get(name, name.capitalize()))
            for widget in self._inside(name):
                box.body.addWidget(widget)
            column.addWidget(box)
        self.show_steps()
        column.addStretch(1)
        scroll = self._scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        top = QHBoxLayout()
        top.addWidget(self.run_all, 1)
        top.addWidget(self.stop_all)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.header)
        layout.addLayout(top)
        layout.addWidget(self.unsaved)
        layout.addWidget(scroll, 1)
        layout.addWidget(self.doing)
        layout.addWidget(self.message)
        self.make_room()
        for box in self.boxes.values():
            box.header.toggled.connect(lambda _on: self.make_room())

    def follow_font(self) -> None:
        """Write as large as the system does, where that is larger than napari's own letters."""
        points = QApplication.font().pointSizeF()
        size = f"{_LETTERS} {{ font-size: {points:g}pt; }}" if points > LETTERS_PT else ""
        if size != self.styleSheet():
            self.setStyleSheet(size)
            self.make_room()

    def make_room(self) -> None:
        """Be so wide that no step is cut off, however far down the reader scrolls."""
        steps = self._scroll.widget()
        assert steps is not None
        beside = self._scroll.verticalScrollBar().sizeHint().width() + 2 * self._scroll.frameWidth() + 8
        self.setMinimumWidth(max(_LEAST_WIDTH, steps.minimumSizeHint().width() + beside))

    def _inside(self, name: str) -> list[QWidget]:
        """A step's own widgets, its settings last and folded away."""
        found: list[QWidget] = []
        if name == "load":
            self.load = LoadStep(self.controller)
            self.course = CoursePanel(self.controller)
            found += [self.load, FoldingSection("More than two timepoints", self.course, opened=False)]
        elif name == "correct":
            self.tools, self.findings = ToolBox(self.corrector), FindingsList(self.marker)
            self.regions = RegionsPanel(self.controller, self.corrector)
            self.landmarks = LandmarkMarker(self.panes, self)
            self.muscle_tools = MuscleTools(self.controller, self.corrector, self.landmarks)
            self.regions.hide()
            self.key_images = KeyImagesList(self.key_image_recorder)
            self.candidates = CandidateList()
            self.history = HistoryList(self.controller)
            self.measurements = MeasurementList(self.state, TITLES)
            found += [self.candidates, self.muscle_tools, self.tools, self.regions]
            found += [
                FoldingSection("History", self.history, opened=False),
                FoldingSection("Measurements", self.measurements),
                FoldingSection("Findings", self.findings),
                FoldingSection("Key images", self.key_images),
            ]
        elif name == "change":
            self.change = ChangePanel()
            self.fate = QCheckBox("Map of what became of it, in a pane of its own")
            found += [self.fate, self.change]
        elif name == "measures":
            self.muscle = MusclePanel(self.controller)
            found.append(self.muscle)
        elif name == "differences":
            self.differences = DifferenceList(self.controller)
            found.append(self.differences)
        elif name == "sign":
            self.sign = SignStep(self.controller)
            self.consensus = ConsensusChoice(self.controller)
            found += [self.sign, FoldingSection("Consensus of two readings", self.consensus, opened=False)]
        if name in _PARTS:
            settings = StepSettings(self.controller.chest_ct.settings, _PARTS[name], runs=name != "load")
            self.settings[name] = settings
            self.forms[name] = settings.form
            found.append(settings)
        return found

    def show_steps(self) -> None:
        """Show the steps of the mode, numbered from above."""
        others = {name for mode in self.state.modes for name in mode.steps} - self.state.mode.steps
        shown = [name for name in STEPS if name not in others]
        for name, box in self.boxes.items():
            box.setVisible(name in shown)
        for number, name in enumerate(shown, 1):
            self.boxes[name].set_number(number)


def _who() -> str:
    """The reader's name as the system has it, in characters that a folder's name may have."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = ""
    return re.sub(r"[^\w \-]", "-", name).strip("- ")[:64] or "reader"

"""One dock, in the order of the work: load, lungs, opacity, correct, register, change, sign."""

from __future__ import annotations

import getpass
import re
from typing import Any

from qtpy.QtCore import QEvent, QObject, QPoint, Qt
from qtpy.QtGui import QShowEvent
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

from ctreview.allocation import return_freed_memory
from ctreview.change import Comparison
from ctreview.errors import EditDoesNotApply
from ctreview.study import Study
from napari_ctreview.correcting import Corrector, ToolBox
from napari_ctreview.correcting import shortcuts as correcting_shortcuts
from napari_ctreview.correcting.lung_brush import LungBrushTool
from napari_ctreview.input_output.layer_importer import LayerImporter
from napari_ctreview.marking import finding_marker
from napari_ctreview.marking.finding_marker import FindingMarker
from napari_ctreview.marking.key_image_recorder import KeyImageRecorder
from napari_ctreview.marking.landmark_marker import LandmarkMarker
from napari_ctreview.napari_adapter import LETTERS_PT, unwrapped, window_of
from napari_ctreview.session.chest_ct_display import FATE_PANE
from napari_ctreview.session.reading_controller import ReadingController
from napari_ctreview.session.steps import STEPS
from napari_ctreview.session.tool_warm_up import warm_up_tools
from napari_ctreview.viewer import shortcuts
from napari_ctreview.viewer.correspondence import TITLES
from napari_ctreview.viewer.input_settings import conflicts, input_settings
from napari_ctreview.viewer.panes import Panes
from napari_ctreview.viewer.reading_window import ReadingWindow
from napari_ctreview.viewer.window_lock import fit_on_screen
from napari_ctreview.widgets import ask, muscle_tools, worklist_panel
from napari_ctreview.widgets.all_keys import CLOSE, OVERLAY, every_key
from napari_ctreview.widgets.candidate_list import KEYS as CANDIDATE_KEYS
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
from napari_ctreview.worker import Worker

__all__ = ["ReviewDock"]

_PARTS = {
    "load": ("load",),
    "lungs": ("lungs", "lungs_from", "lobes", "lobes_from", "vessels"),
    "opacity": ("opacity",),
    "register": ("registration",),
    "change": ("inspiration", "fate", "interval", "verdict"),
}
"""Which settings of the recipe belong to which step."""

_KEYS_SHOWN = shortcuts.Shortcut(*OVERLAY, lambda keys: keys.open(), always=True)
_CLOSE = shortcuts.Shortcut(*CLOSE, lambda dock: dock.panes.window().close())

_LEAST_WIDTH = 380

_LETTERS = (
    "QLabel, QPushButton, QToolButton, QCheckBox, QComboBox, QLineEdit, QAbstractSpinBox, QAbstractItemView,"
    " QHeaderView, QTabBar::tab, QPlainTextEdit"
)
"""What napari's theme gives a size of its own."""

_TITLES = {"measures": "Measures and change", "sign": "Save and sign"}


class ReviewDock(QWidget):
    """Review two timepoints: everything around the panes.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Its canvas becomes the pane of the baseline.

    Attributes
    ----------
    controller : ReadingController
    boxes : dict of str to StepBox
        The steps by name.
    forms : dict of str to SettingsForm
        The settings of each step that has any.
    """

    _window: ReadingWindow | None = None
    _fitted = False
    _version: int | None = None

    def __init__(self, napari_viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        return_freed_memory()
        viewer = unwrapped(napari_viewer)
        self.panes = Panes(viewer, 3)
        self.panes.hanging.use(FATE_PANE, False)
        self.controller = ReadingController(self.panes, self, author=_who())
        self.state = self.controller.state
        self.controller.chest_ct.display.warm_up()
        self.corrector = Corrector(self.panes, self.controller, self)
        self.marker = FindingMarker(self.panes, self.state, self)
        self.key_image_recorder = KeyImageRecorder(self.panes, self.state, self)
        self._incoming = LayerImporter(viewer, self.controller.open_in_free_timepoint, self._is_foreign, self.complain)
        self.keys = KeysOverlay(window_of(viewer))
        self.worklist = worklist_panel.WorklistPanel(self.controller)
        self.boxes: dict[str, StepBox] = {}
        self.forms: dict[str, SettingsForm] = {}
        self._shortcuts = [
            *shortcuts.install(self.panes),
            *correcting_shortcuts.install(self.corrector),
            *shortcuts.bind(finding_marker.KEYS, self.marker, self.panes),
            *shortcuts.bind(worklist_panel.KEYS, self.worklist, self.panes),
            *shortcuts.bind([_KEYS_SHOWN], self.keys, self.panes),
            *shortcuts.bind([_CLOSE], self, self.panes),
        ]
        self._build()
        self._connect()
        self._window = ReadingWindow(viewer, self, lambda: self.state.open and self.state.reads)
        self._window.events.dropped.connect(self._dropped)
        self._window.events.may_close = self._may_close
        self.boxes["load"].open()
        self._follow()
        self._warm_up = Worker(self)
        self._warm_up.start("prepare tools", lambda _progress: warm_up_tools(), lambda _done: None)
        self.complain("\n".join(conflicts(every_key(), input_settings())))

    # --- what it is made of

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
        self._show_steps()
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
        self._make_room()
        for box in self.boxes.values():
            box.header.toggled.connect(lambda _on: self._make_room())

    def _follow_font(self) -> None:
        """Write as large as the system does, where that is larger than napari's own letters."""
        points = QApplication.font().pointSizeF()
        size = f"{_LETTERS} {{ font-size: {points:g}pt; }}" if points > LETTERS_PT else ""
        if size != self.styleSheet():
            self.setStyleSheet(size)
            self._make_room()

    def _make_room(self) -> None:
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
            self._shortcuts += shortcuts.bind(muscle_tools.KEYS, self.muscle_tools, self.panes)
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
            self.differences.install_keys(self)
            found.append(self.differences)
        elif name == "sign":
            self.sign = SignStep(self.controller)
            self.consensus = ConsensusChoice(self.controller)
            found += [self.sign, FoldingSection("Consensus of two readings", self.consensus, opened=False)]
        if name in _PARTS:
            settings = StepSettings(self.controller.chest_ct.settings, _PARTS[name], runs=name != "load")
            settings.form.changed.connect(self._set)
            settings.run.connect(self._run)
            self.forms[name] = settings.form
            found.append(settings)
        return found

    def _connect(self) -> None:
        controller = self.controller
        self.run_all.clicked.connect(self._run)
        self.stop_all.clicked.connect(controller.cancel)
        for box in self.boxes.values():
            box.stopped.connect(controller.cancel)
        self.unsaved.chosen.connect(self._go_on)
        self.fate.toggled.connect(self.controller.chest_ct.display.want_fate)
        self.state.failed.connect(self.complain)
        self.state.replaced.connect(self._replaced)
        self.state.worker.began.connect(self._began)
        self.state.changed.connect(self._follow)
        self.state.reading_changed.connect(self._prepared)
        self.state.edited.connect(self._edited)
        controller.chest_ct.compared.connect(self._compared_now)
        controller.chest_ct.recounted.connect(self._follow_numbers)
        self.panes.scans.contrast_changed.connect(self.corrector.refresh_context)
        self.corrector.busy.connect(self._say_what_runs)
        self.marker.changed.connect(self._marked)
        self.change.go_to.connect(self._go_to)
        self.change.decided.connect(self._decided)
        self.candidates.chosen.connect(self._go_to)
        self.candidates.decided.connect(self._decided)
        self.candidates.install_keys(self)
        self.candidates.taken_before = self._taken_for_lung
        # napari's canvas is told when its window closes
        self.panes.panes[0].canvas.installEventFilter(self)

    # --- what happens

    def complain(self, text: str) -> None:
        """Say what went wrong and what to do; a click on another step does not take it away."""
        self.message.setText(text)
        self.message.setVisible(bool(text))

    def _replaced(self, lost: str) -> None:
        """Say what did not go on with other scans, and offer what is left unsaved."""
        self.complain(lost)
        if lost:
            self.unsaved.refresh()

    def _began(self, job: str) -> None:
        """Take an earlier message away when the reader goes on."""
        if job in ("load", "save", "sign"):
            self.complain("")

    def _run(self) -> None:
        self.complain("")
        self.controller.run()

    def _dropped(self, where: QPoint, paths: list[str]) -> None:
        """Open what was dropped anywhere in the window."""
        self.complain("")
        self.controller.open_at(self.panes.pane_at(where), paths)

    def _is_foreign(self, layer: Any) -> bool:
        """Whether a layer of napari's own viewer is none of the reading that is open."""
        return self.state.open and self.state.reads and not self.panes.panes[0].guard.keeps(layer)

    def _follow(self) -> None:
        """Show the state of every step."""
        controller = self.controller
        if self._window is not None:
            self._window.follow()
        for name, box in self.boxes.items():
            box.show_step(self.state.steps[name], hidden_checks=self.state.blinded)
        busy = self.state.worker.busy
        self._say_what_runs()
        self.run_all.setText(self.state.mode.run_words)
        self.run_all.setEnabled(self.state.mode.can_run and not busy)
        self.stop_all.setEnabled(busy)
        self.change.setVisible(not self.state.blinded)
        self.fate.setEnabled(not self.state.blinded)
        for form in self.forms.values():
            if form.settings != controller.chest_ct.settings:
                form.show_settings(controller.chest_ct.settings)

    def _say_what_runs(self, tool: str = "") -> None:
        """One line at the foot of the dock, whichever step is open: what a tool or a step works at."""
        steps = [
            f"{name.capitalize()}: {step.message}" for name, step in self.state.steps.items() if step.state == "running"
        ]
        self.doing.setText(f"{tool} …" if tool else "; ".join(steps))

    def _set(self, settings: Any) -> None:
        self.controller.chest_ct.settings = settings
        self.state.loader.settings = settings.load
        self._follow()

    def _prepared(self) -> None:
        if not self.state.mode.begun:
            self._forget()
        version = None if self.state.reading is None else self.state.reading.version
        if self._version not in (None, version):
            self.marker.forget()  # what is offered is of the reading before, which a new one may not know
        self._version = version
        ab = dict(zip(self.state.order, ("A", "B"), strict=True))
        self.findings.titles = self.key_images.titles = (ab[0], ab[1]) if self.state.blinded else TITLES
        self.findings.show_findings()
        self.key_images.show_images()
        self._show_candidates()
        for box in (self.findings, self.tools, self.key_images):  # they spoke of the reading before
            box.message.clear()
        self.corrector.refresh_context()
        self._show_steps()
        if self.state.mode.begun:
            self.boxes["load"].suggest(False)
            self.boxes["correct"].suggest(True)
            self.boxes["measures"].suggest(True)
            self.boxes["change"].suggest(not self.state.blinded)
            self._make_room()
        if self.state.mode is self.controller.consensus:
            self.boxes["differences"].open()

    def _show_steps(self) -> None:
        """Show the steps of the mode, numbered from above."""
        others = {name for mode in self.state.modes for name in mode.steps} - self.state.mode.steps
        shown = [name for name in STEPS if name not in others]
        for name, box in self.boxes.items():
            box.setVisible(name in shown)
        for number, name in enumerate(shown, 1):
            self.boxes[name].set_number(number)

    def _forget(self) -> None:
        """Let nothing stand that was found, said or begun in the scans before."""
        self.change.clear()
        self.regions.clear()
        self.muscle.follow()
        self.differences.follow()
        self.corrector.forget()
        self.marker.forget()
        self.landmarks.deactivate()

    def _show_candidates(self) -> None:
        """List what is offered by the timepoint, for a blinded reader by the pane."""
        titles = self.findings.titles
        self.candidates.show_candidates(self.controller.chest_ct.candidates, (titles[0], titles[1]))

    def _edited(self, _pane: int, _change: object) -> None:
        self._show_candidates()
        self._follow_numbers()

    def _follow_numbers(self) -> None:
        """Show the volumes after an act."""
        tallies = self.controller.chest_ct.tallies
        if tallies is not None and not self.state.blinded:
            before, after = tallies
            self.change.follow(
                before.ml(),
                after.ml(),
                volumes_ml=(before.volumes_ml, after.volumes_ml),
                candidates=self.controller.chest_ct.candidates,
            )

    def _compared_now(self, comparison: Comparison) -> None:
        if self.state.blinded:
            return
        self.change.show_comparison(comparison)
        self._marked()

    def _marked(self) -> None:
        """Bring findings and signature into the report."""
        controller = self.controller
        if controller.chest_ct.comparison is not None and not self.state.blinded:
            signed = None if self.state.reading is None else self.state.reading.signature()
            self.change.update_report(signed=signed, findings=self.state.findings())

    def _go_to(self, timepoint: int, lps: Any) -> None:
        self.panes.go_to(lps, pane=self.state.order.index(timepoint))

    def _decided(self, timepoint: int, kind: str, payload: Any) -> None:
        try:
            self.controller.act(self.state.order.index(timepoint), kind, payload)
        except EditDoesNotApply as reason:  # the reader has taken the piece away by hand already
            self.complain(f"The piece was left as it is: {reason.found}.")

    def _taken_for_lung(self, name: str) -> bool:
        """Let the lung brush have the key of a candidate while it is held."""
        label, tool = CANDIDATE_KEYS[name][2], self.corrector.tool
        if not isinstance(tool, LungBrushTool) or label not in ("consolidation", "collapse"):
            return False
        tool.take(label)
        return True

    def _go_on(self, study: Study) -> None:
        readers = [reading.reader for reading in study.readings]
        self.controller.archive.open(study.folder, author=readers[0])

    # --- the end

    def _may_close(self) -> bool:
        """Ask before the window closes over work that is in no study."""
        left = self.controller.archive.unsaved
        return not left or ask.closing_confirmed(self, left)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Make room for the dock when it is shown first, and write as large as the system does."""
        super().showEvent(event)
        self._follow_font()
        if not self._fitted:
            self._fitted = True
            fit_on_screen(self.window())

    def event(self, event: QEvent) -> bool:
        """End with the dock, where that is taken out of the window alone: napari is as it was before."""
        if event.type() == QEvent.Type.ParentChange and self.parentWidget() is None and self._window is not None:
            self._end()
        return bool(super().event(event))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """End with napari's window."""
        if event.type() == QEvent.Type.Close and watched is self.panes.panes[0].canvas:
            self.panes.setUpdatesEnabled(False)  # to show napari's bars again resizes the canvases, which would paint
            self.stop()
        return False

    def _end(self) -> None:
        """Leave napari's window without the reading."""
        self.stop()
        for pane in self.panes.panes:
            pane.clear()
        self.panes.give_back()

    def stop(self) -> None:
        """Stop what runs and detach from the panes; acts are on the disk already."""
        if self._window is not None:
            self._window.stop()
            self._window = None
            self._incoming.stop()
            self.controller.close()


def _who() -> str:
    """The reader's name as the system has it, in characters that a folder's name may have."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = ""
    return re.sub(r"[^\w \-]", "-", name).strip("- ")[:64] or "reader"

"""Which two scans are read."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ctreview.errors import CtreviewError, in_words
from ctreview.sample_data import BASELINE, FOLLOWUP, sample_data
from napari_ctreview import preferences
from napari_ctreview.input_output.scans import Scan
from napari_ctreview.session.reading_controller import ReadingController
from napari_ctreview.widgets import ask

__all__ = ["LoadStep"]

_NAMES = ("Baseline", "Follow-up")


class LoadStep(QWidget):
    """Two scans: dropped on the panes, or chosen here."""

    def __init__(self, controller: ReadingController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.controller, self.state = controller, controller.state
        self.names: list[QLabel] = []
        self.buttons: dict[str, QPushButton] = {}
        grid = QGridLayout()
        for number, name in enumerate(_NAMES):
            shown = QLabel("drop a folder, ZIP or file on the pane")
            shown.setWordWrap(True)
            self.names.append(shown)
            grid.addWidget(QLabel(f"<b>{name}</b>"), 2 * number, 0)
            grid.addWidget(self._button(f"{name}: folder", "Folder…", partial(self._folder, number)), 2 * number, 1)
            grid.addWidget(self._button(f"{name}: file", "ZIP or file…", partial(self._file, number)), 2 * number, 2)
            grid.addWidget(shown, 2 * number + 1, 0, 1, 3)
        self.age = QLineEdit()
        self.age.setPlaceholderText("from the header")
        self.age.setToolTip("Age in years at baseline, instead of what the header says.")
        self.age.editingFinished.connect(self._aged)
        self.one_patient = QCheckBox("One patient under two ids (recorded)")
        self.one_patient.toggled.connect(self._state_same)
        self.two_patients = QCheckBox("Two patients are meant (no verdict then)")
        self.two_patients.toggled.connect(self._allow)
        self.recent = QComboBox()
        self.recent.setToolTip("Open a study that was open before")
        self.recent.activated.connect(self._open_recent)
        self._latest: Path | None = None
        row = QHBoxLayout()
        row.addWidget(self._button("swap", "Swap", self.state.loader.swap))
        row.addWidget(self._button("sample", "Sample child", self.load_sample))
        row.addWidget(self._button("clear", "Other scans", self.state.loader.clear))
        aged = QHBoxLayout()
        aged.addWidget(QLabel("Age at baseline (years)"))
        aged.addWidget(self.age, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(grid)
        layout.addLayout(row)
        layout.addLayout(aged)
        layout.addWidget(self.recent)
        layout.addWidget(self.one_patient)
        layout.addWidget(self.two_patients)
        self.state.changed.connect(self.follow)
        self.follow()

    def load_sample(self) -> None:
        """Load the phantom child before and after treatment."""
        try:
            there = sample_data()
        except CtreviewError as missing:
            self.state.failed.emit(in_words(missing))
            return
        for number, name in enumerate((BASELINE, FOLLOWUP)):
            self.state.loader.open(number, there / name)

    def follow(self) -> None:
        """Show what is loaded; of a blinded reading only that it is."""
        for shown, scan in zip(self.names, self.state.loader.scans, strict=True):
            shown.setText(_described(scan, blinded=self.state.blinded))
        self._follow_recent()
        loader = self.state.loader
        self.buttons["swap"].setEnabled(all(scan is not None for scan in loader.scans) and not self.state.blinded)
        for box, on in ((self.one_patient, loader.same_patient), (self.two_patients, loader.allow_different_patients)):
            box.blockSignals(True)
            box.setChecked(on)
            box.blockSignals(False)
        if not self.age.hasFocus():
            years = self.controller.chest_ct.age_years
            self.age.setText("" if years is None else f"{years:g}")

    def _follow_recent(self) -> None:
        """Remember the study that is open; offer the last ones while nothing is."""
        workspace = self.state.workspace
        study = workspace.study.folder if workspace.study is not None and workspace.saved else None
        if study is not None and study != self._latest:
            preferences.remember_study(study)
        if study != self._latest or not self.recent.count():
            self._latest = study
            self.recent.clear()
            self.recent.addItem("Recent studies…")
            for path in preferences.recent_studies():
                self.recent.addItem(path.name, path)
                self.recent.setItemData(self.recent.count() - 1, str(path), Qt.ItemDataRole.ToolTipRole)
        self.recent.setVisible(self.recent.count() > 1)

    def _open_recent(self, row: int) -> None:
        path = self.recent.itemData(row)
        self.recent.setCurrentIndex(0)
        if path is not None:
            self.controller.archive.open(path)

    def _button(self, name: str, title: str, act: object) -> QPushButton:
        button = QPushButton(title)
        button.clicked.connect(lambda _on=False: act())  # type: ignore[operator]
        self.buttons[name] = button
        return button

    def _folder(self, number: int) -> None:
        found = ask.folder_to_open(self, f"{_NAMES[number]}: a folder of DICOM files")
        if found is not None:
            self.controller.open_dropped(number, [str(found)])

    def _file(self, number: int) -> None:
        found = ask.file_to_open(self, f"{_NAMES[number]}: an archive or an image")
        if found is not None:
            self.controller.open_dropped(number, [str(found)])

    def _state_same(self, stated: bool) -> None:
        try:
            self.state.loader.state_same_patient(stated)
        except CtreviewError as error:
            self.state.failed.emit(in_words(error))

    def _allow(self, allowed: bool) -> None:
        try:
            self.state.loader.allow(allowed)
        except CtreviewError as error:
            self.state.failed.emit(in_words(error))

    def _aged(self) -> None:
        text = self.age.text().strip().replace(",", ".")
        try:
            years = float(text) if text else None
        except ValueError:
            years = -1.0
        if years is not None and not 0 <= years <= 130:
            self.state.failed.emit(f"“{text}” is no age in years.")
            self.age.clear()
            years = None
        self.controller.chest_ct.age_years = years


def _described(scan: Scan | None, *, blinded: bool) -> str:
    """What was loaded: kind, grid and the folder's name; nothing of whom it shows."""
    if scan is None:
        return "drop a folder, ZIP or file on the pane"
    if blinded:
        return "loaded; hidden until the reading is signed"
    kind = scan.modality
    if scan.contrasts is not None:
        kind += f": {', '.join(one.name for one in scan.contrasts.contrasts)}"
    grid = scan.volume.geometry
    size = " × ".join(str(n) for n in grid.shape)
    spacing = " × ".join(f"{step:.2g}" for step in grid.spacing)
    return f"{scan.place.path.name}: {kind}, {size} voxels of {spacing} mm"

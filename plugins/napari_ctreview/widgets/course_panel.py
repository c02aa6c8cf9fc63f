"""More than two timepoints: the list of scans, which two are shown, and opacity and its patches through all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from qtpy.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ctreview.cohort.course import course_rows
from ctreview.errors import CtreviewError, in_words
from ctreview.report import words
from napari_ctreview.session.reading_controller import ReadingController
from napari_ctreview.widgets import ask
from napari_ctreview.widgets.action_button import action_button
from napari_ctreview.widgets.region_table import VERDICTS
from napari_ctreview.widgets.row_table import RowTable

__all__ = ["CoursePanel"]

_MARKS = ("baseline", "follow-up")


class CoursePanel(QWidget):
    """All scans of the patient that is read."""

    def __init__(self, controller: ReadingController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.controller, self.course, self.state = controller, controller.course, controller.state
        self.scans = RowTable(("Scan", "Both lungs, mL", "Since the first", "Since the one before"))
        self.patches = RowTable(("Patch", "Where"))
        self.patches.hide()
        for table in (self.scans, self.patches):
            table.setMinimumHeight(5 * table.verticalHeader().defaultSectionSize())
        self.pair = (QComboBox(), QComboBox())
        self.doing = QLabel()
        self.doing.setWordWrap(True)
        self.buttons = {
            "add": action_button("Add a scan…", "One more folder of DICOM files of this patient", self._add),
            "remove": action_button("Remove", "Take the scan of this row out of the list", self._remove),
            "show": action_button("Show this pair", "Baseline and follow-up from the list", self._show),
            "follow": action_button(
                "Follow all", "Each against the first and the one before; takes a while", self._follow
            ),
        }
        adding, grid = QHBoxLayout(), QGridLayout()
        for name in ("add", "remove", "follow"):
            adding.addWidget(self.buttons[name])
        for place, choice in enumerate(self.pair):
            grid.addWidget(choice, 0, place)
        grid.addWidget(self.buttons["show"], 0, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.scans)
        layout.addLayout(adding)
        layout.addLayout(grid)
        layout.addWidget(self.patches)
        layout.addWidget(self.doing)
        self.course.changed.connect(self.follow)
        self.course.worker.began.connect(lambda job: self.doing.setText(f"{job.capitalize()} …"))
        self.course.worker.progressed.connect(self._progressed)
        self.state.reading_changed.connect(self.follow)
        self.follow()

    def follow(self) -> None:
        """Show the list, and what was followed; nothing to a blinded reader."""
        self.setEnabled(not self.state.blinded)
        names = () if self.state.blinded else self.course.names
        if not self.course.worker.busy:
            self.doing.clear()
        self._fill_scans(names)
        self._fill_patches(names)
        shown = self.course.shown
        for number, choice in enumerate(self.pair):
            if [choice.itemText(row) for row in range(choice.count())] != list(names):
                choice.clear()
                choice.addItems(list(names))
                chosen = shown[number]
                choice.setCurrentIndex(min(number, len(names) - 1) if chosen is None else chosen)
        idle = not self.course.worker.busy
        for name, possible in {
            "add": bool(names) and idle,
            "remove": len(names) > 2 and idle,
            "show": len(names) > 1,
            "follow": len(names) > 1 and idle,
        }.items():
            self.buttons[name].setEnabled(possible)

    def _fill_scans(self, names: tuple[str, ...]) -> None:
        found = self.course.follow_up
        rows: dict[str, Mapping[str, Any]] = {}
        if found is not None:
            course = course_rows(found.timepoints, found.against_baseline, found.against_previous)
            rows = {row["timepoint"]: row for row in course if row["region"] == "lungs"}
        shown = self.course.shown
        self.scans.setRowCount(len(names))
        for place, name in enumerate(names):
            row = rows.get(name, {})
            mark = f" ({_MARKS[shown.index(place)]})" if place in shown else ""
            cells = (
                f"{name}{mark}",
                "" if row.get("opacity_ml") is None else words.number(row["opacity_ml"]),
                _change(row, "baseline"),
                _change(row, "previous"),
            )
            for column, text in enumerate(cells):
                self.scans.setItem(place, column, QTableWidgetItem(text))
            self.scans.resizeRowToContents(place)

    def _fill_patches(self, names: tuple[str, ...]) -> None:
        """A row for each patch, with its millilitres at each scan and what became of it."""
        found = self.course.follow_up
        self.patches.setVisible(found is not None and bool(names))
        if found is None:
            self.patches.setRowCount(0)
            return
        self.patches.set_columns(("Patch", "Where", *found.timepoints))
        numbers = sorted({one.patch for one in found.patches})
        self.patches.setRowCount(len(numbers))
        for row, number in enumerate(numbers):
            own = [one for one in found.patches if one.patch == number]
            self.patches.setItem(row, 0, QTableWidgetItem(str(number)))
            self.patches.setItem(row, 1, QTableWidgetItem(words.region_name(own[0].region)))
            for one in own:
                item = QTableWidgetItem(f"{words.number(one.ml)} {one.event}")
                item.setToolTip(f"{words.region_name(one.region)}: {words.number(one.ml)} mL, {one.event}")
                self.patches.setItem(row, 2 + one.timepoint, item)

    def _progressed(self, job: str, share: float, what: str) -> None:
        self.doing.setText(f"{job.capitalize()}: {what} ({100 * share:.0f} %)")

    def _add(self) -> None:
        found = ask.folder_to_open(self, "One more scan: a folder of DICOM files")
        if found is not None:
            self.course.add(found)

    def _remove(self) -> None:
        place = self.scans.currentRow()
        if 0 <= place < len(self.course.scans):
            self._do(lambda: self.course.remove(place))

    def _show(self) -> None:
        early, late = (choice.currentIndex() for choice in self.pair)
        self._do(lambda: self.course.show(early, late))

    def _follow(self) -> None:
        chest = self.controller.chest_ct
        self.course.follow(chest.settings, chest.age_years)

    def _do(self, act: Callable[[], object]) -> None:
        try:
            act()
        except CtreviewError as error:
            self.state.failed.emit(in_words(error))


def _change(row: Mapping[str, Any], since: str) -> str:
    """A change with its interval and verdict on two lines; nothing where there is none."""
    value, verdict = row.get(f"since_{since}_value"), row.get(f"since_{since}_verdict")
    if value is None or verdict is None:
        return ""
    if verdict == "not_interpretable":
        return VERDICTS[verdict][0]
    span = words.span(row[f"since_{since}_low"], row[f"since_{since}_high"])
    return f"{words.signed(value)} ({span})\n{VERDICTS[verdict][0]}"

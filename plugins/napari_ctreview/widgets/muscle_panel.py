"""What muscle measures on each side, at one timepoint or two, and how its volume changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QHeaderView, QLabel, QTableWidgetItem, QVBoxLayout, QWidget

from ctreview.muscle.limb_segment import LIMB_SEGMENTS, both_key, is_limb
from ctreview.muscle.measurement import MuscleMeasurement
from ctreview.recipes.muscle_mri import MuscleChange
from ctreview.report import words
from ctreview.report.muscle_words import MUSCLE_WORDS, digits_of, measure_words, muscle_change_words, region_words
from ctreview.review.muscle import MeasuredExaminations, changes_of_limbs
from napari_ctreview.session.reading_controller import ReadingController
from napari_ctreview.viewer.correspondence import TITLES
from napari_ctreview.widgets.region_table import VERDICTS
from napari_ctreview.widgets.row_table import RowTable

__all__ = ["MusclePanel"]

_NOT_YET = "Muscle is measured once its tissues are found: press “Find muscle”."
Place = tuple[str, str]
"""A region and what is measured of it."""

Found = Mapping[Place, MuscleMeasurement]

_CHANGES = ("In the part that both show", "Change (interval)", "Verdict")
_UNITS = {"cm2": "cm²", "{ratio}": "", "{z}": "SD", "1": ""}
_HINT = (
    "The upper line is the baseline, the lower one the follow-up, each of all that it shows."
    " L − R is 2 (L − R) / (L + R): above 0 the left is larger."
)


class MusclePanel(QWidget):
    """A row for each measure of each side or drawn region, live while tissues are corrected.

    Parameters
    ----------
    controller : ReadingController
    """

    def __init__(self, controller: ReadingController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mode, self.state = controller.muscle_mr, controller.state
        self.headline = QLabel(_NOT_YET)
        self.headline.setWordWrap(True)
        self.headline.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.caveat = QLabel()
        self.caveat.setWordWrap(True)
        self.changes = RowTable(_CHANGES)
        self.changes.setWordWrap(False)
        header = self.changes.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        self.changes.setMinimumHeight(220)
        self.table = RowTable(("Measure",))
        self.table.setMinimumHeight(320)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.headline)
        layout.addWidget(self.changes, 1)
        layout.addWidget(self.caveat)
        layout.addWidget(self.table, 1)
        self.mode.measured.connect(self.follow)
        self.state.edited.connect(lambda *_: self._mark_outdated())

    def follow(self) -> None:
        """Show the last outcome, or that there is none."""
        outcome = self.mode.outcome
        changes = () if outcome is None or outcome.comparison is None else outcome.comparison.changes
        self.changes.setVisible(bool(changes))
        self._fill_changes(changes)
        said = "" if outcome is None else "\n".join(_caveats(outcome))
        self.caveat.setText(said)
        self.caveat.setVisible(bool(said))
        if outcome is None:
            self.headline.setText(_NOT_YET)
            self.table.setRowCount(0)
            return
        self.headline.setText(_headline(outcome))
        self._fill(outcome)

    def _mark_outdated(self) -> None:
        """Say that an act is not measured yet."""
        if self.mode.outcome is not None:
            self.headline.setText(f"{_headline(self.mode.outcome)}<br><i style='color:#f0b429'>is measured anew …</i>")

    def _fill_changes(self, changes: Sequence[MuscleChange]) -> None:
        """A row for each number of each limb and drawn group, with its interval."""
        table = self.changes
        table.verticalHeader().setDefaultSectionSize(2 * table.fontMetrics().height() + 6)
        table.setRowCount(len(changes))
        for level, one in enumerate(changes):
            digits, unit = digits_of(one.baseline), _shown(one.unit)
            values = (words.number(value, decimals=digits) for value in (one.baseline, one.followup))
            found, region = one.change, region_words(one.region, "en")
            name = f"{region[:1].upper()}{region[1:]}"
            cells = (
                f"{measure_words(one.key, 'en')}\n{name}: {' → '.join(values)} {unit}".rstrip(),
                f"{words.signed(found.value, decimals=digits)} {unit}\n"
                f"{words.span(found.low, found.high, decimals=digits)}",
                VERDICTS[one.verdict][0],
            )
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip(muscle_change_words(one))
                if column == 1:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                if column == len(cells) - 1:
                    item.setForeground(QColor(VERDICTS[one.verdict][1]))
                table.setItem(level, column, item)

    def _fill(self, outcome: MeasuredExaminations) -> None:
        found = [{(one.region, one.key): one for one in scan.found.measurements} for scan in outcome.scans]
        columns, rows = _laid_out(found)
        table = self.table
        table.set_columns(("Measure", *columns))
        header = table.horizontalHeader()
        for column in range(1, len(columns) + 1):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        table.verticalHeader().setDefaultSectionSize(len(found) * table.fontMetrics().height() + 8)
        table.setRowCount(len(rows))
        for level, (title, places) in enumerate(rows):
            name = QTableWidgetItem(title)
            name.setToolTip(title)
            table.setItem(level, 0, name)
            for column, place in enumerate(places, 1):
                table.setItem(level, column, _cell([one.get(place) for one in found], _change_of(outcome, place)))


def _laid_out(found: Sequence[Found]) -> tuple[tuple[str, ...], list[tuple[str, list[Place]]]]:
    """Columns, and for each row its title and what stands in each column: right, left and how they differ.

    A limb whose side is not known, and a drawn group, stand in the first column.
    """
    regions = list(dict.fromkeys(region for one in found for region, _ in one))
    keys = list(dict.fromkeys(key for one in found for _, key in one if measure_words(key, "en")))
    alone = [region for region in regions if not region.startswith("both_")]
    bare = list(dict.fromkeys(region.removeprefix("right_").removeprefix("left_") for region in alone))
    paired = any(region.startswith(("right_", "left_")) for region in regions)
    rows: list[tuple[str, list[Place]]] = []
    for part in bare:
        for key in keys:
            asymmetry = f"{key.rpartition('_')[0]}_asymmetry"
            both = both_key(part)
            places: list[Place] = [(f"right_{part}", key), (f"left_{part}", key), (both, asymmetry)]
            if not _any(found, places[:2]):
                places = [(part, key)]
            if _any(found, places):
                title = measure_words(key, "en") or key
                rows.append(
                    (title if part in LIMB_SEGMENTS else f"{region_words(part, 'en').capitalize()}: {title}", places)
                )
    return ("Right", "Left", "L − R") if paired else ("",), rows


def _any(found: Sequence[Found], places: Sequence[Place]) -> bool:
    """Whether any of these measurements is there."""
    return any(place in one for one in found for place in places)


def _headline(outcome: MeasuredExaminations) -> str:
    """The change of muscle volume, a line for each region; the step itself says why there is none."""
    compared = outcome.comparison
    if compared is None:
        return "One examination" if len(outcome.scans) == 1 else "Two examinations that are not compared"
    lines = []
    for change in changes_of_limbs(compared):
        colour = VERDICTS[change.verdict][1]
        lines.append(f"<span style='color:{colour}'>{escape(muscle_change_words(change))}</span>")
    return "<br>".join(lines) or "No change is given; what is looked at first stands above."


def _change_of(outcome: MeasuredExaminations, place: Place) -> str:
    """How it changed in the part that both show; empty where that was not compared."""
    changes = () if outcome.comparison is None else outcome.comparison.changes
    found = next((one for one in changes if (one.region, one.key) == place), None)
    return "" if found is None else f"In the part that both show. {muscle_change_words(found)}"


def _cell(values: Sequence[MuscleMeasurement | None], change: str) -> QTableWidgetItem:
    item = QTableWidgetItem("\n".join(map(_value_words, values)))
    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    told = []
    for title, one in zip(TITLES, values, strict=False):
        if one is not None:
            why = [one.reason, *(name.replace("_", " ") for name in one.caveats)]
            told += [f"{title}: {words_}" for words_ in why if words_]
    told += [change] if change else []
    item.setToolTip("\n".join([*told, _HINT] if len(values) > 1 else told))
    return item


def _value_words(one: MuscleMeasurement | None) -> str:
    if one is None or one.value is None:
        return "–"
    return f"{words.number(one.value)} {_shown(one.unit)}".strip()


def _shown(unit: str) -> str:
    """A unit as it is printed."""
    return _UNITS.get(unit, unit)


def _caveats(outcome: MeasuredExaminations) -> list[str]:
    """What intervals of groups do not hold, and by which reference STIR is measured; nothing where neither is there."""
    found = []
    compared = outcome.comparison
    if compared is not None and not all(is_limb(one.region) for one in compared.changes):
        found.append(MUSCLE_WORDS["en"]["groups_text"])
    places = []
    for title, scan in zip(TITLES, outcome.scans, strict=False):
        if scan.stir_reference is not None:
            ball = scan.stir_reference.ball
            place = ", ".join(words.number(part, decimals=0) for part in ball.centre_mm)
            places.append(f"{title} at {place} mm, radius {ball.radius_mm:.0f} mm")
    said = next((one for scan in outcome.scans for one in scan.checks if one.name == "stir_reference"), None)
    if said is not None and places:
        found.append(f"STIR reference, confirmed by a reader: {'; '.join(places)}. {said.message}")
    return found

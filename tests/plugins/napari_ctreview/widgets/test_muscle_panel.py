"""Muscle MRI from the drop to the table: found, corrected, undone, saved and opened again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt

from ctreview.phantom.muscle import ADULT_LEGS, Course, later_legs, make_legs, scan_dixon, write_examination
from ctreview.tools import BrushSettings
from tests.plugins.napari_ctreview.simulated_mouse import SimulatedMouse, click, drop, press
from tests.plugins.napari_ctreview.waiting import until

BEFORE = replace(ADULT_LEGS, spacing=(20.0, 3.0, 3.0), pelvis=False)
AFTER = later_legs(BEFORE, Course(muscle_area=(0.8, 1.0)))


@pytest.fixture(scope="module")
def thighs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two examinations with water and fat; the right thigh lost a fifth of its muscle between them."""
    folders = []
    for name, legs in (("one", BEFORE), ("two", AFTER)):
        scan = scan_dixon(make_legs(legs))
        folder = tmp_path_factory.mktemp(name)
        write_examination([[scan.water], [scan.fat]], folder)
        folders.append(folder)
    return folders[0], folders[1]


def measured(qtbot: Any, dock: Any) -> None:
    """Wait for the numbers of everything that was done."""
    until(qtbot, lambda: not dock.state.worker.busy and not dock.controller.muscle_mr._pause.isActive())


def cells(dock: Any) -> dict[str, tuple[str, ...]]:
    """What the table says, by its first column."""
    table = dock.muscle.table
    found = {}
    for row in range(table.rowCount()):
        items = [table.item(row, column) for column in range(1, table.columnCount())]
        found[table.item(row, 0).text()] = tuple("" if item is None else item.text() for item in items)
    return found


def test_muscle_is_found_corrected_undone_saved_and_opened_again(
    make_dock: Any, thighs: tuple[Path, Path], tmp_path: Path, qtbot: Any, monkeypatch: Any
) -> None:
    dock = make_dock()
    said: list[str] = []
    dock.state.failed.connect(said.append)
    for number, folder in enumerate(thighs):
        drop(dock.panes.panes[number], folder)
        until(qtbot, lambda number=number: dock.state.loader.scans[number] is not None)
    until(qtbot, lambda: not dock.state.worker.busy)
    assert [name for name, box in dock.boxes.items() if not box.isHidden()] == [
        "load",
        "tissue",
        "measures",
        "correct",
        "sign",
    ]
    assert dock.boxes["sign"].header.text().endswith("5  Save and sign")
    assert dock.run_all.text() == "Find muscle and compare"
    click(dock.run_all)
    until(qtbot, lambda: dock.controller.muscle_mr.outcome is not None)
    measured(qtbot, dock)
    assert "Told by Dixon water and fat" in dock.boxes["tissue"].explanation.text()
    mouse = SimulatedMouse(dock.panes, qtbot)
    for number, body in enumerate((BEFORE, AFTER)):
        mouse.hover(number, dock.panes.panes[number].centre)
        for end, z_mm in (("knee", body.offset[2] - body.femur_length_mm), ("hip", body.offset[2])):
            field = dock.muscle_tools.heights[end]
            field.setText(f"{z_mm:.0f}")
            field.editingFinished.emit()
        assert set(dock.controller.muscle_mr.review.femur_ends(number)) == {"knee", "hip"}
    measured(qtbot, dock)
    assert "Right thigh: " in dock.muscle.headline.text()
    assert set(dock.panes.panes[0].labels) == set(dock.panes.panes[1].labels) == {"tissue", "muscle_groups"}
    assert _is_drawn(dock.panes.panes[0]), "in the colours of its classes"
    names = [button.text() for button in dock.tools.classes.values()]
    assert names[:4] == ["right muscle", "left muscle", "right intermuscular fat", "left intermuscular fat"]
    heads = [dock.muscle.table.horizontalHeaderItem(column).text() for column in range(4)]
    assert heads == ["Measure", "Right", "Left", "L − R"]
    found = cells(dock)
    assert found["Muscle volume"][2].endswith("%")
    assert len(found["Muscle volume"][1].split("\n")) == 2
    assert found["Fat fraction, median"][0].endswith("%")

    mode = dock.controller.muscle_mr
    where = np.argwhere(mode.review.tissues[1].labels.mask("left_muscle"))
    at = mode.review.tissues[1].base.geometry.to_lps(where[len(where) // 2])
    dock.panes.go_to(at, pane=1)
    dock.corrector.choose("left_subcutaneous_fat")
    press(qtbot, dock, Qt.Key.Key_B)
    mouse.drag(1, [at, at + np.array([12.0, 0.0, 0.0])])
    assert "measured anew" in dock.muscle.headline.text()
    measured(qtbot, dock)
    after = cells(dock)
    assert after["Muscle volume"][0] == found["Muscle volume"][0], "the right thigh was not touched"
    assert _lower(after["Muscle volume"][1]) < _lower(found["Muscle volume"][1])
    corrected = np.array(mode.review.tissues[1].array)
    press(qtbot, dock, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    measured(qtbot, dock)
    assert cells(dock) == found
    press(qtbot, dock, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert "Brush: left subcutaneous fat" in dock.history.rows.item(1).text()

    click(dock.muscle_tools.what["regions"])
    assert list(dock.tools.classes) == [None], "none is named yet"
    dock.regions.name.setFocus()
    qtbot.keyClicks(dock.regions.name, "vastus")
    qtbot.keyClick(dock.regions.name, Qt.Key.Key_Return)
    assert list(dock.panes.panes[0].labels) == ["tissue", "muscle_groups", "regions"], "the regions lie on top"
    assert _is_drawn(dock.panes.panes[0])
    mouse.drag(1, [at, at + np.array([12.0, 0.0, 0.0])])
    assert dock.tools.message.text().startswith("vastus +")
    measured(qtbot, dock)

    study = tmp_path / "study"
    monkeypatch.setattr("napari_ctreview.widgets.ask.folder_to_save", lambda *_: study)
    dock.boxes["sign"].open()
    click(dock.sign.buttons["Save as…"])
    until(qtbot, lambda: (study / "readers").exists() and not dock.state.worker.busy)
    written = dock.state.reading.regions_folder / "muscle"
    until(qtbot, lambda: written.exists() and not dock.state.worker.busy)
    assert {"report.html", "muscle_change.json"} <= {one.name for one in written.iterdir()}
    reader = dock.state.reading.reader
    click(dock.sign.buttons["Close study"])
    assert dock.muscle.table.rowCount() == 0
    found_anew: list[object] = []
    monkeypatch.setattr("ctreview.review.muscle.measure_muscle", lambda *_, **__: found_anew.append(1))
    monkeypatch.setattr("ctreview.review.muscle.register_limbs", lambda *_, **__: found_anew.append(1))
    dock.controller.archive.open(study, author=reader)
    until(qtbot, lambda: mode.outcome is not None)
    measured(qtbot, dock)
    assert found_anew == [], "the study keeps what was found"
    assert np.array_equal(mode.review.tissues[1].array, corrected)
    click(dock.sign.buttons["Sign"])
    assert "Right thigh: " in dock.sign.confirm.text.text()
    click(dock.sign.confirm.sign)
    until(qtbot, lambda: dock.state.signed and not dock.state.worker.busy)
    statement = dock.state.reading.signature()["statement"]
    assert statement["muscle"]["changes"][0]["region"] == "both_thighs"
    assert said == []


def _is_drawn(pane: Any) -> bool:
    """Whether the pane shows more than grey."""
    image = pane.canvas.canvas.native.grab().toImage()
    places = [(x, y) for x in range(0, image.width(), 9) for y in range(0, image.height(), 9)]
    colours = [image.pixelColor(x, y) for x, y in places]
    return sum(abs(colour.red() - colour.blue()) > 25 for colour in colours) > len(places) / 20


def _lower(cell: str) -> float:
    return float(cell.split("\n")[1].split(" ", maxsplit=1)[0])


def test_groups_are_drawn_filled_and_carried_to_side_and_date(
    make_dock: Any, thighs: tuple[Path, Path], qtbot: Any
) -> None:
    dock = make_dock()
    said: list[str] = []
    dock.state.failed.connect(said.append)
    for number, folder in enumerate(thighs):
        drop(dock.panes.panes[number], folder)
        until(qtbot, lambda number=number: dock.state.loader.scans[number] is not None)
    mode = dock.controller.muscle_mr
    click(dock.run_all)
    until(qtbot, lambda: mode.outcome is not None)
    measured(qtbot, dock)
    click(dock.muscle_tools.what["groups"])
    names = [button.text() for button in dock.tools.classes.values()]
    assert names[2:4] == ["right quadriceps", "left quadriceps"]
    dock.corrector.choose("right_quadriceps")
    press(qtbot, dock, Qt.Key.Key_B)
    mouse = SimulatedMouse(dock.panes, qtbot)
    dock.corrector.set("brush", BrushSettings(radius_mm=15.0))
    geometry, levels = mode.review.tissues[0].base.geometry, (8, 10)
    between = np.argwhere(mode.review.tissues[0].labels.mask("right_muscle")[9])
    for level in levels:
        at = geometry.to_lps([level, *between[len(between) // 3]])
        dock.panes.go_to(at)
        mouse.drag(0, [at, at + np.array([15.0, 0.0, 0.0])])
    drawn = mode.review.groups[0]
    assert list(np.flatnonzero(drawn.array.any(axis=(1, 2)))) == list(levels)
    press(qtbot, dock, Qt.Key.Key_F)
    until(qtbot, lambda: len(mode.review.groups[0].applied) == 3 or said)
    assert drawn.array.any(axis=(1, 2)).sum() == levels[1] - levels[0] + 1, dock.tools.message.text()
    measured(qtbot, dock)
    press(qtbot, dock, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    until(qtbot, lambda: drawn.labels.mask("left_quadriceps").any() or said)
    assert said == []
    measured(qtbot, dock)
    mouse.hover(1, dock.panes.panes[1].centre)
    click(dock.muscle_tools.buttons["carry"])
    until(qtbot, lambda: mode.review.groups[1].labels.mask("right_quadriceps").any() or said)
    assert said == []
    measured(qtbot, dock)
    row = cells(dock)["Quadriceps: Volume as drawn"]
    assert all(len(cell.split("\n")) == 2 for cell in row[:2])
    assert "–" not in "".join(row[:2])
    press(qtbot, dock, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not mode.review.groups[1].array.any(), "carried over as one act"
    assert said == []


def test_one_examination_is_measured_alone_and_another_joins_it(
    make_dock: Any, thighs: tuple[Path, Path], qtbot: Any
) -> None:
    dock = make_dock()
    drop(dock.panes.panes[0], thighs[0])
    mode = dock.controller.muscle_mr
    until(qtbot, lambda: mode.begun and not dock.state.worker.busy)
    assert dock.run_all.text() == "Find muscle"
    click(dock.run_all)
    until(qtbot, lambda: mode.outcome is not None)
    measured(qtbot, dock)
    alone = mode.outcome.scans[0]
    assert dock.muscle.headline.text() == "One examination"
    assert "\n" not in cells(dock)["Muscle volume"][0]
    drop(dock.panes.panes[1], thighs[1])
    until(qtbot, lambda: dock.state.loader.scans[1] is not None and not dock.state.worker.busy)
    click(dock.run_all)
    until(qtbot, lambda: mode.outcome is not None and mode.outcome.comparison is not None)
    assert mode.outcome.scans[0].image is alone.image, "what was found stands"

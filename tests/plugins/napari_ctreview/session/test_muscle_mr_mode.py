"""Regions painted on MRI and measured, driven as a person would: drop, name, paint, switch contrast, save, reopen."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from ctreview.review.region_files import replay_regions
from ctreview.study import Study
from tests.plugins.napari_ctreview.reading import write_mr
from tests.plugins.napari_ctreview.simulated_mouse import SimulatedMouse, click, drop, press
from tests.plugins.napari_ctreview.waiting import until


def opened(qtbot: Any, dock: Any, folders: tuple[Path, Path]) -> None:
    for number, folder in enumerate(folders):
        drop(dock.panes.panes[number], folder)
        until(qtbot, lambda number=number: dock.controller.state.loader.scans[number] is not None)
    until(qtbot, lambda: not dock.controller.state.worker.busy)


def beside(place: Any, x_mm: float, y_mm: float = 0.0) -> Any:
    """A place so far to the left and to the back of another."""
    return place + np.array([x_mm, y_mm, 0.0])


def cell(dock: Any, row: int, column: int) -> str:
    return str(dock.regions.table.item(row, column).text())


def name(qtbot: Any, dock: Any, words: str) -> None:
    dock.regions.name.setFocus()
    qtbot.keyClicks(dock.regions.name, words)
    qtbot.keyClick(dock.regions.name, Qt.Key.Key_Return)


def test_regions_are_painted_measured_saved_reopened_and_signed(
    make_dock: Any, examinations: tuple[Path, Path], tmp_path: Path, qtbot: Any, monkeypatch: Any
) -> None:
    dock = make_dock()
    said: list[str] = []
    dock.controller.state.failed.connect(said.append)
    opened(qtbot, dock, examinations)
    assert dock.regions.isVisible()
    assert not dock.boxes["lungs"].isVisible(), "nothing is computed in MRI"
    mouse = SimulatedMouse(dock.panes, qtbot)
    at = dock.panes.panes[0].centre
    press(qtbot, dock, Qt.Key.Key_B)
    mouse.drag(0, [at, beside(at, 8.0)])
    assert dock.tools.message.text().startswith("Name a region first")
    name(qtbot, dock, "rectus femoris")
    assert dock.corrector.label == "rectus_femoris"
    assert [button.text() for button in dock.tools.classes.values()] == ["rectus femoris", "None"]
    right = beside(at, -60.0)
    mouse.drag(0, [right, beside(right, 16.0)])
    there = dock.panes.panes[1].centre
    mouse.drag(1, [beside(there, 40.0), beside(there, 70.0)])
    t1 = [cell(dock, row, 2) for row in range(3)]
    assert t1[0] == t1[2] != t1[1] == "0.00 mL\n–", "painted on the right at baseline"
    assert cell(dock, 1, 3) == cell(dock, 2, 3) != cell(dock, 0, 3) == "0.00 mL\n–", "on the left at follow-up"
    assert "T1" in dock.regions.explanation.text()
    rows = dock.controller.muscle_mr.rows()
    before = rows[0][0].values.mean
    press(qtbot, dock, Qt.Key.Key_X)
    qtbot.wait(50)
    assert "STIR" in dock.regions.explanation.text()
    assert dock.controller.muscle_mr.rows()[0][0].values.mean == pytest.approx(before + 100)
    assert cell(dock, 0, 2).split("\n")[0] == t1[0].split("\n")[0], "the volume is that of what was painted"

    press(qtbot, dock, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert cell(dock, 2, 3) == "0.00 mL\n–"
    press(qtbot, dock, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)

    click(dock.regions.copy)
    table = list(csv.DictReader(io.StringIO(QApplication.clipboard().text()), delimiter="\t"))
    assert {(row["contrast"], row["timepoint"]) for row in table} == {
        (contrast, number) for contrast in ("T1", "STIR") for number in "12"
    }
    target = tmp_path / "table.csv"
    monkeypatch.setattr("napari_ctreview.widgets.ask.file_to_save", lambda *_: target)
    click(dock.regions.export)
    assert len(target.read_text().splitlines()) == 1 + 3 * 2 * 2

    study = tmp_path / "study"
    monkeypatch.setattr("napari_ctreview.widgets.ask.folder_to_save", lambda *_: study)
    dock.boxes["sign"].open()
    click(dock.sign.buttons["Save as…"])
    until(qtbot, lambda: (study / "readers").exists() and not dock.controller.state.worker.busy)
    reading = dock.controller.state.reading
    assert (reading.regions_folder / "regions.csv").read_text() == target.read_text()
    painted = [np.array(session.array) for session in dock.controller.muscle_mr.review.sessions]
    dock.controller.state.close_reading()
    replayed = replay_regions(Study.open(study), reading)
    assert all(np.array_equal(one.array, other) for one, other in zip(replayed.sessions, painted, strict=True)), (
        "the same without a window, voxel for voxel"
    )

    dock.controller.archive.open(study, author=reading.reader)
    until(qtbot, lambda: dock.controller.muscle_mr.begun)
    assert dock.regions.isVisible()
    assert cell(dock, 0, 2) == t1[0]
    dock.boxes["sign"].open()
    click(dock.sign.buttons["Sign"])
    click(dock.sign.confirm.sign)
    until(qtbot, lambda: dock.controller.state.signed and not dock.controller.state.worker.busy)
    assert len(dock.controller.state.reading.signature()["statement"]["regions"]) == 12
    assert not dock.regions.add.isEnabled()
    assert "read-only: a correction makes a new version" in dock.boxes["sign"].step.message
    mute: list[str] = []
    dock.controller.state.failed.connect(mute.append)
    press(qtbot, dock, Qt.Key.Key_B)  # the brush was put down when the reading was closed
    mouse.drag(0, [right, beside(right, 0.0, 16.0)])
    assert "signed" in mute[0]
    assert said == mute, "nothing else went wrong"
    dock.controller.archive.save()
    assert mute[-1].startswith("Nothing was saved: ")
    assert mute[-1].endswith("signed and cannot be changed. Make a new version of it to correct it.")
    monkeypatch.setattr("napari_ctreview.widgets.ask.folder_to_save", lambda *_: tmp_path / "copy")
    click(dock.sign.buttons["Save as…"])
    until(qtbot, lambda: (tmp_path / "copy" / "study.json").exists() and not dock.controller.state.worker.busy)
    assert dock.boxes["sign"].step.state == "done"
    assert "copied to copy" in dock.boxes["sign"].step.message
    assert "read-only" in dock.boxes["sign"].step.message
    assert dock.controller.state.signed


def test_a_folder_with_two_examinations_asks_which_and_opens_it_whole(
    make_controller: Any, pair: Any, tmp_path: Path, qtbot: Any
) -> None:
    for number, (place, description) in enumerate([("a", "t1_tse"), ("a", "STIR"), ("b", "t2_tse")], 1):
        folder = tmp_path / "mixed" / f"{place}{number}"
        write_mr(folder, pair.before, description=description, number=number)
        for path in folder.iterdir():
            header = pydicom.dcmread(path)
            header.FrameOfReferenceUID = "1.2.3.1" if place == "b" else "1.2.3.0"
            header.save_as(path)
    place = make_controller()
    asked: list[int] = []

    def choose(found: Any) -> Any:
        asked.append(len(found))
        return next(one for one in found if "STIR" in one.acquisition.description)

    place.state.loader.chooser = choose
    place.open_dropped(0, [str(tmp_path / "mixed")])
    until(qtbot, lambda: place.muscle_mr.begun)
    assert asked == [3]
    (images,) = place.muscle_mr.review.examinations
    assert [one.name for one in images.contrasts] == ["STIR", "T1"], "the one chosen leads"
    (replayed,) = replay_regions(place.state.study, place.state.reading).examinations
    assert [one.name for one in replayed.contrasts] == ["STIR", "T1"]
    assert place.muscle_mr.name_region("vastus") == "vastus"
    place.archive.save_as(tmp_path / "study")
    until(qtbot, lambda: place.state.workspace.saved and not place.state.worker.busy)
    place.state.close_reading()
    place.archive.open(tmp_path / "study")
    until(qtbot, lambda: place.muscle_mr.begun)
    assert [label.key for label in place.muscle_mr.review.scheme] == ["vastus"], "a study of one timepoint opens too"


def test_progress_of_a_step_measures_nothing(
    make_dock: Any, examinations: tuple[Path, Path], qtbot: Any, monkeypatch: Any
) -> None:
    from ctreview.review import regions

    dock = make_dock()
    opened(qtbot, dock, examinations)
    name(qtbot, dock, "vastus")
    measured: list[Any] = []
    measure = regions.region_values
    monkeypatch.setattr(regions, "region_values", lambda *a, **k: measured.append(a) or measure(*a, **k))
    for share in (0.1, 0.2, 0.3):
        dock.controller.state.worker.progressed.emit("save", share, "writing")
    assert not measured
    at = dock.panes.panes[0].centre
    dock.corrector.select_tool("brush")
    SimulatedMouse(dock.panes, qtbot).drag(0, [at, beside(at, 20.0)])
    assert len(measured) == 1, "the scan that was painted, in the contrast in view"
    assert cell(dock, 2, 2) != "0.00 mL\n–" == cell(dock, 2, 3)


def test_the_reader_says_where_right_and_left_part(make_dock: Any, examinations: tuple[Path, Path], qtbot: Any) -> None:
    dock = make_dock()
    opened(qtbot, dock, examinations)
    name(qtbot, dock, "vastus")
    mouse = SimulatedMouse(dock.panes, qtbot)
    at = dock.panes.panes[0].centre
    dock.corrector.select_tool("brush")
    mouse.drag(0, [beside(at, 30.0), beside(at, 50.0)])
    left = cell(dock, 1, 2)
    assert cell(dock, 0, 2) == "0.00 mL\n–" != left
    dock.panes.go_to(beside(at, 90.0))
    mouse.hover(0, beside(at, 60.0))
    click(dock.regions.middle)
    assert cell(dock, 0, 2) == left
    assert "(reader)" in dock.regions.explanation.text()


def test_a_second_examination_joins_what_is_painted_already(
    make_dock: Any, examinations: tuple[Path, Path], qtbot: Any
) -> None:
    dock = make_dock()
    drop(dock.panes.panes[0], examinations[0])
    until(qtbot, lambda: dock.controller.muscle_mr.begun)
    name(qtbot, dock, "vastus")
    dock.corrector.select_tool("brush")
    at = dock.panes.panes[0].centre
    SimulatedMouse(dock.panes, qtbot).drag(0, [at, beside(at, 20.0)])
    painted = cell(dock, 2, 2)
    assert painted != "0.00 mL\n–"
    assert dock.regions.table.columnCount() == 3
    drop(dock.panes.panes[1], examinations[1])
    until(qtbot, lambda: dock.regions.table.columnCount() == 4)
    assert cell(dock, 2, 2) == painted
    assert dock.controller.state.study.timepoints == (1, 2)


def test_a_follow_up_alone_stays_one_when_it_is_saved_opened_and_joined(
    make_dock: Any, examinations: tuple[Path, Path], tmp_path: Path, qtbot: Any
) -> None:
    dock = make_dock()
    place = dock.controller
    place.state.loader.open(1, examinations[1])
    until(qtbot, lambda: place.muscle_mr.begun)
    name(qtbot, dock, "vastus")
    dock.corrector.select_tool("brush")
    at = dock.panes.panes[0].centre
    SimulatedMouse(dock.panes, qtbot).drag(0, [at, beside(at, 20.0)])
    painted = cell(dock, 2, 2)
    assert painted != "0.00 mL\n–"
    assert dock.panes.panes[0].annotations.corners.top_left[0] == "FOLLOW-UP"
    assert "follow-up at x" in dock.regions.explanation.text()
    place.archive.save_as(tmp_path / "study")
    until(qtbot, lambda: place.state.workspace.saved and not place.state.worker.busy)
    assert Study.open(tmp_path / "study").timepoints == (2,)
    written = place.state.reading.regions_folder
    assert {row["timepoint"] for row in csv.DictReader(io.StringIO((written / "regions.csv").read_text()))} == {"2"}
    assert (written / "timepoint-2.seg.nrrd").exists()
    place.state.close_reading()
    place.archive.open(tmp_path / "study")
    until(qtbot, lambda: place.muscle_mr.begun)
    assert [scan is not None for scan in place.state.loader.scans] == [False, True]
    assert dock.panes.panes[0].annotations.corners.top_left[0] == "FOLLOW-UP"
    assert cell(dock, 2, 2) == painted
    place.state.loader.open(0, examinations[0])
    until(qtbot, lambda: dock.regions.table.columnCount() == 4)
    assert [cell(dock, 2, column) for column in (2, 3)] == ["0.00 mL\n–", painted], "a baseline joins it"
    assert place.state.study.timepoints == (1, 2)

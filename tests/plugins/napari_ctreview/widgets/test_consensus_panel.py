"""Two readings of a study, decided difference by difference with buttons and keys, and opened as one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from ctreview.review.replay import replay_study
from ctreview.study import Study
from tests.plugins.napari_ctreview.simulated_mouse import click, press
from tests.plugins.napari_ctreview.waiting import until
from tests.readings import Read

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def folder(read: Read, tmp_path: Path) -> Path:
    """A study that anna and ben have read."""
    return Path(shutil.copytree(read.study.folder, tmp_path / "study"))


def deciding(make_dock: Any, folder: Path, qtbot: Any) -> Any:
    """A dock in which the differences of anna and ben are listed."""
    dock = make_dock()
    dock.state.workspace.open(folder)  # its scans are not needed for this
    dock.state.reading_changed.emit()
    dock.boxes["sign"].open()
    choice = dock.consensus
    choice.readers[0].setCurrentText("anna")
    choice.readers[1].setCurrentText("ben")
    choice.name.setText("both")
    said: list[str] = []
    dock.state.failed.connect(said.append)
    click(choice.begin)
    until(qtbot, lambda: said or (dock.controller.consensus.current is not None and not dock.state.worker.busy))
    assert said == []
    return dock


def row(dock: Any, number: int) -> list[str]:
    table = dock.differences.table
    return [table.item(number, column).text() for column in range(table.columnCount())]


def test_differences_are_listed_shown_decided_undone_and_become_a_reading(
    make_dock: Any, folder: Path, qtbot: Any, monkeypatch: Any
) -> None:
    dock = deciding(make_dock, folder, qtbot)
    mode = dock.controller.consensus
    said: list[str] = []
    dock.state.failed.connect(said.append)
    count = len(mode.differences)
    assert count > 2
    assert dock.differences.table.rowCount() == count
    assert [name for name, box in dock.boxes.items() if not box.isHidden()] == [
        "load",
        "differences",
        "correct",
        "sign",
    ]
    titles = [pane.annotations.corners.top_left[0] for pane in dock.panes.panes]
    assert [title.split(":")[0] for title in titles[:2]] == ["A", "B"]
    assert len({pane.volume.digest for pane in dock.panes.panes}) == 1, "one scan, three times"
    first = mode.differences[0]
    shown = [np.asarray(dock.panes.panes[n].labels["opacity"].data)[first.box][first.where] for n in range(3)]
    assert not np.array_equal(shown[0], shown[1])
    assert np.array_equal(shown[0], shown[2]), "as A has it until it is decided"
    assert all(np.allclose(pane.centre, first.point, atol=3.0) for pane in dock.panes.panes)
    assert not dock.differences.open.isEnabled()

    press(qtbot, dock, Qt.Key.Key_2, CTRL)
    assert row(dock, 0)[0] == "B"
    assert mode.current.number == 2, "the next is shown"
    mode.go_to(1)
    consensus = np.asarray(dock.panes.panes[2].labels["opacity"].data)[first.box][first.where]
    assert np.array_equal(consensus, shown[1])
    press(qtbot, dock, Qt.Key.Key_Z, CTRL)
    assert row(dock, 0)[0] == ""
    press(qtbot, dock, Qt.Key.Key_Z, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert row(dock, 0)[0] == "B"

    for number in mode.review.undecided[1:-1]:
        mode.review.decide(number, "first")  # what the button does, without drawing each
    while mode.review.undecided:
        mode.go_to(mode.review.undecided[0])
        last = mode.current.number == count
        click(dock.differences.buttons["neither" if last else "first"])
    last = mode.differences[-1]
    assert row(dock, count - 1)[0] == ("–" if last.first_ml and last.second_ml else "A" if last.second_ml else "B")
    assert row(dock, 1)[0] == "A"
    QTest.mouseClick(dock.differences.table.viewport(), Qt.MouseButton.LeftButton)
    made = Study.open(folder).reading("both")
    scans = replay_study(Study.open(folder), (made,))
    for scan, session in zip(scans, mode.review.sessions, strict=True):
        assert np.array_equal(scan.opacity.array, session.array), "the reading is what was seen"
    assert said == []
    opened: list[Any] = []
    monkeypatch.setattr(dock.controller.archive, "open", lambda study, **how: opened.append((study, how)))
    click(dock.differences.open)
    assert opened == [(folder, {"author": "both"})], "as a reading of its own"
    _history_ends_where_acts_go_together(dock.controller, mode)


def _history_ends_where_acts_go_together(controller: Any, mode: Any) -> None:
    def standing() -> int:
        return sum(act.stands for act in controller.acts())

    for number, side in ((one.number, side) for one in mode.differences for side in ("second", "neither")):
        before = standing()
        mode.review.decide(number, side)
        if standing() == before + 2:
            break
    assert standing() == before + 2, "a decision of two acts"
    controller.go_to_act(before + 1)
    assert standing() == before
    controller.go_to_act(before + 1)
    assert standing() == before + 2


def test_decisions_are_found_again_and_two_readers_are_needed(make_dock: Any, folder: Path, qtbot: Any) -> None:
    dock = deciding(make_dock, folder, qtbot)
    mode = dock.controller.consensus
    click(dock.differences.buttons["second"])
    assert mode.review.decision(1) == "second"
    click(dock.sign.buttons["Close study"])
    assert dock.differences.table.rowCount() == 0
    assert not dock.panes.panes[2].canvas.isVisible()
    dock.controller.archive.open(folder, author="both", mode=mode)
    until(qtbot, lambda: mode.review is not None and not dock.state.worker.busy)
    assert row(dock, 0)[0] == "B"
    assert mode.current.number == 2
    said: list[str] = []
    dock.state.failed.connect(said.append)
    dock.controller.archive.close()
    mode.pair = ("anna", "anna")
    dock.controller.archive.open(folder, author="third", mode=mode)
    until(qtbot, lambda: bool(said) and not dock.state.worker.busy)
    assert "one and the same reading" in said[0]

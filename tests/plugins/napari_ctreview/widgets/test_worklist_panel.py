"""The worklist, by mouse and keys: cases of a manifest, of a folder, and the next one ready."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from napari_ctreview.session.worklist import CaseStatus, ReadingCase, read_worklist, status_of
from napari_ctreview.viewer.shortcuts import bind
from napari_ctreview.widgets import ask
from napari_ctreview.widgets.worklist_panel import KEYS, WorklistPanel
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from ctreview.errors import UnreadableFile
from ctreview.study import Finding, Study
from tests.plugins.napari_ctreview.simulated_mouse import click
from tests.plugins.napari_ctreview.waiting import LONGEST_S, focused, until


def _manifest(folder: Path, scans: Path) -> Path:
    path = folder / "cases.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["name", "baseline", "followup"])
        rows.writerow(["child 1", scans / "before", scans / "after"])
        rows.writerow(["child 2", scans / "after", scans / "before"])
    return path


def test_cases_are_opened_by_mouse_and_key_and_the_next_one_is_ready(
    make_controller: Any, small_scans: Path, tmp_path: Path, qtbot: Any, monkeypatch: Any
) -> None:
    controller = make_controller()
    worklist = WorklistPanel(controller)
    qtbot.addWidget(worklist)
    worklist.show()
    bind(KEYS, worklist, controller.state.panes)
    monkeypatch.setattr(ask, "manifest_to_open", lambda _parent: _manifest(tmp_path, small_scans))
    click(worklist.manifest)
    table = worklist.table
    until(qtbot, lambda: all(table.item(row, 1).text() == "new" for row in range(2)))
    assert not table.item(0, 0).icon().isNull(), "a picture of the baseline"
    rectangle = table.visualItemRect(table.item(0, 0))
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=rectangle.center())
    QTest.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=rectangle.center())
    loader = controller.state.loader
    until(qtbot, lambda: loader.ready)
    assert loader.scans[0].place.path.name == "before"
    until(qtbot, lambda: controller.cases.ready == worklist.cases[1])
    canvas = controller.state.panes.panes[0].canvas.canvas.native
    focused(qtbot, canvas)
    QTest.keyClick(canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert [scan.place.path.name for scan in loader.scans] == ["after", "before"], "at once: it was loaded already"
    assert not controller.state.worker.busy
    assert "Case 2 of 2" in worklist.counts.text()
    assert not worklist.following.isEnabled()
    QTest.keyClicks(worklist.search, "child 1")
    assert table.isRowHidden(1)
    worklist.search.clear()
    worklist.shown.setCurrentText("signed")
    assert table.isRowHidden(0)
    assert controller.cases.wait(LONGEST_S)


def test_a_folder_of_studies_says_how_far_each_is(tmp_path: Path, monkeypatch: Any) -> None:
    new, draft, signed = (Study.create(tmp_path / "studies" / name) for name in ("a", "b", "deep/c"))
    finding = Finding("nodule", 1, (0.0, 0.0, 0.0), None, None, "", "", "nodule 1")
    draft.reading("anna").write_findings([finding])
    signed.reading("anna").sign({"verdict": "unchanged"})
    monkeypatch.setattr(
        "napari_ctreview.session.worklist.candidates_to_confirm",
        lambda study, reading: ["one"] if study.folder.name == "b" and reading is not None else [],
    )
    cases = read_worklist(tmp_path / "studies")
    assert [case.name for case in cases] == ["a", "b", "deep/c"]
    assert [status_of(case, "anna") for case in cases] == [
        CaseStatus("new"),
        CaseStatus("draft", to_confirm=1),
        CaseStatus("signed"),
    ]
    assert status_of(cases[2], "bernd") == CaseStatus("new", others=("anna",))
    (new.folder / "study.json").write_text("{")
    assert status_of(cases[0], "anna").state == "unreadable"


def test_a_manifest_of_a_cohort_is_a_worklist_and_another_table_is_none(tmp_path: Path) -> None:
    path = tmp_path / "cohort.csv"
    path.write_text("subject,timepoint,path\nP1,1,a\nP1,2,b\nP1,3,c\nP2,1,d\n", encoding="utf-8")
    assert [case.name for case in read_worklist(path)] == ["P1 1 – 2", "P1 2 – 3"]
    assert read_worklist(path)[0] == ReadingCase("P1 1 – 2", None, (tmp_path / "a", tmp_path / "b"))
    path.write_text("who,what\n1,2\n", encoding="utf-8")
    with pytest.raises(UnreadableFile):
        read_worklist(path)
    with pytest.raises(UnreadableFile, match="no study"):
        read_worklist(tmp_path)

"""A third scan in the list: which pair is shown, and opacity and its patches through all of them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from napari_ctreview.widgets.region_table import VERDICTS

from ctreview.dicom.acquisition import Patient
from ctreview.phantom import Lesion, small_thorax
from ctreview.volume.write import write_dicom
from tests.plugins.napari_ctreview.reading import register_coarsely
from tests.plugins.napari_ctreview.simulated_mouse import click
from tests.plugins.napari_ctreview.waiting import until


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three scans of one patient, whose ground glass becomes less and goes."""
    folder = tmp_path_factory.mktemp("three")
    for number, ml in enumerate((60.0, 25.0, 0.0)):
        lesions = (Lesion("ground_glass", "right_upper_lobe", "ventral", ml),) if ml else ()
        phantom = small_thorax(lesions=lesions, spacing_mm=8.0, seed=number, acquired=datetime(2021, 3 + 2 * number, 4))
        write_dicom(phantom.volume, folder / str(number), patient=Patient(id="a child"))
    return [folder / str(number) for number in range(3)]


def rows(table: Any) -> list[list[str]]:
    """What a table says; empty texts where a cell has none."""
    items = [[table.item(row, column) for column in range(table.columnCount())] for row in range(table.rowCount())]
    return [["" if item is None else item.text() for item in own] for own in items]


def test_a_third_scan_is_listed_shown_beside_another_and_followed(
    make_dock: Any, three: list[Path], qtbot: Any, monkeypatch: Any
) -> None:
    dock = make_dock()
    course, panel, loader = dock.controller.course, dock.course, dock.state.loader
    said: list[str] = []
    dock.state.failed.connect(said.append)
    dock.forms["lungs"].fields["lobes"].setChecked(False)
    register_coarsely(dock.controller)
    for number, path in enumerate((three[0], three[2])):
        dock.controller.open_dropped(number, [str(path)])
        until(qtbot, lambda number=number: loader.scans[number] is not None)
    until(qtbot, lambda: not dock.state.worker.busy)
    assert [row[0] for row in rows(panel.scans)] == ["day 0 (baseline)", "day +122 (follow-up)"]
    monkeypatch.setattr("napari_ctreview.widgets.ask.folder_to_open", lambda *_: three[1])
    click(panel.buttons["add"])
    until(qtbot, lambda: len(course.scans) == 3 and not course.worker.busy)
    assert [row[0] for row in rows(panel.scans)] == ["day 0 (baseline)", "day +61", "day +122 (follow-up)"]
    click(panel.buttons["add"])
    until(qtbot, lambda: bool(said))
    assert "in the list already" in said.pop()

    panel.pair[0].setCurrentIndex(1)
    click(panel.buttons["show"])
    until(qtbot, lambda: not dock.state.worker.busy)
    assert [scan.place.path for scan in loader.scans] == [three[1], three[2]]
    assert [row[0] for row in rows(panel.scans)] == ["day 0", "day +61 (baseline)", "day +122 (follow-up)"]
    panel.pair[0].setCurrentIndex(2)
    click(panel.buttons["show"])
    assert "in their order" in said.pop()

    click(panel.buttons["follow"])
    until(qtbot, lambda: course.follow_up is not None or said)
    assert said == []
    shown = rows(panel.scans)
    assert [bool(row[2]) for row in shown] == [False, True, True]
    verdicts = [one["regions"][0]["verdict"] for one in course.follow_up.against_baseline]
    assert [row[2].rsplit("\n", 1)[-1] for row in shown[1:]] == [VERDICTS[verdict][0] for verdict in verdicts]
    assert shown[1][2] == shown[1][3], "of the second scan both are one comparison"
    assert panel.patches.isVisibleTo(panel)
    assert rows(panel.patches)[0][0] == "1"
    assert "gone" in "".join(rows(panel.patches)[0])

    click(dock.load.buttons["clear"])
    assert rows(panel.scans) == []
    assert rows(panel.patches) == []

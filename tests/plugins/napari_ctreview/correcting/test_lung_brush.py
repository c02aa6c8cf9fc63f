"""The lung brush in the window: lung is added, removed and taken by mouse and keys, and every number follows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt

from ctreview.recipes.chest_ct import compare_prepared
from ctreview.review.replay import replay_study
from tests.plugins.napari_ctreview.open_window import open_window
from tests.plugins.napari_ctreview.simulated_mouse import CTRL, SimulatedMouse, click, press
from tests.plugins.napari_ctreview.waiting import until
from tests.shared_results import SharedResults


@pytest.fixture(scope="module")
def window(
    qapp: Any, small_scans: Path, shared_results: SharedResults, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """A dock with both scans read to the comparison, for all tests of this module."""
    with open_window(tmp_path_factory.mktemp("state"), shared_results) as opened:
        opened.load(small_scans / "before", small_scans / "after")
        opened.run()
        opened.dock.boxes["correct"].open()
        yield opened.dock


@pytest.fixture(autouse=True)
def _own_recovery(_own_state: None, window: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of the window and not that of each test."""
    there = window.state.study.folder.parent
    monkeypatch.setattr("ctreview.study.recovery.recovery_folder", lambda: there)


def behind(dock: Any, number: int = 0, mm: float = 12.0) -> Any:
    """A place so far behind the middle of the right lung, in the chest wall."""
    canvas = dock.controller.canvas(number)
    right = np.argwhere(canvas.within.mask("right_lung"))
    level = right[len(right) // 2][0]
    slab = right[right[:, 0] == level]
    last = slab[np.argmax(slab[:, 1])]
    place = canvas.geometry.to_lps(last).copy()
    place[1] += mm
    dock.panes.go_to(place)
    return place


def ml(dock: Any, region: str, number: int = 0) -> float:
    labels = dock.controller.chest_ct.review.lungs(number)
    return float(labels.volume_ml(region))


def outlined_ml(dock: Any) -> float:
    """Of the right lung, as its outline stands in the first pane."""
    layer = dock.panes.panes[0].labels["lung outline"]
    labels = layer.metadata["ctreview"]
    return float((np.asarray(layer.data) == labels.scheme["right_lung"].value).sum() * labels.geometry.voxel_ml)


def opacity_ml(qtbot: Any, dock: Any) -> float:
    until(qtbot, lambda: dock.controller.chest_ct.tallies is not None)
    return float(dock.controller.chest_ct.tallies[0].ml()["right_lung"]["consolidation"])


def take_back(qtbot: Any, dock: Any) -> None:
    press(qtbot, dock, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)


def test_outside_the_lungs_a_brush_paints_nothing_and_says_how_much_fell_there(window: Any, qtbot: Any) -> None:
    place, mouse = behind(window), SimulatedMouse(window.panes, qtbot)
    click(window.tools.tools["brush"])
    window.corrector.choose("consolidation")
    acts = len(window.state.workspace.journal)
    mouse.drag(0, [place, place + np.array([12.0, 0, 0])])
    said = window.tools.message.text()
    assert "mL lie outside the lungs" in said
    assert "lung brush (Shift+B)" in said
    assert len(window.state.workspace.journal) == acts


def test_a_stroke_adds_lung_with_its_opacity_and_all_numbers_follow(window: Any, qtbot: Any) -> None:
    place, mouse = behind(window), SimulatedMouse(window.panes, qtbot)
    lungs, dense, left = ml(window, "right_lung"), opacity_ml(qtbot, window), ml(window, "left_lung")
    press(qtbot, window, Qt.Key.Key_B, Qt.KeyboardModifier.ShiftModifier)
    assert window.tools.tools["lung"].isChecked()
    mouse.drag(0, [place - np.array([0, 6.0, 0]), place, place + np.array([10.0, 0, 0])])
    added = ml(window, "right_lung") - lungs
    assert added > 2
    assert ml(window, "left_lung") == left
    assert opacity_ml(qtbot, window) - dense == pytest.approx(added, rel=0.35), (
        "chest wall is as dense as consolidation"
    )
    assert f"right lung +{added:.2f} mL" in window.tools.message.text()
    press(qtbot, window, Qt.Key.Key_B)
    window.corrector.choose("ground_glass")
    before = opacity_ml(qtbot, window)
    mouse.drag(0, [place, place + np.array([4.0, 0, 0])])
    assert opacity_ml(qtbot, window) < before, "in the lung that was added, opacity can be painted"
    for _ in range(2):
        take_back(qtbot, window)
    assert (ml(window, "right_lung"), opacity_ml(qtbot, window)) == (lungs, dense)
    window.corrector.deactivate()


def test_with_control_held_a_stroke_removes_lung(window: Any, qtbot: Any) -> None:
    place, mouse = behind(window, mm=-15.0), SimulatedMouse(window.panes, qtbot)
    lungs = ml(window, "right_lung")
    press(qtbot, window, Qt.Key.Key_O, Qt.KeyboardModifier.ShiftModifier)
    click(window.tools.tools["lung"])
    mouse.drag(0, [place, place + np.array([8.0, 0, 0])], modifiers=CTRL)
    assert ml(window, "right_lung") < lungs - 1
    assert "right lung −" in window.tools.message.text()
    assert outlined_ml(window) == ml(window, "right_lung"), "the outline follows"
    take_back(qtbot, window)
    assert ml(window, "right_lung") == outlined_ml(window) == lungs
    press(qtbot, window, Qt.Key.Key_O, Qt.KeyboardModifier.ShiftModifier)
    window.corrector.deactivate()


def test_a_piece_is_shown_and_a_key_takes_it_for_lung(window: Any, qtbot: Any) -> None:
    place, mouse = behind(window), SimulatedMouse(window.panes, qtbot)
    lungs, dense = ml(window, "right_lung"), opacity_ml(qtbot, window)
    click(window.tools.tools["lung"])
    mouse.hover(0, place)
    until(qtbot, lambda: "it is lung" in window.tools.message.text())
    press(qtbot, window, Qt.Key.Key_8, Qt.KeyboardModifier.ControlModifier)
    added = ml(window, "right_lung") - lungs
    assert added > 0.3
    assert opacity_ml(qtbot, window) - dense == pytest.approx(added, abs=0.1)
    record = list(window.state.workspace.journal)[-1]
    assert (record.kind, record.payload["label"]) == ("accept_candidate", "consolidation")
    assert window.candidates.table.item(0, 0).text() == "✓"
    take_back(qtbot, window)
    mouse.hover(0, place + np.array([0, -40.0, 0]))
    press(qtbot, window, Qt.Key.Key_8, Qt.KeyboardModifier.ControlModifier)
    assert ml(window, "right_lung") == lungs, "within the lung there is nothing to take"
    window.corrector.deactivate()


def test_the_pick_offers_nothing_outside_the_lungs_and_says_why(window: Any, qtbot: Any) -> None:
    place, mouse = behind(window), SimulatedMouse(window.panes, qtbot)
    click(window.tools.tools["pick"])
    mouse.hover(0, place)
    until(qtbot, lambda: "No piece is offered here" in window.tools.message.text())
    assert "outside the lungs" in window.tools.message.text()
    assert window.corrector.tool.sketches(0) == ()
    acts = len(window.state.workspace.journal)
    mouse.click(0, place)
    assert "outside the lungs" in window.tools.message.text()
    assert len(window.state.workspace.journal) == acts
    window.corrector.deactivate()


def test_what_a_preview_removes_has_a_colour_that_no_class_has() -> None:
    from napari_ctreview.correcting.sketches import REMOVED
    from qtpy.QtGui import QColor

    from ctreview.change import CANDIDATE_SCHEME
    from ctreview.opacity.scheme import OPACITY_SCHEME
    from ctreview.review.regions import _COLOURS

    schemes = [label for scheme in (OPACITY_SCHEME, CANDIDATE_SCHEME) for label in scheme]
    known = [*_COLOURS, *(one.colour for one in schemes), *(one.line_colour for one in schemes if one.line_colour)]
    lost = np.array(QColor(REMOVED).getRgb()[:3])
    assert min(np.linalg.norm(lost - one) for one in known) > 100


def test_window_python_and_study_say_the_same_of_the_same_records(
    window: Any, qtbot: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    """Lung added and removed, a piece taken, and opacity painted into it; killed, opened anew, and without a window."""
    from napari_ctreview.widgets import ask

    place, mouse = behind(window), SimulatedMouse(window.panes, qtbot)
    click(window.tools.tools["lung"])
    mouse.drag(0, [place, place + np.array([10.0, 0, 0])])
    mouse.drag(0, [place + np.array([0, -40.0, 0]), place + np.array([8.0, -40.0, 0])], modifiers=CTRL)
    click(window.tools.tools["brush"])
    window.corrector.choose("ground_glass")
    mouse.drag(0, [place, place + np.array([6.0, 0, 0])])
    window.corrector.deactivate()
    mode = window.controller.chest_ct
    until(qtbot, lambda: mode.up_to_date is not None)
    shown, lungs = mode.up_to_date, mode.review.lungs(0)
    alone = compare_prepared(mode.prepared, edits=mode.review.edits)
    assert [one.to_dict() for one in alone.regions] == [one.to_dict() for one in shown.regions]
    assert shown["right_lung"].baseline.volume_ml == pytest.approx(lungs.volume_ml("right_lung"))
    monkeypatch.setattr(ask, "folder_to_save", lambda *_: tmp_path / "study")
    window.boxes["sign"].open()
    click(window.sign.buttons["Save as…"])
    until(qtbot, lambda: window.state.workspace.saved and not window.state.worker.busy)
    first, _ = replay_study(window.state.study, (window.state.reading,))
    assert not first.refused
    assert np.array_equal(first.opacity.array, mode.review.sessions[0].array)
    assert np.array_equal(first.timepoint.organ.array, lungs.array)
    for _ in range(3):
        take_back(qtbot, window)

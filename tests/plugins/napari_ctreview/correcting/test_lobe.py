"""Lobes in the window: borders as lines, fissures and pieces corrected by mouse and keys, and every number follows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt

from ctreview.anatomy import LOBES
from ctreview.anatomy.lobes import LobeBorders
from ctreview.recipes.chest_ct import compare_prepared
from ctreview.review.replay import replay_study
from ctreview.review.stored_pair import stored_pair
from tests.plugins.napari_ctreview.open_window import open_window
from tests.plugins.napari_ctreview.reading import glass_at
from tests.plugins.napari_ctreview.simulated_mouse import CTRL, SimulatedMouse, click, press
from tests.plugins.napari_ctreview.waiting import until
from tests.shared_results import SharedResults


@pytest.fixture(scope="module")
def window(
    qapp: Any, small_scans: Path, shared_results: SharedResults, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """A dock with both scans read to the comparison, lobes ticked, for all tests of this module."""
    with open_window(tmp_path_factory.mktemp("state"), shared_results) as opened:
        opened.load(small_scans / "before", small_scans / "after")
        ticked = opened.dock.forms["lungs"].fields["lobes"]
        ticked.setChecked(True)
        opened.run()
        opened.dock.boxes["correct"].open()
        yield opened.dock


@pytest.fixture(autouse=True)
def _own_recovery(_own_state: None, window: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of the window and not that of each test."""
    there = window.state.study.folder.parent
    monkeypatch.setattr("ctreview.study.recovery.recovery_folder", lambda: there)


def borders(dock: Any, number: int = 0) -> LobeBorders:
    found = dock.controller.lobe_borders(number)
    assert found is not None
    return found


def on_fissure(dock: Any, name: str, number: int = 0, *, over_mm: float = 0.0) -> Any:
    """A place over the middle of a fissure, brought into view."""
    fissure = borders(dock, number).fissures[name]
    position = fissure.position[fissure.inside]
    middle = position[np.argmin(np.linalg.norm(position - position.mean(axis=0), axis=1))][None]
    height, _ = fissure.surface.at(middle)
    plane = fissure.surface.prior.plane
    normal = fissure.frame.scale * plane.normal
    place = fissure.frame.to_patient(plane.points(np.column_stack([middle, height])))[0]
    place = place + over_mm * normal / np.linalg.norm(normal)
    index = np.rint(borders(dock, number).geometry.to_index(place))
    place = borders(dock, number).geometry.to_lps(index)
    dock.panes.go_to(place, pane=number)
    return place


def drawn(dock: Any, number: int = 0) -> list[Any]:
    pane = dock.panes.panes[number]
    return list(dock.panes.lobe_lines.on(pane))


def ml(qtbot: Any, dock: Any, number: int = 0) -> dict[str, float]:
    mode = dock.controller.chest_ct
    until(qtbot, lambda: mode.tallies is not None)
    return {lobe: float(mode.tallies[number].volumes_ml[lobe]) for lobe in LOBES}


def take_back(qtbot: Any, dock: Any) -> None:
    press(qtbot, dock, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)


def test_a_key_shows_borders_in_every_plane_and_hides_them(window: Any, qtbot: Any) -> None:
    on_fissure(window, "right_oblique")
    assert not drawn(window)
    press(qtbot, window, Qt.Key.Key_L, Qt.KeyboardModifier.ShiftModifier)
    assert drawn(window)
    assert drawn(window, 1), "in both scans"
    press(qtbot, window, Qt.Key.Key_F3)
    try:
        further = window.panes.hanging.reformats[0].panes
        until(qtbot, lambda: all(pane.volume is not None for pane in further))
        for pane in further:
            assert [one for draw in pane.in_every_plane for one in draw(pane)]
    finally:
        press(qtbot, window, Qt.Key.Key_F2)
    press(qtbot, window, Qt.Key.Key_L, Qt.KeyboardModifier.ShiftModifier)
    assert not drawn(window)


def test_a_click_on_a_fissure_parts_the_lobes_there_and_undo_joins_them_again(window: Any, qtbot: Any) -> None:
    before, as_found = ml(qtbot, window), borders(window).fissures["left_oblique"]
    place, mouse = on_fissure(window, "left_oblique", over_mm=8.0), SimulatedMouse(window.panes, qtbot)
    press(qtbot, window, Qt.Key.Key_F, Qt.KeyboardModifier.ShiftModifier)
    assert window.tools.tools["fissure"].isChecked()
    assert drawn(window), "the tool shows the borders"
    mouse.click(0, place)
    record = window.controller.session(0).applied[-1]
    assert (record.kind, record.payload["border"]) == ("border_points", "left_oblique")
    placed = np.array(record.payload["points"][0])
    assert np.linalg.norm(placed - place) < 8.0
    now = borders(window).fissures["left_oblique"]
    assert abs(float(now.height_over(placed))) < 1.0
    assert float(as_found.height_over(placed)) > 2.0
    assert "Left oblique fissure: a point" in window.tools.message.text()
    after = ml(qtbot, window)
    assert after["left_lower_lobe"] > before["left_lower_lobe"] + 1.0, "the border went up"
    assert after["right_lower_lobe"] == before["right_lower_lobe"]
    assert sum(after.values()) == pytest.approx(sum(before.values()))
    normal = as_found.frame.scale * as_found.surface.prior.plane.normal
    below = placed - 6.0 * normal / np.linalg.norm(normal)
    assert float(as_found.height_over(below)) < 4.0
    assert "left lower lobe" in window.panes.panes[0].read(below).region
    take_back(qtbot, window)
    assert ml(qtbot, window) == before
    mouse.click(0, place, modifiers=CTRL)
    exact = window.controller.session(0).applied[-1].payload
    assert set(exact) == {"border", "points"}
    assert np.linalg.norm(exact["points"][0] - place) < 1.0, "as near as a pixel is"
    take_back(qtbot, window)
    window.corrector.deactivate()
    assert not drawn(window)


def test_a_key_copies_the_fissure_of_the_other_timepoint(window: Any, qtbot: Any) -> None:
    mouse = SimulatedMouse(window.panes, qtbot)
    click(window.tools.tools["fissure"])
    for _ in range(2):  # where nothing is seen there is nothing to copy, until a reader has placed it
        mouse.click(0, on_fissure(window, "left_oblique", 0, over_mm=6.0))
    as_found = borders(window, 1).fissures["left_oblique"]
    mouse.hover(1, on_fissure(window, "left_oblique", 1, over_mm=3.0))
    press(qtbot, window, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    record = window.controller.session(1).applied[-1]
    assert (record.kind, record.payload["border"]) == ("copy_border", "left_oblique")
    own = borders(window, 1).fissures["left_oblique"]
    transform = window.controller.chest_ct.prepared.transform
    there = window.controller.session(0).applied[-1].payload["points"][0]
    carried = transform.to_moving(np.array([there]))[0]
    assert abs(float(own.height_over(carried))) < 0.5 * abs(float(as_found.height_over(carried)))
    for _ in range(3):
        take_back(qtbot, window)
    window.corrector.deactivate()


def test_a_stroke_takes_lung_into_the_lobe_that_it_began_in(window: Any, qtbot: Any) -> None:
    before, mouse = ml(qtbot, window), SimulatedMouse(window.panes, qtbot)
    upper = on_fissure(window, "left_oblique", over_mm=12.0)
    press(qtbot, window, Qt.Key.Key_V, Qt.KeyboardModifier.ShiftModifier)
    assert window.tools.tools["lobe"].isChecked()
    level = borders(window).geometry.to_index(upper)
    down = borders(window).geometry.to_lps(level + np.array([0, 8, 0]))
    mouse.drag(0, [upper, (upper + down) / 2, down])
    record = window.controller.session(0).applied[-1]
    assert (record.kind, record.payload["part"]) == ("part_brush", "left_upper_lobe")
    assert "belong to the left upper lobe now" in window.tools.message.text()
    after = ml(qtbot, window)
    gained = after["left_upper_lobe"] - before["left_upper_lobe"]
    assert gained > 0.5
    assert before["left_lower_lobe"] - after["left_lower_lobe"] == pytest.approx(gained)
    take_back(qtbot, window)
    assert ml(qtbot, window) == before
    window.corrector.deactivate()


def test_a_click_gives_a_piece_of_opacity_to_another_lobe(window: Any, qtbot: Any) -> None:
    mouse, mode = SimulatedMouse(window.panes, qtbot), window.controller.chest_ct
    place = np.array(glass_at(window.controller, 0))
    window.panes.go_to(place)
    before = mode.tallies[0].ml()
    click(window.tools.tools["lobe"])
    mouse.hover(0, place)
    until(qtbot, lambda: "A click gives" in window.tools.message.text())
    mouse.click(0, place)
    record = window.controller.session(0).applied[-1]
    assert record.kind == "part_piece"
    until(qtbot, lambda: mode.tallies is not None)
    after, lobe = mode.tallies[0].ml(), record.payload["part"]
    assert after[lobe]["ground_glass"] > before[lobe]["ground_glass"] + 1.0
    assert after["lungs"] == pytest.approx(before["lungs"])
    take_back(qtbot, window)
    window.corrector.deactivate()


def test_with_the_tick_a_brush_stays_in_the_lobe(window: Any, qtbot: Any) -> None:
    mouse = SimulatedMouse(window.panes, qtbot)
    upper = on_fissure(window, "left_oblique", over_mm=12.0)
    down = upper + np.array([0.0, 40.0, 0.0])

    def painted() -> set[str]:
        click(window.tools.tools["brush"])
        window.corrector.choose("consolidation")
        mouse.drag(0, [upper, (upper + down) / 2, down])
        whole = tuple(slice(0, size) for size in borders(window).geometry.shape)
        lobes, session = borders(window).lobes_in(whole), window.controller.session(0)
        changed = session.array != session.base.array
        take_back(qtbot, window)
        window.corrector.deactivate()
        return {label.key for label in lobes.scheme if (lobes.array[changed] == label.value).any()}

    assert painted() == {"left_upper_lobe", "left_lower_lobe"}
    press(qtbot, window, Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    assert window.tools.in_lobe.isChecked()
    assert painted() == {"left_upper_lobe"}
    click(window.tools.in_lobe)
    assert not window.tools.in_lobe.isChecked()


def test_the_table_has_a_bar_with_its_interval_for_every_lobe(window: Any) -> None:
    from napari_ctreview.widgets.region_table import BAR

    for lobe in LOBES:
        bar = window.change.table.row(lobe).data(3, BAR)
        assert 0.0 <= bar.low <= bar.high <= 1.0


def test_window_python_command_and_study_say_the_same_of_the_same_records(
    window: Any, qtbot: Any, tmp_path: Path, monkeypatch: Any, small_scans: Path
) -> None:
    """A point on a fissure, lung given, opacity painted in one lobe; opened anew, and without a window."""
    from napari_ctreview.widgets import ask

    from ctreview.cli import main

    mouse, mode = SimulatedMouse(window.panes, qtbot), window.controller.chest_ct
    place = on_fissure(window, "right_oblique", over_mm=8.0)
    click(window.tools.tools["fissure"])
    mouse.click(0, place)
    upper = on_fissure(window, "left_oblique", over_mm=12.0)
    down = upper + np.array([0.0, 30.0, 0.0])
    click(window.tools.tools["lobe"])
    mouse.drag(0, [upper, (upper + down) / 2, down])
    click(window.tools.in_lobe)
    click(window.tools.tools["brush"])
    mouse.drag(0, [upper, upper + np.array([8.0, 0.0, 0.0])])
    click(window.tools.in_lobe)
    window.corrector.deactivate()
    until(qtbot, lambda: mode.up_to_date is not None)
    shown, lobes = mode.up_to_date, mode.up_to_date.baseline.parts
    alone = compare_prepared(mode.prepared, edits=mode.review.edits)
    assert [one.to_dict() for one in alone.regions] == [one.to_dict() for one in shown.regions]
    assert {lobe: shown[lobe].baseline.volume_ml for lobe in LOBES} == pytest.approx(ml(qtbot, window))
    monkeypatch.setattr(ask, "folder_to_save", lambda *_: tmp_path / "study")
    window.boxes["sign"].open()
    click(window.sign.buttons["Save as…"])
    until(qtbot, lambda: window.state.workspace.saved and not window.state.worker.busy)
    study = window.state.study
    first, _ = replay_study(study, (window.state.reading,))
    assert not first.refused
    assert np.array_equal(first.opacity.array, mode.review.sessions[0].array)
    assert np.array_equal(first.timepoint.parts.array, lobes.array)
    kept = stored_pair(study, [point.volume for point in mode.prepared.points])
    for name, fissure in kept.points[0].parts.fissures.items():
        found = mode.prepared.points[0].parts.fissures[name]
        assert np.array_equal(fissure.surface.height, found.surface.height)
        assert (fissure.share_seen, fissure.share_carried) == (found.share_seen, found.share_carried)
    told: list[Any] = []

    def prepare(*_scans: Any, **asked: Any) -> Any:
        told.append(asked["settings"])
        return mode.prepared

    # what it finds in the scans is tested elsewhere, and takes long
    monkeypatch.setattr("ctreview.recipes.chest_ct.pipeline.prepare", prepare)
    scans = [str(small_scans / name) for name in ("before", "after")]
    edits = str(window.state.reading.folder)
    assert main(["compare", *scans, "--lobes", "--edits", edits, "--out", str(tmp_path / "out"), "--quiet"]) in (0, 4)
    assert told[0].lobes
    written = json.loads((tmp_path / "out" / "change.json").read_text())
    assert [one["verdict"] for one in written["regions"]] == [one.verdict for one in shown.regions]
    for one, other in zip(written["regions"], shown.regions, strict=True):
        assert one["baseline"]["volume_ml"] == pytest.approx(other.baseline.volume_ml, abs=1e-5)
        assert one["change"]["opacity_ml"]["high"] == pytest.approx(other.change["opacity_ml"].high, abs=1e-5)
    for _ in range(3):
        take_back(qtbot, window)

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from napari_ctreview.correcting.shortcuts import KEYS as TOOL_KEYS
from napari_ctreview.marking.finding_marker import KEYS, FindingMarker
from napari_ctreview.viewer.planes import Plane
from napari_ctreview.viewer.readout import ReadoutSource
from napari_ctreview.viewer.shortcuts import KEYS as PANE_KEYS
from napari_ctreview.widgets.findings_list import FindingsList
from qtpy.QtCore import Qt

from ctreview.anatomy.regions import divide_lungs
from ctreview.errors import AlreadySigned
from ctreview.study import Finding
from tests.plugins.napari_ctreview.simulated_mouse import SimulatedMouse, lesion_of


class Ledger:
    def __init__(self) -> None:
        self.kept: list[Finding] = []
        self.signed = False

    def findings(self) -> Sequence[Finding]:
        return tuple(self.kept)

    def keep_findings(self, findings: Sequence[Finding]) -> None:
        if self.signed:
            raise AlreadySigned("this reading is signed and cannot be changed")
        self.kept = list(findings)


@pytest.fixture
def marking(make_panes: Any, pair: Any, qtbot: Any) -> Callable[[], Any]:
    # made within the test, so that nothing holds the window when it is over
    def make() -> Any:
        panes = make_panes()
        panes.scans.show_timepoints(pair.before.volume, pair.after.volume, transform=pair.transform)
        for number, scan in enumerate((pair.before, pair.after)):
            panes.set_readout_source(number, ReadoutSource(regions=divide_lungs(scan.lungs)))
        panes.go_to(lesion_of(pair))
        qtbot.wait(30)
        store = Ledger()
        return panes, store, FindingMarker(panes, store), SimulatedMouse(panes, qtbot)

    return make


def test_a_point_is_kept_with_its_type_and_region_and_drawn(marking: Any, pair: Any, canvas_of: Any) -> None:
    panes, store, marker, mouse = marking()
    place = lesion_of(pair)
    bare = canvas_of(panes.panes[0])
    marker.type, marker.text = "spot", "round, at the pleura"
    marker.select_shape("point")
    mouse.click(0, place)
    (finding,) = store.kept
    assert finding.type == "spot"
    assert finding.timepoint == 1
    assert finding.tracked == "spot 1"
    assert finding.text == "round, at the pleura"
    assert np.allclose(finding.place, place, atol=1.0)
    assert finding.region.startswith("right lung")
    assert panes.mouse.grabber is None, "one gesture marks one finding"
    mouse.hover(0, place + 80.0)
    x, y = (round(float(v)) for v in panes.panes[0].pixels_of(place)[0])
    changed = np.any(np.abs(canvas_of(panes.panes[0]).astype(int) - bare) > 25, axis=-1)
    assert changed[y - 9 : y + 10, x - 9 : x + 10].any()
    assert not changed[y - 2 : y + 3, x - 2 : x + 3].any(), "the finding itself stays free"


@pytest.mark.parametrize("plane", list(Plane))
def test_two_axes_are_measured_and_the_longer_one_is_the_long_one(marking: Any, pair: Any, plane: Plane) -> None:
    panes, store, marker, mouse = marking()
    panes.set_plane(plane)
    place = lesion_of(pair)
    panes.go_to(place)
    first, second = np.zeros(3), np.zeros(3)
    first[{0: 0, 1: 0, 2: 1}[plane.value]] = 1.0
    second[{0: 1, 1: 2, 2: 2}[plane.value]] = 1.0
    marker.select_shape("axes")
    mouse.drag(0, [place - 6 * second, place, place + 6 * second])
    assert store.kept == []
    mouse.drag(0, [place - 10 * first, place, place + 10 * first])
    (finding,) = store.kept
    assert finding.long_mm == pytest.approx(20, abs=1.5)
    assert finding.short_mm == pytest.approx(12, abs=1.5)
    assert finding.ellipsoid_ml == pytest.approx(np.pi / 6 * 20 * 12**2 / 1000, rel=0.2)
    assert np.allclose(finding.place, place, atol=1.5)


def test_the_key_again_keeps_the_long_axis_alone_and_escape_forgets(marking: Any, pair: Any) -> None:
    panes, store, marker, mouse = marking()
    place = lesion_of(pair)
    ends = [place, place + np.array([15.0, 0, 0])]
    marker.select_shape("axes")
    mouse.drag(0, ends)
    panes.mouse.deactivate()
    assert store.kept == []
    marker.select_shape("axes")
    mouse.drag(0, ends)
    marker.select_shape("axes")
    (finding,) = store.kept
    assert finding.short_axis is None
    assert finding.long_mm == pytest.approx(15, abs=1.5)


def test_an_ellipsoid_is_dragged_from_corner_to_corner(marking: Any, pair: Any) -> None:
    _, store, marker, mouse = marking()
    place = lesion_of(pair)
    marker.select_shape("ellipsoid")
    mouse.drag(0, [place - np.array([12.0, 8.0, 0]), place, place + np.array([12.0, 8.0, 0])])
    (finding,) = store.kept
    assert finding.long_mm == pytest.approx(24, abs=1.5)
    assert finding.short_mm == pytest.approx(16, abs=1.5)
    assert np.allclose(finding.place, place, atol=1.5)


def test_a_finding_is_offered_at_the_other_timepoint_and_confirmed(marking: Any, pair: Any) -> None:
    _, store, marker, mouse = marking()
    place = lesion_of(pair)
    marker.select_shape("point")
    mouse.click(0, place)
    marker.track(store.kept[0])
    assert len(store.kept) == 1, "an offer is not yet a finding"
    assert np.allclose(marker.offer.place, pair.transform.to_moving(np.array(store.kept[0].place)), atol=0.1)
    assert marker.offer.region.startswith("right lung")
    marker.confirm()
    first, second = store.kept
    assert (first.tracked, first.timepoint) == ("nodule 1", 1)
    assert (second.tracked, second.timepoint) == ("nodule 1", 2)
    marker.track(first)
    assert marker.offer is None, "it is there already"
    # measured anew instead of confirmed, it is the same finding
    marker.remove(second)
    marker.track(first)
    marker.select_shape("ellipsoid")
    there = np.array(marker.offer.place)
    mouse.drag(1, [there - np.array([5.0, 5.0, 0]), there + np.array([5.0, 5.0, 0])])
    assert store.kept[-1].tracked == "nodule 1"
    assert store.kept[-1].long_mm is not None
    assert marker.offer is None
    marker.select_shape("point")
    mouse.click(1, there + np.array([20.0, 0, 0]))
    assert store.kept[-1].tracked == "nodule 2"


def test_no_size_is_offered_or_copied_a_confirmed_finding_is_measured_anew(marking: Any, pair: Any) -> None:
    panes, store, marker, mouse = marking()
    place = lesion_of(pair)
    marker.select_shape("ellipsoid")
    mouse.drag(0, [place - np.array([12.0, 8.0, 0]), place + np.array([12.0, 8.0, 0])])
    marker.track(store.kept[0])
    assert marker.offer.long_axis is None, "no size is carried to the other timepoint"
    there = np.array(marker.offer.place)
    marker.confirm()
    assert len(store.kept) == 1, "it has a size at baseline: here it is measured first"
    assert marker.shape == "axes"
    mouse.drag(1, [there - np.array([4.0, 0, 0]), there + np.array([4.0, 0, 0])])
    mouse.drag(1, [there - np.array([0, 3.0, 0]), there + np.array([0, 3.0, 0])])
    first, second = store.kept
    assert (second.tracked, second.timepoint) == (first.tracked, 2)
    assert second.long_mm == pytest.approx(8, abs=1.5)
    assert first.long_mm == pytest.approx(24, abs=1.5)
    marker.remove(second)
    marker.track(first)
    marker.confirm()
    marker.confirm()
    assert store.kept[-1].long_mm is None, "confirmed again it is kept without a size"
    assert marker.shape is None
    panes.mouse.deactivate()


def test_what_is_no_longer_seen_is_kept_as_that_and_said(marking: Any, pair: Any, qtbot: Any) -> None:
    panes, store, marker, mouse = marking()
    box = FindingsList(marker)
    panes.viewer.window.add_dock_widget(box, area="right")
    marker.select_shape("ellipsoid")
    place = lesion_of(pair)
    mouse.drag(0, [place - np.array([12.0, 8.0, 0]), place + np.array([12.0, 8.0, 0])])
    box.table.setCurrentCell(0, 0)
    assert not box.not_seen.isEnabled()
    qtbot.mouseClick(box.track, Qt.MouseButton.LeftButton)
    assert "HU" in box.message.text(), "the density at both places is said"
    qtbot.mouseClick(box.not_seen, Qt.MouseButton.LeftButton)
    first, second = store.kept
    assert (second.state, second.long_axis, second.timepoint) == ("not_seen", None, 2)
    assert Finding.from_json(second.to_json()) == second
    assert "state" not in first.to_json()
    assert box.table.item(1, 2).text() == "no longer seen"
    box.titles = ("A", "B")
    box.show_findings()
    assert box.table.item(1, 2).text() == "not seen", "a blinded reader is not told which scan is the later one"
    marker.track(first)
    assert marker.offer is None, "it was looked for there already"


def test_the_list_shows_goes_to_and_removes(marking: Any, pair: Any, qtbot: Any) -> None:
    panes, store, marker, mouse = marking()
    box = FindingsList(marker)
    panes.viewer.window.add_dock_widget(box, area="right")
    place = lesion_of(pair)
    box.type.setCurrentText("reticulation")
    qtbot.keyClicks(box.text, "subpleural")
    qtbot.mouseClick(box.shapes["ellipsoid"], Qt.MouseButton.LeftButton)
    assert box.shapes["ellipsoid"].isChecked()
    mouse.drag(0, [place - np.array([12.0, 8.0, 0]), place + np.array([12.0, 8.0, 0])])
    assert not box.shapes["ellipsoid"].isChecked()
    assert box.text.text() == ""
    assert box.table.rowCount() == 1
    shown = [box.table.item(0, column).text() for column in range(4)]
    assert shown[:2] == ["reticulation 1", "baseline"]
    assert "mL" in shown[2]
    assert "right lung" in shown[3]
    assert store.kept[0].text == "subpleural"
    panes.go_to(place + np.array([0, 0, 60.0]))
    box.table.setCurrentCell(0, 0)
    assert abs(panes.panes[0].centre[2] - place[2]) < 2.1
    qtbot.mouseClick(box.track, Qt.MouseButton.LeftButton)
    for _ in range(2):  # the second time without a size of its own
        qtbot.mouseClick(box.confirm, Qt.MouseButton.LeftButton)
    assert box.table.rowCount() == 2
    assert box.table.item(1, 1).text() == "follow-up"
    box.table.setCurrentCell(0, 0)
    qtbot.mouseClick(box.remove, Qt.MouseButton.LeftButton)
    assert [one.timepoint for one in store.kept] == [2]
    store.signed = True
    box.table.setCurrentCell(0, 0)
    qtbot.mouseClick(box.remove, Qt.MouseButton.LeftButton)
    assert len(store.kept) == 1
    assert "signed" in box.message.text()


def test_the_keys_clash_with_no_others() -> None:
    every = [key.keys for key in (*PANE_KEYS, *TOOL_KEYS, *KEYS)]
    assert len(set(every)) == len(every)

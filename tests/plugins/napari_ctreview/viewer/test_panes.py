from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from napari_ctreview.viewer.layers import to_world
from napari_ctreview.viewer.planes import Plane
from qtpy.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtTest import QTest

from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.volume import Volume


def centroid(labels: LabelMap, *keys: str) -> Any:
    return labels.geometry.to_lps(np.argwhere(labels.mask(*keys)).mean(axis=0))


def marker(geometry: Geometry, lps: Any) -> LabelMap:
    """One voxel, in a colour that no image has."""
    array = np.zeros(geometry.shape, np.uint8)
    array[tuple(np.rint(geometry.to_index(lps)).astype(int))] = 1
    return LabelMap(array, geometry, Scheme((Label(1, "marker", (255, 0, 0)),)))


def red_middle(pixels: Any) -> Any:
    """Middle (x, y) of what is red on the canvas, or None."""
    found = np.argwhere((pixels[..., 0].astype(int) - pixels[..., 1] > 60) & (pixels[..., 2] < 90))
    return found.mean(axis=0)[::-1] if len(found) else None


def test_an_opacity_is_drawn_where_the_phantom_has_it_in_every_plane(
    make_panes: Any, pair: Any, canvas_of: Callable[[Any], Any]
) -> None:
    panes = make_panes()
    panes.scans.show_timepoints(pair.before.volume, pair.after.volume, transform=pair.transform)
    glass = pair.before.opacity
    place = glass.geometry.to_lps(np.median(np.argwhere(glass.mask("ground_glass")), axis=0))
    pane = panes.panes[0]
    spot = marker(glass.geometry, place)
    pane.show_labels(spot, name="spot").opacity = 1.0
    middle = glass.geometry.to_lps(np.array(glass.geometry.shape) / 2)
    for plane, right_of_middle, below_middle in (
        (Plane.AXIAL, place[0] > middle[0], place[1] > middle[1]),
        (Plane.CORONAL, place[0] > middle[0], place[2] < middle[2]),
        (Plane.SAGITTAL, place[1] > middle[1], place[2] < middle[2]),
    ):
        panes.set_plane(plane)
        panes.hanging.reset_view()
        across = pane.across
        pane.model.dims.set_point(across, to_world(glass.geometry, place)[across])
        pixels = canvas_of(pane)
        seen = red_middle(pixels)
        assert seen is not None, f"nothing red in {plane}"
        expected, off = pane.pixels_of(place)
        assert abs(off) <= glass.geometry.spacing[across] / 2
        assert np.allclose(seen, expected, atol=0.75 * pane.model.scene.camera.zoom * max(glass.geometry.spacing))
        height, width = pixels.shape[:2]
        assert (seen[0] > width / 2) == right_of_middle
        assert (seen[1] > height / 2) == below_middle
    # planted in the right lung in front: left of the screen and up in the axial plane
    assert place[0] < middle[0]
    assert place[1] < middle[1]


def test_letters_stand_at_the_edges_and_name_the_right_side(
    make_panes: Any, pair: Any, canvas_of: Callable[[Any], Any]
) -> None:
    panes = make_panes()
    panes.scans.show_timepoints(pair.before.volume, pair.after.volume)
    for plane, letters in (
        (Plane.AXIAL, ("A", "L", "P", "R")),
        (Plane.CORONAL, ("H", "L", "F", "R")),
        (Plane.SAGITTAL, ("H", "P", "F", "A")),
    ):
        panes.set_plane(plane)
        for pane in panes.panes:
            assert pane.annotations.letters == letters
            with_letters = canvas_of(pane)
            pane.annotations.set_texts(letters=("", "", "", ""))
            changed = np.any(with_letters != canvas_of(pane), axis=-1)
            pane.annotations.set_texts(letters=letters)
            height, width = changed.shape
            for part in (
                changed[:40, width // 2 - 30 : width // 2 + 30],
                changed[height // 2 - 30 : height // 2 + 30, -40:],
                changed[-40:, width // 2 - 30 : width // 2 + 30],
                changed[height // 2 - 30 : height // 2 + 30, :40],
            ):
                assert part.any()


def test_scrolling_one_pane_takes_the_other_to_the_same_anatomy(make_panes: Any, pair: Any) -> None:
    panes = make_panes()
    panes.scans.show_timepoints(pair.before.volume, pair.after.volume, transform=pair.transform)
    left, right = panes.panes
    place = centroid(pair.before.lobes, "left_lower_lobe")
    panes.go_to(place)
    half = max(pair.after.volume.geometry.spacing) / 2 + 0.1  # each pane shows its nearest slice
    assert np.allclose(right.centre, pair.transform.to_moving(place), atol=2 * half)
    right.step(3)
    assert np.allclose(pair.transform.to_moving(left.centre), right.centre, atol=half)
    assert np.linalg.norm(left.centre - place) > 2 * pair.before.volume.geometry.spacing[0]
    left.model.scene.camera.zoom = 3.3
    assert right.model.scene.camera.zoom == pytest.approx(3.3)
    for plane in Plane:
        panes.set_plane(plane)
        assert right.plane is plane
        assert np.allclose(pair.transform.to_moving(left.centre), right.centre, atol=half)


def test_a_place_that_is_gone_to_stands_in_the_middle_of_every_pane_at_the_same_zoom(
    make_panes: Any, pair: Any, qtbot: Any
) -> None:
    panes = make_panes(3)
    panes.scans.show_timepoints(pair.before.volume, pair.after.volume, transform=pair.transform)
    panes.panes[0].model.scene.camera.zoom *= 2
    zoom = panes.panes[0].model.scene.camera.zoom
    place = panes.panes[1].centre + np.array([31.0, -22.0, 36.0])
    panes.go_to(place, pane=1)
    qtbot.wait(30)
    for number, pane in enumerate(panes.panes):
        there = place if number == 1 else panes.link.synchronizer.mapping(1, number)(place)
        canvas = pane.canvas.canvas.native
        pixels, off = pane.pixels_of(there)
        assert np.allclose(pixels, (canvas.width() / 2, canvas.height() / 2), atol=1)
        assert abs(off) <= pane.geometry.spacing[0] / 2 + 1e-6
        assert pane.model.scene.camera.zoom == pytest.approx(zoom)


def test_unlinked_panes_go_their_own_way_and_keep_one_window(make_panes: Any, pair: Any) -> None:
    panes = make_panes()
    panes.scans.show_timepoints(pair.before.volume, pair.after.volume, transform=pair.transform)
    left, right = panes.panes
    panes.link.toggle()
    before = right.centre
    left.step(4)
    assert np.allclose(right.centre, before)
    assert "UNLINKED" in right.annotations.corners.bottom_right
    left.image.contrast_limits = (-900, -400)
    assert tuple(right.image.contrast_limits) == (-900, -400)
    panes.set_window("mediastinum")
    assert [tuple(pane.image.contrast_limits) for pane in panes.panes] == [(-160, 240)] * 2
    panes.link.toggle()
    assert np.allclose(right.centre, pair.transform.to_moving(left.centre), atol=2.1)


def test_without_a_registration_the_reader_may_put_levels_beside_each_other(make_panes: Any, pair: Any) -> None:
    panes = make_panes()
    panes.scans.show_timepoints(pair.before.volume, pair.after.volume)
    left, right = panes.panes
    assert "linked by centres of the scans" in left.annotations.corners.bottom_right
    panes.link.toggle()
    right.step(5)
    shift = right.centre - left.centre
    panes.link.toggle()
    left.step(-3)
    assert np.allclose(right.centre - left.centre, shift)
    assert "linked by hand" in left.annotations.corners.bottom_right


def test_a_level_outside_the_other_scan_is_said(make_panes: Any, pair: Any) -> None:
    panes = make_panes()
    short = pair.after.volume.crop((8, 0, 0), pair.after.volume.array.shape)
    panes.scans.show_timepoints(pair.before.volume, short, transform=replace(pair.transform, moving=short.geometry))
    left, right = panes.panes
    left.step(-1000)
    assert any("outside" in text for text in right.annotations.warnings)
    left.step(20)
    assert right.annotations.warnings == ()


def test_the_cursor_of_one_pane_is_drawn_in_the_other_at_the_same_anatomy(
    make_panes: Any, pair: Any, canvas_of: Callable[[Any], Any], qtbot: Any
) -> None:
    panes = make_panes()
    panes.scans.show_timepoints(pair.before.volume, pair.after.volume, transform=pair.transform)
    left, right = panes.panes
    place = centroid(pair.before.lobes, "right_middle_lobe")
    panes.go_to(place)
    canvas = left.canvas.canvas.native
    told: list[Any] = []
    panes.mouse.moved.connect(told.append)
    (x, y), _ = left.pixels_of(place)
    without = canvas_of(right)
    QTest.mouseMove(canvas, QPoint(round(x) - 9, round(y)))
    qtbot.wait(30)
    QTest.mouseMove(canvas, QPoint(round(x), round(y)))
    qtbot.wait(50)
    assert np.allclose(told[-1].lps, place, atol=1.5 / left.model.scene.camera.zoom)
    assert told[-1].pane == 0
    cross = right.annotations.cross
    expected, _ = right.pixels_of(pair.transform.to_moving(told[-1].lps))
    assert np.allclose((cross.x, cross.y), expected)
    changed = np.argwhere(np.any(canvas_of(right) != without, axis=-1))
    near = changed[np.abs(changed - expected[::-1]).max(axis=1) < 20]
    assert len(near) > 10


def test_corners_say_how_the_scan_was_made_and_not_whose_it_is(make_panes: Any, pair: Any) -> None:
    panes = make_panes()
    patient = replace(pair.before.volume.acquisition.patient, id="SECRET-1", name="Secret^Name")
    scan = replace(pair.before.volume.acquisition, patient=patient, kernel="B30f", contrast=True, age_years=4.2)
    before = replace(pair.before.volume, acquisition=scan)
    panes.scans.show_timepoints(before, pair.after.volume)
    lines = [line for pane in panes.panes for corner in vars(pane.annotations.corners).values() for line in corner]
    written = "\n".join(lines)
    for words in ("BASELINE   day 0", "FOLLOW-UP   day +66", "4.2 years", "B30f", "contrast given", "supine"):
        assert words in written
    assert "SECRET" not in written.upper()
    assert "2021" not in written
    panes.scans.show_timepoints(before, pair.after.volume, identify=True)
    assert "2021-09-03" in panes.panes[0].annotations.corners.top_left
    panes.scans.blind(True)
    lines = [
        line
        for pane in panes.panes
        for corner in ("top_left", "top_right")
        for line in getattr(pane.annotations.corners, corner)
    ]
    assert lines == ["A", "B"]
    assert [pane.image.name for pane in panes.panes] == ["A", "B"]
    panes.scans.blind(False)
    assert "2021-09-03" in panes.panes[0].annotations.corners.top_left


def test_swapped_dates_are_warned_of(make_panes: Any, pair: Any) -> None:
    panes = make_panes()
    panes.scans.show_timepoints(pair.after.volume, pair.before.volume)
    for pane in panes.panes:
        assert any("swapped" in text and "66 days" in text for text in pane.annotations.warnings)
    panes.scans.show_timepoints(pair.before.volume, pair.after.volume)
    assert panes.panes[0].annotations.warnings == ()


def test_an_oblique_scan_is_shown_straight_with_its_angle(make_panes: Any, canvas_of: Callable[[Any], Any]) -> None:
    set_plane = np.radians(20)
    affine = np.eye(4)
    rotation = np.array(
        [(np.cos(set_plane), -np.sin(set_plane), 0), (np.sin(set_plane), np.cos(set_plane), 0), (0, 0, 1)]
    )
    affine[:3, :3] = rotation @ np.array([(0, 0, 2.0), (0, 2.0, 0), (3.0, 0, 0)])
    geometry = Geometry((20, 40, 50), affine, "1.2.3")
    array = np.full(geometry.shape, -1000, np.int16)
    array[:, 10:30, 10:40] = 500
    panes = make_panes(1)
    panes.scans.show_volumes([Volume(array, geometry)], ["oblique"])
    assert "oblique 20°" in panes.panes[0].annotations.corners.top_right
    bright = canvas_of(panes.panes[0])[..., 0] > 200
    inside = np.argwhere(bright)
    # a box of the array stays a box on screen: its rows are full
    (top, low), (left, right) = (
        np.percentile(inside[:, 0], [5, 95]).astype(int),
        np.percentile(inside[:, 1], [5, 95]).astype(int),
    )
    assert bright[top:low, left:right].mean() > 0.97


def test_a_third_pane_shows_the_baseline_for_the_map_of_fate(make_panes: Any, pair: Any) -> None:
    panes = make_panes(3)
    panes.scans.show_timepoints(pair.before.volume, pair.after.volume, transform=pair.transform)
    panes.panes[1].step(2)
    assert np.allclose(panes.panes[2].centre, panes.panes[0].centre, atol=1e-6)
    assert [pane.role for pane in panes.panes] == ["baseline", "followup", "baseline"]


def test_the_mouse_scrolls_windows_zooms_and_speaks_to_tools(make_panes: Any, pair: Any, qtbot: Any) -> None:
    panes = make_panes()
    panes.scans.show_timepoints(pair.before.volume, pair.after.volume, transform=pair.transform)
    left, right = panes.panes
    canvas = left.canvas.canvas.native
    heard: list[str] = []
    for what in ("pressed", "dragged", "released", "clicked"):
        getattr(panes.mouse, what).connect(lambda place, what=what: heard.append(what))

    def drag(button: Any) -> None:
        QTest.mousePress(canvas, button, Qt.KeyboardModifier.NoModifier, QPoint(200, 200))
        for step in range(1, 5):
            _move(canvas, QPoint(200 + 10 * step, 200 + 5 * step), button)
            qtbot.wait(10)
        QTest.mouseRelease(canvas, button, Qt.KeyboardModifier.NoModifier, QPoint(240, 220))

    low, high = left.image.contrast_limits
    place = left.centre
    drag(Qt.MouseButton.RightButton)
    assert left.image.contrast_limits[1] - left.image.contrast_limits[0] > high - low
    assert tuple(right.image.contrast_limits) == tuple(left.image.contrast_limits)
    assert np.allclose(left.centre, place)
    assert heard[0] == "pressed"
    assert heard[-1] == "released"
    assert "dragged" in heard
    drag(Qt.MouseButton.LeftButton)
    assert not np.allclose(left.centre, place)
    panes.mouse.grab(panes)
    place = left.centre
    drag(Qt.MouseButton.LeftButton)
    assert np.allclose(left.centre, place), "the image must not move while a tool holds the button"
    panes.mouse.release(panes)
    heard.clear()
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(200, 200))
    assert heard == ["pressed", "released", "clicked"]


def _move(canvas: Any, to: QPoint, button: Any) -> None:
    from qtpy.QtCore import QEvent
    from qtpy.QtGui import QMouseEvent
    from qtpy.QtWidgets import QApplication

    where = QPointF(to)
    QApplication.sendEvent(
        canvas,
        QMouseEvent(
            QEvent.Type.MouseMove,
            where,
            QPointF(canvas.mapToGlobal(to)),
            Qt.MouseButton.NoButton,
            button,
            Qt.KeyboardModifier.NoModifier,
        ),
    )


def test_what_is_dropped_on_a_pane_is_opened_there(make_panes: Any, small_scans: Any) -> None:
    from qtpy.QtWidgets import QApplication

    panes = make_panes()
    told: list[Any] = []

    def opener(number: int, paths: list[str]) -> bool:
        told.append((number, paths))
        return True

    panes.opener = opener
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(small_scans / "after"))])
    canvas, held = panes.panes[1].canvas, (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    # Qt drops only where something was dragged in
    QApplication.sendEvent(canvas, QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, mime, *held))
    QApplication.sendEvent(canvas, QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, mime, *held))
    assert told == [(1, [str(small_scans / "after")])]
    assert len(panes.panes[1].model.layers) == 0


def test_napari_gets_its_canvas_and_gestures_back(make_panes: Any, pair: Any) -> None:
    panes = make_panes()
    viewer, own = panes.viewer, panes.panes[0].canvas
    wheel = list(viewer.mouse_wheel_callbacks)
    panes.scans.show_timepoints(pair.before.volume, pair.after.volume)
    panes.give_back()
    assert own.parent() is viewer.window._qt_window.centralWidget()
    assert viewer.scene.camera.mouse_zoom
    assert viewer.mouse_wheel_callbacks != wheel


def test_days_are_counted_from_the_baseline(make_panes: Any, pair: Any) -> None:
    panes = make_panes()
    scan = replace(pair.after.volume.acquisition, acquired=datetime(2021, 9, 4))
    panes.scans.show_timepoints(pair.before.volume, replace(pair.after.volume, acquisition=scan))
    assert panes.panes[1].annotations.corners.top_left == ("FOLLOW-UP   day +1",)


def test_an_image_alone_fills_its_pane(make_panes: Any, pair: Any) -> None:
    panes = make_panes(3)
    panes.scans.show_volumes([pair.after.volume], ["follow-up"], ["followup"])
    pane = panes.panes[0]
    width, height = pane.canvas.canvas.native.width(), pane.canvas.canvas.native.height()
    slice_height, slice_width = (n * s for n, s in zip(pane.geometry.shape[1:], pane.geometry.spacing[1:], strict=True))
    fills = max(slice_height / height, slice_width / width) * pane.model.scene.camera.zoom
    assert 0.8 < fills <= 1.0, "not as large as in a third of the window"
    assert pane.timepoint == 2


def test_a_label_map_is_seen_over_another_in_every_pane(
    make_panes: Any, pair: Any, canvas_of: Callable[[Any], Any]
) -> None:
    panes = make_panes()
    panes.scans.show_volumes([pair.before.volume] * 2, ["one", "two"])
    geometry = pair.before.volume.geometry
    spot, below = (np.zeros(geometry.shape, np.uint8) for _ in range(2))
    spot[:, 5:15, 5:15] = 1
    above = LabelMap(spot, geometry, Scheme((Label(1, "marker", (255, 0, 0)),)))
    nothing = LabelMap(below, geometry, Scheme((Label(1, "below", (0, 0, 255)),)))
    for pane in panes.panes:
        pane.show_labels(nothing, name="below")
        pane.show_labels(above, name="above").opacity = 1.0
        assert red_middle(canvas_of(pane)) is not None


def test_what_is_drawn_over_a_slice_waits_for_layers_that_were_taken_away(
    make_panes: Any, pair: Any, qtbot: Any
) -> None:
    panes = make_panes()
    panes.scans.show_timepoints(pair.before.volume, pair.after.volume, transform=pair.transform)
    pane, drawn = panes.panes[0], []

    def draw(one: Any) -> tuple[()]:
        drawn.append(one.pixels_of(one.centre))
        return ()

    pane.in_every_plane.append(draw)
    pane.annotations.repaint()
    assert len(drawn) == 1
    with qtbot.captureExceptions() as raised:
        pane.model.layers.clear()
        pane.annotations.repaint()
        assert len(drawn) == 1, "there is no slice now"
        qtbot.wait(20)
        pane.annotations.repaint()
    assert raised == []
    assert len(drawn) > 1


def test_a_painting_that_fails_is_told_and_ends_nothing(make_panes: Any, pair: Any, qtbot: Any) -> None:
    panes = make_panes()
    panes.scans.show_timepoints(pair.before.volume, pair.after.volume, transform=pair.transform)
    pane = panes.panes[0]
    pane.in_every_plane.append(lambda _pane: next(iter(pane.marks)))
    with qtbot.captureExceptions() as raised:
        panes.viewer.window._qt_window.repaint()  # a painting within an event that napari answers in Python
    pane.in_every_plane.pop()
    assert [kind for kind, *_ in raised][:1] == [StopIteration]

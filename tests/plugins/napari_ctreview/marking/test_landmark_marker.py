"""Places that one click marks in muscle MRI, and how they are drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari_ctreview.marking.landmark_marker import LandmarkMarker, ShownBall, ShownHeight
from napari_ctreview.viewer.planes import Plane

from ctreview.muscle.maps.stir_reference import ReferenceBall
from tests.plugins.napari_ctreview.simulated_mouse import SimulatedMouse


def test_one_click_marks_one_landmark_and_it_is_drawn_where_slices_cut_it(
    make_panes: Any, pair: Any, qtbot: Any
) -> None:
    panes = make_panes()
    panes.scans.show_timepoints(pair.before.volume, pair.after.volume, transform=pair.transform)
    marker, mouse = LandmarkMarker(panes), SimulatedMouse(panes, qtbot)
    placed: list[tuple[int, str, Any]] = []
    marker.placed.connect(lambda *what: placed.append(what))
    place = panes.panes[1].centre
    mouse.click(1, place)
    assert placed == [], "nothing was asked for"
    marker.select("knee")
    mouse.click(1, place)
    mouse.click(1, place)
    ((pane, landmark, lps),) = placed
    assert (pane, landmark) == (1, "knee")
    assert np.allclose(lps, place, atol=1.0)
    marker.select("hip")
    marker.select("hip")
    assert panes.mouse.grabber is None, "chosen once more, it is put down"

    x, y, z = (float(part) for part in place)
    ball = ReferenceBall((x, y, z + 5.0), 10.0)
    marker.shown = lambda number: [ShownHeight(z, "knee joint"), ShownBall(ball, "reference")] if number else []
    assert marker._drawn(0, panes.panes[0]) == []
    (circle,) = marker._drawn(1, panes.panes[1])
    per_mm = panes.panes[1].annotations.pixels_per_mm()
    half = np.ptp(np.array(circle.points), axis=0) / 2 / per_mm
    assert np.allclose(half, 75.0**0.5, atol=0.2), "the slice is 5 mm off its middle"
    panes.set_plane(Plane.CORONAL)
    line, circle = marker._drawn(1, panes.panes[1])
    assert line.points[0][1] == line.points[1][1], "a height lies across the coronal slice"
    assert line.text == "knee joint"
    panes.go_to(np.array([x, y + 30.0, z]), pane=1)
    assert len(marker._drawn(1, panes.panes[1])) == 1, "the ball lies elsewhere"

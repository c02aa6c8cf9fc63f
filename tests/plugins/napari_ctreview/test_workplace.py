"""The state of a reading: steps in the background, acts on both scans, comparison after a pause."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest


@pytest.fixture
def workplace(make_panes: Any, qtbot: Any) -> Any:
    from napari_ctreview.workplace import Workplace

    place = Workplace(make_panes())
    yield place
    place.close()
    place.worker.wait(30)


def test_two_scans_are_prepared_corrected_and_compared(workplace: Any, pair: Any, qtbot: Any) -> None:
    with qtbot.waitSignal(workplace.concluded, timeout=120_000):
        workplace.prepare(pair.before.volume, pair.after.volume)
    first = workplace.comparison["lungs"].change["opacity_ml"].value
    opacity = workplace.prepared.points[0].opacity
    voxel = np.argwhere(opacity.array == opacity.scheme["ground_glass"].value)[0]
    point = [float(v) for v in opacity.geometry.to_lps(voxel)]
    before = workplace.tallies[0].ml()["lungs"]["ground_glass"]
    with qtbot.waitSignals([workplace.edited, workplace.concluded], timeout=60_000):
        workplace.act(0, "remove_piece", {"point": point})
    removed = before - workplace.tallies[0].ml()["lungs"]["ground_glass"]
    assert removed > 0
    assert workplace.comparison["lungs"].change["opacity_ml"].value == pytest.approx(first + removed, abs=0.5)
    workplace.undo()
    assert workplace.tallies[0].ml()["lungs"]["ground_glass"] == before
    workplace.redo()
    assert workplace.tallies[0].ml()["lungs"]["ground_glass"] == pytest.approx(before - removed)

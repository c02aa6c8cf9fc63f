from __future__ import annotations

from typing import Any

from napari_ctreview.viewer.cine import Cine

from tests.plugins.napari_ctreview.waiting import until


def test_cine_runs_to_the_end_and_back(qtbot: Any) -> None:
    place, ends = [0], []

    def step(by: int) -> bool:
        if not 0 <= place[0] + by <= 3:
            return False
        place[0] += by
        ends.append(place[0])
        return True

    cine = Cine(step, per_second=60)
    cine.toggle()
    until(qtbot, lambda: len(ends) >= 8)
    cine.toggle()
    assert not cine.running
    assert ends[:8] == [1, 2, 3, 2, 1, 0, 1, 2]
    stuck = Cine(lambda by: False, per_second=60)
    stuck.toggle()
    until(qtbot, lambda: not stuck.running)

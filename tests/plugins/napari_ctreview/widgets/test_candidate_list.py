"""Dense areas that are to be confirmed: listed, outlined, accepted and dismissed by a click or a key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence

from ctreview.anatomy import DenseCandidate
from ctreview.change import Candidate, Timepoint
from ctreview.volume.geometry import Geometry
from tests.plugins.napari_ctreview.reading import compared
from tests.plugins.napari_ctreview.simulated_mouse import click, drop, press
from tests.plugins.napari_ctreview.waiting import until

GRID = Geometry.aligned((20, 20, 20), (5.0, 5.0, 5.0), origin=(0.0, 0.0, 0.0), frame_of_reference="1.2.3")


def dense(start: int, grid: Geometry = GRID, **changes: Any) -> DenseCandidate:
    mask = np.zeros(grid.shape, dtype=bool)
    mask[start : start + 3, 2:6, 2:6] = True
    words: Any = {
        "side": "right_lung",
        "region": "right_lung/basal",
        "proposed": "consolidation",
        "reason": "a sharp edge",
    }
    return DenseCandidate.from_mask(mask, grid, **(words | changes))


class Listed:
    """A list of three, and what it told."""

    def __init__(self, widget: Any) -> None:
        self.widget = widget
        self.decided: list[tuple[int, str, Any]] = []
        self.chosen: list[int] = []
        widget.decided.connect(lambda *told: self.decided.append(told))
        widget.chosen.connect(lambda number, _: self.chosen.append(number))

    def show(self, *states: str, titles: tuple[str, str] = ("Baseline", "Follow-up")) -> None:
        one, two, three = (
            Candidate(dense(3 * number), state)  # type: ignore[arg-type]
            for number, state in enumerate(states)
        )
        self.widget.show_candidates(((one, two), (three,)), titles)


@pytest.fixture
def listed(qtbot: Any) -> Any:
    from napari_ctreview.widgets.candidate_list import CandidateList

    widget = CandidateList()
    qtbot.addWidget(widget)
    found = Listed(widget)
    found.show("open", "open", "open")
    widget.activateWindow()
    return found


def test_it_is_there_only_where_something_is_offered(listed: Any) -> None:
    assert listed.widget.isVisibleTo(None)
    assert "2 at baseline, " in listed.widget.heading.text()
    assert "1 at follow-up, " in listed.widget.heading.text()
    assert "in no number" in listed.widget.heading.text()
    listed.widget.show_candidates(((), ()), ("Baseline", "Follow-up"))
    assert listed.widget.isHidden()


def test_nothing_is_decided_before_it_was_looked_at(listed: Any) -> None:
    listed.widget.decide("consolidation")
    assert listed.decided == []
    assert listed.chosen == [0]
    assert "a sharp edge" in listed.widget.reason.text()


@pytest.mark.parametrize(
    ("name", "kind", "label"),
    [
        ("consolidation", "accept_candidate", "consolidation"),
        ("collapse", "accept_candidate", "collapse"),
        ("effusion", "accept_candidate", "effusion"),
        ("dismiss", "dismiss_candidate", None),
    ],
)
def test_a_click_decides_and_goes_on_to_the_next_that_is_open(
    listed: Any, name: str, kind: str, label: str | None
) -> None:
    listed.widget.table.setCurrentCell(1, 1)
    click(listed.widget.buttons[name])
    ((number, told, payload),) = listed.decided
    assert (number, told, payload.get("label")) == (0, kind, label)
    assert payload["id"] == dense(3).id
    assert listed.widget.table.currentRow() == 2


def test_what_was_decided_can_be_decided_otherwise(listed: Any) -> None:
    listed.show("dismissed", "open", "open")
    listed.widget.table.setCurrentCell(0, 1)
    assert not listed.widget.buttons["dismiss"].isEnabled()
    click(listed.widget.buttons["collapse"])
    assert listed.decided[0][2]["label"] == "collapse"


def test_a_blinded_reader_does_not_learn_the_order_from_the_rows(listed: Any) -> None:
    listed.show("open", "open", "open", titles=("B", "A"))
    table = listed.widget.table
    assert [table.item(row, 1).text() for row in range(3)] == ["A", "B", "B"]


def test_every_button_says_its_key(listed: Any) -> None:
    from napari_ctreview.widgets.candidate_list import KEYS

    for name, (key, *_, tip) in KEYS.items():
        assert listed.widget.buttons[name].text().endswith(key)
        assert tip in listed.widget.buttons[name].toolTip()


def test_no_key_of_it_means_anything_else() -> None:
    from napari_ctreview.correcting import shortcuts as correcting
    from napari_ctreview.marking import finding_marker
    from napari_ctreview.viewer import shortcuts
    from napari_ctreview.widgets import candidate_list, piece_list

    others = {one.keys for keys in (shortcuts.KEYS, correcting.KEYS, finding_marker.KEYS) for one in keys}
    others |= {key for key, *_ in piece_list.KEYS.values()}
    own = [key for key, *_ in candidate_list.KEYS.values()]
    assert len(set(own)) == len(own)
    assert not {QKeySequence(key).toString() for key in own} & {QKeySequence(key).toString() for key in others}


@pytest.fixture
def offering(monkeypatch: pytest.MonkeyPatch, prepared_once: None) -> DenseCandidate:
    """What the computer found in the small scans, with one dense area offered at baseline below the right lung."""
    from napari_ctreview.session import chest_ct_pair

    prepare = chest_ct_pair.prepare
    offered: list[DenseCandidate] = []

    def with_candidate(point: Timepoint) -> Timepoint:
        lung = np.argwhere(point.organ.array == point.organ.scheme["right_lung"].value)
        low = lung[np.argmin(lung[:, 0])]
        mask = np.zeros(point.organ.array.shape, dtype=bool)
        mask[max(0, low[0] - 3) : low[0], low[1] - 5 : low[1] + 5, low[2] - 5 : low[2] + 5] = True
        offered[:] = [
            DenseCandidate.from_mask(
                mask,
                point.volume.geometry,
                side="right_lung",
                region="right_lung/basal",
                proposed="consolidation",
                reason="a sharp edge",
            )
        ]
        return replace(point, candidates=(Candidate(offered[0]),))

    def made(*arguments: Any, **options: Any) -> Any:
        found = prepare(*arguments, **options)
        before, after = found.points
        return replace(found, pair=replace(found.pair, points=(with_candidate(before), after)))

    monkeypatch.setattr("napari_ctreview.session.chest_ct_pair.prepare", made)
    return offered  # type: ignore[return-value]


def consolidation_ml(controller: Any) -> float:
    return float(controller.chest_ct.tallies[0].ml()["right_lung"]["consolidation"])


def test_numbers_outlines_and_undo_follow_in_the_window(
    make_dock: Any, small_scans: Path, qtbot: Any, offering: Any
) -> None:
    dock = make_dock()
    controller = dock.controller
    drop(dock.panes.panes[0], small_scans / "before")
    until(qtbot, lambda: controller.state.loader.scans[0] is not None)
    drop(dock.panes.panes[1], small_scans / "after")
    until(qtbot, lambda: controller.state.loader.ready)
    compared(qtbot, controller, lambda: click(dock.run_all))
    (piece,) = offering
    layer = dock.panes.panes[0].labels["to confirm"]
    assert layer.contour > 0
    assert "to confirm" not in dock.panes.panes[1].labels
    before = consolidation_ml(controller)
    row = next(at for at, (_, one) in enumerate(dock.candidates._shown) if one.piece.id == piece.id)
    dock.candidates.table.setCurrentCell(row, 1)
    assert np.allclose(dock.panes.panes[0].centre, piece.centre, atol=6.0)

    def decided() -> None:
        click(dock.candidates.buttons["consolidation"])

    compared(qtbot, controller, decided)
    assert consolidation_ml(controller) - before == pytest.approx(piece.ml, rel=0.02)
    assert layer not in dock.panes.panes[0].model.layers
    found = controller.chest_ct.comparison
    assert [one.state for one in found.baseline.candidates] == ["accepted"]
    assert found["right_lung"].baseline.classes_ml["consolidation"] == pytest.approx(consolidation_ml(controller))
    (record,) = controller.state.workspace.reading.edits()
    assert (record.kind, record.payload["id"]) == ("accept_candidate", piece.id)
    controller.undo()
    until(qtbot, lambda: controller.chest_ct.tallies is not None)
    assert consolidation_ml(controller) == pytest.approx(before)
    assert "to confirm" in [one.name for one in dock.panes.panes[0].model.layers]
    dock.candidates.table.setCurrentCell(row, 1)
    press(qtbot, dock, Qt.Key.Key_9, Qt.KeyboardModifier.ControlModifier)
    assert controller.chest_ct.candidates[0][0].state == "dismissed"

"""The lungs as a reader changed them: what is added or removed by a brush, or taken for lung, and all that follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ctreview.anatomy import LUNG_SCHEME, LungMap, divide_lungs
from ctreview.change import Timepoint
from ctreview.edits import UNDO, Edit
from ctreview.errors import EditDoesNotApply
from ctreview.opacity import OPACITY_SCHEME, Thresholds
from ctreview.recipes.chest_ct.candidates import acceptance, dismissal
from ctreview.recipes.chest_ct.changed_lungs import ChangedLungs, piece_beside_lungs
from ctreview.recipes.chest_ct.check_registry import registered
from ctreview.recipes.chest_ct.corrections import check_added_lung, corrected, replayed
from ctreview.recipes.chest_ct.measuring import measure_scan
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.volume import Volume
from tests.recipes.chest_ct.sessions import opened_session

GRID = Geometry.aligned((20, 24, 30), (5.0, 5.0, 5.0), origin=(0.0, 0.0, 0.0), frame_of_reference="1.2.3")
DENSE = slice(8, 14), slice(17, 22), slice(4, 11)
"""Consolidation behind the right lung, which the lungs that were found leave out."""
IN_DENSE = [35.0, 92.0, 55.0]
BALL = {"radius_mm": 16.0, "shape": "ball", "low_hu": None, "high_hu": None}
CLASSES = [{"label": "ground_glass", "from_hu": -700.0}, {"label": "consolidation", "from_hu": -300.0}]


def scan() -> Timepoint:
    array = np.zeros(GRID.shape, np.uint8)
    array[4:18, 3:17, 3:13] = 1
    array[4:18, 3:17, 17:27] = 2
    array[12:20, 8:11, 14:16] = LUNG_SCHEME["trachea_and_main_bronchi"].value
    lungs = LungMap(array, GRID, LUNG_SCHEME)
    hu = np.where(array > 0, -850, -100).astype(np.int16)
    hu[DENSE] = 40
    return Timepoint(
        volume=Volume(hu, GRID),
        organ=lungs,
        opacity=LabelMap(np.zeros(GRID.shape, np.uint8), GRID, OPACITY_SCHEME),
        regions=divide_lungs(lungs),
        vessels=LabelMap(np.zeros(GRID.shape, np.uint8), GRID, LUNG_SCHEME),
    )


POINT = scan()


def record(kind: str, payload: dict[str, Any]) -> Edit:
    return Edit(kind, "opacity", payload, "reader", POINT.volume.digest, GRID)


def lung_stroke(points: Sequence[Sequence[float]] = (IN_DENSE,), *, adds: bool = True, **more: Any) -> dict[str, Any]:
    return {"points": [list(p) for p in points], "part": "right_lung", "adds": adds, "settings": BALL, **more}


def dab(*, label: str | None = "consolidation") -> dict[str, Any]:
    return {"points": [IN_DENSE], "label": label, "settings": BALL, "one_part": True}


def after(*edits: Edit) -> Timepoint:
    done = replayed(POINT, POINT.opacity, edits)
    assert not done.refused, done.refused
    return corrected(POINT, done)


def numbers(point: Timepoint) -> dict[str, float]:
    found = measure_scan(point)["right_lung"]
    return {"lung": found.volume_ml, **{key: float(found.classes_ml[key]) for key in ("ground_glass", "consolidation")}}


def test_what_is_added_is_lung_with_its_opacity_by_density_in_all_its_parts() -> None:
    """The ball of 16 mm reaches over the dense block into soft tissue of −100 HU, which counts as consolidation too."""
    added = after(record("organ_brush", lung_stroke(classes=CLASSES)))
    before, found = numbers(POINT), numbers(added)
    more = found["lung"] - before["lung"]
    assert 10 < more < 18  # a ball of 17 mL, cut by the lung in front of it
    assert found["consolidation"] == pytest.approx(more)
    measures = measure_scan(added)
    thirds = sum(measures[f"right_lung/{part}"].volume_ml for part in ("apical", "middle", "basal"))
    assert thirds == pytest.approx(found["lung"])
    assert measures["left_lung"].volume_ml == measure_scan(POINT)["left_lung"].volume_ml


def test_opacity_is_painted_into_added_lung_only_after_it_was_added() -> None:
    """Painted before, the stroke lies outside: no consolidation, and none comes back when lung is added later."""
    first = record("brush", dab())
    assert numbers(after(first))["consolidation"] < 4  # the edge of the ball that reaches into the lung
    painted = after(record("organ_brush", lung_stroke()), record("brush", dab()))
    late = after(record("brush", dab()), record("organ_brush", lung_stroke()))
    assert numbers(painted)["consolidation"] == pytest.approx(17, abs=2)
    assert numbers(late)["consolidation"] == numbers(after(first))["consolidation"]


def test_what_is_removed_is_in_no_number() -> None:
    opacity = record("brush", {**dab(), "points": [[35.0, 70.0, 40.0]]})
    removed = record("organ_brush", lung_stroke([[35.0, 70.0, 40.0]], adds=False))
    before, found = numbers(after(opacity)), numbers(after(opacity, removed))
    assert before["consolidation"] > 10
    assert found["consolidation"] == 0
    assert before["lung"] - found["lung"] == pytest.approx(17, abs=2)


def test_the_airways_are_neither_added_nor_removed() -> None:
    through = lung_stroke([[72.0, 45.0, 80.0]])
    airway = POINT.organ.mask("trachea_and_main_bronchi")
    for point in (after(record("organ_brush", through)),):
        assert np.array_equal(point.organ.mask("trachea_and_main_bronchi"), airway)


def test_undone_it_is_as_it_was() -> None:
    add = record("organ_brush", lung_stroke(classes=CLASSES))
    again = after(add, record(UNDO, {"of": add.id}))
    assert measure_scan(again) == measure_scan(POINT)
    assert np.array_equal(again.organ.array, POINT.organ.array)


def test_it_is_told_where_opacity_is_found_by_other_densities_than_lung_was_added_by() -> None:
    limits = Thresholds(normal_hu=-850.0, excess_hu=150.0, consolidation_hu=-300.0, rule="common")
    added = record("organ_brush", lung_stroke(plane=0, classes=CLASSES))
    assert check_added_lung("followup", [added], limits) == ()
    (told,) = check_added_lung("followup", [added], replace(limits, excess_hu=120.0))
    assert registered(told.name) is not None
    assert "ground glass from −700 instead of −730 HU" in told.message
    assert not told.stops
    undone = [added, record(UNDO, {"of": added.id})]
    assert check_added_lung("followup", undone, replace(limits, excess_hu=120.0)) == ()


def test_added_lung_belongs_to_the_lobe_beside_it_where_lobes_were_stored() -> None:
    scheme = Scheme((Label(1, "right_upper_lobe", (9, 9, 9)), Label(2, "right_lower_lobe", (99, 9, 9))))
    array = np.zeros(GRID.shape, np.uint8)
    array[POINT.organ.mask("right_lung")] = 1
    array[4:12][POINT.organ.mask("right_lung")[4:12]] = 2  # below the middle
    point = replace(POINT, parts=LabelMap(array, GRID, scheme))
    done = replayed(point, point.opacity, [record("organ_brush", lung_stroke())])
    added = corrected(point, done)
    new = added.organ.mask("right_lung") & ~POINT.organ.mask("right_lung")
    assert set(added.parts.array[new]) == {1, 2}
    rows = np.nonzero(new)[0]
    assert (added.parts.array[new] == np.where(rows < 12, 2, 1)).mean() > 0.9
    lobes = measure_scan(added)
    parts = sum(lobes[name].volume_ml for name in ("right_upper_lobe", "right_lower_lobe"))
    assert parts == pytest.approx(lobes["right_lung"].volume_ml)


def test_a_piece_is_taken_for_lung_by_the_record_of_a_candidate() -> None:
    """It is compact, dense, and of the lung beside it; dismissed again it is in no number."""
    piece = piece_beside_lungs(POINT.volume, POINT.organ, IN_DENSE, size_mm=25.0)
    assert piece.side == "right_lung"
    whole = np.zeros(GRID.shape, bool)
    whole[piece.box] = piece.mask
    assert not (whole & (POINT.organ.array > 0)).any()
    assert (POINT.volume.array[whole] == 40).mean() > 0.9
    accept = record("accept_candidate", acceptance(piece))
    found = after(accept)
    assert numbers(found)["consolidation"] == pytest.approx(piece.ml, abs=0.1)
    assert numbers(found)["lung"] - numbers(POINT)["lung"] == pytest.approx(piece.ml, abs=0.1)
    assert [(one.state, one.label) for one in found.candidates] == [("accepted", "consolidation")]
    assert numbers(after(accept, record("dismiss_candidate", dismissal(piece)))) == numbers(POINT)


def test_no_piece_is_taken_within_the_lungs_or_far_from_them() -> None:
    with pytest.raises(EditDoesNotApply, match="already"):
        piece_beside_lungs(POINT.volume, POINT.organ, [35.0, 50.0, 50.0], size_mm=20.0)
    left_alone = LungMap(np.where(POINT.organ.array == 2, 2, 0).astype(np.uint8), GRID, LUNG_SCHEME)
    with pytest.raises(EditDoesNotApply, match="choose the side"):
        piece_beside_lungs(POINT.volume, left_alone, [0.0, 115.0, 0.0], size_mm=20.0)
    far = piece_beside_lungs(POINT.volume, left_alone, [0.0, 115.0, 0.0], size_mm=20.0, side="right_lung")
    assert far.side == "right_lung"


@pytest.mark.parametrize("seed", range(4))
def test_any_sequence_of_acts_means_the_same_live_and_replayed(seed: int) -> None:
    """Acts, undo and redo in a session, and that session killed and opened anew halfway."""
    chance = np.random.default_rng(seed)
    journal: list[Edit] = []

    live = opened_session(POINT, journal)
    for step in range(24):
        if step == 12:
            live = opened_session(POINT, journal)
        place = [float(v) for v in chance.uniform((10, 10, 10), (140, 110, 90))]
        brush = {**BALL, "radius_mm": float(chance.uniform(6, 20))}
        try:
            match int(chance.integers(0, 7)):
                case 0 | 1:
                    side = "right_lung" if place[0] < 75 else "left_lung"
                    adds = bool(chance.integers(0, 2))
                    live.act("organ_brush", {**lung_stroke([place], adds=adds, classes=CLASSES), "part": side})
                case 2 | 3:
                    live.act("brush", {**dab(), "points": [place], "settings": brush})
                case 4:
                    lungs = ChangedLungs(POINT).after(live.applied)
                    piece = piece_beside_lungs(POINT.volume, lungs, place, size_mm=20.0)
                    live.act("accept_candidate", acceptance(piece))
                case 5:
                    live.undo()
                case _:
                    live.redo()
        except EditDoesNotApply:
            continue
    again = corrected(POINT, replayed(POINT, POINT.opacity, journal))
    assert np.array_equal(again.opacity.array, live.array)
    assert np.array_equal(again.organ.array, ChangedLungs(POINT).after(live.applied).array)
    labelled = again.opacity.array > 0
    assert labelled.any()
    assert (again.organ.mask("right_lung", "left_lung")[labelled]).all()  # opacity is in the lungs, always

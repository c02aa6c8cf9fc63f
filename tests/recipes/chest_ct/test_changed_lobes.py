"""The lobes as a reader changed them: points on fissures, copied ones, pieces; and what stays in a lobe."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ctreview.anatomy import LOBE_SCHEME, LOBES, LUNG_SCHEME, LobeMap, LungMap, divide_lungs
from ctreview.anatomy.lobes.frame import LungFrame, lung_ends
from ctreview.anatomy.lobes.prior import known_fissures
from ctreview.change import Timepoint
from ctreview.edits import Edit
from ctreview.errors import EditDoesNotApply
from ctreview.opacity import OPACITY_SCHEME
from ctreview.recipes.chest_ct.changed_lobes import ChangedLobes
from ctreview.recipes.chest_ct.corrections import corrected, replayed
from ctreview.recipes.chest_ct.lobe_piece import offered_lobe_piece
from ctreview.recipes.chest_ct.measuring import measure_scan
from ctreview.tools import Canvas
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume
from tests.fissures import unseen_fissure
from tests.recipes.chest_ct.sessions import opened_session

GRID = Geometry.aligned((40, 36, 44), (6.0, 5.0, 6.0), origin=(0.0, 0.0, 0.0), frame_of_reference="1.2.3")
BALL = {"radius_mm": 14.0, "shape": "ball", "low_hu": None, "high_hu": None}
GLASS = slice(4, 9), slice(22, 30), slice(26, 36)


def scan() -> Timepoint:
    """Two lungs like boxes, whose fissures were not seen, and ground glass in the left lower lobe."""
    array = np.zeros(GRID.shape, np.uint8)
    array[3:37, 4:32, 3:19] = LUNG_SCHEME["right_lung"].value
    array[3:37, 4:32, 25:41] = LUNG_SCHEME["left_lung"].value
    lungs = LungMap(array, GRID, LUNG_SCHEME)
    opacity = np.zeros(GRID.shape, np.uint8)
    opacity[GLASS] = OPACITY_SCHEME["ground_glass"].value
    fissures = {
        name: unseen_fissure(name, LungFrame.between(lung_ends(lungs, prior.side), prior.template_ends))
        for name, prior in known_fissures().items()
    }
    lobes = LobeMap(np.zeros(GRID.shape, np.uint8), GRID, LOBE_SCHEME, fissures=fissures).within(lungs)
    return Timepoint(
        volume=Volume(np.where(array > 0, -850, 40).astype(np.int16), GRID),
        organ=lungs,
        opacity=LabelMap(opacity, GRID, OPACITY_SCHEME),
        regions=divide_lungs(lungs, lobes=lobes),
        vessels=LabelMap(np.zeros(GRID.shape, np.uint8), GRID, LUNG_SCHEME),
        parts=lobes,
    )


POINT = scan()
FISSURE = POINT.parts.fissures["left_oblique"]


def over_fissure(mm: float, *, node: tuple[float, float] = (5.0, 12.0)) -> list[float]:
    height, _ = FISSURE.surface.at(np.array([node]))
    plane = FISSURE.surface.prior.plane
    place = FISSURE.frame.to_patient(plane.points([*node, height[0] + mm * FISSURE.template_per_patient]))
    return [round(float(v), 2) for v in place]


def record(kind: str, payload: dict[str, Any]) -> Edit:
    return Edit(kind, "opacity", payload, "reader", POINT.volume.digest, GRID)


def points(*mm: float) -> Edit:
    return record("border_points", {"border": "left_oblique", "points": [over_fissure(one) for one in mm]})


def stroke(part: str, place: list[float], **more: Any) -> Edit:
    return record("part_brush", {"points": [place], "part": part, "settings": BALL, **more})


def after(*edits: Edit, point: Timepoint = POINT) -> Timepoint:
    done = replayed(point, point.opacity, edits)
    assert not done.refused, done.refused
    return corrected(point, done)


def refusal(*edits: Edit, point: Timepoint = POINT) -> str:
    done = replayed(point, point.opacity, edits)
    ((_, why),) = done.refused
    return why


def ml(point: Timepoint) -> dict[str, float]:
    found = measure_scan(point)
    return {lobe: found[lobe].volume_ml for lobe in LOBES}


def test_a_point_moves_the_border_and_every_number_follows() -> None:
    before, found = ml(POINT), after(points(20.0))
    now = ml(found)
    assert now["left_lower_lobe"] > before["left_lower_lobe"] + 20.0
    assert sum(now.values()) == pytest.approx(sum(before.values()))
    assert abs(float(found.parts.fissures["left_oblique"].height_over(over_fissure(20.0)))) < 1.0
    by_points = {check.name: check for check in found.parts.checks}["left_oblique_fissure"]
    assert "by points that a reader placed" in by_points.message
    move = points(20.0)
    assert np.array_equal(after(move, record("undo", {"of": move.id})).parts.array, POINT.parts.array)


def test_a_point_that_gives_a_lobe_its_bronchi_lets_it_be_judged() -> None:
    """The check of bronchi is made anew for the lobes as a reader changed them, and for a piece that took them away."""
    above = np.array([over_fissure(10.0, node=(5.0, v)) for v in (10.0, 11.0, 12.0, 13.0, 14.0, 15.0)])
    point = replace(POINT, parts=replace(POINT.parts, bronchi={"left_lower_lobe": above}).checked())

    def holds(found: Timepoint) -> bool:
        return {check.name: check.ok for check in found.parts.checks}["left_lung_bronchi"]

    assert not holds(point)
    assert holds(after(points(20.0), point=point))
    taken = record("part_brush", {"points": above.tolist(), "part": "left_upper_lobe", "settings": BALL})
    assert not holds(after(points(20.0), taken, point=point))


def test_points_of_several_records_count_together() -> None:
    apart = [over_fissure(12.0, node=(4.0, 6.0)), over_fissure(-9.0, node=(7.0, 18.0))]
    one = after(record("border_points", {"border": "left_oblique", "points": apart}))
    both = after(*(record("border_points", {"border": "left_oblique", "points": [place]}) for place in apart))
    assert np.array_equal(one.parts.array, both.parts.array)


def test_a_copied_fissure_forgets_the_points_before_it_and_takes_those_after() -> None:
    nodes = [(a, b) for a in (2.0, 5.0, 8.0) for b in (3.0, 8.0, 13.0, 18.0, 22.0)]
    copy = record(
        "copy_border", {"border": "left_oblique", "points": [over_fissure(15.0, node=node) for node in nodes]}
    )
    alone = after(copy)
    assert float(FISSURE.height_over(over_fissure(15.0))) == pytest.approx(15.0, abs=0.1)
    assert abs(float(alone.parts.fissures["left_oblique"].height_over(over_fissure(15.0)))) < 2.0
    assert np.array_equal(after(points(-20.0), copy).parts.array, alone.parts.array)
    assert ml(after(copy, points(0.0)))["left_lower_lobe"] < ml(alone)["left_lower_lobe"]


def test_a_piece_stays_in_its_lobe_whatever_becomes_of_the_fissure() -> None:
    place = over_fissure(-25.0)
    given = after(stroke("left_upper_lobe", place))
    assert ml(given)["left_upper_lobe"] > ml(POINT)["left_upper_lobe"] + 5.0
    voxel = tuple(np.rint(GRID.to_index(place)).astype(int))
    upper = LOBE_SCHEME["left_upper_lobe"].value
    for edits in ((stroke("left_upper_lobe", place), points(30.0)), (points(30.0), stroke("left_upper_lobe", place))):
        assert after(*edits).parts.array[voxel] == upper
    assert np.array_equal(given.organ.array, POINT.organ.array)
    assert np.array_equal(given.opacity.array, POINT.opacity.array)


def test_a_piece_of_opacity_goes_to_the_nearest_other_lobe_or_to_the_one_that_is_named() -> None:
    borders = ChangedLobes(POINT).borders((), POINT.organ)
    canvas = Canvas(POINT.volume, POINT.opacity, within=POINT.organ)
    place = [float(v) for v in GRID.to_lps([6, 26, 30])]
    offered = offered_lobe_piece(borders, canvas, place)
    assert offered.lobe == "left_upper_lobe"
    found = after(record("part_piece", offered.payload))
    measured = measure_scan(found)
    assert measured["left_lower_lobe"].opacity_ml == 0.0
    assert measured["left_upper_lobe"].opacity_ml == pytest.approx(measured["lungs"].opacity_ml)
    with pytest.raises(EditDoesNotApply, match="other lung"):
        offered_lobe_piece(borders, canvas, place, lobe="right_upper_lobe")
    with pytest.raises(EditDoesNotApply, match="already"):
        offered_lobe_piece(borders, canvas, place, lobe="left_lower_lobe")
    with pytest.raises(EditDoesNotApply, match="no piece"):
        offered_lobe_piece(borders, canvas, over_fissure(10.0))


def test_what_means_nothing_is_refused_and_says_why() -> None:
    lower = over_fissure(-25.0)
    assert "already" in refusal(stroke("left_lower_lobe", lower))
    assert "no lobe" in refusal(stroke("left_lung", lower))
    assert "lung of the right upper lobe" in refusal(stroke("right_upper_lobe", lower))
    assert "no azygos fissure" in refusal(record("border_points", {"border": "azygos", "points": [lower]}))
    assert "belongs to the lungs" in refusal(stroke("left_lower_lobe", [0.0, 0.0, 0.0]))
    bare = replace(POINT, parts=None)
    assert "not looked for" in refusal(points(20.0), point=bare)


def test_lobes_without_fissures_take_pieces_and_no_points() -> None:
    """As they were stored by an earlier version."""
    stored = replace(POINT, parts=LabelMap(POINT.parts.array, GRID, LOBE_SCHEME))
    assert "without their fissures" in refusal(points(20.0), point=stored)
    edits = stroke("left_upper_lobe", over_fissure(-25.0))
    assert np.array_equal(after(edits, point=stored).parts.array, after(edits).parts.array)


def test_a_brush_stays_in_the_lobe_as_the_acts_before_it_left_it() -> None:
    place = over_fissure(4.0)
    dab = {"points": [place], "label": "consolidation", "settings": BALL, "one_part": True}

    def painted(*edits: Edit) -> set[int]:
        found = after(*edits)
        new = found.opacity.array != POINT.opacity.array
        return set(np.unique(found.parts.array[new]))

    upper, lower = (LOBE_SCHEME[key].value for key in ("left_upper_lobe", "left_lower_lobe"))
    assert painted(record("brush", dab)) == {upper, lower}
    assert painted(record("brush", {**dab, "parts": "lobes"})) == {upper}
    assert painted(points(10.0), record("brush", {**dab, "parts": "lobes"})) == {lower}
    assert "which this version does not know" in refusal(record("brush", {**dab, "parts": "segments"}))
    assert "not looked for" in refusal(record("brush", {**dab, "parts": "lobes"}), point=replace(POINT, parts=None))


@pytest.mark.parametrize("seed", range(3))
def test_any_sequence_of_acts_means_the_same_live_and_replayed(seed: int) -> None:
    """Acts, undo and redo in a session, that session opened anew, and the journal replayed."""
    chance = np.random.default_rng(seed)
    journal: list[Edit] = []

    live = opened_session(POINT, journal)
    for number in range(14):
        if number == 7:
            live = opened_session(POINT, journal)
        place = over_fissure(float(chance.uniform(-30, 30)), node=(5.0, float(chance.uniform(4, 20))))
        painted = {"points": [place], "label": "ground_glass", "settings": BALL, "one_part": True, "parts": "lobes"}
        acts: list[tuple[str, dict[str, Any]]] = [
            ("undo", {}),
            ("redo", {}),
            ("border_points", {"border": "left_oblique", "points": [place]}),
            ("part_brush", {"points": [place], "part": "left_upper_lobe", "settings": BALL}),
            ("brush", painted),
            ("organ_brush", {"points": [place], "part": "left_lung", "adds": False, "settings": BALL}),
        ]
        kind, payload = acts[int(chance.integers(len(acts)))]
        try:
            getattr(live, kind)() if kind in ("undo", "redo") else live.act(kind, payload)
        except EditDoesNotApply:
            continue
    done = replayed(POINT, POINT.opacity, journal)
    assert not done.refused
    assert np.array_equal(done.labels.array, live.array)
    assert done.applied == live.applied

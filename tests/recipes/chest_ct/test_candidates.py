"""Dense pieces beside the lungs: what is offered, and what becomes of the numbers when a reader judges it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from ctreview.anatomy import LOBE_SCHEME, LOBES, LUNG_SCHEME, DenseCandidate, DenseClass, LungMap, divide_lungs
from ctreview.anatomy.lung_checks import lung_checks
from ctreview.change import (
    Candidate,
    Interval,
    Sensitivity,
    Timepoint,
    Verdict,
    find_intervals,
    judge,
    measurement_rows,
    ml_to_confirm,
)
from ctreview.checks import Check
from ctreview.edits import UNDO, Edit
from ctreview.errors import WrongUse
from ctreview.opacity import OPACITY_SCHEME
from ctreview.recipes.chest_ct.candidates import (
    acceptance,
    accepting,
    dismissal,
    judged,
    lung_checks_now,
    offered_by,
)
from ctreview.recipes.chest_ct.corrections import corrected, replayed
from ctreview.recipes.chest_ct.measuring import measure_scan
from ctreview.recipes.chest_ct.prepared import Prepared
from ctreview.recipes.chest_ct.sensitivity import TO_CONFIRM, scan_sensitivity, with_open_candidates
from ctreview.recipes.chest_ct.settings import ChestCtSettings
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.transform import Transform
from ctreview.volume.volume import Volume

GRID = Geometry.aligned((20, 20, 30), (5.0, 5.0, 5.0), origin=(0.0, 0.0, 0.0), frame_of_reference="1.2.3")
VOXEL_ML = 0.125
PIECE = slice(2, 6), slice(4, 10), slice(3, 12)
PIECE_ML = 4 * 6 * 9 * VOXEL_ML
BRUSH = {"radius_mm": 12.0, "shape": "ball", "low_hu": None, "high_hu": None}


def dense(box: tuple[slice, slice, slice] = PIECE, proposed: DenseClass = "consolidation") -> DenseCandidate:
    mask = np.zeros(GRID.shape, dtype=bool)
    mask[box] = True
    return DenseCandidate.from_mask(
        mask, GRID, side="right_lung", region="right_lung/basal", proposed=proposed, reason="a sharp edge"
    )


def scan(*candidates: DenseCandidate) -> Timepoint:
    """Two boxes of lung, with candidates below the right one."""
    array = np.zeros(GRID.shape, np.uint8)
    array[6:18, 3:17, 3:13] = 1
    array[6:18, 3:17, 17:27] = 2
    lungs = LungMap(array, GRID, LUNG_SCHEME, candidates=candidates)
    hu = np.where(array > 0, -850, 40).astype(np.int16)
    return Timepoint(
        volume=Volume(hu, GRID),
        organ=lungs,
        opacity=LabelMap(np.zeros(GRID.shape, np.uint8), GRID, OPACITY_SCHEME),
        regions=divide_lungs(lungs),
        candidates=offered_by(lungs),
    )


def record(point: Timepoint, kind: str, payload: dict[str, object]) -> Edit:
    return Edit(kind, "opacity", payload, "reader", point.volume.digest, GRID)


def judged_after(point: Timepoint, *edits: Edit) -> tuple[Candidate, ...]:
    return judged(point.candidates, edits, image=point.volume.digest)


def accept(point: Timepoint, label: DenseClass | None = None) -> Edit:
    return record(point, "accept_candidate", acceptance(point.candidates[0].piece, label))


def after(point: Timepoint, *edits: Edit) -> Timepoint:
    return corrected(point, replayed(point, point.opacity, edits))


def test_what_is_offered_is_in_no_number() -> None:
    point = scan(dense())
    found = measure_scan(point)["lungs"]
    assert found.volume_ml == measure_scan(scan())["lungs"].volume_ml
    assert found.opacity_ml == 0.0
    assert [one.state for one in point.candidates] == ["open"]


@pytest.mark.parametrize(
    ("label", "lung_ml", "classes"),
    [
        ("consolidation", PIECE_ML, {"consolidation": PIECE_ML, "collapse": 0.0}),
        ("collapse", PIECE_ML, {"consolidation": 0.0, "collapse": PIECE_ML}),
        ("effusion", 0.0, {"consolidation": 0.0, "collapse": 0.0}),
    ],
)
def test_what_is_accepted_belongs_to_the_lung_by_its_class(
    label: DenseClass, lung_ml: float, classes: dict[str, float]
) -> None:
    """Collapse is lung and no opacity, an effusion is neither, and none of them is ever ground glass."""
    point = scan(dense())
    before, found = (measure_scan(one)["right_lung"] for one in (point, after(point, accept(point, label))))
    assert found.volume_ml - before.volume_ml == pytest.approx(lung_ml)
    assert {key: found.classes_ml[key] for key in classes} == pytest.approx(classes)
    assert found.classes_ml["ground_glass"] == 0.0
    assert found.opacity_ml == pytest.approx(classes["consolidation"])


def compared(before: Timepoint, later: Timepoint, transform: Transform | None = None) -> tuple[Interval, Verdict]:
    """The interval of the right lung's opacity and its verdict."""
    first, second = (scan_sensitivity(point, lambda _, point=point: point.opacity) for point in (before, later))
    pair = with_open_candidates((first, second), (before, later), transform)
    interval = find_intervals(*pair)["right_lung"]["opacity_ml"]
    assert interval is not None
    measures = [measure_scan(point)["right_lung"] for point in (before, later)]
    return interval, judge(interval, *measures)


def there(hu: float, top: int = 6) -> Timepoint:
    """A scan that offers nothing and has tissue of this density up to the top of `PIECE`, and above that air."""
    point = scan()
    array = point.volume.array.copy()
    array[top:6] = -850
    array[:top] = hu
    return replace(point, volume=Volume(array, GRID))


SAME_PLACE = Transform(GRID, GRID, np.eye(4))


def test_one_that_is_open_in_one_scan_alone_leaves_the_change_open() -> None:
    clear, offered = scan(), scan(dense())
    found, verdict = compared(clear, offered)
    confirmed, _ = compared(clear, after(offered, accept(offered)))
    assert compared(clear, clear)[1] == "unchanged"
    assert (found.value, found.dominant, verdict) == (0.0, TO_CONFIRM, "indeterminate")
    assert confirmed.value == pytest.approx(PIECE_ML)
    assert found.low <= confirmed.value <= found.high


def test_one_that_is_open_in_both_scans_cancels() -> None:
    (open_in_both, verdict), (without, _) = compared(scan(dense()), scan(dense())), compared(scan(), scan())
    assert (open_in_both.low, open_in_both.high) == pytest.approx((without.low, without.high))
    assert verdict == "unchanged"


def test_one_that_the_other_scan_shows_as_dense_and_does_not_offer_cancels() -> None:
    offered, (without, _) = scan(dense()), compared(scan(), scan())
    not_registered, registered, partly = (
        compared(before, offered, transform)[0].high - without.high
        for before, transform in ((there(40), None), (there(40), SAME_PLACE), (there(40, top=5), SAME_PLACE))
    )
    assert (not_registered, registered) == pytest.approx((PIECE_ML, 0.0))
    assert partly == pytest.approx(PIECE_ML / 4)


@pytest.mark.parametrize(("aerated_from_mm", "open_share"), [(24.0, 0.0), (20.0, 0.5)])
def test_a_rim_within_the_error_of_registration_cancels_and_what_reaches_deeper_counts_whole(
    aerated_from_mm: float, open_share: float
) -> None:
    """Of the piece, whose layers lie at 10 to 25 mm, the other scan shows one 2 mm into air, or two 2 and 6 mm."""
    fine = Geometry.aligned((50, 20, 30), (2.0, 5.0, 5.0), origin=(0.0, 0.0, 0.0), frame_of_reference="1.2.4")
    above = np.arange(50) * 2.0 >= aerated_from_mm
    array = np.where(above[:, None, None], -850, 40) + np.zeros(fine.shape)
    lungs = LungMap((array < 0).astype(np.uint8), fine, LUNG_SCHEME)
    other = replace(
        scan(),
        volume=Volume(array.astype(np.int16), fine),
        organ=lungs,
        opacity=LabelMap(np.zeros(fine.shape, np.uint8), fine, OPACITY_SCHEME),
        regions=divide_lungs(lungs),
        candidates=(),
    )
    found, _ = compared(other, scan(dense()), Transform(fine, GRID, np.eye(4)))
    assert found.sources.get(TO_CONFIRM, 0.0) == pytest.approx(0.5 * open_share * PIECE_ML)


def test_one_that_the_other_scan_shows_aerated_does_not_cancel() -> None:
    found, verdict = compared(there(-700), scan(dense()), SAME_PLACE)
    assert (found.dominant, verdict) == (TO_CONFIRM, "indeterminate")
    assert found.high >= PIECE_ML


def test_one_that_the_other_scan_counts_as_lung_does_not_cancel() -> None:
    """Taken for lung in both scans it would be no change, and now it is one."""
    counted = scan(dense())
    counted = after(counted, accept(counted))
    found, _ = compared(counted, scan(dense()), SAME_PLACE)
    assert found.value == pytest.approx(-PIECE_ML)
    assert found.low < -0.9 * PIECE_ML
    assert found.high >= 0.0


def test_one_that_was_judged_widens_nothing() -> None:
    point = scan(dense())
    for edit in (accept(point), record(point, "dismiss_candidate", dismissal(point.candidates[0].piece))):
        assert TO_CONFIRM not in compared(scan(), after(point, edit))[0].sources


@pytest.mark.parametrize("proposed", ["collapse", "effusion"])
def test_what_is_proposed_as_no_opacity_may_be_consolidation_all_the_same(proposed: DenseClass) -> None:
    assert compared(scan(), scan(dense(proposed=proposed))) == compared(scan(), scan(dense()))


def test_it_counts_for_the_parts_of_the_lung_that_it_touches() -> None:
    point = scan(dense())
    won = dict(zip(point.regions.names, ml_to_confirm(point.candidates, point.regions), strict=True))
    assert won["lungs"] == won["right_lung"] == won["right_lung/basal"] == PIECE_ML
    assert won["left_lung"] == won["right_lung/apical"] == 0.0


def with_lobes(point: Timepoint) -> Timepoint:
    """The lobes of each lung one above the other; the candidate lies below the right lower one."""
    parts = np.zeros(GRID.shape, np.uint8)
    for lobe, first, last, side in zip(LOBES, (13, 10, 6, 11, 6), (18, 13, 10, 18, 11), (1, 1, 1, 2, 2), strict=True):
        here = (slice(first, last), slice(None), slice(None))
        parts[here][point.organ.array[here] == side] = LOBE_SCHEME[lobe].value
    lobes = LabelMap(parts, GRID, LOBE_SCHEME)
    return replace(point, parts=lobes, regions=divide_lungs(point.organ, lobes=lobes))


def by_region(sensitivities: tuple[Sensitivity, Sensitivity], point: Timepoint) -> list[dict[str, Any]]:
    """What open candidates beside a point, the same in both scans, add to each scan in each region."""
    pair = with_open_candidates(sensitivities, (point, point), SAME_PLACE)
    return [dict(zip(one.names, one.alternatives_ml[TO_CONFIRM][:, -1], strict=True)) for one in pair]


def test_one_that_both_scans_show_cancels_in_the_lungs_and_leaves_its_lobe_open() -> None:
    """Of the lobe it may be all that there is, and each scan may draw it otherwise."""
    offered, clear = with_lobes(scan(dense())), with_lobes(scan())
    found, without = (
        find_intervals(*with_open_candidates(both, (point, point), SAME_PLACE))
        for point in (offered, clear)
        for both in [(scan_sensitivity(point, lambda _, point=point: point.opacity),) * 2]
    )
    wider = {
        name: found[name]["opacity_ml"].half_width - without[name]["opacity_ml"].half_width  # type: ignore[union-attr]
        for name in ("lungs", "right_lung", "right_lower_lobe", "right_upper_lobe", "left_lower_lobe")
    }
    assert 0.2 * PIECE_ML < wider.pop("right_lower_lobe") < 0.4 * PIECE_ML
    assert set(wider.values()) == {0.0}


@pytest.mark.parametrize(("lost_ml", "open_ml"), [(0.0, 0.0), (10.0, 10.0), (50.0, PIECE_ML)])
def test_one_that_both_scans_show_is_open_as_far_as_its_lobe_lost_lung(lost_ml: float, open_ml: float) -> None:
    point = with_lobes(scan(dense()))
    whole = scan_sensitivity(point, lambda _: point.opacity)
    less = whole.volume_ml - lost_ml * np.isin(whole.names, ["right_lower_lobe"])
    before, after_it = by_region((whole, replace(whole, volume_ml=less)), point)
    assert set(before.values()) == {0.0}
    assert [after_it[name] for name in ("lungs", "right_lung", "right_lower_lobe")] == pytest.approx([open_ml] * 3)
    assert after_it["left_lung"] == after_it["right_upper_lobe"] == 0.0


def test_a_lobe_whose_border_is_not_known_tells_of_no_lost_lung() -> None:
    point = with_lobes(scan(dense()))
    whole = scan_sensitivity(point, lambda _: point.opacity)
    less = whole.volume_ml - 10.0 * np.isin(whole.names, ["right_lower_lobe"])
    unseen = Check("right_oblique_fissure", 20, 40.0, False, "", "stops", LOBES[:3], parts_only=True)
    parts = cast("LabelMap", point.parts)
    found = by_region((whole, replace(whole, volume_ml=less)), replace(point, parts=replace(parts, checks=(unseen,))))
    assert all(not any(one.values()) for one in found)


def test_undone_it_is_as_it_was() -> None:
    point = scan(dense())
    done = accept(point)
    again = after(point, done, record(point, UNDO, {"of": done.id}))
    assert measure_scan(again) == measure_scan(point)
    assert [one.state for one in again.candidates] == ["open"]


def test_the_last_record_of_a_piece_counts() -> None:
    point = scan(dense())
    dismiss = record(point, "dismiss_candidate", dismissal(point.candidates[0].piece))
    found = after(point, accept(point), dismiss)
    assert measure_scan(found) == measure_scan(point)
    assert [one.state for one in found.candidates] == ["dismissed"]


def test_a_record_outlives_settings_that_offer_the_piece_no_more() -> None:
    edit = accept(scan(dense()))
    found = after(scan(), edit)
    (one,) = found.candidates
    assert (one.piece.id, one.state, one.label) == (edit.payload["id"], "accepted", "consolidation")
    assert measure_scan(found)["right_lung"].opacity_ml == pytest.approx(PIECE_ML)


def test_a_record_outlives_settings_that_draw_the_piece_otherwise() -> None:
    """It is one piece still, and not one that is accepted beside one that is open."""
    drawn = scan(dense((slice(2, 6), slice(4, 10), slice(3, 11))))
    assert [one.state for one in judged_after(drawn, accept(scan(dense())))] == ["accepted"]


@pytest.mark.parametrize("last", [9, 15])
def test_lungs_take_in_the_voxels_that_were_accepted_however_settings_draw_the_piece(last: int) -> None:
    drawn = scan(dense((slice(2, 6), slice(4, 10), slice(3, last))))
    before, found = (measure_scan(one)["right_lung"] for one in (drawn, after(drawn, accept(scan(dense())))))
    assert found.volume_ml - before.volume_ml == pytest.approx(PIECE_ML)
    assert found.opacity_ml == pytest.approx(PIECE_ML)


def test_a_record_of_a_piece_elsewhere_leaves_this_one_open() -> None:
    elsewhere = scan(dense((slice(2, 6), slice(11, 16), slice(3, 12))))
    states = {one.piece.id: one.state for one in judged_after(elsewhere, accept(scan(dense())))}
    assert sorted(states.values()) == ["accepted", "open"]


def test_all_accepts_what_is_open_and_leaves_what_was_dismissed() -> None:
    other = dense((slice(2, 6), slice(11, 16), slice(3, 12)), "effusion")
    point = scan(dense(), other)
    dismissed = record(point, "dismiss_candidate", dismissal(point.candidates[0].piece))
    (records,) = accepting((point,), ("all",), ((dismissed,),))
    assert [(edit.payload["id"], edit.payload["label"]) for edit in records] == [(other.id, "effusion")]


def test_one_word_is_one_name_and_not_its_letters() -> None:
    point = scan(dense())
    assert len(accepting((point,), "all")[0]) == 1


def test_an_id_that_nobody_offers_is_refused_with_those_that_are() -> None:
    point = scan(dense())
    with pytest.raises(WrongUse, match="r0000") as refused:
        accepting((point,), ("r0000",))
    assert dense().id in str(refused.value.remedy)


def test_checks_name_what_is_open_and_how_large_the_lungs_are_with_what_was_accepted() -> None:
    point = scan(dense())
    bare = point.organ
    assert isinstance(bare, LungMap)
    lungs = replace(bare, checks=lung_checks(bare, None, 0.0, 0.0, by_prior=False))
    before, now = (
        {check.name: check for check in lung_checks_now(lungs, one)} for one in (point, after(point, accept(point)))
    )
    assert (before["dense_candidates"].ok, before["dense_candidates"].value) == (False, PIECE_ML)
    assert now["dense_candidates"].ok
    volumes = [float(found["lung_volume_plausible"].value or 0.0) for found in (before, now)]
    assert volumes[1] - volumes[0] == pytest.approx(PIECE_ML)
    assert list(now) == list(before)


def test_rows_of_the_table_tell_what_is_open_beside_each_part() -> None:
    point = scan(dense())
    document = {
        "regions": [{"region": name} for name in ("lungs", "right_lung", "left_lung", "right_lung/basal")],
        "candidates": [one.to_dict() for one in point.candidates],
    }
    found = [(row["open_candidates"], row["open_candidates_ml"]) for row in measurement_rows(document)]
    assert found == [(1, PIECE_ML), (1, PIECE_ML), (0, 0), (1, PIECE_ML)]


@pytest.mark.parametrize("name", ["right_lung/dorsal", "lungs/basal", "right_lower_lobe", "right_lower_lobe/basal"])
def test_what_is_open_is_unknown_beside_parts_that_candidates_are_not_told_by(name: str) -> None:
    document = {"regions": [{"region": name}], "candidates": [one.to_dict() for one in scan(dense()).candidates]}
    (row,) = measurement_rows(document)
    assert (row["open_candidates"], row["open_candidates_ml"]) == (None, None)


def test_a_document_holds_place_and_state_and_no_voxels() -> None:
    (one,) = scan(dense()).candidates
    assert replace(one, state="accepted", label="collapse").to_dict() == {
        "id": dense().id,
        "state": "accepted",
        "class": "collapse",
        "proposed_class": "consolidation",
        "ml": PIECE_ML,
        "side": "right_lung",
        "region": "right_lung/basal",
        "centre_mm": list(dense().centre),
        "reason": "a sharp edge",
    }


def test_variants_of_a_threshold_are_corrected_on_the_lungs_that_the_reader_saw() -> None:
    """A brush sets nothing where an accepted piece was erased again, and nor may it in a variant."""
    point = scan(dense())
    stroke: dict[str, object] = {"points": [list(point.candidates[0].piece.centre)], "plane": 0, "settings": BRUSH}
    edits = (
        accept(point),
        record(point, "brush", {**stroke, "label": None}),
        record(point, "brush", {**stroke, "label": "ground_glass"}),
    )
    one = SimpleNamespace(excess=SimpleNamespace(streaks_hu=None))
    pair = SimpleNamespace(points=(point, point), scans=(one, one), beside=None, opacity=lambda *_, **__: point.opacity)
    prepared = Prepared(cast("Any", pair), None, (), None, None, ChestCtSettings(), {})
    table = prepared.sensitivity(0, after(point, *edits), edits, None).opacity_ml
    assert np.array_equal(table, np.broadcast_to(table[0], table.shape))
    assert 0.0 < table[0].max() < PIECE_ML

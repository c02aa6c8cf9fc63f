"""Pieces of opacity in label maps whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from ctreview.change import Comparison, Timepoint, find_fate
from ctreview.change.fate import FateSettings
from ctreview.change.pieces import Piece, Pieces, PieceSettings, find_pieces
from ctreview.edits import Edit
from ctreview.errors import WrongUse
from ctreview.tools import Canvas, handlers
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.regions import Partition, Regions
from ctreview.volume.transform import Transform
from ctreview.volume.volume import Volume

from .bodies import DIVISIONS, OPACITY, ball, box_regions, labels, shift_transform

GRID = Geometry.aligned((40, 44, 48), (2.0, 1.5, 1.5), origin=(-30.0, -20.0, 5.0), frame_of_reference="source:test")
FAR, NEAR, NEW = (10, 12, 10), (28, 30, 36), (12, 30, 36)
"""Centres in voxels: right and below, left and above, left and below."""


def comparison(before: LabelMap, after: LabelMap, *, transform: Transform | None = None) -> Comparison:
    """Two scans of the box with these opacities."""
    fate = None if transform is None else find_fate(before, after, transform, settings=FateSettings(0.0))
    points = []
    for number, opacity in enumerate((before, after)):
        volume = Volume(np.full(GRID.shape, -800, np.int16), GRID)
        organ = LabelMap(np.ones(GRID.shape, np.uint8), GRID, OPACITY)
        own = None if fate is None else (fate.baseline, fate.followup)[number]
        points.append(Timepoint(volume, organ, opacity, box_regions(GRID), fate=own))
    return Comparison(points[0], points[1], 62, (), (), None, {}, transform=transform)


@pytest.fixture(scope="module")
def found() -> Pieces:
    """One ball gone, one that stays with a new part at its side, one new; solid where it is new."""
    gone, stays, new = ball(GRID, FAR, 9.0), ball(GRID, NEAR, 7.0), ball(GRID, NEW, 5.0)
    grown = stays | ball(GRID, (28, 30, 42), 4.0)
    before, after = labels(GRID, glass=gone | stays), labels(GRID, glass=grown, solid=new)
    return find_pieces(comparison(before, after, transform=shift_transform(GRID)))


def at(point: object) -> tuple[int, ...]:
    return tuple(int(n) for n in np.rint(GRID.to_index(np.asarray(point))))


def ml(mask: np.ndarray) -> float:
    return float(mask.sum()) * GRID.voxel_ml


def test_every_piece_is_there_with_size_place_and_region_the_largest_first(found: Pieces) -> None:
    said = [(one.timepoint, one.label, one.fate, one.region) for one in found.pieces]
    assert said == [
        (0, "ground_glass", "resolved", "right_lung"),
        (1, "ground_glass", "persistent_followup", "left_lung"),
        (0, "ground_glass", "persistent", "left_lung"),
        (1, "consolidation", "new", "left_lung"),
    ]
    assert found.pieces[0].ml == pytest.approx(ml(ball(GRID, FAR, 9.0)))
    assert [at(found.pieces[n].place) for n in (0, 2, 3)] == [FAR, NEAR, NEW]


def test_a_piece_with_two_fates_is_found_under_both(found: Pieces) -> None:
    grown = found.pieces[1]
    stays = ball(GRID, NEAR, 7.0)
    more = ball(GRID, (28, 30, 42), 4.0) & ~stays
    assert grown.fate_ml == pytest.approx({"persistent_followup": ml(stays), "new": ml(more)})
    assert more[at(grown.places["new"])]
    assert stays[at(grown.places["persistent_followup"])]
    assert [one.label for one in found.of("new")] == ["consolidation", "ground_glass"]
    assert found.of("resolved") == found.pieces[:1]
    assert found.of("worsened") == ()


def test_listed_and_left_out_pieces_together_hold_all_of_the_opacity_each_once() -> None:
    large, half = ball(GRID, FAR, 9.0), ball(GRID, FAR, 9.0)
    half[:, :, FAR[2] :] = False
    specks = np.zeros(GRID.shape, dtype=bool)
    specks[30:38:4, 36, 40] = True
    before, after = labels(GRID, glass=large | specks), labels(GRID, glass=half)
    found = find_pieces(comparison(before, after, transform=shift_transform(GRID)))
    assert found.least_ml == PieceSettings().least_ml
    assert (found.small[0].count, found.small[1].count) == (2, 0)
    for number, opacity in enumerate((before, after)):
        listed = sum(piece.ml for piece in found.pieces if piece.timepoint == number)
        assert listed + found.small[number].ml == pytest.approx(ml(opacity.counted_mask()))


def test_a_rim_smaller_than_a_piece_does_not_list_a_piece_under_its_fate() -> None:
    stays, rim = ball(GRID, NEAR, 7.0), np.zeros(GRID.shape, dtype=bool)
    rim[28, 30, 41:43] = True
    rim &= ~stays
    assert 0 < ml(rim) < PieceSettings().least_ml
    grown = comparison(labels(GRID, glass=stays), labels(GRID, glass=stays | rim), transform=shift_transform(GRID))
    found = find_pieces(grown)
    assert found.of("new") == ()
    assert len(found.of("persistent_followup")) == 1
    assert len(find_pieces(grown, settings=PieceSettings(least_ml=0.001)).of("new")) == 1


def test_places_in_the_other_scan_follow_the_registration() -> None:
    here, there = ball(GRID, NEAR, 7.0), np.roll(ball(GRID, NEAR, 7.0), (2, 0, -4), axis=(0, 1, 2))
    shift = (-6.0, 0.0, 4.0)
    pieces = find_pieces(
        comparison(labels(GRID, glass=here), labels(GRID, glass=there), transform=shift_transform(GRID, shift))
    ).pieces
    assert [one.timepoint for one in pieces] == [0, 1]
    for one, factor in zip(pieces, (1, -1), strict=True):
        assert one.elsewhere == pytest.approx(np.add(one.place, factor * np.array(shift)))
        assert one.counterpart == pytest.approx(one.elsewhere)


def test_what_stays_is_rejected_in_both_scans_and_what_went_in_one(found: Pieces) -> None:
    gone, grown, stays, new = found.pieces
    assert [(number, kind) for number, kind, _ in gone.rejected()] == [(0, "remove_piece")]
    assert [(number, kind) for number, kind, _ in new.rejected()] == [(1, "remove_piece")]
    assert [(number, kind) for number, kind, _ in stays.rejected()] == [(0, "remove_piece"), (1, "remove_piece")]
    assert [(number, kind) for number, kind, _ in grown.rejected()] == [(1, "remove_piece"), (0, "remove_piece")]


def test_what_the_other_scan_has_too_is_taken_there(found: Pieces) -> None:
    gone, grown, _, new = found.pieces
    assert gone.missed_elsewhere() == ((1, "take_piece", {"point": list(gone.place), "label": "ground_glass"}),)
    assert new.missed_elsewhere() == ((0, "take_piece", {"point": list(new.place), "label": "consolidation"}),)
    assert grown.missed_elsewhere() == ()


def test_a_rejection_is_an_edit_that_removes_exactly_that_piece(found: Pieces) -> None:
    gone, stays = ball(GRID, FAR, 9.0), ball(GRID, NEAR, 7.0)
    before = labels(GRID, glass=gone | stays)
    canvas = Canvas(Volume(np.full(GRID.shape, -800, np.int16), GRID), before)
    ((number, kind, payload),) = found.pieces[0].rejected()
    assert number == 0
    edit = Edit(kind, "opacity", payload, "anna", "digest", GRID)
    patch = handlers(canvas)[kind](before, edit)
    array = before.array.copy()
    array[patch.box] = patch.labels
    assert np.array_equal(array > 0, stays)


def test_the_largest_piece_of_a_region_is_named_within_the_region(found: Pieces) -> None:
    before, after = found.largest
    assert at(before["lungs"]) == at(before["right_lung"]) == FAR
    assert at(before["left_lung"]) == NEAR
    assert "right_lung" not in after
    assert found.pieces[1].region == "left_lung"
    assert at(after["lungs/basal"]) == NEW
    spanning = labels(GRID, glass=ball(GRID, (20, 22, 26), 12.0))
    (over,) = (find_pieces(comparison(spanning, spanning)).largest[0],)
    regions = box_regions(GRID)
    for name in ("right_lung", "left_lung", "lungs/basal", "lungs/apical"):
        assert regions.mask(name)[at(over[name])]
        assert spanning.array[at(over[name])]


def test_a_third_is_named_where_it_holds_most() -> None:
    cells = np.zeros(GRID.shape, np.uint8)
    cells[...] = (1 + np.arange(40) * 3 // 40)[:, None, None]
    thirds = {f"left_lung/{third}": (n,) for n, third in enumerate(("basal", "middle", "apical"), 1)}
    regions = Regions(GRID, (Partition(cells, {"left_lung": (1, 2, 3), **thirds}),), DIVISIONS)
    volume = Volume(np.full(GRID.shape, -800, np.int16), GRID)
    for level, name in ((6, "left_lung/basal"), (20, "left_lung/middle"), (26.5, "left_lung")):
        opacity = labels(GRID, glass=ball(GRID, (level, 22, 24), 6.0))
        point = Timepoint(volume, opacity, opacity, regions)
        (piece, _) = find_pieces(Comparison(point, point, None, (), (), None, {})).pieces
        assert piece.region == name


def test_specks_are_left_out_and_no_piece_is_no_fault() -> None:
    speck, nothing = labels(GRID, glass=ball(GRID, FAR, 2.0)), labels(GRID)
    found = find_pieces(comparison(speck, nothing))
    assert (found.pieces, found.largest, found.small[0].count) == ((), ({}, {}), 1)
    (one,) = find_pieces(comparison(speck, nothing), settings=PieceSettings(least_ml=0.0)).pieces
    assert one.ml < 0.1
    with pytest.raises(WrongUse):
        PieceSettings(least_ml=-1)


def test_without_a_registration_there_is_no_fate_and_no_other_place() -> None:
    glass = labels(GRID, glass=ball(GRID, FAR, 9.0))
    (one, _) = find_pieces(comparison(glass, glass)).pieces
    assert isinstance(one, Piece)
    assert (one.fate, one.elsewhere, one.counterpart) == (None, None, None)
    assert one.rejected() == ((0, "remove_piece", {"point": list(one.place)}),)
    assert one.missed_elsewhere() == ()


def test_a_place_that_the_other_scan_does_not_show_has_no_counterpart() -> None:
    glass = labels(GRID, glass=ball(GRID, FAR, 9.0))
    far = find_pieces(comparison(glass, labels(GRID), transform=shift_transform(GRID, (500.0, 0.0, 0.0)))).pieces
    assert (far[0].elsewhere, far[0].counterpart) == (None, None)

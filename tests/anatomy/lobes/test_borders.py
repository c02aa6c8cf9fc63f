"""Borders of lobes as lines, and a click that goes to the sheet near it; on phantoms whose fissures are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.anatomy import LOBE_SCHEME, LOBES, LobeMap, find_lobes
from ctreview.anatomy.lobes import LobeBorders, LobePiece, nearest_fissure, snap_to_sheet
from ctreview.anatomy.lobes.pieces import give_pieces
from ctreview.phantom import Phantom, phantom_child
from ctreview.volume.labels import Label, LabelMap, Scheme


@pytest.fixture(scope="module")
def child() -> Phantom:
    return phantom_child(spacing=(1.5, 1.0, 1.0))[0]


@pytest.fixture(scope="module")
def lobes(child: Phantom) -> LobeMap:
    return find_lobes(child.volume, child.lungs, child.vessels)


BESIDE = [np.array(step) - 1 for step in np.ndindex(3, 3, 3)]


def crossed(found: LabelMap, axis: int, level: int) -> int:
    """How many neighbours in a slice belong to two lobes of one lung."""
    flat = np.take(found.array, level, axis=axis).astype(int)
    pairs = [(flat[1:], flat[:-1]), (flat[:, 1:], flat[:, :-1])]
    return sum(int(np.count_nonzero((a != b) & (a > 0) & (b > 0) & ((a > 3) == (b > 3)))) for a, b in pairs)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_lines_run_where_lobes_border_on_each_other(child: Phantom, lobes: LobeMap, axis: int) -> None:
    borders = LobeBorders(child.lungs, lobes.fissures)
    level = int(np.argmax([crossed(lobes, axis, at) for at in range(lobes.array.shape[axis])]))
    lines = borders.in_slice(axis, level)
    points = np.concatenate([line.points for line in lines])
    index = lobes.geometry.to_index(points)
    assert np.allclose(index[:, axis], level)
    for fissure, line in ((lobes.fissures[line.fissure], line) for line in lines):
        assert np.abs(fissure.height_over(line.points)).max() < 1.0
    around = np.rint(index).astype(int)
    last = np.array(lobes.array.shape) - 1
    near = np.array([lobes.array[tuple(np.clip(around + step, 0, last).T)] for step in BESIDE])
    either = [(near == value).any(axis=0) for value in range(1, 6)]
    assert (np.sum(either, axis=0) >= 2).mean() > 0.98, "every point lies between two lobes"
    assert len(points) > 0.5 * crossed(lobes, axis, level)


def test_what_was_not_seen_is_told(child: Phantom, lobes: LobeMap) -> None:
    fissure = lobes.fissures["left_oblique"]
    half = fissure.position[..., 1] < np.median(fissure.position[fissure.inside][:, 1])
    hidden = replace(fissure, seen=fissure.seen & half)
    borders = LobeBorders(child.lungs, {**lobes.fissures, "left_oblique": hidden})
    every = [line for level in range(20, 100, 10) for line in borders.in_slice(0, level)]
    lines = [line for line in every if line.fissure == "left_oblique"]
    said, true = [], []
    for line in lines:
        places = hidden.surface.prior.plane.coordinates(hidden.frame.to_template(line.points))
        column = tuple(np.clip(hidden.column_of(places[:, :2]), 0, np.array(half.shape) - 1).T)
        said += [line.known] * int(hidden.inside[column].sum())
        true += list(hidden.seen[column][hidden.inside[column]])
    assert np.mean(np.array(said) == np.array(true)) > 0.95
    assert {line.known for line in lines} == {True, False}


def test_a_piece_that_was_given_is_outlined_and_moves_with_no_fissure(child: Phantom, lobes: LobeMap) -> None:
    lower = np.argwhere(lobes.array == LOBE_SCHEME["left_lower_lobe"].value)
    a, b, c = lower[len(lower) // 2]
    box = (slice(a - 3, a + 4), slice(b - 4, b + 5), slice(c - 4, c + 5))
    piece = LobePiece("left_upper_lobe", box, np.ones((7, 9, 9), dtype=bool))
    changed = replace(lobes, pieces=(piece,)).within(child.lungs)
    assert (changed.array[box] == LOBE_SCHEME["left_upper_lobe"].value).all()
    borders = LobeBorders(child.lungs, lobes.fissures, (piece,))
    assert np.array_equal(borders.lobes_in(box).array, changed.array[box])
    index = np.concatenate([lobes.geometry.to_index(line.points) for line in borders.in_slice(0, a)])
    outline = (np.abs(index[:, 1:] - [b, c]).max(axis=1) < 5.5) & (np.abs(index[:, 1:] - [b, c]).max(axis=1) > 3.5)
    assert outline.sum() > 20
    whole = np.zeros(lobes.array.shape, dtype=bool)
    whole[box] = True
    for moved in changed.moved_borders():
        assert not whole.ravel()[moved.where].any()


def test_a_piece_takes_nothing_from_the_other_lung(child: Phantom, lobes: LobeMap) -> None:
    array = lobes.array.copy()
    whole = LobePiece("right_middle_lobe", tuple(slice(0, n) for n in array.shape), np.ones(array.shape, dtype=bool))
    give_pieces(array, child.lungs, (whole,))
    assert set(np.unique(array)) == {0, 2, 4, 5}


def test_lobes_without_fissures_have_borders_as_well(child: Phantom, lobes: LobeMap) -> None:
    """As an engine gives them, in numbers of its own."""
    scheme = Scheme(tuple(Label(9 - value, key, (9, 9, 9)) for value, key in enumerate(LOBES)))
    theirs = LabelMap(np.where(lobes.array > 0, 10 - lobes.array, 0).astype(np.uint8), lobes.geometry, scheme)
    drawn = LobeBorders(child.lungs, lobes=theirs).in_slice(0, 60)
    known = LobeBorders(child.lungs, lobes.fissures).in_slice(0, 60)
    assert {line.fissure for line in drawn} == {line.fissure for line in known}
    ends = [sorted(np.concatenate([line.points for line in lines])[:, 0])[:: len(lines)] for lines in (drawn, known)]
    assert ends[0][0] == pytest.approx(ends[1][0], abs=2.0)


@pytest.mark.parametrize("name", ["right_oblique", "right_minor", "left_oblique"])
def test_a_click_beside_a_fissure_goes_to_it(child: Phantom, lobes: LobeMap, name: str) -> None:
    """From 3 mm to either side; most clicks, as a vessel may lie there."""
    fissure = lobes.fissures[name]  # type: ignore[index]
    position = fissure.position[fissure.inside & fissure.seen]
    chosen = position[:: len(position) // 15]
    height, _ = fissure.surface.at(chosen)
    plane = fissure.surface.prior.plane
    on = fissure.frame.to_patient(plane.points(np.column_stack([chosen, height])))
    normal = fissure.frame.scale * plane.normal
    side = "left_lung" if name.startswith("left") else "right_lung"
    off = []
    for place, sign in zip(on, [1, -1] * 8, strict=False):
        click = place + 3.0 * sign * normal / np.linalg.norm(normal)
        assert nearest_fissure(lobes.fissures, click, side) in (name, "right_oblique", "right_minor")
        snapped = snap_to_sheet(child.volume, child.vessels, fissure, click)
        off.append(abs(float(fissure.height_over(snapped.place))))
    assert np.median(off) < 0.8
    assert np.mean(np.array(off) < 1.5) >= 0.75


def test_far_from_any_sheet_a_click_stays(child: Phantom, lobes: LobeMap) -> None:
    plain = replace(child.volume, array=np.full_like(child.volume.array, -850))
    fissure = lobes.fissures["left_oblique"]
    place = fissure.frame.to_patient(fissure.surface.prior.plane.points([5.0, 10.0, 0.0]))
    snapped = snap_to_sheet(plain, child.vessels, fissure, place)
    assert not snapped.on_sheet
    assert snapped.place == pytest.approx(tuple(place))

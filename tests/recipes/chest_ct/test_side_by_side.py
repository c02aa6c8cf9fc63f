import dataclasses

import numpy as np
import pytest

from ctreview.anatomy import LUNG_SCHEME, LungMap
from ctreview.anatomy.vessels import VESSEL_SCHEME
from ctreview.phantom import true_transform
from ctreview.recipes.chest_ct import pair, scan, side_by_side
from ctreview.recipes.chest_ct.engines import GivenParts
from ctreview.recipes.chest_ct.pair import analyse_pair, find_common_rule
from ctreview.recipes.chest_ct.side_by_side import (
    analyse_side_by_side,
    priors_for,
    recover_lost_lung,
    remove_lone_pieces,
)
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.transform import Transform
from ctreview.volume.volume import Volume
from tests.without_lobes import WITHOUT_LOBES


@dataclasses.dataclass(frozen=True)
class FoundLungs:
    """As much of an analysis as the search for lost lung needs."""

    volume: object
    lungs: object
    vessels: object = None
    given: GivenParts = GivenParts()  # noqa: RUF009


def two_scans(child, consolidated=None):
    """Both scans; the base of the lungs of one of them turned to soft tissue, which its own lungs leave out."""
    found = []
    for number, phantom in enumerate(child):
        volume, lungs = phantom.volume, phantom.lungs
        if number == consolidated:
            levels = np.flatnonzero(lungs.array.any(axis=(1, 2)))
            base = lungs.array > 0
            base[levels[0] + len(levels) // 4 :] = False
            volume = volume.with_array(np.where(base, 40, volume.array).astype(np.int16))
            lungs = dataclasses.replace(lungs, array=np.where(base, 0, lungs.array))
        found.append(FoundLungs(volume, lungs))
    return tuple(found)


def dice(one, other, key):
    a, b = one.mask(key), other.mask(key)
    return 2 * np.sum(a & b) / (a.sum() + b.sum())


@pytest.mark.parametrize("number", [0, 1])
def test_the_scan_that_lost_lung_gets_the_other_ones_on_its_own_grid(child, number):
    transform = true_transform(*child)
    priors = priors_for(two_scans(child, number), transform)
    assert priors[1 - number] is None
    assert priors[number].geometry == child[number].volume.geometry
    for key in ("right_lung", "left_lung"):
        # the child's baseline holds consolidation, which helps nobody
        assert dice(priors[number], child[number].lungs, key) > 0.85


def test_no_prior_where_nothing_is_lost(child):
    assert priors_for(two_scans(child), true_transform(*child)) == (None, None)


def test_scans_that_are_not_registered_are_left_as_they_are():
    found = object()
    assert analyse_side_by_side(found, None) is found


def test_looking_again_uses_the_prior_for_one_scan_and_leaves_the_other(child, comparison, monkeypatch):
    settings = dataclasses.replace(WITHOUT_LOBES, threads=1)
    first = analyse_pair(tuple(one.volume for one in child), (4.0, 4.0), settings=settings).scans
    given = []
    find_lungs = scan.find_lungs

    def watched(volume, **kwargs):
        given.append(kwargs.get("prior"))
        return find_lungs(volume, **kwargs)

    monkeypatch.setattr(scan, "find_lungs", watched)
    prior = child[1].lungs
    monkeypatch.setattr(side_by_side, "priors_for", lambda *_: (None, prior))
    again = recover_lost_lung(first, true_transform(*child), settings=settings)
    assert given == [prior]
    assert again[0] is first[0]
    assert again[1].lungs is not first[1].lungs


def test_where_no_lung_is_lost_nobody_looks_again(child):
    scans = two_scans(child)
    assert recover_lost_lung(scans, true_transform(*child)) is scans


def test_what_was_judged_side_by_side_is_what_is_varied(prepared):
    analysis, settings = prepared.pair, prepared.settings.opacity
    for number, point in enumerate(prepared.points):
        assert np.array_equal(analysis.opacity(number, settings=settings).array, point.opacity.array)
        # what each scan showed by itself is not kept beside it
        assert analysis.scans[number].excess is analysis.beside.excess[number]


def test_the_rule_is_found_anew_where_lungs_changed_and_only_there(prepared, monkeypatch):
    found, settings = prepared.pair, prepared.settings
    for step in ("recover_lost_lung", "remove_lone_pieces"):
        monkeypatch.setattr(side_by_side, step, lambda scans, *_, **__: scans)
    same = analyse_side_by_side(found, prepared.transform, settings=settings)
    assert same.thresholds is found.thresholds
    before, after = found.scans
    denser = dataclasses.replace(before, normal=dataclasses.replace(before.normal, mu_hu=before.normal.mu_hu + 20.0))
    monkeypatch.setattr(side_by_side, "recover_lost_lung", lambda *_, **__: (denser, after))
    anew = analyse_side_by_side(found, prepared.transform, settings=settings)
    assert anew.thresholds[0].normal_hu > found.thresholds[0].normal_hu + 5.0
    assert anew.points[0].opacity.voxels != found.points[0].opacity.voxels


def test_what_a_lung_grew_by_is_no_deeper_breath_to_the_common_rule(prepared):
    before, after = prepared.pair.scans
    bigger = dataclasses.replace(after.normal, mu_hu=before.normal.mu_hu, lung_ml=1.2 * before.normal.lung_ml)
    grown = before, dataclasses.replace(after, normal=bigger)
    _, (first, second) = find_common_rule(grown, growth=1.2, settings=prepared.settings)
    _, (early, late) = find_common_rule(grown, settings=prepared.settings)
    offset = (late.normal_hu - early.normal_hu) - (second.normal_hu - first.normal_hu)
    assert abs(second.normal_hu - first.normal_hu) < 10.0
    assert offset < -20.0


def test_the_other_timepoints_normal_lung_is_handed_over_with_growth_taken_off(prepared, monkeypatch):
    handed = []
    monkeypatch.setattr(pair, "with_normal_lung_of_other", lambda one, other, **_: handed.append(other) or one)
    before, after = prepared.pair.scans
    find_common_rule((before, after), growth=1.25, settings=prepared.settings)
    assert [one.lung_ml for one in handed] == [0.8 * after.normal.lung_ml, 1.25 * before.normal.lung_ml]


GRID = Geometry.aligned((80, 100, 130), (2.5, 2.0, 2.0), frame_of_reference="source:baseline")
LEFT = (slice(10, 70), slice(15, 85), slice(75, 120))
RIGHT = (slice(10, 70), slice(15, 85), slice(10, 55))
PIECE = (slice(10, 18), slice(20, 40), slice(80, 84))
"""Airless, at the base of the left lung: 6 mL."""


def boxed(*, piece, first_level=0):
    """A scan with a box for each lung, cut off below a level; ``piece`` says whether the piece is called lung."""
    array, lung = np.full(GRID.shape, 40, dtype=np.int16), np.zeros(GRID.shape, dtype=np.uint8)
    for value, box in ((1, RIGHT), (2, LEFT)):
        array[box], lung[box] = -850, value
    array[PIECE] = 35
    lung[PIECE] = 2 if piece else 0
    place = GRID.crop((first_level, 0, 0), GRID.shape)
    lungs = LungMap(lung[first_level:], place, LUNG_SCHEME, dense_ml=8.0 if piece else 0.0)
    vessels = LabelMap(np.zeros(place.shape, dtype=np.uint8), place, VESSEL_SCHEME)
    return FoundLungs(Volume(array[first_level:], place, "HU"), lungs, vessels)


@pytest.mark.parametrize(("first_level", "left_out"), [(0, True), (30, False)])
def test_a_lone_piece_is_left_out_only_where_the_other_scan_sees_its_place(first_level, left_out, monkeypatch):
    monkeypatch.setattr(
        side_by_side, "analyse_with_lungs", lambda scan, lungs, **_: dataclasses.replace(scan, lungs=lungs)
    )
    scans = boxed(piece=True), boxed(piece=False, first_level=first_level)
    transform = Transform(GRID, scans[1].volume.geometry, np.eye(4))
    kept = remove_lone_pieces(scans, transform)
    lungs = kept[0].lungs
    assert (np.count_nonzero(lungs.array[PIECE]) < 0.3 * lungs.array[PIECE].size) == left_out
    assert left_out or kept is scans

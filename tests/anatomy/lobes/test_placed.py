"""A fissure through points of a reader."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.anatomy.lobes.fissure import Fissure
from ctreview.anatomy.lobes.placed import copied_fissure, place_points
from ctreview.anatomy.lobes.prior import FissureName
from ctreview.anatomy.lobes.surface import fit_surface
from ctreview.volume.geometry import FloatArray
from tests.fissures import unseen_fissure


def fissure(name: FissureName = "left_oblique", *, off_mm: float | None = None) -> Fissure:
    """One of which nothing was seen; or all of it, so far off its mean."""
    unseen = unseen_fissure(name)
    if off_mm is None:
        return unseen
    nodes = unseen.position[::4, ::4].reshape(-1, 2)
    places = np.column_stack([nodes, unseen.surface.at(nodes)[0] + off_mm])
    deviation = np.full(len(nodes), 3.0)
    surface = fit_surface(unseen.surface.prior, places, deviation)
    return replace(unseen, surface=surface, seen=unseen.inside, places=places, place_deviation=deviation)


def over(one: Fissure, nodes: FloatArray, mm: float) -> FloatArray:
    """Patient places so far above a surface."""
    height, _ = one.surface.at(nodes)
    return one.frame.to_patient(one.surface.prior.plane.points(np.column_stack([nodes, height + mm])))


@pytest.mark.parametrize("name", ["right_oblique", "right_minor", "left_oblique"])
def test_it_passes_through_points_whatever_was_seen(name: FissureName) -> None:
    seen = fissure(name, off_mm=0.0)
    middle = np.array(seen.surface.prior.plane.shape) / 2
    points = over(seen, middle + np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]]), 9.0)
    assert np.abs(place_points(seen, points).height_over(points)).max() < 1.0
    assert np.abs(place_points(fissure(name), points).height_over(points)).max() < 1.0


def test_far_from_points_it_stays_where_it_was_seen() -> None:
    seen = fissure(off_mm=0.0)
    point = over(seen, np.array([[5.0, 6.0]]), 9.0)
    moved = np.abs(place_points(seen, point).surface.height - seen.surface.height).reshape(
        seen.surface.prior.plane.shape
    )
    assert moved[5, 6] > 5.0
    assert moved[:, 14:].max() < 0.5, "eight nodes are 96 mm"


def test_points_make_a_fissure_known_that_was_not_seen() -> None:
    """The more the farther apart they are, on a surface that fills its plane; what was seen stays seen."""
    unseen = fissure()
    nodes = np.array([[3.0, 4.0], [8.0, 5.0], [5.0, 12.0], [3.0, 20.0], [8.0, 20.0]])
    shares = [place_points(unseen, over(unseen, nodes[:count], 0.0)).share_placed for count in (1, 3, 5)]
    assert shares[0] < shares[1] < shares[2]
    assert shares[2] >= 0.3
    assert place_points(fissure(off_mm=0.0), over(unseen, nodes, 0.0)).share_placed == 0.0, "it was seen already"


def test_a_copied_fissure_lies_where_the_other_one_does() -> None:
    seen, other = fissure(off_mm=8.0), fissure(off_mm=-3.0)
    nodes = other.position[::8, ::8].reshape(-1, 2)
    copied = copied_fissure(seen, over(other, nodes, 0.0), error_mm=2.0)
    assert np.abs(copied.surface.height - other.surface.height).mean() < 0.5
    assert copied.share_seen == 0.0
    assert copied.share_carried > 0.9
    half = copied_fissure(seen, over(other, nodes[nodes[:, 1] < 12], 0.0), error_mm=2.0)
    assert 0.3 < half.share_carried < 0.65


def test_known_evenly_has_no_specks() -> None:
    one = fissure(off_mm=0.0)
    seen = one.seen.copy()
    seen[40, 60] = False
    seen[:, 100:] = False
    seen[20, 150] = True
    even = replace(one, seen=seen).known_evenly
    assert even[40, 60]
    assert not even[20, 150]
    assert np.array_equal(np.unique(np.argmin(even, axis=1)), [100])

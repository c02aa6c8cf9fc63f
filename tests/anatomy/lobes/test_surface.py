"""The most probable surface follows what was seen, and is unsure elsewhere."""

from __future__ import annotations

import numpy as np

from ctreview.anatomy.lobes.prior import known_fissures
from ctreview.anatomy.lobes.surface import fit_surface

PRIOR = known_fissures()["left_oblique"]


def test_without_a_point_the_surface_is_the_mean() -> None:
    found = fit_surface(PRIOR, np.zeros((0, 3)), [])
    assert np.array_equal(found.height, PRIOR.mean)


def test_a_surface_is_sure_where_it_was_seen_and_unsure_far_away() -> None:
    places = np.array([[5.0, 4.0], [5.0, 5.0], [6.0, 4.0], [6.0, 5.0]])
    mean, _ = fit_surface(PRIOR, np.zeros((0, 3)), []).at(places)
    found = fit_surface(PRIOR, np.column_stack([places, mean + 6.0]), 1.0)
    near, near_deviation = found.at([[5.5, 4.5]])
    _, far_deviation = found.at([[5.5, 22.0]])
    assert abs(near[0] - mean.mean() - 6.0) < 1.5
    assert near_deviation[0] < 1.5 < 4.0 < far_deviation[0]

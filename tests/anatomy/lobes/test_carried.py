"""A fissure that only the other scan shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.anatomy.lobes.carried import carry_fissure
from ctreview.anatomy.lobes.fissure import Fissure
from ctreview.anatomy.lobes.frame import LungFrame
from ctreview.anatomy.lobes.prior import known_fissures
from ctreview.anatomy.lobes.surface import fit_surface
from ctreview.volume.geometry import FloatArray


@pytest.fixture
def unseen() -> Fissure:
    """A fissure of which nothing was seen, where the template has it."""
    prior = known_fissures()["left_oblique"]
    axes = [np.linspace(0.0, size - 1.0, 8 * size) for size in prior.plane.shape]
    position = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    nothing = np.zeros(position.shape[:2], dtype=bool)
    surface = fit_surface(prior, np.zeros((0, 3)), [])
    frame = LungFrame(np.ones(3), np.zeros(3))
    return Fissure(surface, frame, position, ~nothing, nothing, 0.0, np.zeros((0, 3)), np.zeros(0))


def test_a_surface_runs_where_the_other_scan_shows_it(unseen: Fissure) -> None:
    shown = replace(unseen, seen=unseen.inside)
    normal = unseen.surface.prior.plane.normal

    def to_own(points: FloatArray) -> FloatArray:
        return points + 5.0 * normal

    found = carry_fissure(unseen, shown, to_own)
    assert np.abs(found.surface.height - unseen.surface.height - 5.0).mean() < 1.0
    assert found.share_carried > 0.9
    assert found.share_seen == 0.0


def test_what_both_scans_show_stays_as_it_is(unseen: Fissure) -> None:
    seen = replace(unseen, seen=unseen.inside)
    assert carry_fissure(seen, seen, lambda points: points + 5.0) is seen

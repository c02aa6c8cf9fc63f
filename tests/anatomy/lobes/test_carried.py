"""A fissure that only the other scan shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.anatomy.lobes.carried import carry_fissure
from ctreview.anatomy.lobes.fissure import Fissure
from ctreview.volume.geometry import FloatArray
from tests.fissures import unseen_fissure


@pytest.fixture
def unseen() -> Fissure:
    return unseen_fissure("left_oblique")


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

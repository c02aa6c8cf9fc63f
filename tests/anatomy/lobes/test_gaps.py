"""Gaps between vessels draw a surface that no sheet holds, unless they are not where the fissure is seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.anatomy.lobes.gaps import VesselGap, find_gap, gap_places, gap_trust
from ctreview.anatomy.lobes.prior import known_fissures
from ctreview.anatomy.lobes.slab import FissureSlab
from ctreview.anatomy.lobes.surface import SurfacePosterior, fit_surface

PRIOR = known_fissures()["left_oblique"]
HEIGHTS = np.arange(-24.0, 25.0, 2.0)
OFF_MM = 5.0


@pytest.fixture(scope="module")
def slab() -> FissureSlab:
    """Lung in which one place in six is vessel, but for 6 mm to either side of 5 mm above the mean surface."""
    axes = [np.arange(0.0, n - 1, 2.0 / PRIOR.plane.step) for n in PRIOR.plane.shape]
    position = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    expected = fit_surface(PRIOR, np.zeros((0, 3)), []).at(position.reshape(-1, 2))[0].reshape(position.shape[:2])
    shape = (*expected.shape, len(HEIGHTS))
    vessel = (np.random.default_rng(1).random(shape) < 1 / 6) & (np.abs(HEIGHTS - OFF_MM) > 6.0)
    hu = np.where(vessel, 0.0, -850.0).astype(np.float32)
    return FissureSlab(hu, np.ones(shape, bool), vessel, position, expected, HEIGHTS, 2.0 * np.eye(3), 2.0, 2.0)


@pytest.fixture(scope="module")
def gap(slab: FissureSlab) -> VesselGap:
    return find_gap(slab, np.zeros(slab.hu.shape, dtype=bool), PRIOR.plane)


def test_the_surface_goes_to_the_gap(gap: VesselGap) -> None:
    surface = SurfacePosterior(PRIOR, PRIOR.mean, np.zeros_like(PRIOR.mean))
    for _ in range(4):
        surface = fit_surface(PRIOR, *gap_places(gap, surface, 1.0))
    middle = gap.position[10:-10, 10:-10].reshape(-1, 2)
    moved = surface.at(middle)[0] - fit_surface(PRIOR, np.zeros((0, 3)), []).at(middle)[0]
    assert abs(float(moved.mean()) - OFF_MM) < 1.5


@pytest.mark.parametrize(("height", "trusted"), [(OFF_MM, True), (-15.0, False)])
def test_gaps_are_trusted_as_far_as_they_are_where_the_fissure_is_seen(
    gap: VesselGap, height: float, trusted: bool
) -> None:
    seen = np.dstack([gap.position, gap.expected + height]).reshape(-1, 3)
    trust = gap_trust(gap, seen)
    assert (trust > 0.9) if trusted else (trust < 0.2)


def test_a_dense_sheet_is_no_vessel(slab: FissureSlab, gap: VesselGap) -> None:
    """A thick fissure is in the middle of its gap, and does not fill it."""
    there = np.broadcast_to(np.abs(HEIGHTS - OFF_MM) < 1.5, slab.hu.shape)
    dense = replace(slab, hu=np.where(there, np.float32(-400.0), slab.hu))
    none, level = np.zeros_like(there), int(np.argmin(np.abs(HEIGHTS - OFF_MM)))
    told, taken = (find_gap(dense, sheets, PRIOR.plane).gain[..., level].mean() for sheets in (there, none))
    assert told > 0.8 * gap.gain[..., level].mean() > taken


def test_nothing_is_told_without_trust(gap: VesselGap) -> None:
    surface = SurfacePosterior(PRIOR, PRIOR.mean, np.zeros_like(PRIOR.mean))
    places, _ = gap_places(gap, surface, 0.0)
    assert len(places) == 0

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.muscle.maps.swaps import mend_swaps
from ctreview.phantom.muscle import ADULT_LEGS, CHILD_LEGS, Legs, LegsSettings, MrScanner, make_legs, scan_dixon

BODIES = {
    "adult": replace(ADULT_LEGS, spacing=(25.0, 2.2, 2.2)),
    "child": replace(CHILD_LEGS, spacing=(14.0, 1.4, 1.4)),
    "thin child": replace(CHILD_LEGS, spacing=(14.0, 1.4, 1.4), subcutaneous_mm=2.5),
    "half fat": replace(ADULT_LEGS, spacing=(25.0, 2.2, 2.2), fat_fraction=0.5),
}


@pytest.fixture(scope="module", params=BODIES.values(), ids=BODIES)
def legs(request: pytest.FixtureRequest) -> Legs:
    settings: LegsSettings = request.param
    return make_legs(settings)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_swap_is_invented(legs: Legs, seed: int):
    scan = scan_dixon(legs, MrScanner(seed=seed, signal_to_noise=40.0, coil_bias=0.5))
    found = mend_swaps(scan.water, scan.fat)
    assert found.parts == ()
    assert found.water is scan.water
    assert all(check.ok for check in found.checks)


@pytest.mark.parametrize("swap", ["whole", "right", "left", "upper"])
def test_every_planted_swap_is_found_and_mended(legs: Legs, swap: str):
    scanner = MrScanner(swap=swap, stations=2, signal_to_noise=40.0)
    scan, right = scan_dixon(legs, scanner), scan_dixon(legs, replace(scanner, swap="none"))
    found = mend_swaps(scan.water, scan.fat)
    body = legs.tissues.array > 0
    assert np.mean(found.water.array[body] != right.water.array[body]) < 0.002
    sides = {part.side for part in found.parts}
    assert sides == ({"both"} if swap in ("whole", "upper") else {swap})
    if swap == "upper":
        assert min(part.first for part in found.parts) == legs.geometry.shape[0] // 2

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.muscle.alignment import align
from ctreview.phantom.muscle import CHILD_LEGS, make_legs, scan_stir, scan_t1

BODY = replace(CHILD_LEGS, spacing=(10.0, 1.8, 1.8), pelvis=False)


def test_a_patient_who_moved_between_two_contrasts_is_brought_back():
    still = make_legs(BODY)
    moved = make_legs(replace(BODY, geometry=still.geometry, offset=(4.0, -3.0, 0.0), turn_degrees=2.0))
    found = align(scan_stir(moved), scan_t1(still))
    assert found.applied
    assert found.shift_mm[:2] == pytest.approx((4.0, -3.0), abs=0.8)
    assert found.turn_degrees == pytest.approx(2.0, abs=0.5)
    wanted = scan_stir(still).array
    muscle = still.tissues.mask("muscle")
    assert (
        np.corrcoef(found.volume.array[muscle], wanted[muscle])[0, 1]
        > np.corrcoef(scan_stir(moved).array[muscle], wanted[muscle])[0, 1]
    )


def test_images_that_lie_well_are_left_alone():
    still = make_legs(BODY)
    found = align(scan_stir(still), scan_t1(still))
    assert not found.applied or found.check.value <= 1.0
    assert found.check.ok

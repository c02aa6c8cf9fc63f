from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.errors import WrongUse
from ctreview.muscle.maps.from_examination import map_fat_fraction, map_water_t2, mended_dixon, mended_examination
from ctreview.phantom.muscle import CHILD_LEGS, Legs, MrScanner, make_legs, scan_dixon, scan_gradient_echoes, scan_t1
from ctreview.volume.contrasts import examination


@pytest.fixture(scope="module")
def legs() -> Legs:
    return make_legs(replace(CHILD_LEGS, spacing=(30.0, 2.0, 2.0), pelvis=False))


def test_water_without_fat_is_refused(legs: Legs):
    images = examination([scan_t1(legs), scan_dixon(legs).water])
    with pytest.raises(WrongUse, match="its fat image is not"):
        mended_dixon(images)
    assert mended_dixon(examination([scan_t1(legs)])) is None


def test_the_best_fat_fraction_is_taken_and_a_mended_swap_is_said(legs: Legs):
    scan = scan_dixon(legs, MrScanner(swap="left"))
    images = examination([scan.water, scan.fat])
    found = map_fat_fraction(images, mended_dixon(images))
    assert found is not None
    assert any("left side" in caveat.message for caveat in found.caveats)
    muscle = legs.tissues.mask("muscle")
    assert np.median(found.array[muscle]) < 0.1
    train = map_fat_fraction(examination([scan.water, scan.fat, *scan_gradient_echoes(legs)]))
    assert train is not None
    assert train.kind == "proton_density_fat_fraction"


def test_what_is_not_there_gives_no_map(legs: Legs):
    images = examination([scan_t1(legs)])
    assert map_fat_fraction(images) is None
    assert map_water_t2(images) is None


def test_an_examination_whose_swap_was_mended_shows_and_measures_it_right(legs: Legs):
    wrong, right = scan_dixon(legs, MrScanner(swap="whole")), scan_dixon(legs)
    images, checks = mended_examination(examination([scan_t1(legs), wrong.water, wrong.fat]))
    assert [check.ok for check in checks] == [False]
    assert np.array_equal(images["Dixon water"].acquired.array, right.water.array)
    assert np.array_equal(images["Dixon fat"].volume.array, right.fat.array)

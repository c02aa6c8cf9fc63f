from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import binary_erosion

from ctreview.muscle.maps.water_t2 import water_t2
from ctreview.phantom.muscle import CHILD_LEGS, FattyMuscle, Legs, MrScanner, OedemaPatch, make_legs, scan_spin_echoes


@pytest.fixture(scope="module")
def legs() -> Legs:
    return make_legs(
        replace(
            CHILD_LEGS,
            spacing=(40.0, 1.2, 1.2),
            pelvis=False,
            fatty=(FattyMuscle("right", "hamstrings", 0.3),),
            oedema=(OedemaPatch("left", "quadriceps", 0.52, 30.0, 60.0),),
        )
    )


@pytest.mark.parametrize("b1_spread", [0.15, 0.35])
def test_t2_of_water_is_right_within_3_ms_whatever_fat_and_field_do(legs: Legs, b1_spread: float):
    echoes = scan_spin_echoes(legs, MrScanner(b1_spread=b1_spread))
    found = water_t2(echoes, subcutaneous_fat=legs.tissues.mask("subcutaneous_fat"))
    muscle = np.stack([binary_erosion(layer) for layer in legs.tissues.mask("muscle")])
    places = {
        "healthy": muscle & legs.groups.mask("right_quadriceps"),
        "fatty": muscle & legs.groups.mask("right_hamstrings"),
        "oedema": muscle & legs.oedema,
    }
    assert found.kind == "water_t2"
    for name, where in places.items():
        assert found.array[where].mean() == pytest.approx(legs.t2.array[where].mean(), abs=3.0), name


def test_few_echoes_give_one_exponential_with_a_caveat(legs: Legs):
    found = water_t2(scan_spin_echoes(legs, echoes=4))
    assert found.kind == "mono_exponential_t2"
    assert not found.caveats[0].ok

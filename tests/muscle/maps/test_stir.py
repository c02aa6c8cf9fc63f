from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import binary_erosion

from ctreview.errors import InputRefused, WrongUse
from ctreview.muscle.maps.bias_field import correct_bias_field
from ctreview.muscle.maps.stir import comparable_stir, stir_ratio, stir_robust_z
from ctreview.phantom.muscle import CHILD_LEGS, Legs, MrScanner, OedemaPatch, make_legs, scan_stir, scan_t1

PATCH = OedemaPatch("left", "quadriceps", 0.52, 30.0, 60.0)


@pytest.fixture(scope="module")
def legs() -> Legs:
    return make_legs(replace(CHILD_LEGS, spacing=(20.0, 1.6, 1.6), pelvis=False, oedema=(PATCH,)))


def test_oedema_stands_out_over_reference_and_over_other_muscle(legs: Legs):
    stir = correct_bias_field(scan_stir(legs, MrScanner(coil_bias=0.5)))
    muscle, reference = legs.tissues.mask("muscle"), legs.groups.mask("right_quadriceps")
    ratio, z = stir_ratio(stir, reference), stir_robust_z(stir, muscle)
    assert np.median(ratio.array[legs.oedema]) > 1.3
    assert np.median(ratio.array[reference]) == pytest.approx(1.0, abs=0.02)
    assert np.median(z.array[legs.oedema]) > 2.5
    assert np.mean(z.array[muscle & ~legs.oedema] > 3.0) < 0.03


def test_the_bias_field_is_taken_out_of_images_and_never_of_maps(legs: Legs):
    stir = scan_stir(legs, MrScanner(coil_bias=0.5, signal_to_noise=0.0))
    muscle = legs.tissues.mask("muscle") & ~legs.oedema
    healthy = np.stack([binary_erosion(layer) for layer in muscle])  # without the partial volume of septa

    def spread(array: np.ndarray) -> float:
        low, high = np.percentile(array[healthy], (10, 90))
        return float((high - low) / np.median(array[healthy]))

    assert spread(correct_bias_field(stir).array) < 0.5 * spread(stir.array)
    with pytest.raises(WrongUse, match="fraction"):
        correct_bias_field(legs.fat_fraction)


def test_stir_after_gadolinium_and_other_contrasts_are_refused(legs: Legs):
    stir = scan_stir(legs)
    after = replace(stir, acquisition=replace(stir.acquisition, contrast=True))
    with pytest.raises(InputRefused, match="contrast agent"):
        stir_robust_z(after, legs.tissues.mask("muscle"))
    with pytest.raises(WrongUse, match="this image is T1"):
        stir_robust_z(scan_t1(legs), legs.tissues.mask("muscle"))


def test_ratios_of_two_protocols_do_not_compare(legs: Legs):
    stir = scan_stir(legs)
    later = replace(stir.acquisition, sequence=replace(stir.acquisition.sequence, inversion_time_ms=160.0))
    check = comparable_stir(stir, replace(stir, acquisition=later))
    assert check.stops
    assert "TI" in check.message
    assert comparable_stir(stir, stir).ok

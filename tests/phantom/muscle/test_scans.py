from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctreview.phantom.muscle import (
    ADULT_LEGS,
    Legs,
    MrScanner,
    OedemaPatch,
    make_legs,
    scan_dixon,
    scan_gradient_echoes,
    scan_spin_echoes,
    scan_stir,
    scan_t1,
    stations,
)
from ctreview.volume.volume import Volume

PATCH = OedemaPatch("left", "quadriceps", 0.5, 25.0)


@pytest.fixture(scope="module")
def legs() -> Legs:
    return make_legs(replace(ADULT_LEGS, spacing=(20.0, 3.0, 3.0), oedema=(PATCH,)))


def median(volume: Volume, legs: Legs, tissue: str) -> float:
    return float(np.median(volume.array[legs.tissues.mask(tissue)]))


def test_fat_is_bright_in_t1_and_dark_in_stir_where_oedema_is_bright(legs: Legs):
    t1, stir = scan_t1(legs), scan_stir(legs)
    assert median(t1, legs, "subcutaneous_fat") > 1.5 * median(t1, legs, "muscle")
    assert median(stir, legs, "subcutaneous_fat") < 0.3 * median(stir, legs, "muscle")
    assert np.median(stir.array[legs.oedema]) > 1.2 * median(stir, legs, "muscle")


@pytest.mark.parametrize("swap", ["right", "left"])
def test_a_swap_of_one_leg_leaves_the_other(legs: Legs, swap: str):
    plain, mixed = scan_dixon(legs), scan_dixon(legs, MrScanner(swap=swap))
    other = legs.side("left" if swap == "right" else "right")
    assert np.array_equal(mixed.water.array[other], plain.water.array[other])
    assert np.array_equal(mixed.water.array[~other], plain.fat.array[~other])


def test_two_stations_overlap_and_hold_every_slice(legs: Legs):
    lower, upper = stations(scan_t1(legs), MrScanner(stations=2, overlap_slices=2))
    both = lower.geometry.shape[0] + upper.geometry.shape[0]
    assert both == legs.geometry.shape[0] + 2
    assert lower.geometry.corners()[:, 2].max() > upper.geometry.corners()[:, 2].min()


def test_noise_in_air_is_that_of_magnitudes(legs: Legs):
    echo = scan_gradient_echoes(legs, MrScanner(signal_to_noise=50.0))[0]
    air = echo.array[legs.tissues.array == 0]
    away = air[air < np.percentile(air, 90)]  # blurred skin aside
    assert np.median(away) == pytest.approx(500 / 50 * np.sqrt(2 * np.log(2)), rel=0.2)


def test_the_second_spin_echo_outshines_the_first_where_refocusing_fails(legs: Legs):
    first, second = scan_spin_echoes(legs, MrScanner(b1_spread=0.35, signal_to_noise=0.0), echoes=4)[:2]
    muscle = legs.tissues.mask("muscle")
    ratio = second.array[muscle] / first.array[muscle]
    assert np.percentile(ratio, 1) == pytest.approx(np.exp(-10 / 33.0), abs=0.03), "ideal refocusing: plain decay"
    assert np.percentile(ratio, 99) > 0.9

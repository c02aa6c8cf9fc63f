from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import binary_erosion

from ctreview.errors import GridMismatch, WrongUse
from ctreview.muscle.maps.fat_fraction import dixon_fat_fraction, echo_fat_fraction, two_point_fat_fraction
from ctreview.phantom.muscle import (
    CHILD_LEGS,
    FattyMuscle,
    Legs,
    MrScanner,
    make_legs,
    scan_dixon,
    scan_gradient_echoes,
)

FATTY = (FattyMuscle("right", "hamstrings", 0.3), FattyMuscle("left", "hamstrings", 0.75))


@pytest.fixture(scope="module")
def legs() -> Legs:
    return make_legs(replace(CHILD_LEGS, spacing=(40.0, 1.2, 1.2), fatty=FATTY, pelvis=False))


def inside(legs: Legs, group: str) -> np.ndarray:
    """Away from septa, whose fat a voxel's edge shares."""
    muscle = legs.tissues.mask("muscle") & legs.groups.mask(group)
    return np.stack([binary_erosion(layer) for layer in muscle])


@pytest.mark.parametrize("field", [1.5, 3.0])
def test_six_echoes_give_the_proton_density_fat_fraction_within_a_point(legs: Legs, field: float):
    scanner = MrScanner(field_strength_t=field)
    found = echo_fat_fraction(scan_gradient_echoes(legs, scanner, spacing_ms=1.23 if field == 3.0 else 1.6))
    assert found.kind == "proton_density_fat_fraction"
    for group in ("left_quadriceps", "right_hamstrings"):
        where = inside(legs, group)
        error = found.array[where].mean() - legs.fat_fraction.array[where].mean()
        assert abs(error) <= 0.01, group
    where = inside(legs, "left_quadriceps")
    spread = (found.array - legs.fat_fraction.array)[where].std()
    assert found.noise_floor == pytest.approx(spread, rel=0.7), "the floor is of the order of the scatter"


def test_what_lacks_echoes_or_a_low_flip_angle_is_a_signal_fat_fraction(legs: Legs):
    echoes = scan_gradient_echoes(legs)
    few = echo_fat_fraction(echoes[:4])
    assert few.kind == "signal_fat_fraction"
    assert "4 echoes" in few.caveats[0].message
    steep = [
        replace(
            one,
            acquisition=replace(one.acquisition, sequence=replace(one.acquisition.sequence, flip_angle_degrees=12.0)),
        )
        for one in echoes
    ]
    found = echo_fat_fraction(steep)
    assert found.kind == "signal_fat_fraction"
    assert any(caveat.name == "t1_weighting" and "50 %" in caveat.message for caveat in found.caveats)


def test_two_magnitudes_say_that_they_fold_above_half(legs: Legs):
    scan = scan_dixon(legs)
    where = inside(legs, "left_hamstrings")
    folded = two_point_fat_fraction(scan.in_phase, scan.opposed_phase)
    assert np.median(folded.array[where]) < 0.4
    assert "fat_fraction_above_half" in [caveat.name for caveat in folded.caveats]
    parted = dixon_fat_fraction(scan.water, scan.fat)
    assert np.median(parted.array[where]) == pytest.approx(0.75, abs=0.06)
    assert parted.kind == folded.kind == "signal_fat_fraction"


def test_images_of_two_grids_and_headers_without_times_are_refused(legs: Legs):
    scan = scan_dixon(legs)
    with pytest.raises(GridMismatch):
        dixon_fat_fraction(scan.water, scan.fat.crop((0, 0, 0), (2, *legs.geometry.shape[1:])))
    bare = [
        replace(
            one, acquisition=replace(one.acquisition, sequence=replace(one.acquisition.sequence, echo_time_ms=None))
        )
        for one in scan_gradient_echoes(legs)
    ]
    with pytest.raises(WrongUse, match="echo times"):
        echo_fat_fraction(bare)

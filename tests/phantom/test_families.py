"""Random cases are diverse, the same for a seed, and within bounds."""

from __future__ import annotations

import numpy as np
import pytest

from ctreview.phantom import (
    Host,
    random_hybrid,
    random_hybrid_pair,
    random_lesions,
    random_phantom,
    random_phantom_pair,
    small_thorax,
    true_correspondence,
)

COARSE = {"spacing": (4.0, 4.0, 4.0), "vessel_detail": 0.1}


def drawn(seeds, lungs_ml=5000.0, **kwargs):
    return [lesion for s in seeds for lesion in random_lesions(np.random.default_rng(s), lungs_ml, **kwargs)]


def test_lesions_run_from_small_to_large_and_faint_to_solid():
    lesions = drawn(range(200))
    volumes = [lesion.volume_ml for lesion in lesions]
    assert min(volumes) < 1
    assert max(volumes) > 200
    assert {lesion.pattern for lesion in lesions} == {"ventral", "dorsal", "basal", "patches", "subpleural", "diffuse"}
    assert {lesion.kind for lesion in lesions} == {"ground_glass", "consolidation"}
    assert len({lesion.lobe for lesion in lesions}) == 5


@pytest.mark.parametrize(("strength", "low", "high"), [("faint", 75, 150), ("clear", 150, 350)])
def test_strength_can_be_chosen(strength, low, high):
    lesions = drawn(range(30), strength=strength)
    assert {lesion.kind for lesion in lesions if lesion.volume_ml > 0} <= {"ground_glass", "consolidation"}
    assert all(low <= lesion.added_hu <= high for lesion in lesions if lesion.kind == "ground_glass")


@pytest.mark.parametrize("seed", range(4))
def test_a_random_phantom_holds_what_was_planted(seed):
    phantom = random_phantom(seed, **COARSE)
    planted = sum(lesion.volume_ml for lesion in phantom.lesions)
    assert 0 < sum(phantom.true_ml.values()) < 1.25 * planted
    litres = phantom.lungs.volume_ml("right_lung", "left_lung") / 1000
    assert 0.4 < litres < 5.5


def test_a_seed_is_a_case():
    one, again, other = (random_phantom(seed, **COARSE) for seed in (7, 7, 8))
    assert np.array_equal(one.volume.array, again.volume.array)
    assert one.lesions != other.lesions
    assert one.settings.body != other.settings.body


def test_a_healthy_one_is_healthy():
    assert not random_phantom(3, healthy=True, **COARSE).opacity.array.any()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_pair_without_change_has_the_same_lesions(seed):
    first, second = random_phantom_pair(seed, changed=False, **COARSE)
    assert first.lesions == second.lesions
    assert first.volume.geometry.frame_of_reference != second.volume.geometry.frame_of_reference


@pytest.mark.parametrize("seed", range(5))
def test_the_deformation_of_a_pair_does_not_fold(seed):
    first, second = random_phantom_pair(seed, age_years=30.0, **COARSE)
    mapping = true_correspondence(first, second)
    points = first.volume.geometry.to_lps(np.argwhere(first.lobes.array > 0)[::37])
    ratio = mapping.volume_ratio(points)
    assert ratio.min() > 0.3
    assert ratio.max() < 3
    assert np.abs(mapping.to_fixed(mapping.to_moving(points)) - points).max() < 1e-2


@pytest.fixture(scope="module")
def host():
    phantom = small_thorax(spacing_mm=3.5, vessel_detail=0.2)
    return Host(phantom.volume, phantom.lungs, phantom.vessels)


def test_a_random_hybrid_holds_what_was_planted(host):
    hybrid = random_hybrid(host, 4, strength="clear")
    assert hybrid.lesions
    assert sum(hybrid.true_ml.values()) > 0
    assert hybrid.volume.geometry.same_grid(host.volume.geometry)


def test_a_random_hybrid_pair_breathes(host):
    first, second = random_hybrid_pair(host, 5, changed=False)
    assert first.lesions == second.lesions
    assert second.settings.breath_depth != 1.0
    points = first.volume.geometry.to_lps(np.argwhere(host.sides > 0)[::499])
    ratio = true_correspondence(first, second).volume_ratio(points)
    volumes = [h.lungs.volume_ml("right_lung", "left_lung") for h in (first, second)]
    assert volumes[1] / volumes[0] == pytest.approx(ratio.mean(), rel=0.03)

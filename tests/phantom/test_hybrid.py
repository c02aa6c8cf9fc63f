"""A hybrid keeps the scan it came from, adds what was asked for, and knows where every point went.

The host is a phantom here: the code does not know, and its vessels and lungs are true.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from ctreview.errors import GridMismatch, WrongUse
from ctreview.phantom import (
    Bump,
    Host,
    HybridSettings,
    Lesion,
    make_hybrid,
    small_thorax,
    true_correspondence,
    true_fate,
    true_transform,
)
from ctreview.volume.geometry import require_same_grid

HAZE = Lesion("ground_glass", "right_lung", "dorsal", 150.0, 220.0, seed=2)
SOLID = Lesion("consolidation", "left_lung", "basal", 60.0, seed=3)
MOVE = HybridSettings(
    breath_depth=0.8,
    offset=(4.0, -3.0, 9.0),
    turn_degrees=2.0,
    bumps=(Bump((-60.0, 0.0, -30.0), (3.0, -2.0, 4.0), 35.0),),
)


@pytest.fixture(scope="module")
def host():
    phantom = small_thorax(spacing_mm=2.5, noise_hu=12.0, vessel_detail=0.3, table=False)
    return Host(phantom.volume, phantom.lungs, phantom.vessels, phantom.lobes)


@pytest.fixture(scope="module")
def still(host):
    return make_hybrid(host, (HAZE, SOLID))


@pytest.fixture(scope="module")
def moved(host):
    return make_hybrid(host, (HAZE, SOLID), settings=MOVE)


def change(hybrid, host):
    return hybrid.volume.array.astype(float) - host.volume.array


def test_volumes_are_as_asked_but_for_vessels(still):
    assert 0.8 * 150 < still.true_ml["right_lung/ground_glass"] <= 1.03 * 150
    assert 0.7 * 60 < still.true_ml["left_lung/consolidation"] <= 1.03 * 60
    assert still.true_ml["left_lung/ground_glass"] == 0
    assert still.opacity.volume_ml("ground_glass") == pytest.approx(still.true_ml["right_lung/ground_glass"], rel=0.05)


def test_nothing_changes_away_from_the_lesions(still, host):
    untouched = change(still, host) == 0
    assert untouched[host.sides == 0].all()
    assert untouched.mean() > 0.95
    require_same_grid(still.volume, host.volume, still.lungs, still.vessels, still.opacity)


def test_ground_glass_is_as_dense_as_asked_and_textured(still, host):
    gain = change(still, host)[still.opacity.mask("ground_glass")]
    assert np.median(gain) == pytest.approx(220, rel=0.25)
    assert gain.std() > 25


def test_vessels_show_through_with_their_own_density(still, host):
    right = (host.sides == 1) & (host.vessels.array == 1) & (host.volume.array > -150)
    assert right.any()
    gain = change(still, host)[right]
    assert gain.max() < 130
    assert np.median(gain) < 30
    assert (still.opacity.array[host.vessels.array > 0] == 0).all()


def test_consolidation_is_soft_tissue_with_the_noise_of_the_scan(still):
    solid = still.volume.array[still.opacity.mask("consolidation")]
    assert -40 < np.median(solid) < 60


def test_where_nothing_is_planted_the_scan_is_the_scan(host):
    hybrid = make_hybrid(host)
    assert np.array_equal(hybrid.volume.array, host.volume.array)
    assert not hybrid.opacity.array.any()


def test_the_mapping_is_exact_and_goes_both_ways(still, moved):
    mapping = true_correspondence(still, moved)
    points = still.volume.geometry.to_lps(np.argwhere(still.lungs.array > 0)[::501])
    there = mapping.to_moving(points)
    assert np.abs(mapping.to_fixed(there) - points).max() < 1e-2
    assert np.linalg.norm(there - points, axis=1).max() > 5
    transform = true_transform(still, moved)
    assert np.linalg.norm(transform.to_moving(points) - there, axis=1).max() < 0.15


def test_the_image_went_where_the_mapping_says(host, moved):
    """Edges of vessels coincide: the deformed image, pulled back, is the host."""
    still = make_hybrid(host, (HAZE, SOLID))
    index = np.argwhere((host.sides > 0) & (host.vessels.array == 1))[::11]
    points = true_correspondence(still, moved).to_moving(host.volume.geometry.to_lps(index))
    original = still.volume.array[tuple(index.T)].astype(float)

    def likeness(shift):
        at = moved.volume.geometry.to_index(points + shift)
        return np.corrcoef(map_coordinates(moved.volume.array.astype(float), at.T, order=3), original)[0, 1]

    here = likeness(np.zeros(3))
    assert here > 0.85
    assert all(likeness(2.0 * axis) < here - 0.05 for axis in (*np.eye(3), *-np.eye(3)))


def test_breath_makes_the_lungs_smaller_by_as_much_as_the_mapping_says(still, moved):
    mapping = true_correspondence(still, moved)
    inside = np.argwhere((still.lungs.array == 1) | (still.lungs.array == 2))
    expected = mapping.volume_ratio(still.volume.geometry.to_lps(inside[::101])).mean()
    ratio = moved.lungs.volume_ml("right_lung", "left_lung") / still.lungs.volume_ml("right_lung", "left_lung")
    assert ratio == pytest.approx(expected, rel=0.015)
    assert 0.8 < ratio < 0.95


def test_breath_keeps_the_mass_of_lung_tissue(host, moved):
    still = make_hybrid(host, (HAZE, SOLID))
    mapping = true_correspondence(still, moved)
    index = np.argwhere((host.sides > 0) & (host.vessels.array == 0) & (still.volume.array < -700))[::23]
    points = still.volume.geometry.to_lps(index)
    there = moved.volume.geometry.to_index(mapping.to_moving(points))
    density = map_coordinates(moved.volume.array.astype(float), there.T, order=1) + 1000
    kept = density * mapping.volume_ratio(points) / (1000.0 + still.volume.array[tuple(index.T)])
    assert np.median(kept) == pytest.approx(1.0, abs=0.03)


def test_fates_of_two_hybrids_add_up(host, still):
    later = make_hybrid(host, (replace(HAZE, volume_ml=60.0),), settings=MOVE)
    fate = true_fate(still, later)
    everything = still.opacity.volume_ml("ground_glass", "consolidation")
    early = sum(fate["lungs"][k] for k in ("resolved", "persistent", "worsened", "improved"))
    assert early == pytest.approx(everything, rel=1e-6)
    assert fate["left_lung"]["persistent"] == 0
    assert fate["right_lung"]["persistent"] == pytest.approx(60, rel=0.25)
    # the smaller lesion lies inside the larger
    assert fate["lungs"]["new"] < 0.12 * later.opacity.volume_ml("ground_glass")


def test_effusion_is_neither_lung_nor_opacity(host):
    fluid = Lesion("effusion", "right_lung", "dorsal", 200.0, edge_mm=1.5, roughness_mm=2.0)
    hybrid = make_hybrid(host, (fluid,))
    before = np.count_nonzero(host.sides == 1) * host.volume.geometry.voxel_ml
    assert before - hybrid.lungs.volume_ml("right_lung") == pytest.approx(200, rel=0.05)
    assert not hybrid.opacity.array.any()
    gone = (host.sides == 1) & (hybrid.lungs.array == 0)
    assert -40 < np.median(hybrid.volume.array[gone]) < 60


def test_noise_and_kernel_change_the_scan_and_not_the_truth(host, still):
    noisy = make_hybrid(host, (HAZE, SOLID), settings=HybridSettings(noise_hu=25.0))
    soft = make_hybrid(host, (HAZE, SOLID), settings=HybridSettings(blur_mm=2.0))
    air = np.s_[:, :6, :6]
    assert noisy.volume.array[air].std() > soft.volume.array[air].std() + 5
    for hybrid in (noisy, soft):
        assert np.array_equal(hybrid.opacity.array, still.opacity.array)
        assert hybrid.volume.geometry.same_grid(still.volume.geometry)


def test_a_moved_scan_has_a_frame_of_reference_of_its_own(host, moved):
    assert moved.volume.geometry.frame_of_reference != host.volume.geometry.frame_of_reference
    with pytest.raises(GridMismatch):
        require_same_grid(moved.volume, host.volume)


def test_lobes_move_with_the_lungs(still, moved):
    index = np.argwhere(still.lobes.array > 0)[::101]
    points = true_correspondence(still, moved).to_moving(still.volume.geometry.to_lps(index))
    there = np.rint(moved.volume.geometry.to_index(points)).astype(int)
    assert np.mean(moved.lobes.array[tuple(there.T)] == still.lobes.array[tuple(index.T)]) > 0.97
    assert np.array_equal(moved.lobes.array > 0, moved.lungs.mask("right_lung", "left_lung"))


def test_lobes_are_refused(host):
    with pytest.raises(WrongUse, match="right or the left lung"):
        make_hybrid(host, (replace(HAZE, lobe="right_upper_lobe"),))


@pytest.mark.data
def test_a_real_scan_of_one_lung_can_be_a_host(shared_data):
    from ctreview.phantom.schemes import LUNG_SCHEME, VESSEL_SCHEME
    from ctreview.volume.labels import LabelMap
    from ctreview.volume.load import load_volume

    volume = load_volume(shared_data / "followup_pair" / "baseline.mha")
    mask = load_volume(shared_data / "followup_pair" / "baseline_lung.mha").array > 0
    lungs = LabelMap(mask.astype(np.uint8), volume.geometry, LUNG_SCHEME)
    vessels = LabelMap((mask & (volume.array > -500)).astype(np.uint8), volume.geometry, VESSEL_SCHEME)
    hybrid = make_hybrid(
        Host(volume, lungs, vessels), (Lesion("ground_glass", "right_lung", "patches", 100.0),), settings=MOVE
    )
    assert 50 < hybrid.true_ml["right_lung/ground_glass"] < 110

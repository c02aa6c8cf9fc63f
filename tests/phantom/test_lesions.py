"""Lesions lie where they were put, are as large and as dense as asked, and leave vessels to be seen."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from ctreview.errors import WrongUse
from ctreview.phantom import Lesion, small_thorax
from ctreview.phantom.schemes import LOBES


def place_in_lobe(phantom, lobe):
    """Relative place (0–1 along head, posterior, left) of the opacity's voxels in its lobe."""
    home = np.argwhere(phantom.lobes.mask(lobe))
    found = np.argwhere(phantom.opacity.array > 0)
    return (found - home.min(axis=0)) / np.ptp(home, axis=0)


@pytest.mark.parametrize("volume_ml", [2.0, 20.0, 150.0])
@pytest.mark.parametrize("pattern", ["ventral", "patches", "subpleural"])
def test_volume_is_as_asked(volume_ml, pattern):
    # far from the hilum, where large vessels take their share
    far = None if pattern == "ventral" else (0.8, 0.2, 0.6)
    lesion = Lesion("ground_glass", "left_upper_lobe", pattern, volume_ml, edge_mm=2.0, place=far)
    phantom = small_thorax(lesions=(lesion,), vessel_detail=0.05)
    truth = phantom.true_ml["left_upper_lobe/ground_glass"]
    # what is asked for counts vessels, what is true does not
    assert 0.75 * volume_ml < truth < 1.15 * volume_ml
    assert phantom.opacity.volume_ml("ground_glass") == pytest.approx(truth, rel=0.12, abs=0.5)


@pytest.mark.parametrize("lobe", LOBES)
def test_a_lesion_stays_in_its_lobe(lobe):
    phantom = small_thorax(4.0, lesions=(Lesion("ground_glass", lobe, "diffuse", 30.0),), vessel_detail=0.05)
    opaque = phantom.opacity.array > 0
    assert opaque.any()
    assert (phantom.lobes.array[opaque] == LOBES.index(lobe) + 1).all()


def test_patterns_lie_where_they_say():
    where = {}
    for pattern in ("ventral", "dorsal", "basal"):
        phantom = small_thorax(lesions=(Lesion("ground_glass", "left_lower_lobe", pattern, 60.0),), vessel_detail=0.05)
        where[pattern] = place_in_lobe(phantom, "left_lower_lobe").mean(axis=0)
    assert where["ventral"][1] < 0.4
    assert where["dorsal"][1] > 0.6
    assert where["basal"][0] < 0.35


def test_subpleural_opacity_hugs_the_pleura():
    depths = {}
    for pattern, place in (("subpleural", None), ("patches", (0.6, 0.5, 0.5))):
        lesion = Lesion("ground_glass", "right_lower_lobe", pattern, 80.0, place=place, seed=4)
        phantom = small_thorax(lesions=(lesion,), vessel_detail=0.05)
        depth = distance_transform_edt(phantom.lobes.mask(), sampling=phantom.volume.geometry.spacing)
        depths[pattern] = np.median(depth[phantom.opacity.array > 0])
    assert depths["subpleural"] < 0.5 * depths["patches"]


@pytest.mark.parametrize("added", [90.0, 260.0])
def test_density_is_as_asked(added):
    lesions = (Lesion("ground_glass", "right_upper_lobe", "ventral", 200.0, added),)
    ill, well = (small_thorax(lesions=planted, noise_hu=0.0, vessel_detail=0.2) for planted in (lesions, ()))
    gain = (ill.volume.array.astype(float) - well.volume.array)[ill.opacity.array == 1]
    assert np.median(gain) == pytest.approx(added, rel=0.25)
    assert gain.std() > 0.1 * added  # textured, not painted


def test_vessels_show_through_ground_glass_and_keep_their_density():
    lesions = (Lesion("ground_glass", "right_lower_lobe", "dorsal", 400.0, 250.0),)
    ill, well = (small_thorax(lesions=planted, noise_hu=0.0, spacing_mm=2.0) for planted in (lesions, ()))
    share = ill.volume.array > well.volume.array + 100
    vessels = (ill.vessels.array == 1) & (well.volume.array > -150)
    assert (ill.opacity.array[ill.vessels.array > 0] == 0).all()
    inside = vessels & np.isin(ill.lobes.array, 3)
    assert (ill.volume.array[inside].astype(int) - well.volume.array[inside]).max() < 120
    assert ill.volume.array[inside].mean() > ill.volume.array[share].mean() + 150


def test_consolidation_is_solid_with_air_in_its_bronchi():
    lesions = (Lesion("consolidation", "left_lower_lobe", "dorsal", 300.0),)
    phantom = small_thorax(lesions=lesions, noise_hu=0.0, spacing_mm=2.0)
    solid = phantom.opacity.mask("consolidation")
    assert solid.sum() * phantom.volume.geometry.voxel_ml > 200
    assert np.median(phantom.volume.array[solid]) > -80


def test_solid_wins_over_haze():
    lesions = (
        Lesion("ground_glass", "left_lower_lobe", "dorsal", 300.0),
        Lesion("consolidation", "left_lower_lobe", "dorsal", 100.0),
    )
    phantom = small_thorax(lesions=lesions, vessel_detail=0.05)
    assert phantom.opacity.volume_ml("consolidation") == pytest.approx(100, rel=0.2)
    assert phantom.opacity.volume_ml("ground_glass", "consolidation") == pytest.approx(300, rel=0.2)


@pytest.mark.parametrize("wrong", [{"lobe": "lingula"}, {"pattern": "spiral"}, {"volume_ml": 0.0}])
def test_what_cannot_be_planted_is_refused(wrong):
    with pytest.raises(WrongUse):
        Lesion(**{"kind": "ground_glass", "lobe": "left_lower_lobe", "pattern": "ventral", "volume_ml": 5.0, **wrong})


def test_more_than_a_lobe_is_refused():
    with pytest.raises(WrongUse, match="fit"):
        small_thorax(4.0, lesions=(Lesion("ground_glass", "right_middle_lobe", "diffuse", 900.0),))

import numpy as np
import pytest

from ctreview.errors import WrongUse
from ctreview.lung.density import density_profile, excess_mass_g, lung_mass_g


def test_a_litre_of_lung_at_minus_800_weighs_200_grams():
    assert lung_mass_g(np.full(1000, -800), 1.0) == pytest.approx(200.0)
    assert lung_mass_g(np.full(1000, -1024), 1.0) == 0.0


def test_excess_mass_is_what_lies_above_the_patients_own_lung():
    assert excess_mass_g(np.full(100, -600), -850.0, 0.5) == pytest.approx(12.5)


def test_the_moments_are_those_of_the_distribution():
    values = np.random.default_rng(3).gamma(4.0, 40.0, 200_000) - 950.0
    found = density_profile(values, 0.001)
    assert found.mean_hu == pytest.approx(-790.0, abs=1.0)
    assert found.sd_hu == pytest.approx(80.0, abs=1.0)
    assert found.skewness == pytest.approx(1.0, abs=0.03)
    assert found.kurtosis == pytest.approx(4.5, abs=0.15)
    assert found.percentiles_hu["50"] == pytest.approx(np.median(values))


def test_high_attenuation_counts_both_ends_of_its_band():
    assert density_profile(np.array([-601, -600, -250, -249]), 1.0).high_attenuation_percent == 50.0


def test_no_voxels_have_no_density():
    with pytest.raises(WrongUse):
        density_profile(np.array([]), 1.0)

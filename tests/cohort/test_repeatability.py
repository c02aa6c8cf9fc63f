import numpy as np
import pytest

from ctreview.change import VerdictSettings
from ctreview.cohort.repeatability import (
    RepeatabilityStudy,
    load_limit_of_change,
    repeatability_of_pairs,
    write_repeatability,
)
from ctreview.errors import UnreadableFile


def simulated(error, pairs=400, *, proportional=False, seed=7):
    rng = np.random.default_rng(seed)
    truth = rng.uniform(20, 300, pairs)
    noise = rng.normal(0, error, (2, pairs))
    return truth * np.exp(noise) if proportional else truth + noise


def test_the_coefficient_holds_95_per_cent_of_differences():
    found = repeatability_of_pairs(*simulated(4.0))
    assert found.wsd == pytest.approx(4.0, rel=0.08)
    one, other = simulated(4.0, seed=8)
    assert np.mean(np.abs(other - one) < found.rc) == pytest.approx(0.95, abs=0.02)
    assert found.rc_low < 1.96 * 2**0.5 * 4.0 < found.rc_high


def test_a_bias_counts_as_error():
    one, other = simulated(1.0)
    found = repeatability_of_pairs(one, other + 10)
    assert found.bias == pytest.approx(10, abs=0.3)
    assert found.rc > 1.96 * 10


def test_an_error_that_grows_with_the_mean_is_seen_and_given_as_a_factor():
    found = repeatability_of_pairs(*simulated(0.1, proportional=True))
    assert found.proportional
    assert found.rc_factor == pytest.approx(np.exp(1.96 * 2**0.5 * 0.1), rel=0.05)
    assert found.limit_of_change.share_of_opacity == pytest.approx(1 - 1 / found.rc_factor)


def test_a_constant_error_is_called_proportional_in_one_of_twenty():
    called = [repeatability_of_pairs(*simulated(4.0, pairs=30, seed=seed)).proportional for seed in range(200)]
    assert 0.01 <= np.mean(called) <= 0.10


def test_a_site_takes_its_own_limit_of_change(tmp_path):
    study = RepeatabilityStudy((repeatability_of_pairs(*simulated(4.0)),), {})
    write_repeatability(study, tmp_path / "r.json")
    limit = load_limit_of_change(tmp_path / "r.json")
    assert limit.least_ml == pytest.approx(study.rows[0].rc, abs=1e-5)
    assert limit.equivalent_share_of_opacity == VerdictSettings().equivalent_share_of_opacity


def test_few_pairs_give_no_limit(tmp_path):
    study = RepeatabilityStudy((repeatability_of_pairs(*simulated(4.0, pairs=6)),), {"A": "it failed"})
    write_repeatability(study, tmp_path / "r.json")
    with pytest.raises(UnreadableFile, match="few pairs"):
        load_limit_of_change(tmp_path / "r.json")
    assert "left out" in study.notes[-1]


def test_another_file_is_no_limit(tmp_path):
    (tmp_path / "r.json").write_text("[1]")
    with pytest.raises(UnreadableFile, match=r"no repeatability\.json"):
        load_limit_of_change(tmp_path / "r.json")

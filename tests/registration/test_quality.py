"""The figures say what is wrong, and only then."""

from __future__ import annotations

import numpy as np
import pytest

from ctreview.registration import QualityLimits, local_volume_ratio
from ctreview.registration.pair import RegistrationPair, prepare_pair
from ctreview.registration.quality import quality_checks, quality_figures
from ctreview.volume.transform import Transform
from tests.registration.bodies import Organ, affine_of, moved_grid, points_of, waves


def pair_of(truth: Transform) -> RegistrationPair:
    fixed, fixed_mask = Organ().before()
    moving, moving_mask = Organ().after(truth)
    return prepare_pair(fixed, moving, fixed_mask, moving_mask, spacing_mm=1.5, intensity_range=(-1050, 50))


def failed(figures: dict[str, float]) -> set[str]:
    return {check.name for check in quality_checks(figures) if not check.ok}


def stretched() -> Transform:
    geometry = Organ().geometry
    affine = affine_of((0.0, 0.0, 5.0), (1.0, 1.0, 1.1))
    return waves(geometry, moved_grid(geometry, (0.0, 0.0, 5.0), grow=4), affine, 3.0)


def test_the_truth_passes() -> None:
    truth = stretched()
    figures = quality_figures(pair_of(truth), truth)
    assert failed(figures) == set()
    assert figures["residual_mm"] <= 1.5
    assert figures["inverse_mm"] < 0.5
    assert figures["volume_ratio"] == pytest.approx(figures["volume_ratio_measured"], rel=0.03)


def test_a_fold_is_seen() -> None:
    truth = stretched()
    assert truth.grid is not None
    assert truth.displacement is not None
    folded = truth.displacement.copy()
    folded[0] -= 14 * np.tanh(points_of(truth.grid)[..., 0] / 6).astype(np.float32)
    figures = quality_figures(pair_of(truth), Transform(truth.fixed, truth.moving, truth.affine, folded, truth.grid))
    assert figures["folding_share"] > 0.1
    assert figures["jacobian_1"] < 0
    assert "registration_folding" in failed(figures)


def test_being_off_by_a_centimetre_is_seen() -> None:
    truth = stretched()
    wrong = Transform(truth.fixed, truth.moving, affine_of((10.0, 0.0, 5.0), (1.0, 1.0, 1.1)))
    figures = quality_figures(pair_of(truth), wrong)
    assert {"registration_matched", "registration_overlap"} <= failed(figures)


def test_a_wrong_change_of_volume_is_seen() -> None:
    truth = stretched()
    figures = quality_figures(pair_of(truth), truth) | {"volume_ratio": 0.8}
    assert failed(figures) == {"registration_volume"}


def test_limits_can_be_moved() -> None:
    truth = stretched()
    figures = quality_figures(pair_of(truth), truth)
    strict = quality_checks(figures, limits=QualityLimits(mask_dice=1.1))
    assert [check.name for check in strict if not check.ok] == ["registration_overlap"]


def test_volume_ratio_of_an_affine_alone() -> None:
    geometry = Organ().geometry
    transform = Transform(geometry, geometry, affine_of((1.0, 2.0, 3.0), (1.0, 1.1, 1.2)))
    assert local_volume_ratio(transform).ravel() == pytest.approx(1.32)

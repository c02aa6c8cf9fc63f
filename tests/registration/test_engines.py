"""Engines by name, and an extra that is missing."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ctreview.errors import RegistrationFailed
from ctreview.registration import ENGINES, register
from ctreview.volume.transform import Transform
from tests.registration.bodies import Organ, affine_of, brisk, moved_grid, points_of

HAS_ELASTIX = importlib.util.find_spec("itk") is not None


def test_the_built_in_engine_comes_first() -> None:
    assert next(iter(ENGINES)) == "keypoints"


@pytest.mark.skipif(HAS_ELASTIX, reason="itk-elastix is installed here")
def test_missing_elastix_names_the_extra() -> None:
    fixed, mask = Organ().before()
    with pytest.raises(RegistrationFailed, match=r"ctreview\[elastix\]"):
        register(fixed, fixed, fixed_mask=mask, moving_mask=mask, settings=replace(brisk(), engine="elastix"))


@pytest.mark.slow
@pytest.mark.skipif(not HAS_ELASTIX, reason="itk-elastix, the extra ctreview[elastix], is not installed")
def test_elastix_finds_a_shift_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    organ = Organ()
    shift = (4.0, -6.0, 20.0)
    truth = Transform(organ.geometry, moved_grid(organ.geometry, shift), affine_of(shift))
    fixed, fixed_mask = organ.before()
    moving, moving_mask = organ.after(truth)
    settings = replace(brisk(), engine="elastix", elastix_iterations=100)
    found = register(fixed, moving, fixed_mask=fixed_mask, moving_mask=moving_mask, settings=settings)
    points = points_of(fixed.geometry)[fixed_mask.array > 0]
    errors = np.linalg.norm(found.transform.to_moving(points) - truth.to_moving(points), axis=1)
    assert errors.mean() < 1.0
    assert found.engine == "elastix"
    assert list(tmp_path.iterdir()) == []

"""The sample of muscle MRI is what the phantom makes, and holds what the answer says."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ctreview.phantom.muscle.sample import make_muscle_sample, muscle_answer
from ctreview.recipes.muscle_mri.loading import load_mri
from ctreview.sample_data import ANSWER, MUSCLE, sample_data

SAMPLE = sample_data() / MUSCLE


def test_its_answer_is_what_the_phantom_is():
    stored = json.loads((SAMPLE / ANSWER).read_text(encoding="utf-8"))
    fresh = json.loads(json.dumps(muscle_answer(*make_muscle_sample())))
    for when in ("baseline", "followup"):
        for region, truth in fresh[when]["regions"].items():
            known = stored[when]["regions"][region]
            assert known.pop("shared_part") == pytest.approx(truth.pop("shared_part"), rel=0.001)
            assert known == pytest.approx(truth, rel=0.001)
    assert stored["shared_part"] == pytest.approx(fresh["shared_part"])


@pytest.mark.parametrize("date", ["before", "after"])
def test_its_files_hold_four_contrasts(date: str):
    images = load_mri(SAMPLE / date)
    assert [one.name for one in images.contrasts] == ["Dixon water", "Dixon fat", "STIR", "T1"]
    spacing = images["STIR"].acquired.geometry.spacing
    assert spacing == pytest.approx((8.0, 1.6, 1.6), rel=0.02)
    assert np.count_nonzero(images["Dixon fat"].acquired.array) > 0

"""What a scan would hold were what is in no number counted."""

import dataclasses

import numpy as np
import pytest

from ctreview.recipes.chest_ct.sensitivity import STREAKS


def test_what_streaks_may_add_counts_as_at_a_threshold_lower_by_it_in_another_reading(prepared):
    first, second = prepared.pair.scans
    lowest_hu = min(prepared.settings.interval.alone.shifts_hu)
    streaks = np.full(first.excess.hu.shape, -lowest_hu, dtype=np.float32)
    streaky = dataclasses.replace(first, excess=dataclasses.replace(first.excess, streaks_hu=streaks))
    pair = dataclasses.replace(prepared.pair, scans=(streaky, second), beside=None)
    before, after = (
        dataclasses.replace(prepared, pair=pair).sensitivity(number, prepared.points[number], (), None)
        for number in (0, 1)
    )
    whole = before.opacity_ml[:, 0, -1]
    unshifted = np.flatnonzero(before.shifts_hu == 0.0)[0]
    assert before.alternatives_ml[STREAKS][0, -1] == pytest.approx(whole[0] - whole[unshifted], abs=0.05)
    assert STREAKS not in after.alternatives_ml

"""Intervals of numbers that were measured again with what they rest on at its limits."""

from __future__ import annotations

import pytest

from ctreview.change import VariedNumber, change_of


def test_what_errs_alike_in_both_cancels_and_what_errs_in_each_does_not():
    alike = {"threshold": (90.0, 110.0)}
    common = change_of(VariedNumber(100.0, common=alike), VariedNumber(100.0, common=alike))
    own = change_of(VariedNumber(100.0, own=alike), VariedNumber(100.0, own=alike))
    assert (common.low, common.high) == (0.0, 0.0)
    assert own.high == pytest.approx(15.5, abs=1.0)  # the sum of two rectangular errors of ±10
    assert own.dominant == "threshold"


def test_limits_may_lie_unlike_about_the_value():
    found = change_of(VariedNumber(0.0), VariedNumber(10.0, own={"border": (10.0, 30.0)}))
    assert found.value == found.low == 10.0
    assert 25.0 < found.high <= 30.0


def test_a_relative_change_is_of_the_baseline():
    found = change_of(VariedNumber(50.0), VariedNumber(60.0), relative=True)
    assert found.value == pytest.approx(20.0)

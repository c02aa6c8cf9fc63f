"""The law of kept mass, and when a pair of breaths is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctreview.errors import WrongUse
from ctreview.lung import compare_inspiration, hu_at_volume_ratio


@pytest.mark.parametrize(("lost", "hu"), [(0.10, -778), (0.20, -750), (0.30, -714)])
def test_density_of_a_smaller_lung(lost: float, hu: int) -> None:
    assert round(hu_at_volume_ratio(-800.0, 1 - lost)) == hu


@given(st.floats(-990, 0), st.floats(0.5, 2.0))
def test_going_back_gives_the_density_back(hu: float, ratio: float) -> None:
    assert hu_at_volume_ratio(hu_at_volume_ratio(hu, ratio), 1 / ratio) == pytest.approx(hu, abs=1e-6)


@pytest.mark.parametrize(
    ("followup", "ok", "blocks"),
    [(4000, True, False), (3650, True, False), (3500, False, False), (2900, False, True), (4600, False, False)],
)
def test_limits(followup: float, ok: bool, blocks: bool) -> None:
    (check,) = compare_inspiration(4000.0, followup).checks
    assert (check.ok, check.stops) == (ok, blocks)


def test_a_deeper_breath_is_as_far_off_as_a_shallower_one() -> None:
    down = compare_inspiration(4000.0, 2960.0).checks[0]
    up = compare_inspiration(2960.0, 4000.0).checks[0]
    assert down.stops
    assert up.stops


def test_growth_is_no_breath() -> None:
    grown = compare_inspiration(800.0, 1000.0, growth=1.25)
    assert grown.volume_ratio == pytest.approx(1.0)
    assert grown.expected_shift_hu == pytest.approx(0.0)
    assert grown.checks[0].ok


@pytest.mark.parametrize(("first", "second"), [(0.0, 1.0), (1.0, -1.0)])
def test_no_lung_no_ratio(first: float, second: float) -> None:
    with pytest.raises(WrongUse):
        compare_inspiration(first, second)

"""The axis of one measure: from zero up, or in powers of ten where its values span decades."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["ValueAxis", "value_axis"]

DECADES = 2.0
"""From so many powers of ten on, the smallest values would lie on the axis of the largest."""


@dataclass(frozen=True)
class ValueAxis:
    """Values along the height of a panel.

    Attributes
    ----------
    low, high : float
        The values at the lower and the upper end.
    bottom, top : float
        Where these lie; y runs downwards.
    logarithmic : bool
    ticks : tuple of float
    """

    low: float
    high: float
    bottom: float
    top: float
    logarithmic: bool
    ticks: tuple[float, ...]

    def y(self, value: float) -> float:
        """Where a value lies; what is beyond an end, at that end."""
        low, high, here = (self._scaled(one) for one in (self.low, self.high, min(max(value, self.low), self.high)))
        return self.bottom + (self.top - self.bottom) * (here - low) / (high - low)

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self.logarithmic else value


def value_axis(
    values: Sequence[float], bottom: float, top: float, *, highest: float | None = None, decades: bool = True
) -> ValueAxis:
    """The axis for some values and limits.

    Parameters
    ----------
    values : sequence of float
        All that has to lie on it.
    bottom, top : float
        Where its ends lie.
    highest : float, optional
        What a score is out of: the upper end then.
    decades : bool
        Whether it may be logarithmic; volumes begin at zero.
    """
    least, most = min(values, default=0.0), max(values, default=1.0)
    if highest is not None and least >= 0:
        return ValueAxis(0.0, highest, bottom, top, logarithmic=False, ticks=(0.0, highest))
    if decades and least > 0 and math.log10(most / least) >= DECADES:
        powers = range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
        ticks = tuple(10.0**power for power in powers)
        return ValueAxis(ticks[0], ticks[-1], bottom, top, logarithmic=True, ticks=ticks)
    low, high = min(least, 0.0), _round_up(max(most, 0.0) or 1.0)
    low = -_round_up(-low) if low < 0 else 0.0
    ticks = (low, 0.0, high) if low < 0 else (0.0, high / 2, high)
    return ValueAxis(low, high, bottom, top, logarithmic=False, ticks=ticks)


def _round_up(value: float) -> float:
    """The next number with a first digit of 1, 2, 3, 4, 5, 6, 8 or 10 and zeros behind it."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0) if value <= step * power * 1.0001)

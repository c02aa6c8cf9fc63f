"""Intervals of numbers of any kind: each is measured again with what it rests on at its limits.

`find_sensitivity` does this for volumes of many regions at once; here any number of a scan may be varied, such as a
fat fraction or a ratio, by whoever can measure it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np

from ctreview.change.comparison import Interval
from ctreview.possible_values import require_possible
from ctreview.volume.geometry import FloatArray

__all__ = ["DrawSettings", "Limits", "VariedNumber", "change_of"]

Limits = tuple[float, float]
"""What a number becomes with a source at its lower and at its upper limit."""


@dataclass(frozen=True)
class DrawSettings:
    """How intervals are drawn.

    Attributes
    ----------
    level : float
        Share of draws within the interval.
    draws, seed : int
        Number of random draws, and the seed that makes them the same every time.
    """

    level: float = 0.95
    draws: int = 4000
    seed: int = 20260

    def __post_init__(self) -> None:
        require_possible(self, level=(0.5, 0.999), draws=(100, 100_000))


@dataclass(frozen=True)
class VariedNumber:
    """A number of one scan, and what it becomes where something that it rests on is otherwise.

    Attributes
    ----------
    value : float
    common : mapping of str to Limits
        By source, of what errs alike in both scans because one rule decides it.
    own : mapping of str to Limits
        By source, of what errs in each scan on its own.
    """

    value: float
    common: Mapping[str, Limits] = field(default_factory=dict)
    own: Mapping[str, Limits] = field(default_factory=dict)


def change_of(
    baseline: VariedNumber,
    followup: VariedNumber,
    *,
    relative: bool = False,
    settings: DrawSettings | None = None,
) -> Interval:
    """Follow-up minus baseline, with the interval that all sources together make.

    Every source is drawn from a rectangular distribution between its limits (JCGM 100:2008, 4.3.7); a number moves
    linearly towards what it becomes at each limit. Effects of several sources add up.

    Parameters
    ----------
    baseline, followup : VariedNumber
        In one unit.
    relative : bool
        In per cent of the baseline instead; its value must not be 0.
    settings : DrawSettings, optional

    Returns
    -------
    Interval
        Of kind "sensitivity".
    """
    settings = settings or DrawSettings()
    pair = baseline, followup
    sources = list(dict.fromkeys(name for one in pair for name in (*one.common, *one.own)))
    low, high = _ends(_change(pair, sources, relative, settings), settings.level)
    halves = {source: _half(_ends(_change(pair, [source], relative, settings), settings.level)) for source in sources}
    value = float(_change(pair, [], relative, settings)[0])
    return Interval(
        value=value,
        low=min(low, value),
        high=max(high, value),
        level=settings.level,
        dominant=max(halves, key=lambda name: halves[name], default=""),
        sources={name: half for name, half in halves.items() if half > 0},
    )


def _half(ends: tuple[float, float]) -> float:
    return (ends[1] - ends[0]) / 2


def _ends(draws: FloatArray, level: float) -> tuple[float, float]:
    tail = 50.0 * (1.0 - level)
    low, high = (float(one) for one in np.percentile(draws, (tail, 100.0 - tail)))
    return low, high


def _change(
    pair: tuple[VariedNumber, VariedNumber], sources: Iterable[str], relative: bool, settings: DrawSettings
) -> FloatArray:
    before, after = (np.full(settings.draws, one.value) for one in pair)
    for source in sources:
        before += _moved(pair[0], source, 1, settings)
        after += _moved(pair[1], source, 2, settings)
    if relative:
        return np.asarray(100.0 * (after / np.where(before == 0, np.nan, before) - 1.0))
    return np.asarray(after - before)


def _moved(one: VariedNumber, source: str, own_stream: int, settings: DrawSettings) -> FloatArray:
    """How far a source moves a number in each draw."""
    total = np.zeros(settings.draws)
    for found, stream in ((one.common, 0), (one.own, own_stream)):
        if source in found:
            # a stream of its own for each source, so that one alone draws what it draws in company
            seed = (settings.seed, crc32(source.encode()), stream)
            factor = np.random.default_rng(seed).uniform(-1.0, 1.0, settings.draws)
            low, high = found[source]
            total += np.where(factor < 0, (one.value - low) * factor, (high - one.value) * factor)
    return total

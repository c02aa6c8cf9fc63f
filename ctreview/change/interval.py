"""How far each number of change could be off: a sensitivity interval and what makes it wide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ctreview.change.comparison import Interval
from ctreview.change.draws import ALL, OF_IMAGING, RAW, Interpretation, Pair, changes, draw, interpretations, unshifted
from ctreview.change.interval_settings import SOURCES, Conditions, IntervalSettings
from ctreview.change.sensitivity import Sensitivity
from ctreview.volume.geometry import FloatArray

__all__ = ["SOURCES", "Conditions", "IntervalSettings", "find_intervals"]


def find_intervals(
    baseline: Sensitivity,
    followup: Sensitivity,
    *,
    conditions: Conditions | None = None,
    settings: IntervalSettings | None = None,
) -> dict[str, dict[str, Interval | None]]:
    """Intervals of every number of change in every region that both scans have.

    Draws everything that the numbers rest on at once, and takes the middle ``level`` of the results. Then each
    source is drawn alone, to say what makes the interval wide. Three things are no errors but other interpretations of
    the same numbers: the follow-up's volumes at the baseline's depth of breath, what is not counted but may be
    disease, counted in both scans, and both scans as if they had been imaged alike. The interval reaches over all
    interpretations, so that it may lie to one side of the value.

    Parameters
    ----------
    baseline, followup : Sensitivity
    conditions : Conditions, optional
        What widens the intervals of this pair.
    settings : IntervalSettings, optional

    Returns
    -------
    dict of str to dict
        By region, then by ``opacity_ml``, each counted label's key and ``_ml``, ``opacity_pp``,
        ``opacity_relative_percent`` (None below ``least_baseline_ml`` at baseline).
    """
    conditions, settings = conditions or Conditions(), settings or IntervalSettings()
    names = tuple(name for name in baseline.names if name in followup.names)
    pair = baseline.select(names), followup.select(names)
    value = {key: found[:, 0] for key, found in changes(pair, draw(pair, conditions, settings, ())).items()}
    other = interpretations(pair, conditions)
    # what unlike images do has a direction: an interval drawn towards it reaches less far to the other side of what was
    # found, which may be right as it is
    actives = [list(SOURCES)]
    if any(one.degraded_ml for one in pair):
        actives.append([source for source in SOURCES if source not in OF_IMAGING])
    ends = _hull(
        [
            _ends(changes(pair, draws, interpretation), settings.level)
            for draws in (draw(pair, conditions, settings, active) for active in actives)
            for interpretation in (RAW, *other.values())
        ]
    )
    alone = {source: _alone(pair, source, conditions, settings) for source in SOURCES}
    for name, interpretation in other.items():
        if name != ALL:
            alone[name] = _apart(pair, interpretation, value, conditions, settings)
    relative = pair[0].opacity_ml[unshifted(pair[0]), :, -1] >= settings.least_baseline_ml
    return {
        name: {
            key: _interval(
                float(value[key][row]),
                ends[key][:, row],
                {source: float(half[key][row]) for source, half in alone.items()},
                settings.level,
            )
            if key != "opacity_relative_percent" or relative[row]
            else None
            for key in value
        }
        for row, name in enumerate(names)
    }


Ends = dict[str, FloatArray]


def _ends(found: Mapping[str, FloatArray], level: float) -> Ends:
    """Ends of the middle ``level`` of the draws, shape (2, regions)."""
    tail = 50.0 * (1.0 - level)
    return {key: np.percentile(values, [tail, 100.0 - tail], axis=-1) for key, values in found.items()}


def _hull(parts: Sequence[Ends]) -> Ends:
    return {
        key: np.stack(
            [np.min([part[key][0] for part in parts], axis=0), np.max([part[key][1] for part in parts], axis=0)]
        )
        for key in parts[0]
    }


def _alone(pair: Pair, source: str, conditions: Conditions, settings: IntervalSettings) -> Ends:
    """Half of the interval's width if nothing but one source were in doubt, shape (regions,)."""
    found = _ends(changes(pair, draw(pair, conditions, settings, (source,))), settings.level)
    return {key: np.ptp(ends, axis=0) / 2 for key, ends in found.items()}


def _apart(
    pair: Pair,
    interpretation: Interpretation,
    value: Mapping[str, FloatArray],
    conditions: Conditions,
    settings: IntervalSettings,
) -> Ends:
    """Half of what another interpretation moves the numbers by, shape (regions,)."""
    read = changes(pair, draw(pair, conditions, settings, ()), interpretation)
    return {key: np.abs(read[key][:, 0] - found) / 2 for key, found in value.items()}


def _interval(value: float, ends: FloatArray, sources: Mapping[str, float], level: float) -> Interval:
    return Interval(
        value=value,
        low=min(float(ends[0]), value),
        high=max(float(ends[1]), value),
        level=level,
        dominant=max(sources, key=lambda name: sources[name]),
        sources={name: half for name, half in sources.items() if half > 0},
    )

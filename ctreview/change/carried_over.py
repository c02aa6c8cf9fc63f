"""Numbers that follow a reader's correction at once, before the comparison is made anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isclose

from ctreview.change.comparison import Comparison, Interval, RegionChange
from ctreview.change.measure import RegionMeasures
from ctreview.change.table import columns
from ctreview.change.verdict import VerdictSettings, judge

__all__ = ["carry_over"]

Counts = Mapping[str, Mapping[str, float]]
"""Millilitres by region and label, as `Tally.ml` gives them."""


Volumes = Mapping[str, float]
"""Millilitres of whole regions, as `Tally.volumes_ml` gives them."""


def carry_over(
    comparison: Comparison,
    baseline_ml: Counts,
    followup_ml: Counts,
    *,
    volumes_ml: tuple[Volumes, Volumes] = ({}, {}),
) -> tuple[RegionChange, ...]:
    """The regions of a comparison with other volumes of opacity.

    Volumes and their change are exact. Each interval is moved with its value and keeps its width: what a reader draws
    stands under every threshold, so that it moves all of them alike; how much what was there before it would have
    varied is found only by comparing anew. Verdicts are judged by the moved interval. Fate is withheld, since it no
    longer adds up.

    Parameters
    ----------
    comparison : Comparison
        The last one that was made.
    baseline_ml, followup_ml : mapping of str to mapping of str to float
        Millilitres by region and label as they stand.
    volumes_ml : pair of mapping of str to float
        Millilitres of the whole regions of both as they stand, where a reader took tissue into them or out of them.
        Shares follow; mean density and bands are withheld where a region is another one than was measured.

    Returns
    -------
    tuple of RegionChange
        Those of the comparison that both mappings know.
    """
    counted = [label.key for label in comparison.baseline.opacity.scheme.counted]
    settings = VerdictSettings(**comparison.settings.get("verdict", {}))
    found, whole = [], comparison.regions[0].region
    for old in comparison.regions:
        if old.region not in baseline_ml or old.region not in followup_ml:
            continue
        volumes = [now.get(old.region) for now in volumes_ml]
        before = _measures(old.baseline, baseline_ml[old.region], counted, volumes[0])
        after = _measures(old.followup, followup_ml[old.region], counted, volumes[1])
        change = {key: _moved(key, one, old, before, after) for key, one in old.change.items()}
        opacity = change["opacity_ml"]
        assert opacity is not None
        concerned = [check for check in comparison.checks if check.concerns(old.region, whole)]
        verdict = judge(opacity, before, after, concerned, settings=settings)
        found.append(RegionChange(old.region, before, after, change, None, verdict))
    return tuple(found)


def _measures(
    old: RegionMeasures, ml: Mapping[str, float], counted: Sequence[str], volume_ml: float | None
) -> RegionMeasures:
    total = sum(ml.get(key, 0.0) for key in counted)
    if volume_ml is not None and not isclose(volume_ml, old.volume_ml):
        old = replace(old, volume_ml=volume_ml, mean_hu=None, bands_percent=dict.fromkeys(old.bands_percent))
    return replace(
        old,
        classes_ml={key: ml.get(key, 0.0) for key in old.classes_ml},
        opacity_ml=total,
        opacity_percent=100.0 * total / old.volume_ml if old.volume_ml > 0 else None,
    )


def _moved(
    key: str, interval: Interval | None, old: RegionChange, before: RegionMeasures, after: RegionMeasures
) -> Interval | None:
    """An interval with its value at the new change; None where that has no meaning any more."""
    if interval is None or key == "opacity_relative_percent":
        return None  # its width depends on the baseline, which may have changed
    name = "opacity_percent" if key == "opacity_pp" else key
    rows = [columns(one.to_dict()) for one in (old.baseline, old.followup, before, after)]
    ends = [row[name] for row in rows]
    if None in ends:
        return None
    step = (ends[3] - ends[2]) - (ends[1] - ends[0])
    return replace(interval, value=interval.value + step, low=interval.low + step, high=interval.high + step)

"""Where the rest of a finding is, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ctreview.change.measure import RegionMeasures
from ctreview.volume.regions import Regions

__all__ = ["name_residual"]

LEAST_ML = 0.1
"""Less than this is called nothing: it would read 0.0 mL or be a few voxels."""

NAMED_SHARE = 0.85
"""Places are named, largest first, until they hold this share of the rest."""

MOST_PLACES = 3

CLEAR_SHARE = 0.6
"""A third or half is named where it holds at least this share of its place."""

THIRDS = {"apical": "apical third", "middle": "middle third", "basal": "basal third"}
HALVES = {"ventral": "ventral half", "dorsal": "dorsal half"}


def name_residual(measures: Mapping[str, RegionMeasures], regions: Regions) -> str:
    """Say how much opacity a scan holds and in which parts.

    Parameters
    ----------
    measures : mapping of str to RegionMeasures
        Of the follow-up; the first is the whole organ.
    regions : Regions
        Its last partition holds the finest places: lobes where they are known, else the sides.

    Returns
    -------
    str
        Such as "12.0 mL are left: 92 % in the right lung (80 % of that in its basal third, 75 % in its ventral
        half), 8 % in the left lung."
    """
    total = next(iter(measures.values())).opacity_ml
    if total < LEAST_ML:
        return "Nothing above the threshold is left."
    places = [name for name in regions.partitions[-1].regions if "/" not in name and name in measures]
    places.sort(key=lambda name: measures[name].opacity_ml, reverse=True)
    parts, covered = [], 0.0
    for place in places[:MOST_PLACES]:
        share = measures[place].opacity_ml / total
        if covered >= NAMED_SHARE or round(100 * share) < 1:
            break
        covered += share
        parts.append(f"{_percent(share)} in the {_words(place)}{_within(measures, place)}")
    where = "; ".join(parts) if parts else "in no part that has a name"
    return f"{_ml(total)} left: {where}."


def _within(measures: Mapping[str, RegionMeasures], place: str) -> str:
    """In which third and half of a place most of it lies, in brackets; empty where it is spread out."""
    own = measures[place].opacity_ml
    found: list[str] = []
    for names in (THIRDS, HALVES):
        inside = {part: measures[f"{place}/{part}"].opacity_ml / own for part in _known(measures, place, names)}
        if inside:
            part, share = max(inside.items(), key=lambda item: item[1])
            if share >= CLEAR_SHARE:
                found.append(
                    f"{_percent(share)} of that in its {names[part]}"
                    if not found
                    else f"{_percent(share)} in its {names[part]}"
                )
    return f" ({', '.join(found)})" if found else ""


def _known(measures: Mapping[str, RegionMeasures], place: str, names: Mapping[str, str]) -> Sequence[str]:
    return [part for part in names if f"{place}/{part}" in measures]


def _words(place: str) -> str:
    return place.replace("_", " ")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _ml(value: float) -> str:
    digits = 0 if value >= 99.5 else 1
    return f"{value:.{digits}f} mL {'is' if round(value, digits) == 1 else 'are'}"

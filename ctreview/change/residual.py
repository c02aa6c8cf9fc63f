"""Where the rest of a finding is, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ctreview.change.measure import RegionMeasures
from ctreview.volume.regions import Division, Regions

__all__ = ["Residual", "Share", "find_residual", "name_residual", "residual_places", "residual_words"]

LEAST_ML = 0.1
"""Less than this is called nothing: it would read 0.0 mL or be a few voxels."""

NAMED_SHARE = 0.85
"""Places are named, largest first, until they hold this share of the rest."""

MOST_PLACES = 3

CLEAR_SHARE = 0.6
"""A part of a place (a third of its height) is named where it holds at least this share of its place."""


@dataclass(frozen=True)
class Share:
    """How much of a residual one place holds.

    Attributes
    ----------
    region : str
        The place: a lobe where lobes are known, else a side.
    share : float
        Of the whole residual, 0 … 1.
    parts : tuple of (str, float)
        Parts of the place that clearly hold most of what it has (``"basal"``, ``"ventral"``), with their share of it.
    """

    region: str
    share: float
    parts: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Residual:
    """How much opacity a scan holds, and where.

    Attributes
    ----------
    total_ml : float
    places : tuple of Share
        The largest first, until they hold most of it.
    part_words : mapping of str to str
        What parts of places are called: ``{"basal": "basal third"}``.
    """

    total_ml: float
    places: tuple[Share, ...]
    part_words: Mapping[str, str] = field(default_factory=dict)

    @property
    def nothing(self) -> bool:
        """Whether too little is left to be spoken of."""
        return self.total_ml < LEAST_ML


def find_residual(measures: Mapping[str, RegionMeasures], regions: Regions) -> Residual:
    """Find in which parts the opacity of a scan lies.

    Parameters
    ----------
    measures : mapping of str to RegionMeasures
        Of the follow-up; the first is the whole organ.
    regions : Regions
        Its last partition holds the finest places: lobes where they are known, else the sides; its divisions say in
        which parts of them something may lie.
    """
    total = next(iter(measures.values())).opacity_ml
    if total < LEAST_ML:
        return Residual(total, ())
    divisions = [division for division in regions.divisions if division.locates]
    places = [name for name in regions.partitions[-1].regions if "/" not in name and name in measures]
    places.sort(key=lambda name: measures[name].opacity_ml, reverse=True)
    shares: list[Share] = []
    for place in places[:MOST_PLACES]:
        share = measures[place].opacity_ml / total
        if sum(one.share for one in shares) >= NAMED_SHARE or round(100 * share) < 1:
            break
        shares.append(Share(place, share, _within(measures, place, divisions)))
    words = {part: division.called(part) for division in divisions for part in division.parts}
    return Residual(total, tuple(shares), words)


def name_residual(measures: Mapping[str, RegionMeasures], regions: Regions) -> str:
    """Say how much opacity a scan holds and in which parts; parameters as of `find_residual`.

    Returns
    -------
    str
        Such as "12.0 mL are left: 92 % in the right lung (80 % of that in its basal third, 75 % in its ventral
        half), 8 % in the left lung."
    """
    return residual_words(find_residual(measures, regions))


def residual_words(found: Residual) -> str:
    """A residual in one sentence."""
    if found.nothing:
        return "Nothing above the threshold is left."
    return f"{_ml(found.total_ml)} left: {residual_places(found)}."


def residual_places(found: Residual) -> str:
    """The places of a residual and the share of each, such as "92 % in the right lung; 8 % in the left lung"."""
    parts = [
        f"{_percent(one.share)} in the {_words(one.region)}{_brackets(one.parts, found.part_words)}"
        for one in found.places
    ]
    return "; ".join(parts) if parts else "in no part that has a name"


def _brackets(parts: Sequence[tuple[str, float]], words: Mapping[str, str]) -> str:
    if not parts:
        return ""
    said = [f"{_percent(share)} in its {words[part]}" for part, share in parts]
    said[0] = said[0].replace(" in its", " of that in its")
    return f" ({', '.join(said)})"


def _within(
    measures: Mapping[str, RegionMeasures], place: str, divisions: Sequence[Division]
) -> tuple[tuple[str, float], ...]:
    """In which parts of a place most of it lies, one for each division; nothing where it is spread out."""
    own = measures[place].opacity_ml
    found: list[tuple[str, float]] = []
    for division in divisions:
        inside = {part: measures[f"{place}/{part}"].opacity_ml / own for part in _known(measures, place, division)}
        if inside:
            part, share = max(inside.items(), key=lambda item: item[1])
            if share >= CLEAR_SHARE:
                found.append((part, share))
    return tuple(found)


def _known(measures: Mapping[str, RegionMeasures], place: str, division: Division) -> Sequence[str]:
    return [part for part in division.parts if f"{place}/{part}" in measures]


def _words(place: str) -> str:
    return place.replace("_", " ")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _ml(value: float) -> str:
    digits = 0 if value >= 99.5 else 1
    return f"{value:.{digits}f} mL {'is' if round(value, digits) == 1 else 'are'}"

"""What the page answers first: how sure the change is, and where the rest lies."""

from __future__ import annotations

from dataclasses import dataclass

from ctreview.change.comparison import Comparison
from ctreview.change.residual import find_residual
from ctreview.report.languages import Phrases
from ctreview.report.languages.wording import Wording
from ctreview.report.reduced import inside_of

__all__ = ["ResidualPlace", "because", "rest_of"]

BECAUSE = {
    "decreased": "The whole interval is a decrease, and the change exceeds what two scans of one lung may differ by.",
    "increased": "The whole interval is an increase, and the change exceeds what two scans of one lung may differ by.",
    "unchanged": "The whole interval lies within the margin of equivalence.",
    "indeterminate": "The interval neither shows a change nor rules one out.",
    "not_interpretable": "A check forbids a verdict; the numbers are no finding.",
}
"""What each verdict rests on."""


@dataclass(frozen=True)
class ResidualPlace:
    """Where a part of the opacity lies at follow-up.

    Attributes
    ----------
    region : str
        A lobe where lobes are known, else a side.
    ml, percent : float
        What it holds, and how much that is of all.
    parts : tuple of str
        Parts of it that hold most of that, in words.
    point : list of float or None
        A point inside it, LPS millimetres of the follow-up.
    """

    region: str
    ml: float
    percent: float
    parts: tuple[str, ...]
    point: list[float] | None


def because(verdict: str, wording: Wording) -> str:
    """What a verdict rests on, in a sentence."""
    return wording.text(BECAUSE[verdict])


def rest_of(comparison: Comparison, say: Phrases) -> tuple[ResidualPlace, ...]:
    """The places that hold the opacity of the follow-up, the largest first; empty where nothing is left."""
    measures = {row.region: row.followup for row in comparison.regions}
    found = find_residual(measures, comparison.followup.regions)
    return tuple(
        ResidualPlace(
            region=one.region,
            ml=measures[one.region].opacity_ml,
            percent=100.0 * one.share,
            parts=tuple(say.part(part, found.part_words[part]) for part, _ in one.parts),
            point=inside_of(comparison, one.region),
        )
        for one in found.places
    )

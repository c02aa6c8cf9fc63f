"""What the page shows of the images: drawn once, for the page in every language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ctreview.change.comparison import Comparison
from ctreview.change.timepoint import Timepoint
from ctreview.progress import Progress, quiet
from ctreview.report.cards import Card, cards_of, frontals_of, offered, organ_keys
from ctreview.report.charts import HISTOGRAM_HU, Frontal, density_path, density_shares
from ctreview.report.reduced import ReducedScan, displacements, reduce_scan

__all__ = ["PagePictures", "draw_pictures"]


@dataclass(frozen=True, eq=False)
class PagePictures:
    """The pictures of a page.

    Attributes
    ----------
    cards : tuple of Card
        Matched levels.
    frontals : tuple of Frontal
        The opacity of both scans seen from the front.
    histogram : mapping
        Curves and ticks of density.
    scans : tuple of ReducedScan
        For the viewer.
    link : mapping or None
        How a point of the baseline is carried to the follow-up; None where they could not be registered.
    """

    cards: tuple[Card, ...]
    frontals: tuple[Frontal, Frontal]
    histogram: Mapping[str, Any]
    scans: tuple[ReducedScan, ReducedScan]
    link: Mapping[str, Any] | None


def draw_pictures(comparison: Comparison, *, progress: Progress = quiet) -> PagePictures:
    """Draw all that the page shows of the images."""
    points: tuple[Timepoint, Timepoint] = (comparison.baseline, comparison.followup)
    progress(0, 2, "choosing levels")
    cards = tuple(cards_of(comparison))
    progress(1, 2, "drawing")
    first, second = (reduce_scan(point, offered(point)) for point in points)
    link = None if comparison.transform is None else displacements(comparison.transform, first)
    drawn = PagePictures(cards, frontals_of(comparison), _histogram(comparison), (first, second), link)
    progress(2, 2, "drawing")
    return drawn


def _histogram(comparison: Comparison) -> dict[str, Any]:
    points = (comparison.baseline, comparison.followup)
    shares = [density_shares(point.volume, point.organ, organ_keys(point)) for point in points]
    top = max(float(share.max()) for share in shares)
    curves = [density_path(share, top) for share in shares]
    low, high = HISTOGRAM_HU
    ticks = [(hu, round(100.0 * (hu - low) / (high - low), 2)) for hu in range(-1000, high, 200)]
    return {"curves": curves, "ticks": ticks}

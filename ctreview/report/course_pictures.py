"""What the page of a course shows of the images: every scan at the same levels, and reduced, on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ctreview.change.comparison import Comparison
from ctreview.change.timepoint import Timepoint
from ctreview.report.answers import ResidualPlace, rest_of
from ctreview.report.cards import CardScan, card_scan, offered, organ_and_finding
from ctreview.report.charts import Frontal, frontal
from ctreview.report.languages import LANGUAGES
from ctreview.report.levels import levels_of_course, shared_field_of_view
from ctreview.report.planes import FINEST_MM, View
from ctreview.report.reduced import MOST_VOXELS, ReducedScan, displacements, reduce_scan
from ctreview.report.timeline import ScanPicture
from ctreview.volume.labels import Scheme
from ctreview.volume.transform import Transform

__all__ = ["CourseCard", "CourseImages", "CoursePictures"]

LEVELS: tuple[tuple[View, int], ...] = (("axial", 3), ("coronal", 1))

MANY, COARSE_MM = 3, 1.0
"""Of more scans than this, pictures have pixels of at least this size, so that the page can be sent."""


@dataclass(frozen=True)
class CourseCard:
    """One level in every scan.

    Attributes
    ----------
    view : {"axial", "coronal"}
    share : float
        As of `ctreview.report.levels.Level`.
    sides : tuple of CardScan
    covered : tuple of bool
        Whether each scan reaches this level.
    """

    view: View
    share: float
    sides: tuple[CardScan, ...]
    covered: tuple[bool, ...]


@dataclass(frozen=True, eq=False)
class CoursePictures:
    """The pictures of a course.

    Attributes
    ----------
    cards : tuple of CourseCard
    frontals : tuple of Frontal
        The opacity of each scan seen from the front.
    scans : tuple of ReducedScan
        For the viewer.
    links : tuple of mapping or None
        How a point of the first scan is carried to each; None for the first, and where they could not be registered.
    rest : mapping of str to tuple of ResidualPlace
        Where the opacity of the last scan lies, in each language.
    scheme : Scheme
        Of the opacity.
    """

    cards: tuple[CourseCard, ...]
    frontals: tuple[Frontal, ...]
    scans: tuple[ReducedScan, ...]
    links: tuple[Mapping[str, Any] | None, ...]
    rest: Mapping[str, tuple[ResidualPlace, ...]]
    scheme: Scheme

    @property
    def key_images(self) -> tuple[ScanPicture, ...]:
        """Of each scan the axial level on which most is outlined in any of them."""
        axial = [card for card in self.cards if card.view == "axial"]
        most = max(axial, key=lambda card: sum(len(one.path) for side in card.sides for one in _findings(side)))
        return tuple(
            ScanPicture(
                side.picture.uri,
                side.picture.width_mm,
                side.picture.height_mm,
                tuple((one.colour, one.path) for one in side.opacity),
            )
            for side in most.sides
        )


def _findings(side: CardScan) -> list[Any]:
    return [one for one in side.opacity if one.key != "organ"]


class CourseImages:
    """Keeps of comparisons what is drawn of them once all are there.

    Parameters
    ----------
    names : sequence of str
        What the timepoints are called.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._points: dict[int, Timepoint] = {}
        self._transforms: dict[int, Transform | None] = {0: None}
        self._rest: dict[str, tuple[ResidualPlace, ...]] = {}

    def add(self, late: int, comparison: Comparison) -> None:
        """Keep a scan as it was found beside the first one, and the first one as found beside the second."""
        if late == 1:
            self._points[0] = _without_fate(comparison.baseline)
        self._points[late] = _without_fate(comparison.followup)
        self._transforms[late] = comparison.transform
        if late == len(self._names) - 1:
            self._rest = {language: rest_of(comparison, say) for language, say in LANGUAGES.items()}

    def draw(self) -> CoursePictures:
        """Draw all of them."""
        points = [self._points[place] for place in range(len(self._names))]
        most_voxels = 2 * MOST_VOXELS // len(points)
        scans = tuple(reduce_scan(point, offered(point), most_voxels=most_voxels) for point in points)
        links = tuple(
            None if transform is None else displacements(transform, scans[0])
            for _, transform in sorted(self._transforms.items())
        )
        frontals = tuple(frontal(point.organ, point.opacity) for point in points)
        cards = tuple(self._cards(points))
        return CoursePictures(cards, frontals, scans, links, self._rest, points[0].opacity.scheme)

    def _cards(self, points: Sequence[Timepoint]) -> list[CourseCard]:
        seen = [organ_and_finding(point) for point in points]
        candidates = [offered(point) for point in points]
        later = [(scan, self._transforms[place]) for place, scan in enumerate(seen[1:], start=1)]
        finest_mm = FINEST_MM if len(points) <= MANY else COARSE_MM
        cards = []
        for view, count in LEVELS:
            field = shared_field_of_view(view, *seen)
            for number, matched in enumerate(levels_of_course(view, seen[0], later, count=count), start=1):
                sides = tuple(
                    card_scan(
                        point,
                        candidates[place],
                        field,
                        matched[max(place - 1, 0)],
                        min(place, 1),
                        identifier=f"{view}{number}-{place}",
                        when=self._names[place],
                        finest_mm=finest_mm,
                    )
                    for place, point in enumerate(points)
                )
                covered = (True, *(level.covered for level in matched))
                cards.append(CourseCard(view, matched[0].share, sides, covered))
        return cards


def _without_fate(point: Timepoint) -> Timepoint:
    """A scan without what belongs to one pair alone, and what is not drawn."""
    return replace(point, fate=None, vessels=None, parts=None)

"""The pictures of the page: the same levels in both scans, bare, with opacity outlined, and with its fate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ctreview.change.candidates import candidate_map, open_candidates
from ctreview.change.comparison import Comparison
from ctreview.change.fate import fate_words
from ctreview.change.timepoint import Timepoint
from ctreview.report.charts import Frontal, frontal
from ctreview.report.figures import Outline, SlicePicture, outlines, picture
from ctreview.report.levels import Level, OrganAndFinding, matched_levels, shared_field_of_view
from ctreview.report.planes import FINEST_MM, Cut, FieldOfView, View, plane_through
from ctreview.volume.labels import LabelMap

__all__ = [
    "Card",
    "CardScan",
    "card_scan",
    "cards_of",
    "frontals_of",
    "key_card",
    "legend",
    "offered",
    "organ_and_finding",
    "organ_keys",
]

BORDER_COLOUR = "#dfe3e6"
BORDER_WORDS = {"en": "lung border", "de": "Lungengrenze"}
NOT_COUNTED = {"en": "not counted", "de": "nicht gezählt"}
IN_NO_NUMBER = {"en": "in no number", "de": "in keiner Zahl"}

LEVELS: tuple[tuple[View, int], ...] = (("axial", 3), ("coronal", 2))


@dataclass(frozen=True)
class CardScan:
    """One scan at one level.

    Attributes
    ----------
    identifier : str
        Unique on the page.
    when : str
        ``baseline`` or ``followup``; of a course what its timepoint is called.
    slice_number, of : int
        Number of the slice, 1 at the head (axial) or at the front (coronal), and how many there are.
    picture : SlicePicture
    opacity, fate : tuple of Outline
    """

    identifier: str
    when: str
    slice_number: int
    of: int
    picture: SlicePicture
    opacity: tuple[Outline, ...]
    fate: tuple[Outline, ...]


@dataclass(frozen=True)
class Card:
    """One level in both scans; attributes as those of `Level`."""

    view: View
    share: float
    sides: tuple[CardScan, CardScan]
    covered: bool


def organ_keys(timepoint: Timepoint) -> tuple[str, ...]:
    """The labels of the organ that are counted: lungs without the airways."""
    return tuple(label.key for label in timepoint.organ.scheme.counted)


def organ_and_finding(timepoint: Timepoint) -> OrganAndFinding:
    """What is shown: opacity, and what a reader is asked to confirm."""
    finding = timepoint.opacity.counted_mask()
    if candidates := offered(timepoint):
        finding = finding | (candidates.array > 0)
    return OrganAndFinding(timepoint.volume.geometry, timepoint.organ.mask(*organ_keys(timepoint)), finding)


def offered(timepoint: Timepoint) -> LabelMap | None:
    """Where candidates are open; None where none are."""
    if not open_candidates(timepoint.candidates):
        return None
    return candidate_map(timepoint.candidates, timepoint.volume.geometry)


def cards_of(comparison: Comparison) -> list[Card]:
    """Three axial and two coronal levels, those with most opacity among them, drawn in both scans."""
    baseline, followup = organ_and_finding(comparison.baseline), organ_and_finding(comparison.followup)
    candidates = offered(comparison.baseline), offered(comparison.followup)
    cards = []
    for view, count in LEVELS:
        field = shared_field_of_view(view, baseline, followup)
        levels = matched_levels(view, baseline, followup, comparison.transform, count=count)
        cards += [_card(comparison, candidates, field, level, f"{view}{n}") for n, level in enumerate(levels, start=1)]
    return cards


def key_card(comparison: Comparison) -> Card:
    """The one axial level with most opacity at baseline (at follow-up where there is none), drawn in both scans."""
    baseline, followup = organ_and_finding(comparison.baseline), organ_and_finding(comparison.followup)
    candidates = offered(comparison.baseline), offered(comparison.followup)
    (level,) = matched_levels("axial", baseline, followup, comparison.transform, count=1)
    return _card(comparison, candidates, shared_field_of_view("axial", baseline, followup), level, "key")


def _card(
    comparison: Comparison,
    candidates: tuple[LabelMap | None, LabelMap | None],
    field: FieldOfView,
    level: Level,
    identifier: str,
) -> Card:
    points = (("baseline", comparison.baseline), ("followup", comparison.followup))
    before, after = (
        card_scan(point, candidates[side], field, level, side, identifier=f"{identifier}-{when}", when=when)
        for side, (when, point) in enumerate(points)
    )
    return Card(level.view, level.share, (before, after), level.covered)


def card_scan(
    timepoint: Timepoint,
    candidates: LabelMap | None,
    field: FieldOfView,
    level: Level,
    side: int,
    *,
    identifier: str,
    when: str,
    finest_mm: float = FINEST_MM,
) -> CardScan:
    """Draw one scan at a level.

    Parameters
    ----------
    timepoint : Timepoint
    candidates : LabelMap or None
        Where candidates are open.
    field : FieldOfView
    level : Level
    side : {0, 1}
        Whether it is the baseline of the level or the follow-up.
    identifier, when : str
        As of `CardScan`.
    finest_mm : float
        Pixels are not made smaller.
    """
    grid = timepoint.volume.geometry
    centre = level.followup if side else level.baseline
    cut = Cut(grid, plane_through(level.view, centre, field, grid, finest_mm=finest_mm))
    return CardScan(
        identifier=identifier,
        when=when,
        slice_number=level.slices[side],
        of=level.of[side],
        picture=picture(timepoint.volume, cut),
        opacity=_border(timepoint, cut) + _opacity(timepoint, cut) + _candidates(candidates, cut),
        fate=_fate(timepoint, cut),
    )


def _border(timepoint: Timepoint, cut: Cut) -> tuple[Outline, ...]:
    """The organ's edge, so that a reader sees whether dense lung fell out of the mask."""
    found = outlines(timepoint.organ, cut, keys=organ_keys(timepoint))
    return tuple(Outline("organ", BORDER_WORDS, BORDER_COLOUR, one.path) for one in found)


def _fate(timepoint: Timepoint, cut: Cut) -> tuple[Outline, ...]:
    if timepoint.fate is None:
        return ()
    classes = timepoint.opacity.scheme
    return tuple(
        replace(one, names={language: fate_words(one.key, classes, language) for language in one.names})
        for one in outlines(timepoint.fate, cut)
    )


def _opacity(timepoint: Timepoint, cut: Cut) -> tuple[Outline, ...]:
    return tuple(
        one if timepoint.opacity.scheme[one.key].counted else _remarked(one, NOT_COUNTED)
        for one in outlines(timepoint.opacity, cut)
    )


def _candidates(candidates: LabelMap | None, cut: Cut) -> tuple[Outline, ...]:
    """What is in no number until a reader accepts it."""
    if candidates is None:
        return ()
    return tuple(replace(_remarked(one, IN_NO_NUMBER), value=99) for one in outlines(candidates, cut))


def _remarked(outline: Outline, remark: Mapping[str, str]) -> Outline:
    return replace(outline, names={key: f"{name} ({remark[key]})" for key, name in outline.names.items()})


def legend(drawn: Sequence[Outline]) -> list[Outline]:
    """One outline for each name that is drawn somewhere on the page, in the order of the schemes."""
    rows = {outline.names["en"]: outline for outline in sorted(drawn, key=_order)}
    return list(rows.values())


def _order(outline: Outline) -> tuple[bool, int]:
    return outline.key != "organ", outline.value


def frontals_of(comparison: Comparison) -> tuple[Frontal, Frontal]:
    """The opacity of both scans seen from the front."""
    before, after = (frontal(point.organ, point.opacity) for point in (comparison.baseline, comparison.followup))
    return before, after

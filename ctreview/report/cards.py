"""The pictures of the page: the same levels in both scans, bare, with opacity outlined, and with its fate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ctreview.change.comparison import Comparison, Timepoint
from ctreview.report.charts import Frontal, frontal
from ctreview.report.figures import Outline, SlicePicture, outlines, picture
from ctreview.report.levels import Level, OrganAndFinding, matched_levels, shared_field_of_view
from ctreview.report.planes import Cut, FieldOfView, View, lay

__all__ = ["COLOURS", "Card", "CardScan", "cards_of", "frontals_of", "legend", "organ_keys"]

COLOURS = {
    "organ": "#dfe3e6",
    "ground_glass": "#f0b429",
    "consolidation": "#ff5f3d",
    "dependent_opacity": "#56b4e9",
    "resolved": "#20c997",
    "persistent": "#f0b429",
    "persistent_followup": "#f0b429",
    "worsened": "#ff5f3d",
    "improved": "#56b4e9",
    "new": "#e58fc0",
}
"""Lines over dark images: the hues of Okabe and Ito (Color Universal Design, 2008), lightened to stand out there.
Every kind has its own line style as well, so that colour is never the only sign."""

NAMES = {
    "organ": "lung border",
    "ground_glass": "ground glass",
    "consolidation": "consolidation",
    "dependent_opacity": "dependent opacity (not counted)",
    "resolved": "below threshold at follow-up",
    "persistent": "persistent",
    "persistent_followup": "persistent",
    "worsened": "worsened (ground glass to consolidation)",
    "improved": "improved (consolidation to ground glass)",
    "new": "new",
}

OPACITIES = ("ground_glass", "consolidation")
LEVELS: tuple[tuple[View, int], ...] = (("axial", 3), ("coronal", 2))


@dataclass(frozen=True)
class CardScan:
    """One scan at one level."""

    identifier: str
    when: str
    place: str
    short: str
    picture: SlicePicture
    opacity: tuple[Outline, ...]
    fate: tuple[Outline, ...]


@dataclass(frozen=True)
class Card:
    """One level in both scans."""

    title: str
    sides: tuple[CardScan, CardScan]
    covered: bool


def organ_keys(timepoint: Timepoint) -> tuple[str, ...]:
    """The labels of the organ that are counted: lungs without the airways."""
    return tuple(label.key for label in timepoint.organ.scheme if label.key.endswith("_lung"))


def _organ_and_finding(timepoint: Timepoint) -> OrganAndFinding:
    return OrganAndFinding(
        timepoint.volume.geometry,
        timepoint.organ.mask(*organ_keys(timepoint)),
        timepoint.opacity.mask(*OPACITIES),
    )


def cards_of(comparison: Comparison) -> list[Card]:
    """Three axial and two coronal levels, those with most opacity among them, drawn in both scans."""
    baseline, followup = _organ_and_finding(comparison.baseline), _organ_and_finding(comparison.followup)
    cards = []
    for view, count in LEVELS:
        field = shared_field_of_view(view, baseline, followup)
        levels = matched_levels(view, baseline, followup, comparison.transform, count=count)
        cards += [_card(comparison, field, level, f"{view}{n}") for n, level in enumerate(levels, start=1)]
    return cards


def _card(comparison: Comparison, field: FieldOfView, level: Level, identifier: str) -> Card:
    sides = []
    for number, (when, timepoint, centre) in enumerate(
        (("Baseline", comparison.baseline, level.baseline), ("Follow-up", comparison.followup, level.followup))
    ):
        short = f"slice {level.slices[number]}" if level.view == "axial" else "coronal"
        grid = timepoint.volume.geometry
        cut = Cut(grid, lay(level.view, centre, field, grid))
        sides.append(
            CardScan(
                identifier=f"{identifier}-{when.lower()}",
                when=when,
                place=f"{short} of {level.of[number]}" if level.view == "axial" else short,
                short=short,
                picture=picture(timepoint.volume, cut),
                opacity=_border(timepoint, cut) + outlines(timepoint.opacity, cut, colours=COLOURS),
                fate=_fate(timepoint, cut),
            )
        )
    place = (
        f"{100 * level.share:.0f} % of the way from the top to the base of the lungs"
        if level.view == "axial"
        else f"{100 * level.share:.0f} % of the way from the front to the back of the lungs"
    )
    return Card(f"{level.view.capitalize()}, {place}", (sides[0], sides[1]), level.covered)


def _border(timepoint: Timepoint, cut: Cut) -> tuple[Outline, ...]:
    """The organ's edge, so that a reader sees whether dense lung fell out of the mask."""
    found = outlines(timepoint.organ, cut, keys=organ_keys(timepoint))
    return tuple(Outline("organ", NAMES["organ"], COLOURS["organ"], one.path) for one in found)


def _fate(timepoint: Timepoint, cut: Cut) -> tuple[Outline, ...]:
    return () if timepoint.fate is None else outlines(timepoint.fate, cut, colours=COLOURS)


def legend(drawn: Sequence[Outline]) -> list[tuple[str, str, str]]:
    """Key, words and colour of what is drawn somewhere on the page, each name once, in a fixed order."""
    keys = {outline.key for outline in drawn}
    rows = {NAMES[key]: (key, NAMES[key], COLOURS[key]) for key in NAMES if key in keys}
    return list(rows.values())


def frontals_of(comparison: Comparison) -> tuple[Frontal, Frontal]:
    """The opacity of both scans seen from the front."""
    before, after = (
        frontal(point.organ, point.opacity, organ_keys(point), OPACITIES)
        for point in (comparison.baseline, comparison.followup)
    )
    return before, after

"""Scores that radiologists give by eye, proposed from masks; a reader confirms each item or gives another.

Masks hold ground glass and consolidation, and none of the signs of fibrosis: what they cannot show is said with each
score, and its items are proposals. Left out are scores whose items or weights no source at hand gives: that of Warrick
(1991; the weights of its items), and a total of the score for juvenile dermatomyositis (how its zones are added up).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = [
    "LOBES",
    "TRACE_ML",
    "ZONES",
    "ProposedScore",
    "ScoreItem",
    "ZoneContent",
    "alveolar_grade",
    "extent_grade",
    "propose_alveolar_score",
    "propose_jdm_ild_score",
    "propose_volumetric_extent",
]

LOBES = ("right_upper_lobe", "right_middle_lobe", "right_lower_lobe", "left_upper_lobe", "left_lower_lobe")

ZONES = tuple(f"{side}_lung/{third}" for side in ("right", "left") for third in ("apical", "middle", "basal"))
"""Thirds of equal height of each lung stand for the six zones."""

TRACE_ML = 0.5
"""Less is no infiltrate: a sphere of 1 cm, within the error of the method everywhere."""

GROUND_GLASS_PATTERN, CONSOLIDATION_PATTERN = 2, 3


@dataclass(frozen=True)
class ZoneContent:
    """What a zone or lobe of the lungs holds, in millilitres."""

    volume_ml: float
    ground_glass_ml: float
    consolidation_ml: float

    @property
    def opacity_ml(self) -> float:
        """Both together."""
        return self.ground_glass_ml + self.consolidation_ml

    def percent(self, ml: float) -> float:
        """A volume as a share of the zone."""
        return 100.0 * ml / self.volume_ml if self.volume_ml > 0 else 0.0


@dataclass(frozen=True)
class ScoreItem:
    """One item of a score.

    Attributes
    ----------
    region : str
    name : str
        What is graded there, such as ``"extent"``.
    value : float
        The grade.
    highest : float
        The highest grade there is; the lowest is 0.
    """

    region: str
    name: str
    value: float
    highest: float


@dataclass(frozen=True)
class ProposedScore:
    """A score of one scan.

    Attributes
    ----------
    key, title : str
    items : tuple of ScoreItem
    total : float or None
        None where no source says how items are added up.
    highest : float or None
        The highest total.
    source : str
        Who defined it.
    unseen : str
        What the masks cannot show, so that a reader must look for it.
    """

    key: str
    title: str
    items: tuple[ScoreItem, ...]
    total: float | None
    highest: float | None
    source: str
    unseen: str

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        items = [vars(item) for item in self.items]
        return {**vars(self), "items": items, "state": "proposed"}


def alveolar_grade(percent: float) -> int:
    """Ground glass in a lobe as a grade: 0 none, 1 below 5 %, 2 below 25 %, 3 below 50 %, 4 up to 75 %, 5 above."""
    if percent <= 0:
        return 0
    return 1 + sum((percent >= 5, percent >= 25, percent >= 50, percent > 75))


def extent_grade(percent: float) -> int:
    """The distribution range of a zone: 0 no infiltrate, 1 below 30 %, 2 below 60 %, 3 from there on."""
    if percent <= 0:
        return 0
    return 1 + sum((percent >= 30, percent >= 60))


def propose_alveolar_score(lobes: Mapping[str, ZoneContent]) -> ProposedScore | None:
    """Propose the alveolar score of Kazerooni and Gay: the grade of ground glass in each lobe, and their mean.

    Parameters
    ----------
    lobes : mapping of str to ZoneContent
        By the names of `LOBES`.

    Returns
    -------
    ProposedScore or None
        None unless all five lobes are known.
    """
    if any(name not in lobes for name in LOBES):
        return None
    items = tuple(
        ScoreItem(name, "ground glass", alveolar_grade(_percent(lobes[name], lobes[name].ground_glass_ml)), 5)
        for name in LOBES
    )
    return ProposedScore(
        "alveolar",
        "Alveolar score (Kazerooni, Gay)",
        items,
        sum(item.value for item in items) / len(items),
        5,
        "Kazerooni et al., AJR 1997;169:977; Gay et al., Am J Respir Crit Care Med 1998;157:1063",
        "The interstitial score beside it (septal thickening, honeycombing) is the reader's.",
    )


def propose_jdm_ild_score(zones: Mapping[str, ZoneContent]) -> ProposedScore | None:
    """Propose pattern and distribution range of the CT score for lung disease in juvenile dermatomyositis.

    Parameters
    ----------
    zones : mapping of str to ZoneContent
        By the names of `ZONES`.

    Returns
    -------
    ProposedScore or None
        None unless all six zones are known. Patterns 1 (thick bronchovascular bundles), 4 and 5 (with bronchiectasis)
        and 6 (honeycombing) are never proposed. It has no total.
    """
    if any(name not in zones for name in ZONES):
        return None
    items = []
    for name in ZONES:
        zone = zones[name]
        pattern = 0 if _trace(zone.opacity_ml) else GROUND_GLASS_PATTERN
        pattern = pattern if _trace(zone.consolidation_ml) else CONSOLIDATION_PATTERN
        items.append(ScoreItem(name, "pattern", pattern, 6))
        items.append(ScoreItem(name, "extent", extent_grade(_percent(zone, zone.opacity_ml)), 3))
    return ProposedScore(
        "jdm_ild",
        "JDM-ILD CT score, by zone",
        tuple(items),
        None,
        None,
        "Can Respir J 2023:5607473, doi 10.1155/2023/5607473",
        "Bronchovascular bundles (1), bronchiectasis (4, 5) and honeycombing (6) are the reader's; zones are thirds of "
        "equal height; no total is formed, because the source at hand does not say how.",
    )


def propose_volumetric_extent(lungs: ZoneContent) -> ProposedScore:
    """The share of the lungs that is opacity, in per cent; measured, where visual scores estimate."""
    percent = lungs.percent(lungs.opacity_ml)
    return ProposedScore(
        "volumetric_extent",
        "Volumetric extent",
        (ScoreItem("lungs", "extent", round(percent, 2), 100),),
        round(percent, 2),
        100,
        "measured from the masks; not the staging of Goh",
        "Reticulation and honeycombing are not in it.",
    )


def _percent(zone: ZoneContent, ml: float) -> float:
    return 0.0 if _trace(ml) else zone.percent(ml)


def _trace(ml: float) -> bool:
    return ml < TRACE_ML

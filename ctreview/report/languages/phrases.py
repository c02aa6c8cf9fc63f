"""What every language must be able to say, and the facts that it is given."""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ctreview.change.residual import Residual
from ctreview.checks import Check
from ctreview.lung.visual_scores import TRACE_ML
from ctreview.report.words import Found
from ctreview.volume.labels import Label

__all__ = ["HEADINGS", "CandidateTold", "Marked", "Phrases", "Protocol", "RegionTold"]

HEADINGS = ("technique", "comparison", "findings", "impression", "limitations")
"""The parts of a report, in their order."""


@dataclass(frozen=True)
class Protocol:
    """How a scan was made, as far as its header says so.

    Attributes
    ----------
    kvp, slice_thickness_mm : float or None
    kernel : str or None
    contrast : bool or None
    posture : str or None
        How the patient lay, in the words of `ctreview.dicom.comparability.posture_in_words`.
    """

    kvp: float | None
    kernel: str | None
    slice_thickness_mm: float | None
    contrast: bool | None
    posture: str | None


@dataclass(frozen=True)
class RegionTold:
    """One region of a comparison.

    Attributes
    ----------
    region : str
    verdict : str
    before_ml, after_ml : float
        Opacity.
    before_percent, after_percent : float or None
        As a share of the region.
    change_ml, low_ml, high_ml : float
        The change and its interval.
    level : float
        Of the interval.
    classes : tuple of Label
        What is counted and of which there is more than a trace.
    """

    region: str
    verdict: str
    before_ml: float
    after_ml: float
    before_percent: float | None
    after_percent: float | None
    change_ml: float
    low_ml: float
    high_ml: float
    level: float
    classes: tuple[Label, ...]

    @property
    def empty(self) -> bool:
        """Whether neither scan holds more than a trace."""
        return max(self.before_ml, self.after_ml) < TRACE_ML


@dataclass(frozen=True)
class CandidateTold:
    """A dense area that nobody has accepted or dismissed.

    Attributes
    ----------
    timepoint : int
        1 for the baseline, 2 for the follow-up.
    region : str
    ml : float
    proposed : {"consolidation", "collapse", "effusion"}
        What it may be.
    reason : str
        Why it is not counted.
    """

    timepoint: int
    region: str
    ml: float
    proposed: str
    reason: str


class ShownImage(typing.Protocol):
    """What a reader kept an image of; `ctreview.study.KeyImage` is one."""

    @property
    def timepoint(self) -> int:
        """1 for the baseline, 2 for the follow-up."""

    @property
    def plane(self) -> str:
        """``"axial"``, ``"coronal"`` or ``"sagittal"``."""

    @property
    def window_level(self) -> float:
        """Of the grey values that are shown."""

    @property
    def window_width(self) -> float:
        """Of the grey values that are shown."""

    @property
    def slab(self) -> str:
        """``"MIP"``, ``"MinIP"`` or ``"average"``; empty where the slice was thin."""

    @property
    def slab_mm(self) -> float:
        """How thick it was."""

    @property
    def contrast(self) -> str:
        """Of an MR examination."""

    @property
    def caption(self) -> str:
        """What the reader says of it."""


class Marked(typing.Protocol):
    """What a reader marked by hand; `ctreview.study.Finding` is one."""

    @property
    def type(self) -> str:
        """One of `ctreview.study.FINDING_TYPES`."""

    @property
    def timepoint(self) -> int:
        """1 for the baseline, 2 for the follow-up."""

    @property
    def region(self) -> str:
        """Where it lies."""

    @property
    def state(self) -> str:
        """``"not_seen"`` where it is seen at the other timepoint only."""

    @property
    def text(self) -> str:
        """What the reader says of it."""

    @property
    def long_mm(self) -> float | None:
        """Its long axis."""

    @property
    def short_mm(self) -> float | None:
        """Its short axis."""


class Phrases(typing.Protocol):
    """A language.

    Attributes
    ----------
    name : str
        What it calls itself, for whoever chooses one.
    headings : mapping of str to str
        That of each part of `HEADINGS`.
    """

    name: str
    headings: Mapping[str, str]

    def draft(self) -> str:
        """That nobody has signed."""

    def signed(self, reader: str, when: str) -> str:
        """Who has signed, and when."""

    def research(self) -> str:
        """That this is no medical device."""

    def headline(self, found: Found) -> str:
        """The one sentence at the top of the page; it never says more than the verdict."""

    def part(self, key: str, english: str) -> str:
        """A part of a place, such as ``"basal"``, in words; ``english`` are those of its division."""

    def reason(self, reason: str) -> str:
        """Why a dense area is not counted."""

    def methods(self, document: Mapping[str, Any], provenance: Mapping[str, Any]) -> str:
        """How the numbers came about, for the methods section of a paper."""

    def technique(self, baseline: Protocol, followup: Protocol, *, registered: bool) -> str:
        """How the scans were made and read."""

    def comparison(self, days: int | None) -> str:
        """What the follow-up is compared with."""

    def terms(self, level: float) -> str:
        """What opacity and the intervals are."""

    def not_interpretable(self) -> str:
        """Why there are no numbers."""

    def region(self, told: RegionTold) -> str:
        """What is found in one region."""

    def fate(self, baseline_ml: float, fate_ml: Mapping[str, float] | None, classes: Sequence[Label]) -> str:
        """What became of the opacity; None where that is withheld."""

    def distribution(self, found: Residual) -> str:
        """Where opacity lies at follow-up."""

    def residual(self, found: Residual) -> str:
        """How much is left, and where."""

    def key_image(self, image: ShownImage) -> str:
        """What stands under an image that a reader kept."""

    def marked(self, one: Marked) -> str:
        """A finding that a reader marked."""

    def to_confirm(self, candidates: Sequence[CandidateTold]) -> str:
        """How many dense areas are to be confirmed, how much they hold, and that they are in no number."""

    def candidate(self, told: CandidateTold) -> str:
        """One of them."""

    def impression(self, told: RegionTold, days: int | None) -> str:
        """The verdict of the whole organ."""

    def new(self, ml: float) -> str:
        """That something is new, although the whole may have decreased."""

    def check(self, check: Check) -> str:
        """A check that failed."""

    def limitations(self, regions: Sequence[str]) -> Sequence[str]:
        """What always has to be kept in mind."""

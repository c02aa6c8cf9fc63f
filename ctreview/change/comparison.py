"""What a comparison of two timepoints found, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ctreview.change.candidates import candidates_document
from ctreview.change.measure import RegionMeasures
from ctreview.change.measurements import classes_document
from ctreview.change.table import change_rows
from ctreview.change.timepoint import Timepoint
from ctreview.checks import Check
from ctreview.edits import Edit
from ctreview.errors import WrongUse
from ctreview.volume.transform import Transform

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CHANGE_SCHEMA", "Comparison", "Interval", "RegionChange", "Verdict", "Writer"]

CHANGE_SCHEMA = "ctreview.change/2"
"""Name and version of the shape that `Comparison.to_dict` gives."""

Verdict = Literal["decreased", "increased", "unchanged", "indeterminate", "not_interpretable"]
"""What may be said about a region; that of the first region (the whole organ) is the finding."""


@dataclass(frozen=True)
class Interval:
    """A number with how far it could be off.

    Attributes
    ----------
    value, low, high : float
        ``low <= value <= high``.
    level : float
        The share of the draws that lies between ``low`` and ``high``.
    kind : str
        ``"sensitivity"``: how far the number moves when what it rests on is varied within plausible limits. It is
        no confidence interval: no repeated scans of one patient stand behind it.
    dominant : str
        The source that alone makes the widest interval.
    sources : mapping of str to float
        Half the width that each source alone would make, in the unit of ``value``.
    """

    value: float
    low: float
    high: float
    level: float = 0.95
    kind: str = "sensitivity"
    dominant: str = ""
    sources: Mapping[str, float] = field(default_factory=dict)

    @property
    def half_width(self) -> float:
        """Half of ``high − low``."""
        return (self.high - self.low) / 2.0

    @property
    def excludes_zero(self) -> bool:
        """Whether 0 lies outside, so that the sign of the change is known."""
        return self.low > 0 or self.high < 0

    def to_dict(self) -> dict[str, Any]:
        """The fields that ``change.json`` holds."""
        said = {key: getattr(self, key) for key in ("value", "low", "high", "level", "kind", "dominant")}
        return {**said, "sources": dict(self.sources)}


@dataclass(frozen=True)
class RegionChange:
    """What changed in one region.

    Attributes
    ----------
    region : str
        Its name, such as ``"right_lung/basal"``.
    baseline, followup : RegionMeasures
        Each on its own grid.
    change : mapping of str to Interval or None
        Follow-up minus baseline: ``opacity_ml``, the key of each counted label and ``_ml``, ``opacity_pp`` (points
        of per cent of the region), ``opacity_relative_percent`` (None below 5 mL at baseline).
    fate_ml : mapping of str to float, or None
        ``resolved``, ``persistent``, ``worsened``, ``improved`` (they add up to the baseline's ``opacity_ml``),
        ``new``, ``persistent_followup`` (the follow-up's). None where the two scans could not be registered.
    verdict : Verdict
    """

    region: str
    baseline: RegionMeasures
    followup: RegionMeasures
    change: Mapping[str, Interval | None]
    fate_ml: Mapping[str, float] | None
    verdict: Verdict

    def to_dict(self) -> dict[str, Any]:
        """The fields that ``change.json`` holds."""
        return {
            "region": self.region,
            "baseline": self.baseline.to_dict(),
            "followup": self.followup.to_dict(),
            "change": self._change(),
            "fate_ml": None if self.fate_ml is None else dict(self.fate_ml),
            "verdict": self.verdict,
        }

    def _change(self) -> dict[str, Any]:
        said = {key: None if found is None else found.to_dict() for key, found in self.change.items()}
        classes = {key: said.pop(f"{key}_ml") for key in self.baseline.classes_ml if f"{key}_ml" in said}
        return {**said, "classes_ml": classes}


class Writer(Protocol):
    """Writes a comparison's result folder: `ctreview.report.write_comparison`."""

    def __call__(self, comparison: Comparison, folder: Path, /, *, overwrite: bool) -> Path:
        """Write it and give the folder back."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """What `compare` found between two timepoints of one patient.

    Attributes
    ----------
    baseline, followup : Timepoint
    interval_days : int or None
        From baseline to follow-up; None where a date is unknown.
    regions : tuple of RegionChange
        The whole organ first.
    checks : tuple of Check
        Everything that was looked at before the verdict; the failed ones first.
    registration : mapping or None
        Engine and figures of quality, ready for JSON; None where the two scans could not be registered.
    thresholds : mapping
        The thresholds of both scans and how they came about, ready for JSON.
    fixed_bands : mapping
        Counts of the organ of ``baseline`` and ``followup`` between fixed limits of density, ready for JSON.
    residual : str
        One sentence that says where the rest is.
    transform : Transform or None
        Baseline to follow-up points.
    settings, seeds, timings : mapping
        Settings of every step, seeds of what is drawn, seconds of each step; ready for JSON.
    accepted : tuple of Edit
        Records of the candidates that were accepted in the call and by no reader.
    stated : mapping
        What whoever compared the scans stated of them, ready for JSON.
    writer : callable or None
        What `save` calls. A later stage writes result folders, so it is handed in by the recipe and not imported
        (docs/decisions/0020-comparison-save.md).
    """

    baseline: Timepoint
    followup: Timepoint
    interval_days: int | None
    regions: tuple[RegionChange, ...] = field(repr=False)
    checks: tuple[Check, ...] = field(repr=False)
    registration: Mapping[str, Any] | None = field(repr=False)
    thresholds: Mapping[str, Any] = field(repr=False)
    fixed_bands: Mapping[str, Any] = field(default_factory=dict, repr=False)
    residual: str = ""
    transform: Transform | None = field(default=None, repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    seeds: Mapping[str, int] = field(default_factory=dict, repr=False)
    timings: Mapping[str, float] = field(default_factory=dict, repr=False)
    accepted: tuple[Edit, ...] = field(default=(), repr=False)
    stated: Mapping[str, Any] = field(default_factory=dict, repr=False)
    writer: Writer | None = field(default=None, repr=False)

    @property
    def verdict(self) -> Verdict:
        """The finding: the verdict of the whole organ."""
        return self.regions[0].verdict

    def __getitem__(self, region: str) -> RegionChange:
        """The change of a region by its name."""
        for found in self.regions:
            if found.region == region:
                return found
        known = ", ".join(found.region for found in self.regions)
        raise WrongUse(f"no region is called {region!r}", remedy=f"Known here: {known}.")

    def to_dict(self) -> dict[str, Any]:
        """The content of ``change.json``: no identity, no array, no date."""
        return {
            "schema": CHANGE_SCHEMA,
            "baseline": dict(self.baseline.facts),
            "followup": dict(self.followup.facts),
            "interval_days": self.interval_days,
            "reading_warnings": {when: list(point.volume.notes) for when, point in self._points()},
            "classes": classes_document(self.baseline.opacity.scheme),
            "regions": [found.to_dict() for found in self.regions],
            "fixed_bands": {when: list(self.fixed_bands.get(when, ())) for when, _ in self._points()},
            "lobes": None,
            "candidates": candidates_document([(when, point.candidates) for when, point in self._points()]),
            "checks": [check.to_dict() for check in self.checks],
            "registration": None if self.registration is None else dict(self.registration),
            "thresholds": dict(self.thresholds),
        }

    def _points(self) -> tuple[tuple[str, Timepoint], tuple[str, Timepoint]]:
        return ("baseline", self.baseline), ("followup", self.followup)

    @property
    def table(self) -> pd.DataFrame:
        """One row per region; the unit is the end of each column's name."""
        import pandas as pd  # noqa: PLC0415 - heavy, and only tables need it

        document = self.to_dict()
        return pd.DataFrame(change_rows(document))

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write what ``ctreview compare`` writes into ``folder`` and give the folder back.

        Parameters
        ----------
        folder : path
        overwrite : bool
            Whether an earlier result there gives way; files that ctreview did not write stay.

        Raises
        ------
        WrongUse
            The folder may not be written to, or the comparison was put together by hand and has no ``writer``.
        """
        if self.writer is None:
            raise WrongUse(
                "this comparison does not know how to write itself",
                remedy="Use ctreview.report.write_comparison(comparison, folder).",
            )
        return self.writer(self, Path(folder), overwrite=overwrite)

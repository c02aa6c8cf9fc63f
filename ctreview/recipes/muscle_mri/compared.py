"""What changed between two examinations, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ctreview.change import Interval, Verdict
from ctreview.checks import Check
from ctreview.recipes.muscle_mri.measured import MuscleMriResult
from ctreview.volume.transform import Transform

__all__ = ["MUSCLE_CHANGE_SCHEMA", "MuscleChange", "MuscleMriComparison"]

MUSCLE_CHANGE_SCHEMA = "ctreview.muscle_change/1"
"""Name and version of the shape that `MuscleMriComparison.to_dict` gives."""


@dataclass(frozen=True)
class MuscleChange:
    """How the muscle of one region changed, in the part of the limb that both examinations show.

    Attributes
    ----------
    region : str
        ``"both_thighs"`` first, then each thigh.
    baseline_ml, followup_ml : float
        Muscle in that part.
    change_ml : Interval
    change_percent : Interval or None
        Of the baseline's volume; None where that is less than 5 mL.
    verdict : Verdict
    """

    region: str
    baseline_ml: float
    followup_ml: float
    change_ml: Interval
    change_percent: Interval | None
    verdict: Verdict

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "region": self.region,
            "baseline_ml": self.baseline_ml,
            "followup_ml": self.followup_ml,
            "change_ml": self.change_ml.to_dict(),
            "change_percent": None if self.change_percent is None else self.change_percent.to_dict(),
            "verdict": self.verdict,
        }


@dataclass(frozen=True, eq=False)
class MuscleMriComparison:
    """What `compare_muscle` found between two examinations of one patient.

    Attributes
    ----------
    baseline, followup : MuscleMriResult
    interval_days : int or None
    regions : tuple of MuscleChange
        The whole first.
    checks : tuple of Check
        The failed ones first.
    transform : Transform or None
        Baseline to follow-up points.
    registration : mapping or None
        Figures of its quality.
    settings, timings : mapping
    """

    baseline: MuscleMriResult
    followup: MuscleMriResult
    interval_days: int | None
    regions: tuple[MuscleChange, ...]
    checks: tuple[Check, ...] = field(repr=False)
    transform: Transform | None = field(default=None, repr=False)
    registration: Mapping[str, Any] | None = field(default=None, repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    timings: Mapping[str, float] = field(default_factory=dict, repr=False)

    @property
    def verdict(self) -> Verdict:
        """That of all muscle together."""
        return self.regions[0].verdict

    def __getitem__(self, region: str) -> MuscleChange:
        """The change of a region by its name."""
        return next(one for one in self.regions if one.region == region)

    def to_dict(self) -> dict[str, Any]:
        """The content of ``muscle_change.json``: no identity, no array, no date."""
        return {
            "schema": MUSCLE_CHANGE_SCHEMA,
            "interval_days": self.interval_days,
            "baseline": self.baseline.to_dict(),
            "followup": self.followup.to_dict(),
            "regions": [one.to_dict() for one in self.regions],
            "registration": None if self.registration is None else dict(self.registration),
            "checks": [check.to_dict() for check in self.checks],
        }

"""What changed between two examinations, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ctreview.change import Interval, Verdict
from ctreview.checks import Check
from ctreview.muscle.limb_segment import both_key
from ctreview.recipes.muscle_mri.measured import MuscleMriResult
from ctreview.recipes.muscle_mri.shared_part import SharedPart
from ctreview.volume.transform import Transform

__all__ = ["MUSCLE_CHANGE_SCHEMA", "MuscleChange", "MuscleMriComparison"]

MUSCLE_CHANGE_SCHEMA = "ctreview.muscle_change/1"
"""Name and version of the shape that `MuscleMriComparison.to_dict` gives."""


@dataclass(frozen=True)
class MuscleChange:
    """How one number of one region changed, in the part of the limb that both examinations show.

    Attributes
    ----------
    region : str
        ``"both_thighs"`` or ``"both_lower_legs"`` first, then each limb, then what a reader drew in both.
    key : str
        ``"muscle_ml"``, ``"lean_ml"``, ``"fat_fraction_mean"`` … (see `ctreview.recipes.muscle_mri.changes.NUMBERS`).
    unit : str
        In UCUM.
    baseline, followup : float
    change : Interval
        Follow-up minus baseline; of a fat fraction in points of per cent.
    change_percent : Interval or None
        Of the baseline's value; None for a fat fraction, and where there was too little.
    verdict : Verdict
    """

    region: str
    key: str
    unit: str
    baseline: float
    followup: float
    change: Interval
    change_percent: Interval | None
    verdict: Verdict

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "region": self.region,
            "key": self.key,
            "unit": self.unit,
            "baseline": self.baseline,
            "followup": self.followup,
            "change": self.change.to_dict(),
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
    shared : tuple of SharedPart
        What both show of each limb.
    changes : tuple of MuscleChange
        By region, the whole first; of each the volume of muscle first. Empty where nothing is shown by both.
    checks : tuple of Check
        The failed ones first.
    transform : Transform or None
        Baseline to follow-up points; None where the femurs tell heights, so that none was sought.
    registration : mapping or None
        Figures of its quality.
    settings, timings : mapping
    """

    baseline: MuscleMriResult
    followup: MuscleMriResult
    interval_days: int | None
    shared: tuple[SharedPart, ...]
    changes: tuple[MuscleChange, ...]
    checks: tuple[Check, ...] = field(repr=False)
    transform: Transform | None = field(default=None, repr=False)
    registration: Mapping[str, Any] | None = field(default=None, repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    timings: Mapping[str, float] = field(default_factory=dict, repr=False)

    @property
    def verdict(self) -> Verdict:
        """That of the volume of all muscle together; none where both show two limbs and only one is compared."""
        two = all(len(scan.tissue.sides) > 1 for scan in (self.baseline, self.followup))
        if not self.changes or (two and self.changes[0].region != both_key(self.baseline.tissue.segment)):
            return "not_interpretable"
        return self.changes[0].verdict

    def __getitem__(self, where: tuple[str, str]) -> MuscleChange:
        """The change of a region's number: ``comparison["left_thigh", "muscle_ml"]``."""
        return next(one for one in self.changes if (one.region, one.key) == where)

    def to_dict(self) -> dict[str, Any]:
        """The content of ``muscle_change.json``: no identity, no array, no date."""
        return {
            "schema": MUSCLE_CHANGE_SCHEMA,
            "interval_days": self.interval_days,
            "verdict": self.verdict,
            "baseline": self.baseline.to_dict(),
            "followup": self.followup.to_dict(),
            "shared": [one.to_dict() for one in self.shared],
            "changes": [one.to_dict() for one in self.changes],
            "registration": None if self.registration is None else dict(self.registration),
            "checks": [check.to_dict() for check in self.checks],
        }

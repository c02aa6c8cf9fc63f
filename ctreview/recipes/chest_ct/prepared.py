"""Two scans up to where a reader's corrections come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ctreview.change import DegradedVolumes, IntervalSettings, Sensitivity, Timepoint
from ctreview.checks import Check
from ctreview.edits import Edit, active_edits
from ctreview.opacity import Thresholds
from ctreview.progress import Progress, quiet
from ctreview.recipes.chest_ct.corrections import replayed
from ctreview.recipes.chest_ct.pair import PairAnalysis
from ctreview.recipes.chest_ct.sensitivity import scan_sensitivity, with_streaks_counted
from ctreview.recipes.chest_ct.settings import ChestCtSettings
from ctreview.registration import Registration
from ctreview.volume.labels import LabelMap
from ctreview.volume.transform import Transform

__all__ = ["Prepared"]


@dataclass(frozen=True, eq=False)
class Prepared:
    """Two scans up to where a reader's corrections come in, which change nothing of this.

    Attributes
    ----------
    pair : PairAnalysis
        Both scans with their opacity by one rule; side by side where they were registered.
    registration : Registration or None
        None where it failed; one that is not ``ok`` says only which part of the lungs both scans show.
    registration_checks : tuple of Check
        About the registration, and about what a registered pair is asked: common field of view, laterality.
    interval_days, age_years
        Days between the scans, and the age at baseline; None where unknown.
    settings : ChestCtSettings
    timings : mapping of str to float
        Seconds of each step so far.
    same_patient : bool
        Whether somebody stated that both scans are of one patient.
    degraded : pair of DegradedVolumes
        What the numbers of each scan would change by were the better one imaged as the other is; empty where both
        image alike.
    """

    pair: PairAnalysis
    registration: Registration | None
    registration_checks: tuple[Check, ...]
    interval_days: int | None
    age_years: float | None
    settings: ChestCtSettings
    timings: Mapping[str, float]
    same_patient: bool = False
    degraded: tuple[DegradedVolumes, DegradedVolumes] = ({}, {})
    _uncorrected: dict[int, Sensitivity] = field(default_factory=dict, init=False, repr=False)

    @property
    def points(self) -> tuple[Timepoint, Timepoint]:
        """Baseline and follow-up with what the computer found."""
        return self.pair.points

    @property
    def transform(self) -> Transform | None:
        """Baseline to follow-up points; None where the registration failed or is too poor to be used."""
        return self.registration.transform if self.registration is not None and self.registration.ok else None

    @property
    def thresholds(self) -> tuple[Thresholds, Thresholds]:
        """Where opacity begins in each scan."""
        return self.pair.thresholds

    @property
    def interval(self) -> IntervalSettings:
        """What intervals vary: more where the scans could not be judged side by side."""
        return self.settings.interval if self.pair.beside is not None else self.settings.interval.alone

    def sensitivity(
        self,
        number: int,
        point: Timepoint,
        edits: Sequence[Edit],
        other: LabelMap | None,
        *,
        progress: Progress = quiet,
    ) -> Sensitivity:
        """How the numbers of a scan move with what they rest on, with a reader's corrections.

        That of a scan without any is worked out once: while a reader corrects one scan, the other stays as it is.
        """
        corrected = bool(active_edits(tuple(edits)))
        if not corrected and number in self._uncorrected:
            return self._uncorrected[number]

        def opacity_at(shift_hu: float, *, with_streaks: bool = False) -> LabelMap:
            found = self.pair.opacity(
                number, shift_hu=shift_hu, with_streaks=with_streaks, settings=self.settings.opacity
            )
            # on the lungs as they were found, as the reader's acts were: those of ``point`` hold what was accepted
            return replayed(self.points[number], found, edits, other).labels if edits else found

        found = scan_sensitivity(point, opacity_at, settings=self.interval, progress=progress)
        found = found.with_degraded(self.degraded[number])
        if self.pair.scans[number].excess.streaks_hu is not None:
            found = with_streaks_counted(found, point, opacity_at(0.0, with_streaks=True))
        if not corrected:
            self._uncorrected[number] = found
        return found

"""What may be said about a region: decreased, increased, unchanged, that it is open, or nothing at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ctreview.change.comparison import Interval, Verdict
from ctreview.change.measure import RegionMeasures
from ctreview.checks import Check
from ctreview.possible_values import require_possible

__all__ = ["VerdictSettings", "equivalence_ml", "judge", "judge_number", "repeatability_ml"]


@dataclass(frozen=True)
class VerdictSettings:
    """How large a change must be before it is called one, and how narrow an interval before it is called none.

    No test–retest study of ground-glass volume is known to us, so these are reasoned, and kept apart from the
    interval, which says how far the number may be off but not how much a healthy lung varies from day to day.

    Attributes
    ----------
    share_of_region : float
        0.2 % of the region: two scans of a healthy lung each show up to about 0.3 % falsely, mostly in the same
        places (10 mL in an adult of 5 L, 2 mL in a child of 1 L).
    share_of_opacity : float
        10 % of the larger volume: what a boundary that is off by 0.35 mm does to a piece of 5 mL.
    least_ml : float
        Below this no change is called, in however small a region: a sphere of 12 mm.
    equivalent_share_of_region, equivalent_share_of_opacity : float
        The margin of equivalence, within which the whole interval must lie before a region is called unchanged: 0.5 %
        of the region (25 mL in an adult of 5 L) or 15 % of the larger volume, but never less than ``least_ml``. A
        change of that size would not alter how a radiologist describes the scans; two readers who outline the same
        opacity differ by more.
    """

    share_of_region: float = 0.002
    share_of_opacity: float = 0.10
    least_ml: float = 1.0
    equivalent_share_of_region: float = 0.005
    equivalent_share_of_opacity: float = 0.15

    def __post_init__(self) -> None:
        require_possible(
            self,
            share_of_region=(0.0, 1.0),
            share_of_opacity=(0.0, 1.0),
            equivalent_share_of_region=(0.0, 1.0),
            equivalent_share_of_opacity=(0.0, 1.0),
        )


def repeatability_ml(
    baseline: RegionMeasures, followup: RegionMeasures, settings: VerdictSettings | None = None
) -> float:
    """The change of ``opacity_ml`` that a region must exceed before it is called one."""
    settings = settings or VerdictSettings()
    return _largest(baseline, followup, settings.share_of_region, settings.share_of_opacity, settings.least_ml)


def equivalence_ml(
    baseline: RegionMeasures, followup: RegionMeasures, settings: VerdictSettings | None = None
) -> float:
    """The margin either side of 0 within which an interval must lie before a region is called unchanged."""
    settings = settings or VerdictSettings()
    return _largest(
        baseline,
        followup,
        settings.equivalent_share_of_region,
        settings.equivalent_share_of_opacity,
        settings.least_ml,
    )


def _largest(
    baseline: RegionMeasures, followup: RegionMeasures, of_region: float, of_opacity: float, least_ml: float
) -> float:
    return max(
        least_ml,
        of_region * (baseline.volume_ml + followup.volume_ml) / 2.0,
        of_opacity * max(baseline.opacity_ml, followup.opacity_ml),
    )


def judge(
    change: Interval,
    baseline: RegionMeasures,
    followup: RegionMeasures,
    checks: Iterable[Check] = (),
    *,
    settings: VerdictSettings | None = None,
) -> Verdict:
    """Say what the change of a region's ``opacity_ml`` amounts to.

    Parameters
    ----------
    change : Interval
        Of ``opacity_ml``.
    baseline, followup : RegionMeasures
    checks : iterable of Check
        Those that concern the region. One that stops leaves nothing to be said.
    settings : VerdictSettings, optional

    Returns
    -------
    str
        ``"decreased"`` or ``"increased"`` only where the interval excludes 0 and the change exceeds the
        repeatability; ``"unchanged"`` where, short of that, the whole interval lies within the margin of equivalence;
        ``"indeterminate"`` where it reaches farther, so that the scans show neither a change nor that there is none.
    """
    return judge_number(
        change,
        repeatability=repeatability_ml(baseline, followup, settings),
        equivalence=equivalence_ml(baseline, followup, settings),
        checks=checks,
    )


def judge_number(
    change: Interval, *, repeatability: float, equivalence: float, checks: Iterable[Check] = ()
) -> Verdict:
    """Say what the change of any number amounts to, as `judge` does of volumes.

    Parameters
    ----------
    change : Interval
    repeatability : float
        What the change must exceed before it is called one, in its unit.
    equivalence : float
        Half of the margin about 0 within which the interval must lie before nothing is called changed.
    checks : iterable of Check
        Those that concern the number.
    """
    if any(check.stops for check in checks):
        return "not_interpretable"
    if change.excludes_zero and abs(change.value) > repeatability:
        return "decreased" if change.value < 0 else "increased"
    return "unchanged" if -equivalence <= change.low and change.high <= equivalence else "indeterminate"

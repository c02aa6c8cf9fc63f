"""What may be said about a region: decreased, increased, unchanged, or nothing at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ctreview.change.comparison import Interval, Verdict
from ctreview.change.measure import RegionMeasures
from ctreview.checks import Check
from ctreview.possible_values import require_possible

__all__ = ["VerdictSettings", "judge", "repeatability_ml"]


@dataclass(frozen=True)
class VerdictSettings:
    """How large a change must be before it is called one.

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
    """

    share_of_region: float = 0.002
    share_of_opacity: float = 0.10
    least_ml: float = 1.0

    def __post_init__(self) -> None:
        require_possible(self, share_of_region=(0.0, 1.0), share_of_opacity=(0.0, 1.0))


def repeatability_ml(
    baseline: RegionMeasures, followup: RegionMeasures, settings: VerdictSettings | None = None
) -> float:
    """The change of ``opacity_ml`` that a region must exceed before it is called one."""
    settings = settings or VerdictSettings()
    return max(
        settings.least_ml,
        settings.share_of_region * (baseline.volume_ml + followup.volume_ml) / 2.0,
        settings.share_of_opacity * max(baseline.opacity_ml, followup.opacity_ml),
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
        One that stops leaves nothing to be said.
    settings : VerdictSettings, optional

    Returns
    -------
    str
        ``"decreased"`` or ``"increased"`` only where the interval excludes 0 and the change exceeds the
        repeatability; ``"unchanged"`` (no change beyond measurement error) where either does not hold.
    """
    if any(check.stops for check in checks):
        return "not_interpretable"
    if not change.excludes_zero or abs(change.value) <= repeatability_ml(baseline, followup, settings):
        return "unchanged"
    return "decreased" if change.value < 0 else "increased"

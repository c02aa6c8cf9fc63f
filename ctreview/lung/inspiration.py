"""What two different depths of breath do to two scans of one lung.

With its mass kept, a lung that is smaller by a tenth, a fifth or three tenths is denser: −800 HU becomes −778, −750
or −714. Change that is no more than this is breath, not illness.
"""

from __future__ import annotations

from dataclasses import dataclass

from ctreview.checks import Check
from ctreview.errors import WrongUse
from ctreview.possible_values import require_possible

__all__ = ["Inspiration", "InspirationSettings", "compare_inspiration", "hu_at_volume_ratio"]


@dataclass(frozen=True)
class InspirationSettings:
    """How far two lung volumes may be apart, as a share of the larger.

    Attributes
    ----------
    warn : float
        Beyond this, the report warns.
    refuse : float
        Beyond this, no verdict is given.
    """

    warn: float = 0.10
    refuse: float = 0.25

    def __post_init__(self) -> None:
        require_possible(self, warn=(0.0, 1.0), refuse=(0.0, 1.0))


@dataclass(frozen=True)
class Inspiration:
    """How deep the follow-up's breath was beside the baseline's.

    Attributes
    ----------
    baseline_ml, followup_ml : float
        Volumes of both lungs.
    volume_ratio : float
        Follow-up over baseline, growth taken off.
    expected_shift_hu : float
        What normal lung of ``normal_hu`` becomes denser by (+) or less dense by (−) from breath alone.
    checks : tuple of Check
        ``lung_volume_ratio``; it blocks a verdict beyond the greater limit.
    """

    baseline_ml: float
    followup_ml: float
    volume_ratio: float
    expected_shift_hu: float
    checks: tuple[Check, ...]


def hu_at_volume_ratio(hu: float, volume_ratio: float) -> float:
    """Density that lung of ``hu`` takes on at ``volume_ratio`` times its volume, its mass kept (ρ = 1 + HU/1000).

    Raises
    ------
    WrongUse
        The ratio is not above 0.
    """
    if not volume_ratio > 0:
        raise WrongUse(f"a ratio of lung volumes must be above 0, not {volume_ratio}")
    return (1000.0 + hu) / volume_ratio - 1000.0


def compare_inspiration(
    baseline_ml: float,
    followup_ml: float,
    *,
    normal_hu: float = -850.0,
    growth: float = 1.0,
    settings: InspirationSettings | None = None,
) -> Inspiration:
    """Compare the depth of breath of two scans by their lung volumes.

    Parameters
    ----------
    baseline_ml, followup_ml : float
        Volumes of both lungs in millilitres.
    normal_hu : float
        Density of the baseline's normal lung.
    growth : float
        By how much the lung grew between the scans (predicted volume over predicted volume); 1 for adults.

    Raises
    ------
    WrongUse
        A volume or the growth is not above 0.
    """
    settings = settings or InspirationSettings()
    if min(baseline_ml, followup_ml, growth) <= 0:
        raise WrongUse("lung volumes and growth must be above 0")
    ratio = followup_ml / baseline_ml / growth
    apart = 1.0 - min(ratio, 1.0 / ratio)
    shift = hu_at_volume_ratio(normal_hu, ratio) - normal_hu
    return Inspiration(baseline_ml, followup_ml, ratio, shift, (_check(ratio, apart, shift, settings),))


def _check(ratio: float, apart: float, shift: float, settings: InspirationSettings) -> Check:
    deeper = "less" if ratio < 1 else "more"
    found = f"The lung of the follow-up holds {abs(ratio - 1):.0%} {deeper} than that of the baseline"
    if apart > settings.refuse:
        message = f"{found}; breath alone moves normal lung by {shift:+.0f} HU, and no verdict is given."
    elif apart > settings.warn:
        message = f"{found}; breath alone moves normal lung by {shift:+.0f} HU."
    else:
        message = f"{found}: breaths of like depth."
    limit = settings.refuse if apart > settings.refuse else settings.warn
    return Check(
        "lung_volume_ratio",
        round(ratio, 3),
        limit,
        apart <= settings.warn,
        message,
        effect="stops" if apart > settings.refuse else "widens",
    )

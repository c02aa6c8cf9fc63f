"""How much a child's lungs grow between two scans."""

from __future__ import annotations

from dataclasses import dataclass

from ctreview.checks import Check
from ctreview.lung.inspiration import hu_at_volume_ratio
from ctreview.lung.size import expected_capacity_ml
from ctreview.possible_values import require_age

__all__ = ["UNKNOWN_AGE_HU", "Growth", "check_age_of_small_lungs", "expected_growth"]

GROWTH_LIMIT_PERCENT = 10.0
"""The same share that depth of breath may make before it is warned of."""

ADULT_YEARS = 18.0

LUNG_GROWTH_PERCENT_PER_YEAR = 10.0
"""A round figure: total lung capacity rises from about 1 L at 4 years to 5–6 L at 18, which is 12 % a year. No volume
is corrected by it: it is taken off before two volumes are held against each other as two depths of breath."""


CHILD_SIZED_ML = 2500.0
"""Both lungs of a child of ten years in full inspiration, and less than those of nearly all adults."""

UNKNOWN_AGE_HU = 16.0
"""What one year of age makes of the density of a small child's normal lung at full inspiration (Long et al., 2005)."""


def check_age_of_small_lungs(lungs_ml: float, age_years: float | None) -> Check:
    """Whether the age is known where lungs may be those of a child.

    Parameters
    ----------
    lungs_ml : float
        Volume of both lungs, of the scan in which they are smaller.
    age_years : float or None
        At baseline.
    """
    ok = age_years is not None or lungs_ml >= CHILD_SIZED_ML
    message = "The age is known, or lungs are an adult's by their size."
    if not ok:
        message = f"The age is not known, and {lungs_ml / 1000:.1f} L of lung may be a child's, whose lungs are denser."
    return Check("age_of_small_lungs", round(lungs_ml, 1), CHILD_SIZED_ML, ok, message, effect="widens")


@dataclass(frozen=True)
class Growth:
    """What growth alone does to the volume of a child's lungs.

    Attributes
    ----------
    age_years : float
        At baseline.
    percent : float
        By how much the lungs grow until the follow-up; below 0 where that is the earlier scan.
    by_capacity : float
        Another estimate of ``factor``, from the capacities that are expected at both ages; at four years it says twice
        as much.
    """

    age_years: float
    percent: float
    by_capacity: float

    @property
    def small(self) -> bool:
        """Whether depth of breath matters more."""
        return abs(self.percent) <= GROWTH_LIMIT_PERCENT

    @property
    def factor(self) -> float:
        """Predicted volume at follow-up over that at baseline.

        It has no dead zone: of growth by a tenth that is taken for breath, normal lung would seem 15 HU less dense.
        """
        return 1.0 + self.percent / 100.0

    def doubt_hu(self, normal_hu: float) -> float:
        """By how much the two estimates of growth move normal lung of ``normal_hu`` apart; 0 where growth is small."""
        return 0.0 if self.small else abs(hu_at_volume_ratio(normal_hu, self.by_capacity / self.factor) - normal_hu)

    @property
    def check(self) -> Check:
        """Whether growth can be ignored."""
        return Check(
            name="growth",
            value=round(abs(self.percent), 1),
            limit=GROWTH_LIMIT_PERCENT,
            ok=self.small,
            message=f"The lungs of a child of {self.age_years:.0f} years grow by about {abs(self.percent):.0f} % in "
            "that time"
            + (
                ", which is small beside depth of breath."
                if self.small
                else "; read the shares of lung volume rather than millilitres."
            ),
            effect="widens",
        )


def expected_growth(age_years: float | None, interval_days: int | None) -> Growth | None:
    """How much a child's lungs grow between two scans; None for adults, and where age or interval is unknown."""
    require_age(age_years, derived=True)
    if age_years is None or interval_days is None or age_years >= ADULT_YEARS:
        return None
    years = min(max(interval_days / 365.25, -age_years), ADULT_YEARS - age_years)
    percent = 100.0 * ((1 + LUNG_GROWTH_PERCENT_PER_YEAR / 100.0) ** years - 1)
    early, late = expected_capacity_ml(age_years), expected_capacity_ml(age_years + years)
    assert early is not None
    assert late is not None
    return Growth(age_years, percent, late / early)

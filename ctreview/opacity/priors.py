"""What is known of healthy lung density before a scan is looked at: by age, and along gravity.

Children of 0–5 years: Long et al. 2005 (16 sedated children at imposed pressures of 25 and 0 cm H₂O); their
regression is not extrapolated beyond six years. Children at routine CT: about −650 HU at two years, falling towards
−860 at seven (PMC5116406). Adults: about −860 HU at inspiration, with a front-to-back rise of some 45 HU that grows
as the lung empties.
"""

from __future__ import annotations

from dataclasses import dataclass

from ctreview.possible_values import require_age

__all__ = ["Prior", "prior_for"]

ADULT_YEARS = 18.0
LONG_YEARS = 6.0
INSPIRED_ERROR_HU, EXPIRED_ERROR_HU = 38.0, 68.0
"""Standard errors of Long's regression."""


@dataclass(frozen=True)
class Prior:
    """Density of healthy lung at one age.

    Attributes
    ----------
    inspired_hu, expired_hu : float
        Mean at full inspiration and at resting expiration, halfway down gravity.
    inspired_rise_hu, expired_rise_hu : float
        Rise from the uppermost to the lowest lung at the two.
    routine_hu : float
        Mean in a scan whose depth of breath is not known.
    lightest_hu : float
        A lung that is lighter than this on the whole holds more air than a healthy one does: emphysema, trapped air.
    densest_hu : float
        A lung that is denser than this on the whole is not normal, or more than expired.
    """

    inspired_hu: float
    expired_hu: float
    inspired_rise_hu: float
    expired_rise_hu: float
    routine_hu: float
    lightest_hu: float
    densest_hu: float

    def rise_hu(self, mean_hu: float) -> float:
        """Rise along gravity of a lung whose mean is ``mean_hu``, between those of inspiration and expiration."""
        share = (mean_hu - self.inspired_hu) / (self.expired_hu - self.inspired_hu)
        share = min(max(share, 0.0), 1.0)
        return self.inspired_rise_hu + share * (self.expired_rise_hu - self.inspired_rise_hu)


ADULT = Prior(
    inspired_hu=-870.0,
    expired_hu=-720.0,
    inspired_rise_hu=40.0,
    expired_rise_hu=110.0,
    routine_hu=-860.0,
    lightest_hu=-900.0,
    densest_hu=-620.0,
)


def prior_for(age_years: float | None) -> Prior:
    """Healthy density at an age; that of an adult where the age is not known."""
    require_age(age_years, derived=True)
    if age_years is None or age_years >= ADULT_YEARS:
        return ADULT
    young = _child(min(max(age_years, 0.0), LONG_YEARS))
    if age_years <= LONG_YEARS:
        return young
    share = (age_years - LONG_YEARS) / (ADULT_YEARS - LONG_YEARS)
    values = {name: getattr(young, name) * (1 - share) + getattr(ADULT, name) * share for name in vars(ADULT)}
    return Prior(**values)


def _child(age: float) -> Prior:
    """Long's regression at the middle of the lung: half of each of its posterior, apical, medial, lateral terms."""
    inspired = -835.0 - 16.0 * age + (33.0 + 16.0 + 23.0 + 14.0) / 2
    expired = -616.0 - 41.0 * age + (155.0 + 50.0 + 74.0 + 46.0) / 2
    routine = max(-860.0, -650.0 - 42.0 * max(age - 2.0, 0.0))
    return Prior(
        inspired_hu=inspired,
        expired_hu=expired,
        inspired_rise_hu=33.0,
        expired_rise_hu=155.0,
        routine_hu=routine,
        lightest_hu=inspired - INSPIRED_ERROR_HU,
        densest_hu=expired + EXPIRED_ERROR_HU,
    )

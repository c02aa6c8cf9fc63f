"""Whether lungs are of a size that fits the patient: another body in the image, or a wrong age, is seen by it.

Volumes that CT finds in normal children rise from 0.10 L in newborns over 0.47 L at two years to at most 1.72 L below
seven (42 scans, PMC5116406); from five years on total lung capacity follows height and, weakly, age (Global Lung
Function Initiative, Hall et al., Eur Respir J 57:2000289, 2021: 5.9 L for a man of 25 years and 1.70 m, 1.5 L for a boy
of five and 1.05 m). The curve below is rounded to these; the limits are wide, for breaths from the end of an expiration
to a full inspiration and for what illness takes away.
"""

from __future__ import annotations

import numpy as np

from ctreview.checks import Check
from ctreview.possible_values import require_age
from ctreview.volume.labels import LabelMap

__all__ = ["check_lung_size", "expected_capacity_ml", "lies_within_image"]

_YEARS = (0.0, 0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0)
_CAPACITY_ML = (150.0, 270.0, 370.0, 580.0, 1050.0, 1550.0, 2050.0, 2600.0, 3200.0, 4100.0, 5000.0, 5600.0)

ADULT_M, ADULT_ML, HEIGHT_POWER = 1.70, 5800.0, 2.7

SMALLEST_SHARE, LARGEST_SHARE = 0.17, 1.8
"""Of the capacity that is expected. Below: half a resting expiration, as in advanced fibrosis; above:
the tallest of an age, who may have 1.6 times the capacity of the average, and emphysema."""

_SIDES = ("right_lung", "left_lung")


def expected_capacity_ml(age_years: float | None, height_m: float | None = None) -> float | None:
    """Total lung capacity of a healthy person in millilitres: from height where it is known, else from age.

    Returns
    -------
    float or None
        None where neither is known.
    """
    require_age(age_years, derived=True)
    if height_m is not None:
        return float(ADULT_ML * (height_m / ADULT_M) ** HEIGHT_POWER)
    if age_years is None:
        return None
    return float(np.interp(age_years, _YEARS, _CAPACITY_ML))


def check_lung_size(
    lungs_ml: float, age_years: float | None, height_m: float | None = None, *, whole: bool = True
) -> Check | None:
    """Whether lungs fit the age (and the height) of the patient.

    Parameters
    ----------
    lungs_ml : float
        Volume of both lungs.
    age_years, height_m : float or None
        As stated.
    whole : bool
        Whether both lungs lie in the image as a whole; else they may be as small as they like.

    Returns
    -------
    Check or None
        ``lung_size``; it stops where it fails. None where neither age nor height is known.
    """
    by_age, by_height = expected_capacity_ml(age_years), expected_capacity_ml(None, height_m)
    known = [capacity for capacity in (by_age, by_height) if capacity is not None]
    if not known:
        return None
    low, high = SMALLEST_SHARE * min(known), LARGEST_SHARE * max(known)
    small = whole and lungs_ml < low
    ok = lungs_ml <= high and not small
    said = " and ".join(
        word
        for word in (
            None if age_years is None else f"an age of {_age(age_years)}",
            None if height_m is None else f"a height of {height_m:.2f} m",
        )
        if word
    )
    capacity = f"about {min(known) / 1000:.1f} L"
    message = f"The lungs hold {lungs_ml / 1000:.1f} L, which fits {said} (capacity {capacity})."
    if not ok:
        message = (
            f"{lungs_ml / 1000:.1f} L of lung do not fit {said} (capacity {capacity}): "
            "the age is wrong, or these are somebody else's lungs in the image."
        )
    return Check("lung_size", round(lungs_ml, 1), f"{low:.0f}…{high:.0f}", ok, message, effect="stops")


def lies_within_image(lungs: LabelMap) -> bool:
    """Whether both lungs were found and neither reaches the border of the image."""
    if any(lungs.voxels[key] == 0 for key in _SIDES):
        return False
    values = [lungs.scheme[key].value for key in _SIDES]
    faces = [np.take(lungs.array, end, axis=axis) for axis in range(3) for end in (0, -1)]
    return not any(np.isin(face, values).any() for face in faces)


def _age(years: float) -> str:
    return f"{years * 12:.0f} months" if years < 2 else f"{years:.1f} years" if years < 18 else f"{years:.0f} years"

"""What a pipeline asks of two scans before it compares them: two images, one patient, how far apart in time."""

from __future__ import annotations

from ctreview.errors import DifferentPatients, WrongUse
from ctreview.volume.volume import Volume

__all__ = ["ages_at", "days_between", "require_one_patient", "require_two_images"]


def require_two_images(early: Volume, late: Volume) -> None:
    """Refuse to compare a scan with itself, or with a copy of it.

    Raises
    ------
    WrongUse
        The voxels of both are the same.
    """
    if early.same_image(late):
        raise WrongUse(
            "baseline and follow-up are the same images",
            remedy="Give two scans; one of them was perhaps given twice, or copied under another name.",
        )


def require_one_patient(early: Volume, late: Volume, *, same_patient: bool = False) -> None:
    """Refuse two scans whose patient's id, birth date or sex differ.

    Parameters
    ----------
    early, late : Volume
    same_patient : bool
        Whether somebody states that both are of one patient: two hospitals give two ids, and a birth date may be
        mistyped, but year of birth and sex have to agree.

    Raises
    ------
    DifferentPatients
        It names the fields, never their content.
    """
    one, other = early.acquisition.patient, late.acquisition.patient
    conflicts, contradictions = one.conflicts(other), one.contradictions(other)
    if same_patient and contradictions:
        raise DifferentPatients(
            f"it was stated that both scans are of one patient, and they differ in {' and '.join(contradictions)}",
            remedy="Give two scans of one patient, or allow different patients; there is no verdict then.",
        )
    if conflicts and not same_patient:
        raise DifferentPatients(
            f"the two scans differ in the patient's {' and '.join(conflicts)}",
            remedy="Give two scans of one patient; state that they are (same patient) where two hospitals gave two"
            " ids; or allow different patients, without a verdict.",
        )


def days_between(early: Volume, late: Volume) -> int | None:
    """Days from baseline to follow-up, below 0 where they were given in the other order; None if a date is unknown."""
    first, second = early.acquisition.acquired, late.acquisition.acquired
    return None if first is None or second is None else (second.date() - first.date()).days


def ages_at(
    early: Volume, late: Volume, age_years: float | None, days: int | None
) -> tuple[float | None, float | None]:
    """Age at each scan; where one is unknown it follows from the other."""
    apart = (days or 0) / 365.25
    first = early.acquisition.age_years if age_years is None else age_years
    second = late.acquisition.age_years if age_years is None else age_years + apart
    if first is None and second is not None:
        first = max(0.0, second - apart)
    if second is None and first is not None:
        second = first + apart
    return first, second

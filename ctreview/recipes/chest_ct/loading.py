"""The first step: scans are loaded, and two of them must be of one patient."""

from __future__ import annotations

from pathlib import Path

from ctreview.dicom.series import Series
from ctreview.errors import DifferentPatients, WrongModality, WrongUse
from ctreview.progress import Progress, quiet
from ctreview.recipes.chest_ct.settings import ChestCtSettings
from ctreview.volume.load import load_volume
from ctreview.volume.volume import Volume

__all__ = ["ScanInput", "ages_at", "days_between", "load_ct", "require_one_patient", "require_two_images"]

ScanInput = Volume | Series | Path | str
"""A scan: an image in memory, a series of `find_series`, or a path."""


def load_ct(
    source: ScanInput,
    series: str | None = None,
    *,
    settings: ChestCtSettings | None = None,
    progress: Progress = quiet,
) -> Volume:
    """Load a scan, in canonical axes.

    Raises
    ------
    WrongModality
        It is no CT, or its numbers are no HU.
    """
    settings = settings or ChestCtSettings()
    volume = (
        source
        if isinstance(source, Volume)
        else load_volume(source, series=series, settings=settings.load, progress=progress)
    )
    if volume.unit != "HU" or volume.acquisition.modality not in (None, "CT"):
        where = None if isinstance(source, Volume | Series) else source
        if volume.unit_reason is not None and volume.acquisition.modality in (None, "CT"):
            raise WrongModality(f"{volume.unit_reason}: these are no HU", where=where, remedy="Give a CT in HU.")
        raise WrongModality(
            f"this is {volume.acquisition.modality or 'no CT'}, and density in HU is needed",
            where=where,
            remedy="Give a CT.",
        )
    return volume.canonical()


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


def require_one_patient(early: Volume, late: Volume) -> None:
    """Refuse two scans whose patient's id, birth date or sex differ.

    Raises
    ------
    DifferentPatients
        It names the fields, never their content.
    """
    conflicts = early.acquisition.patient.conflicts(late.acquisition.patient)
    if conflicts:
        raise DifferentPatients(
            f"the two scans differ in the patient's {' and '.join(conflicts)}",
            remedy="Give two scans of one patient, or allow different patients; there is no verdict then.",
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

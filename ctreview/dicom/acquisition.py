"""What a header says about patient, scanner and protocol."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from ctreview.dicom.pulse_sequence import PulseSequence

__all__ = ["Acquisition", "Patient", "published_age"]


@dataclass(frozen=True)
class Patient:
    """Who was scanned. Nothing of it is shown by ``repr``, so that it reaches no log by accident."""

    id: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)
    birth_date: date | None = field(default=None, repr=False)
    sex: str | None = field(default=None, repr=False)

    def conflicts(self, other: Patient) -> tuple[str, ...]:
        """Names of the fields (id, birth date, sex) that both know and that differ."""
        pairs = (
            ("id", self.id, other.id),
            ("birth date", self.birth_date, other.birth_date),
            ("sex", self.sex, other.sex),
        )
        return tuple(name for name, ours, theirs in pairs if ours and theirs and ours != theirs)

    def contradictions(self, other: Patient) -> tuple[str, ...]:
        """Names of what differs and cannot in one person who has two hospitals' ids: year of birth, sex."""
        born = self.birth_date, other.birth_date
        other_year = born[0] is not None and born[1] is not None and born[0].year != born[1].year
        other_sex = bool(self.sex and other.sex and self.sex != other.sex)
        return ("year of birth",) * other_year + ("sex",) * other_sex


def published_age(years: float | None) -> float | None:
    """An age as it may be written down: with a date beside it, more digits would give the birth date away.

    Years to one decimal, whole months below two years, and 90 for all above.
    """
    if years is None:
        return None
    if years < 2:
        return round(round(years * 12) / 12, 2)
    return min(round(years, 1), 90.0)


@dataclass(frozen=True)
class Acquisition:
    """How an image was made, as far as its header says so. Everything may be unknown (``None``).

    Attributes
    ----------
    modality : str or None
        ``"CT"``, ``"MR"`` …
    age_years : float or None
        Age at acquisition: from birth date and acquisition date, else from PatientAge (`dates`).
    height_m : float or None
        Height of the patient. Not shown by ``repr``.
    acquired : datetime or None
        When: the date that most of the header's statements support. Not shown by ``repr``.
    kvp, tube_current_time_mas : float or None
        Tube voltage in kV and exposure in mAs.
    kernel : str or None
        Reconstruction kernel as the vendor names it.
    slice_thickness_mm : float or None
        What the header calls SliceThickness; never used as spacing.
    contrast : bool or None
        Whether an intravenous contrast agent is named (`contrast`).
    posture : str or None
        DICOM patient position: ``"HFS"``, ``"FFP"`` …
    lossy : bool
        Whether the pixels went through a lossy compression.
    sequence : PulseSequence
        Of an MR image: times, angles, field strength, image type.
    """

    modality: str | None = None
    patient: Patient = field(default_factory=Patient)
    age_years: float | None = None
    height_m: float | None = field(default=None, repr=False)
    acquired: datetime | None = field(default=None, repr=False)
    kvp: float | None = None
    tube_current_time_mas: float | None = None
    kernel: str | None = None
    slice_thickness_mm: float | None = None
    contrast: bool | None = None
    posture: str | None = None
    manufacturer: str | None = None
    scanner: str | None = None
    description: str | None = field(default=None, repr=False)
    series_uid: str | None = None
    lossy: bool = False
    sequence: PulseSequence = field(default_factory=PulseSequence)

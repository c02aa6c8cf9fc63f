"""Patient, scanner and protocol out of a header."""

from __future__ import annotations

from datetime import date, datetime, time

from ctreview.dicom.acquisition import Acquisition, Patient
from ctreview.dicom.elements import Elements
from ctreview.dicom.enhanced import frame_groups
from ctreview.dicom.tags import Tag

__all__ = ["acquisition_from_header", "dicom_date", "dicom_time"]

_CHARACTER_SETS = {
    "ISO_IR 6": "latin-1",
    "ISO_IR 100": "latin-1",
    "ISO_IR 101": "iso8859-2",
    "ISO_IR 109": "iso8859-3",
    "ISO_IR 110": "iso8859-4",
    "ISO_IR 144": "iso8859-5",
    "ISO_IR 127": "iso8859-6",
    "ISO_IR 126": "iso8859-7",
    "ISO_IR 138": "iso8859-8",
    "ISO_IR 148": "iso8859-9",
    "ISO_IR 13": "shift_jis",
    "ISO_IR 192": "utf-8",
    "GB18030": "gb18030",
    "GBK": "gbk",
}
"""PS3.3 C.12.1.1.2; sets with escape sequences are shown as far as their first one goes."""

_UNITS = {"D": 365.25, "W": 365.25 / 7, "M": 12.0, "Y": 1.0}
_NO_CONTRAST = {"NO", "NONE", "N", "WITHOUT", "0", "NO CONTRAST", "UNENHANCED"}


def acquisition_from_header(header: Elements, warnings: list[str]) -> Acquisition:
    """What the header says about the acquisition; each thing that it does not say is ``None``.

    Parameters
    ----------
    header : Elements
        The data set.
    warnings : list of str
        Sentences about what is malformed are added here.
    """
    flat = frame_groups(header, 1)[0]  # what the first frame says stands for all
    acquired = _acquired(header, warnings)
    birth = dicom_date(header.text(Tag.PatientBirthDate))
    return Acquisition(
        modality=(header.text(Tag.Modality) or "").upper() or None,
        patient=Patient(
            id=header.text(Tag.PatientID),
            name=_decoded(header, Tag.PatientName),
            birth_date=birth,
            sex=(header.text(Tag.PatientSex) or "").upper() or None,
        ),
        age_years=_age(birth, acquired, header.text(Tag.PatientAge)),
        acquired=acquired,
        kvp=_positive(flat.number(Tag.KVP)),
        tube_current_time_mas=_positive(flat.number(Tag.ExposureInmAs) or flat.number(Tag.Exposure)),
        kernel="/".join(flat.words(Tag.ConvolutionKernel)) or None,
        slice_thickness_mm=_positive(flat.number(Tag.SliceThickness)),
        contrast=_contrast(header),
        posture=(header.text(Tag.PatientPosition) or "").upper() or None,
        manufacturer=_decoded(header, Tag.Manufacturer),
        scanner=_decoded(header, Tag.ManufacturerModelName),
        description=_decoded(header, Tag.SeriesDescription),
        series_uid=header.text(Tag.SeriesInstanceUID),
        lossy=header.text(Tag.LossyImageCompression) == "01",
    )


def dicom_date(text: str | None) -> date | None:
    """A date as DICOM writes it, ``20210930`` (or, before 1993, ``2021.09.30``)."""
    digits = (text or "").replace(".", "").replace("-", "")[:8]
    if len(digits) != 8 or not digits.isascii() or not digits.isdigit():
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def dicom_time(text: str | None) -> time | None:
    """A time as DICOM writes it, ``142501.25``."""
    whole = (text or "").replace(":", "").partition(".")[0]
    if not (whole.isascii() and whole.isdigit()) or len(whole) < 2:
        return None
    whole = whole.ljust(6, "0")
    try:
        return time(int(whole[:2]), int(whole[2:4]), min(int(whole[4:6]), 59))
    except ValueError:
        return None


def _acquired(header: Elements, warnings: list[str]) -> datetime | None:
    joint = header.text(Tag.AcquisitionDateTime) or ""
    choices = [(joint[:8], joint[8:].partition("+")[0].partition("-")[0])]
    for day, moment in (
        (Tag.AcquisitionDate, Tag.AcquisitionTime),
        (Tag.SeriesDate, Tag.SeriesTime),
        (Tag.StudyDate, Tag.StudyTime),
        (Tag.ContentDate, Tag.ContentTime),
    ):
        choices.append((header.text(day) or "", header.text(moment) or ""))
    for day_text, time_text in choices:
        found = dicom_date(day_text)
        if found is not None:
            return datetime.combine(found, dicom_time(time_text) or time())
    warnings.append("No date of acquisition is given.")
    return None


def _age(birth: date | None, acquired: datetime | None, stated: str | None) -> float | None:
    if birth is not None and acquired is not None:
        days = (acquired.date() - birth).days
        if 0 <= days < 130 * 366:
            return days / 365.25
    if stated and stated[-1] in _UNITS and stated[:-1].strip().isdigit():
        return int(stated[:-1]) / _UNITS[stated[-1]]
    return None


def _contrast(header: Elements) -> bool | None:
    """Whether a contrast agent is named; ``None`` where the header has no such field, which is not "without"."""
    if header.items(Tag.ContrastBolusAgentSequence):
        return True
    if Tag.ContrastBolusAgent not in header:
        return True if _positive(header.number(Tag.ContrastBolusVolume)) else None
    agent = (header.text(Tag.ContrastBolusAgent) or "").upper()
    return bool(agent) and agent not in _NO_CONTRAST


def _positive(number: float | None) -> float | None:
    return number if number is not None and number > 0 else None


def _decoded(header: Elements, tag: int) -> str | None:
    sets = header.words(Tag.SpecificCharacterSet)
    codec = _CHARACTER_SETS.get(sets[0] if sets else "", "latin-1")
    text = header.raw(tag).decode(codec, "replace").strip(" \0")
    return text or None

"""Patient, scanner and protocol out of a header."""

from __future__ import annotations

from ctreview.dicom.acquisition import Acquisition, Patient
from ctreview.dicom.character_sets import decoded_text
from ctreview.dicom.contrast import names_contrast
from ctreview.dicom.dates import patient_dates
from ctreview.dicom.elements import Elements
from ctreview.dicom.enhanced import frame_groups
from ctreview.dicom.pulse_sequence import PulseSequence
from ctreview.dicom.tags import Tag

__all__ = ["acquisition_from_header"]


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
    dates = patient_dates(header, warnings)
    return Acquisition(
        modality=(header.text(Tag.Modality) or "").upper() or None,
        patient=Patient(
            id=header.text(Tag.PatientID),
            name=_decoded(header, Tag.PatientName),
            birth_date=dates.birth_date,
            sex=(header.text(Tag.PatientSex) or "").upper() or None,
        ),
        age_years=dates.age_years,
        height_m=_height(header),
        acquired=dates.acquired,
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
        sequence=_sequence(header, flat),
    )


def _sequence(header: Elements, flat: Elements) -> PulseSequence:
    """Times, angles and kinds of an MR sequence; enhanced files say in words what classic ones abbreviate."""
    kinds = [*flat.words(Tag.ScanningSequence), *flat.words(Tag.SequenceVariant), *flat.words(Tag.ScanOptions)]
    kinds += [flat.text(Tag.EchoPulseSequence) or ""]
    kinds += ["IR"] if flat.text(Tag.InversionRecovery) == "YES" else []
    kinds += ["FS"] if flat.text(Tag.SpectrallySelectedSuppression) == "FAT" else []
    inversions = flat.numbers(Tag.InversionTimes)
    return PulseSequence(
        echo_time_ms=_positive(flat.number(Tag.EffectiveEchoTime) or flat.number(Tag.EchoTime)),
        repetition_time_ms=_positive(flat.number(Tag.RepetitionTime)),
        inversion_time_ms=_positive(inversions[0] if inversions else flat.number(Tag.InversionTime)),
        flip_angle_degrees=_positive(flat.number(Tag.FlipAngle)),
        field_strength_t=_field_strength(flat),
        echo_train_length=flat.integer(Tag.EchoTrainLength),
        coil=_decoded(flat, Tag.ReceiveCoilName),
        name=_decoded(header, Tag.SequenceName) or _decoded(header, Tag.PulseSequenceName),
        kinds=tuple(dict.fromkeys(word.upper() for word in kinds if word)),
        image_type=tuple(word.upper() for word in flat.words(Tag.FrameType) or header.words(Tag.ImageType)),
    )


def _field_strength(flat: Elements) -> float | None:
    """In tesla; some write gauss."""
    field = _positive(flat.number(Tag.MagneticFieldStrength))
    return field / 10_000.0 if field is not None and field > 100 else field


def _contrast(header: Elements) -> bool | None:
    """Whether a contrast agent is named; ``None`` where the header has no such field, which is not "without"."""
    given = _positive(header.number(Tag.ContrastBolusVolume)) is not None
    agents = header.items(Tag.ContrastBolusAgentSequence)
    if agents:
        meaning = _decoded(agents[0], Tag.CodeMeaning)
        return True if meaning is None else names_contrast(meaning)
    if Tag.ContrastBolusAgent not in header:
        return True if given else None
    agent = _decoded(header, Tag.ContrastBolusAgent)
    if agent is None:
        return False
    found = names_contrast(agent)
    return None if found is False and given else found


def _height(header: Elements) -> float | None:
    """Height in metres; some write centimetres."""
    height = header.number(Tag.PatientSize) or 0.0
    metres = height / 100.0 if height > 30.0 else height
    return metres if 0.3 <= metres <= 2.5 else None


def _positive(number: float | None) -> float | None:
    return number if number is not None and number > 0 else None


def _decoded(header: Elements, tag: int) -> str | None:
    return decoded_text(header.raw(tag), header.words(Tag.SpecificCharacterSet))

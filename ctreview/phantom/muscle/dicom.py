"""A scanned muscle phantom as DICOM: classic series or enhanced files, in the words of three vendors.

pydicom, which takes most of a second to import, is loaded when something is really written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ctreview.volume.dicom_file import Compression, write_dicom
from ctreview.volume.mr_contrast import contrast_name
from ctreview.volume.volume import Volume

__all__ = ["Vendor", "as_written_by", "write_enhanced_mr", "write_examination"]

Vendor = Literal["Siemens", "Philips", "GE"]

_MANUFACTURER: Mapping[Vendor, str] = {
    "Siemens": "SIEMENS",
    "Philips": "Philips Medical Systems",
    "GE": "GE MEDICAL SYSTEMS",
}
_IMAGE_TYPE: Mapping[Vendor, Mapping[str, tuple[str, ...]]] = {
    "Siemens": {
        "Dixon water": ("DERIVED", "PRIMARY", "DIXON", "WATER"),
        "Dixon fat": ("DERIVED", "PRIMARY", "DIXON", "FAT"),
        "Dixon in phase": ("ORIGINAL", "PRIMARY", "DIXON", "IN_PHASE"),
        "Dixon opposed phase": ("ORIGINAL", "PRIMARY", "DIXON", "OPP_PHASE"),
        "": ("ORIGINAL", "PRIMARY", "M", "NORM", "DIS2D"),
    },
    "Philips": {
        "Dixon water": ("DERIVED", "PRIMARY", "W", "W", "DERIVED"),
        "Dixon fat": ("DERIVED", "PRIMARY", "F", "F", "DERIVED"),
        "Dixon in phase": ("DERIVED", "PRIMARY", "IP", "IP", "DERIVED"),
        "Dixon opposed phase": ("DERIVED", "PRIMARY", "OP", "OP", "DERIVED"),
        "": ("ORIGINAL", "PRIMARY", "M_SE", "M", "SE"),
    },
    "GE": {
        "Dixon water": ("DERIVED", "PRIMARY", "DIXON", "WATER"),
        "Dixon fat": ("DERIVED", "PRIMARY", "DIXON", "FAT"),
        "Dixon in phase": ("DERIVED", "PRIMARY", "DIXON", "INPHASE"),
        "Dixon opposed phase": ("DERIVED", "PRIMARY", "DIXON", "OUTPHASE"),
        "": ("ORIGINAL", "PRIMARY", "OTHER"),
    },
}
"""What vendors write into ImageType of each image, and of all others."""

_ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
_EXPLICIT = "1.2.840.10008.1.2.1"


def _uid(*parts: object) -> str:
    digest = hashlib.sha256("/".join(str(part) for part in parts).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def as_written_by(volume: Volume, vendor: Vendor) -> Volume:
    """An image with the manufacturer and ImageType of a vendor."""
    types = _IMAGE_TYPE[vendor]
    sequence = replace(volume.acquisition.sequence, image_type=types.get(contrast_name(volume), types[""]))
    facts = replace(volume.acquisition, manufacturer=_MANUFACTURER[vendor], sequence=sequence)
    return replace(volume, acquisition=facts)


def write_examination(
    series: Sequence[Sequence[Volume]],
    folder: Path | str,
    *,
    vendor: Vendor = "Siemens",
    enhanced: bool = False,
    compression: Compression = "none",
) -> tuple[Path, ...]:
    """Write the series of one examination, each with the images that it holds (one, or the echoes of a train).

    Parameters
    ----------
    series : sequence of sequence of Volume
        Images of one body; those of one series share a grid.
    folder : path
        Gets a folder for each series.
    vendor : {"Siemens", "Philips", "GE"}
        Whose words are used.
    enhanced : bool
        One enhanced multiframe file for each series, instead of a file for each slice.
    compression : {"none", "jpeg-ls", "rle", "deflated"}
        Of files of one slice; whole numbers compress best.

    Returns
    -------
    tuple of Path
        A folder for each series.
    """
    study = _uid("muscle phantom", *(volume.digest for images in series for volume in images))
    folders = []
    for number, images in enumerate(series, 1):
        named = [as_written_by(volume, vendor) for volume in images]
        place = Path(folder) / f"series{number:02d}"
        if enhanced:
            place.mkdir(parents=True)
            write_enhanced_mr(named, place / "0001.dcm", series_number=number, study_uid=study)
        else:
            uid = _uid(study, number)
            if len(named) > 1:
                place.mkdir(parents=True)
            for echo, volume in enumerate(named, 1):
                write_dicom(
                    volume,
                    place / f"echo{echo:02d}" if len(named) > 1 else place,
                    patient=volume.acquisition.patient,
                    compression=compression,
                    series_number=number,
                    description=volume.acquisition.description or "",
                    study_uid=study,
                    series_uid=uid,
                )
        folders.append(place)
    return tuple(folders)


def write_enhanced_mr(
    images: Sequence[Volume], path: Path, *, series_number: int = 1, study_uid: str | None = None
) -> None:
    """Write images of one grid, such as the echoes of a train, into one enhanced MR file.

    Times, angles and the type of each frame stand in functional groups, as the standard wants (PS3.3 A.36).
    """
    from pydicom.dataset import Dataset, FileDataset, FileMetaDataset  # noqa: PLC0415
    from pydicom.uid import UID  # noqa: PLC0415

    first = images[0]
    facts, sequence, geometry = first.acquisition, first.acquisition.sequence, first.geometry
    seed = "".join(volume.digest for volume in images)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = UID(_ENHANCED_MR), UID(_EXPLICIT)
    meta.MediaStorageSOPInstanceUID = UID(_uid(seed, "instance"))
    data = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    data.SpecificCharacterSet, data.Modality = "ISO_IR 192", "MR"
    data.SOPClassUID, data.SOPInstanceUID = _ENHANCED_MR, meta.MediaStorageSOPInstanceUID
    data.StudyInstanceUID, data.SeriesInstanceUID = study_uid or _uid(seed, "study"), _uid(seed, series_number)
    data.FrameOfReferenceUID = _uid(geometry.frame_of_reference, "frame")
    data.SeriesNumber, data.InstanceNumber, data.SeriesDescription = series_number, 1, facts.description or ""
    data.Manufacturer, data.ManufacturerModelName = facts.manufacturer or "", facts.scanner or ""
    data.PatientPosition = facts.posture or ""
    data.ImageType = list(sequence.image_type[:4])
    if facts.acquired is not None:
        data.AcquisitionDateTime = f"{facts.acquired:%Y%m%d%H%M%S}"
        data.StudyDate = data.ContentDate = f"{facts.acquired:%Y%m%d}"
    who = facts.patient
    data.PatientName, data.PatientID, data.PatientSex = who.name or "", who.id or "", who.sex or ""
    data.PatientBirthDate = "" if who.birth_date is None else f"{who.birth_date:%Y%m%d}"
    _pixels(data, images)
    shared = Dataset()
    _group(shared, "PlaneOrientationSequence", ImageOrientationPatient=_orientation(first))
    _group(
        shared,
        "PixelMeasuresSequence",
        PixelSpacing=[f"{size:.8g}" for size in geometry.spacing[1:]],
        SliceThickness=f"{geometry.spacing[0]:.8g}",
    )
    _group(
        shared,
        "MRTimingAndRelatedParametersSequence",
        RepetitionTime=sequence.repetition_time_ms,
        FlipAngle=sequence.flip_angle_degrees,
        EchoTrainLength=sequence.echo_train_length,
    )
    _group(shared, "MRReceiveCoilSequence", ReceiveCoilName=sequence.coil)
    inversion = sequence.inversion_time_ms
    _group(shared, "MRModifierSequence", **_modifiers(inversion))
    data.MagneticFieldStrength = sequence.field_strength_t
    data.EchoPulseSequence = "GRADIENT" if "GR" in sequence.kinds else "SPIN"
    data.SharedFunctionalGroupsSequence = [shared]
    data.PerFrameFunctionalGroupsSequence = [
        _frame(volume, layer, data.RescaleSlope) for volume in images for layer in range(geometry.shape[0])
    ]
    del data.RescaleSlope
    data.save_as(path, enforce_file_format=True)


def _modifiers(inversion_ms: float | None) -> dict[str, Any]:
    if inversion_ms is None:
        return {"InversionRecovery": "NO"}
    return {"InversionRecovery": "YES", "InversionTimes": inversion_ms}


def _pixels(data: Any, images: Sequence[Volume]) -> None:
    values = np.concatenate([np.asarray(volume.array, np.float64) for volume in images])
    slope = max(float(values.max()) / 32000.0, 1e-6)
    stored = np.rint(values / slope).astype("<u2")
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.NumberOfFrames, data.Rows, data.Columns = stored.shape
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 0
    data.RescaleSlope = f"{slope:.10g}"
    data.PixelData = stored.tobytes()
    data["PixelData"].VR = "OW"


def _orientation(volume: Volume) -> list[str]:
    directions = volume.geometry.directions
    return [f"{part:.10g}" for part in (*directions[:, 2], *directions[:, 1])]


def _group(into: Any, name: str, **elements: Any) -> None:
    """A functional group of one item."""
    from pydicom.dataset import Dataset  # noqa: PLC0415

    item = Dataset()
    for keyword, value in elements.items():
        if value is not None:
            setattr(item, keyword, value)
    setattr(into, name, [item])


def _frame(volume: Volume, layer: int, slope: Any) -> Any:
    from pydicom.dataset import Dataset  # noqa: PLC0415

    frame, sequence = Dataset(), volume.acquisition.sequence
    _group(
        frame,
        "PlanePositionSequence",
        ImagePositionPatient=[f"{part:.8g}" for part in volume.geometry.to_lps((layer, 0, 0))],
    )
    _group(frame, "FrameContentSequence", StackID="1", InStackPositionNumber=layer + 1)
    _group(frame, "MREchoSequence", EffectiveEchoTime=sequence.echo_time_ms)
    _group(frame, "MRImageFrameTypeSequence", FrameType=list(sequence.image_type[:4]))
    _group(frame, "PixelValueTransformationSequence", RescaleSlope=slope, RescaleIntercept="0", RescaleType="US")
    return frame

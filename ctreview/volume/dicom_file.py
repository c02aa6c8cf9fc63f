"""A volume as a classic DICOM series.

pydicom, which takes most of a second to import, is loaded when a series is really written.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ctreview.dicom.acquisition import Patient
from ctreview.dicom.pulse_sequence import PulseSequence
from ctreview.errors import WrongUse
from ctreview.volume.atomic import atomic_folder
from ctreview.volume.volume import Volume

__all__ = ["Compression", "write_dicom"]

Compression = Literal["none", "jpeg-ls", "rle", "deflated"]

_CT, _MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
_SYNTAX = {
    "none": "1.2.840.10008.1.2.1",
    "deflated": "1.2.840.10008.1.2.1.99",
    "jpeg-ls": "1.2.840.10008.1.2.4.80",
    "rle": "1.2.840.10008.1.2.5",
}


@dataclass(frozen=True)
class _Identifiers:
    study: str
    series: str
    frame: str
    seed: str

    def instance(self, number: int) -> str:
        return _uid(self.seed, "instance", number)


def write_dicom(
    volume: Volume,
    folder: Path | str,
    *,
    patient: Patient | None = None,
    compression: Compression = "none",
    series_number: int = 1,
    description: str = "",
    study_uid: str | None = None,
    series_uid: str | None = None,
    per_slice_rescale: bool = False,
    replace: bool = False,
) -> tuple[Path, ...]:
    """Write a volume as one CT (or, where its unit is not HU, MR) file for each slice along axis 0.

    Values are stored losslessly where they are whole numbers of 16 bits; others are scaled slice by slice. UIDs
    that are not given are derived from the image itself, so that the same volume gives the same files.

    Parameters
    ----------
    volume : Volume
        The image. Its acquisition fills kVp, kernel, thickness, posture, contrast, scanner and date; the patient in
        it is *not* written.
    folder : path
        Made anew; appears whole or not at all. Files are ``0001.dcm`` … from the feet up.
    patient : Patient, optional
        Whom to name. Without it the files carry no identity.
    compression : {"none", "jpeg-ls", "rle", "deflated"}
        All lossless. JPEG-LS is smallest.
    study_uid, series_uid : str, optional
        UIDs to use; series of one study share the first.
    per_slice_rescale : bool
        Give each slice an intercept of its own, as some scanners (and all PET) do.
    replace : bool
        Whether a folder that is there gives way.

    Returns
    -------
    tuple of Path
        The files, from the feet up.

    Raises
    ------
    FileExistsError
        The folder is there, not empty, and `replace` is false.
    """
    if compression not in _SYNTAX:
        raise WrongUse(f"no compression is called {compression!r}", remedy=f"Known: {', '.join(_SYNTAX)}.")
    seed = volume.digest
    frame = volume.geometry.frame_of_reference
    uids = _Identifiers(
        study=study_uid or _uid(seed, "study"),
        series=series_uid or _uid(seed, "series", series_number),
        frame=_uid(frame, "frame") if frame.startswith("source:") else frame,
        seed=f"{seed}{series_uid}{series_number}",
    )
    common = _common(volume, patient, uids, series_number, description)
    folder = Path(folder)
    names = [f"{number:04d}.dcm" for number in range(1, volume.geometry.shape[0] + 1)]
    with atomic_folder(folder, replace=replace) as draft:
        for number, name in enumerate(names):
            _write_slice(draft / name, volume, number, common, uids, compression, per_slice_rescale)
    return tuple(folder / name for name in names)


def _uid(*parts: object) -> str:
    """A UID under 2.25 (ISO/IEC 9834-8), made from a hash so that it is the same every time."""
    digest = hashlib.sha256("/".join(str(part) for part in parts).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def _common(volume: Volume, patient: Patient | None, uids: _Identifiers, number: int, description: str) -> Any:
    """What every slice's header shares, as a pydicom data set."""
    from pydicom.dataset import Dataset  # noqa: PLC0415

    facts = volume.acquisition
    ct = volume.unit == "HU"
    data = Dataset()
    data.SpecificCharacterSet = "ISO_IR 192"
    data.SOPClassUID = _CT if ct else _MR
    data.Modality = "CT" if ct else "MR"
    data.StudyInstanceUID, data.SeriesInstanceUID, data.FrameOfReferenceUID = uids.study, uids.series, uids.frame
    data.StudyID, data.SeriesNumber, data.AcquisitionNumber = "1", number, 1
    data.AccessionNumber, data.ReferringPhysicianName, data.PositionReferenceIndicator = "", "", ""
    data.SeriesDescription = description
    _dates(data, facts.acquired)
    data.Manufacturer = facts.manufacturer or ""
    data.ManufacturerModelName = facts.scanner or ""
    data.PatientPosition = facts.posture or ""
    thickness = facts.slice_thickness_mm or volume.geometry.spacing[0]
    data.SliceThickness = _ds(thickness)
    if ct:
        data.KVP = None if facts.kvp is None else _ds(facts.kvp)
        data.ConvolutionKernel = facts.kernel or ""
    else:
        _sequence(data, facts.sequence)
    if facts.contrast is not None:
        data.ContrastBolusAgent = "contrast agent" if facts.contrast else ""
    _patient(data, patient, facts.age_years)
    return data


_SCANNING, _OPTIONS = ("SE", "IR", "GR", "EP"), ("FS",)
"""Words of ScanningSequence and of ScanOptions; others that a sequence knows are its variants."""


def _sequence(data: Any, facts: PulseSequence) -> None:
    """Times and angles of an MR sequence; empty where they are not known."""
    known = facts.kinds
    data.ScanningSequence = [word for word in known if word in _SCANNING] or "RM"
    data.SequenceVariant = [word for word in known if word not in _SCANNING + _OPTIONS] or "NONE"
    data.ScanOptions = [word for word in known if word in _OPTIONS] or ""
    data.MRAcquisitionType = "2D"
    for keyword, value in (
        ("EchoTime", facts.echo_time_ms),
        ("RepetitionTime", facts.repetition_time_ms),
        ("InversionTime", facts.inversion_time_ms),
        ("FlipAngle", facts.flip_angle_degrees),
        ("MagneticFieldStrength", facts.field_strength_t),
    ):
        setattr(data, keyword, None if value is None else _ds(value))
    data.EchoTrainLength = facts.echo_train_length
    data.ReceiveCoilName = facts.coil or ""


def _dates(data: Any, when: datetime | None) -> None:
    day, moment = ("", "") if when is None else (f"{when:%Y%m%d}", f"{when:%H%M%S}")
    data.StudyDate = data.SeriesDate = data.AcquisitionDate = data.ContentDate = day
    data.StudyTime = data.SeriesTime = data.AcquisitionTime = data.ContentTime = moment


def _patient(data: Any, patient: Patient | None, age_years: float | None) -> None:
    who = patient or Patient()
    data.PatientName, data.PatientID = who.name or "", who.id or ""
    data.PatientBirthDate = "" if who.birth_date is None else f"{who.birth_date:%Y%m%d}"
    data.PatientSex = who.sex or ""
    if age_years is not None:
        months = round(age_years * 12)
        data.PatientAge = f"{months:03d}M" if age_years < 3 else f"{int(age_years):03d}Y"


def _ds(number: float) -> str:
    """A decimal string of at most 16 characters, as exact as they allow."""
    for digits in range(15, 3, -1):
        text = f"{number:.{digits}g}"
        if len(text) <= 16:
            return text
    return f"{number:.6e}"[:16]


def _write_slice(
    path: Path, volume: Volume, number: int, common: Any, uids: _Identifiers, compression: Compression, own: bool
) -> None:
    from pydicom.dataset import FileDataset, FileMetaDataset  # noqa: PLC0415
    from pydicom.uid import UID  # noqa: PLC0415

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = common.SOPClassUID
    meta.MediaStorageSOPInstanceUID = UID(uids.instance(number))
    meta.TransferSyntaxUID = UID(_SYNTAX["none"])
    data = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    data.update(common)
    data.SOPInstanceUID = uids.instance(number)
    data.InstanceNumber = number + 1
    data.ImageType = list(volume.acquisition.sequence.image_type) or ["DERIVED", "PRIMARY", "AXIAL"]
    geometry = volume.geometry
    directions = geometry.directions
    data.ImagePositionPatient = [_ds(part) for part in geometry.to_lps((number, 0, 0))]
    data.ImageOrientationPatient = [_ds(part) for part in (*directions[:, 2], *directions[:, 1])]
    data.PixelSpacing = [_ds(geometry.spacing[1]), _ds(geometry.spacing[2])]
    _set_pixels(data, np.asarray(volume.array[number]), volume, own)
    _compress(data, compression)
    data.save_as(path, enforce_file_format=True)


def _set_pixels(data: Any, values: npt.NDArray[Any], volume: Volume, own: bool) -> None:
    stored, slope, intercept, bits = _stored(values, volume, own)
    signed = stored.dtype.kind == "i"
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.Rows, data.Columns = values.shape
    data.BitsAllocated, data.BitsStored, data.HighBit = 16, bits, bits - 1
    data.PixelRepresentation = int(signed)
    data.RescaleSlope, data.RescaleIntercept = _ds(slope), _ds(intercept)
    data.RescaleType = "HU" if volume.unit == "HU" else "US"
    data.PixelData = np.ascontiguousarray(stored.astype(stored.dtype.newbyteorder("<"))).tobytes()
    data["PixelData"].VR = "OW"


def _stored(values: npt.NDArray[Any], volume: Volume, own: bool) -> tuple[npt.NDArray[Any], float, float, int]:
    """Stored numbers, slope, intercept, and how many bits they need."""
    low, high = float(values.min()), float(values.max())
    whole = values.dtype.kind in "iu"
    if whole and own and high - low < 65536:
        return (values.astype(np.int32) - int(low)).astype(np.uint16), 1.0, low, 16
    if whole and volume.unit == "HU" and low >= -1024 and high <= 3071:
        return (values.astype(np.int32) + 1024).astype(np.uint16), 1.0, -1024.0, 12
    if whole and low >= -32768 and high <= 32767:
        return values.astype(np.int16), 1.0, 0.0, 16
    if whole and low >= 0 and high <= 65535:
        return values.astype(np.uint16), 1.0, 0.0, 16
    if not (np.isfinite(low) and np.isfinite(high)):
        raise WrongUse("a volume with values that are not finite cannot be written as DICOM")
    slope = float(_ds((high - low) / 65535 or 1.0))
    low = float(_ds(low))
    scaled = np.clip(np.rint((values.astype(np.float64) - low) / slope), 0, 65535)
    return scaled.astype(np.uint16), slope, low, 16


def _compress(data: Any, compression: Compression) -> None:
    """Compress in place by a plugin named here."""
    from pydicom.uid import UID, JPEGLSLossless, RLELossless  # noqa: PLC0415

    if compression == "jpeg-ls":
        data.compress(JPEGLSLossless, encoding_plugin="pyjpegls", generate_instance_uid=False)
    elif compression == "rle":
        data.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    elif compression == "deflated":
        data.file_meta.TransferSyntaxUID = UID(_SYNTAX["deflated"])

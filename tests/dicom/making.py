"""Made-up DICOM files for the tests; written with pydicom, so that the reader is not checked by itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

CT_STORAGE, MR_STORAGE = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
SERIES = "1.2.826.0.1.3680043.10.1.1"
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def make_slice(
    array: np.ndarray,
    *,
    position: Sequence[float] = (0, 0, 0),
    orientation: Sequence[float] = AXIAL,
    spacing: Sequence[float] = (1.0, 1.0),
    number: int = 1,
    bits: int = 16,
    **elements: Any,
) -> FileDataset:
    """One CT slice as a data set; ``elements`` are set last, ``None`` removes one."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = CT_STORAGE
    meta.MediaStorageSOPInstanceUID = f"{SERIES}.{number}"
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = CT_STORAGE, f"{SERIES}.{number}"
    data.Modality, data.SeriesInstanceUID, data.SeriesNumber = "CT", SERIES, 3
    data.StudyInstanceUID, data.FrameOfReferenceUID = f"{SERIES}.99", f"{SERIES}.98"
    data.PatientID, data.PatientName, data.PatientBirthDate, data.PatientSex = "P1", "Doe^Jane", "20170501", "F"
    data.StudyDate, data.StudyTime, data.StudyID = "20210930", "120000", "1"
    data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    data.PatientPosition, data.InstanceNumber = "HFS", number
    data.ImagePositionPatient = [f"{part:.8g}" for part in position]
    data.ImageOrientationPatient = [f"{part:.10g}" for part in orientation]
    data.PixelSpacing = [f"{part:.8g}" for part in spacing]
    data.SliceThickness = "2"
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.Rows, data.Columns = array.shape[-2:]
    data.BitsAllocated, data.BitsStored, data.HighBit = array.dtype.itemsize * 8, bits, bits - 1
    data.PixelRepresentation = int(array.dtype.kind == "i")
    data.RescaleSlope, data.RescaleIntercept = "1", "0"
    data.PixelData = np.ascontiguousarray(array).tobytes()
    data["PixelData"].VR = "OW"
    for keyword, value in elements.items():
        if value is None:
            if keyword in data:
                delattr(data, keyword)
        else:
            setattr(data, keyword, value)
    return data


def save(data: Dataset, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data.save_as(path, enforce_file_format=True)
    return path


def make_stack(
    folder: Path,
    array: np.ndarray,
    *,
    origin: Sequence[float] = (0, 0, 0),
    orientation: Sequence[float] = AXIAL,
    spacing: Sequence[float] = (2.0, 1.0, 1.0),
    step: Sequence[float] | None = None,
    first: int = 1,
    prefix: str = "im",
    **elements: Any,
) -> list[Path]:
    """A stack of slices that follow each other along ``step`` (by default the normal), in shuffled files."""
    rows, columns = np.array(orientation[:3]), np.array(orientation[3:])
    move = np.cross(rows, columns) * spacing[0] if step is None else np.array(step)
    names = np.random.default_rng(5).permutation(len(array))
    paths = []
    for number, plane in enumerate(array):
        data = make_slice(
            plane,
            position=np.array(origin) + number * move,
            orientation=orientation,
            spacing=spacing[1:],
            number=first + number,
            **elements,
        )
        paths.append(save(data, folder / f"{prefix}{names[number]:03d}.dcm"))
    return paths


def ramp(shape: tuple[int, int, int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-1000, 1000, shape).astype(np.int16)


ENHANCED_CT, ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.4.1"


def make_enhanced(
    array: np.ndarray,
    positions: Sequence[Sequence[float]],
    *,
    orientations: Sequence[Sequence[float]] = (AXIAL,),
    spacing: Sequence[float] = (1.0, 1.0),
    rescale: Sequence[tuple[float, float]] = ((1.0, 0.0),),
    content: Sequence[dict[str, Any]] = ({},),
    echo: Sequence[float] | None = None,
    modality: str = "CT",
    **elements: Any,
) -> FileDataset:
    """An enhanced multiframe file; what varies is put into each frame's groups, what does not into the shared ones."""
    data = make_slice(array, bits=16, **elements)
    data.SOPClassUID = ENHANCED_CT if modality == "CT" else ENHANCED_MR
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.Modality, data.NumberOfFrames = modality, len(array)
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope"):
        delattr(data, keyword)
    del data.RescaleIntercept, data.SliceThickness
    shared, own = Dataset(), [Dataset() for _ in array]

    def put(sequence: str, values: Sequence[dict[str, Any]]) -> None:
        groups = [shared] if len(values) == 1 else own
        for group, value in zip(groups, values, strict=True):
            item = Dataset()
            for keyword, content_value in value.items():
                setattr(item, keyword, content_value)
            setattr(group, sequence, [item])

    put("PlanePositionSequence", [{"ImagePositionPatient": [f"{p:.8g}" for p in place]} for place in positions])
    put("PlaneOrientationSequence", [{"ImageOrientationPatient": [f"{p:.8g}" for p in o]} for o in orientations])
    put("PixelMeasuresSequence", [{"PixelSpacing": list(spacing), "SliceThickness": "2"}])
    put(
        "PixelValueTransformationSequence",
        [{"RescaleSlope": f"{s:.8g}", "RescaleIntercept": f"{i:.8g}", "RescaleType": "HU"} for s, i in rescale],
    )
    put("FrameContentSequence", list(content))
    if echo is not None:
        put("MREchoSequence", [{"EffectiveEchoTime": time} for time in echo])
    data.SharedFunctionalGroupsSequence = [shared]
    data.PerFrameFunctionalGroupsSequence = own
    return data

"""Ultrasound of muscle: frames of a DICOM file, and the millimetres of their calibrated regions.

pydicom is loaded when a file is really read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.dicom.acquisition import Acquisition, Patient
from ctreview.errors import UnreadableFile, WrongModality, WrongUse
from ctreview.volume.geometry import Geometry
from ctreview.volume.volume import Volume

__all__ = ["Ultrasound", "UltrasoundRegion", "load_ultrasound"]

Bytes = npt.NDArray[np.uint8]
_TWO_DIMENSIONAL, _CENTIMETRES = 1, 3
_STORAGE = ("1.2.840.10008.5.1.4.1.1.6.1", "1.2.840.10008.5.1.4.1.1.3.1")
"""Ultrasound image and multi-frame image storage."""


@dataclass(frozen=True)
class UltrasoundRegion:
    """A part of the picture that shows tissue, with its scale (PS3.3 C.8.5.5).

    Attributes
    ----------
    top, left, bottom, right : int
        Rows and columns; the last ones belong to it.
    row_mm, column_mm : float
        Millimetres from row to row, and from column to column.
    """

    top: int
    left: int
    bottom: int
    right: int
    row_mm: float
    column_mm: float

    def holds(self, row: float, column: float) -> bool:
        """Whether a place lies in it."""
        return self.top <= row <= self.bottom and self.left <= column <= self.right


@dataclass(frozen=True, eq=False)
class Ultrasound:
    """A still or a cine.

    Attributes
    ----------
    frames : ndarray of uint8, shape (frames, rows, columns)
        Grey levels, 0 to 255; read-only.
    regions : tuple of UltrasoundRegion
        Two-dimensional, in centimetres; empty where the file states no scale, and then nothing is measured.
    seconds : float or None
        From frame to frame.
    acquisition : Acquisition
    notes : tuple of str
    """

    frames: Bytes = field(repr=False)
    regions: tuple[UltrasoundRegion, ...]
    seconds: float | None
    acquisition: Acquisition
    notes: tuple[str, ...] = ()

    def region(self, number: int = 0) -> UltrasoundRegion:
        """One calibrated region.

        Raises
        ------
        WrongUse
            The file has none.
        """
        if number >= len(self.regions):
            raise WrongUse(
                "this ultrasound states no scale, so that nothing can be measured in millimetres",
                remedy="Export it from the scanner as DICOM ultrasound with its regions.",
            )
        return self.regions[number]

    def volume(self, number: int = 0) -> Volume:
        """The frames of one region as an image of millimetres within each frame; from frame to frame 1 mm stands."""
        box = self.region(number)
        array = self.frames[:, box.top : box.bottom + 1, box.left : box.right + 1].astype(np.float32)
        frame = f"source:{self.acquisition.series_uid or 'ultrasound'}"
        grid = Geometry.aligned(array.shape, (1.0, box.row_mm, box.column_mm), frame_of_reference=frame)
        return Volume(array, grid, "arbitrary", self.acquisition, self.notes)


def load_ultrasound(path: Path | str) -> Ultrasound:
    """Read a DICOM ultrasound image, single or multi-frame, colour or grey.

    Raises
    ------
    UnreadableFile
        It is no readable DICOM file.
    WrongModality
        It is an image of another modality.
    """
    import pydicom  # noqa: PLC0415

    path = Path(path)
    try:
        data = pydicom.dcmread(path)
    except (OSError, ValueError, KeyError, pydicom.errors.InvalidDicomError) as error:
        raise UnreadableFile("this is no readable DICOM file", where=path) from error
    modality = str(data.get("Modality", "")) or "none"
    if modality != "US" and str(data.get("SOPClassUID", "")) not in _STORAGE:
        raise WrongModality(f"an ultrasound image is needed, and this one is {modality}", where=path)
    frames, coloured = _grey(data, path)
    regions = _regions(data, frames.shape[1:])
    notes = ["The picture has colours, which were turned into grey."] if coloured else []
    notes += [] if regions else ["The file states no scale: nothing in it can be measured in millimetres."]
    frames.flags.writeable = False
    duration = data.get("FrameTime")
    return Ultrasound(frames, regions, None if duration is None else float(duration) / 1000, _facts(data), tuple(notes))


def _grey(data: Any, path: Path) -> tuple[Bytes, bool]:
    """Frames in grey, and whether there was any colour in them."""
    from pydicom.pixels.utils import pixel_array  # noqa: PLC0415

    try:
        pixels = np.asarray(pixel_array(data))  # colours come as RGB
    except Exception as error:  # pydicom's decoders raise what their libraries raise
        raise UnreadableFile("the pixels of this ultrasound cannot be decoded", where=path) from error
    colours = int(data.get("SamplesPerPixel", 1)) == 3
    if pixels.ndim == (3 if colours else 2):
        pixels = pixels[None]
    if not colours:
        top = max(float(pixels.max()), 1.0)
        grey = pixels if pixels.dtype == np.uint8 else np.rint(pixels * (255.0 / top))
        return grey.astype(np.uint8), False
    spread = np.ptp(pixels.astype(np.int16), axis=-1)
    grey = pixels @ np.array([0.299, 0.587, 0.114])
    return np.rint(grey).astype(np.uint8), bool((spread > 24).mean() > 0.001)


def _regions(data: Any, shape: tuple[int, ...]) -> tuple[UltrasoundRegion, ...]:
    found = []
    for item in data.get("SequenceOfUltrasoundRegions", []):
        units = {item.get("PhysicalUnitsXDirection"), item.get("PhysicalUnitsYDirection")}
        across, down = float(item.get("PhysicalDeltaX", 0)), float(item.get("PhysicalDeltaY", 0))
        if item.get("RegionSpatialFormat") != _TWO_DIMENSIONAL or units != {_CENTIMETRES} or not across or not down:
            continue
        found.append(
            UltrasoundRegion(
                int(item.RegionLocationMinY0),
                int(item.RegionLocationMinX0),
                min(int(item.RegionLocationMaxY1), shape[0] - 1),
                min(int(item.RegionLocationMaxX1), shape[1] - 1),
                abs(down) * 10.0,
                abs(across) * 10.0,
            )
        )
    return tuple(found)


def _facts(data: Any) -> Acquisition:
    def text(keyword: str) -> str | None:
        return str(data.get(keyword, "") or "") or None

    return Acquisition(
        modality="US",
        acquired=_when(text("AcquisitionDateTime") or text("ContentDate") or text("StudyDate")),
        patient=Patient(text("PatientID"), text("PatientName"), None, text("PatientSex")),
        manufacturer=text("Manufacturer"),
        scanner=text("ManufacturerModelName"),
        description=text("SeriesDescription"),
        series_uid=text("SeriesInstanceUID"),
        lossy=text("LossyImageCompression") == "01",
    )


def _when(text: str | None) -> datetime | None:
    """The day that a header states; None where it is no date."""
    try:
        return None if text is None else datetime.strptime(text[:8], "%Y%m%d")
    except ValueError:
        return None

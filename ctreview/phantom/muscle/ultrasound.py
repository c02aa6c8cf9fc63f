"""An ultrasound frame of the front of a phantom's thigh, with the thickness of what lies under the probe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, map_coordinates

from ctreview.phantom.muscle.body import Legs
from ctreview.phantom.muscle.tissues import TISSUE

__all__ = ["UltrasoundFrame", "scan_ultrasound", "write_ultrasound"]

Bytes = npt.NDArray[np.uint8]

_ECHOES = {
    "skin": 150.0,
    "subcutaneous_fat": 60.0,
    "fascia": 210.0,
    "muscle": 45.0,
    "intermuscular_fat": 150.0,
    "bone_cortex": 255.0,
    "vessel": 8.0,
}
"""Grey levels of tissues; a little of both is usual."""
_UID = "1.2.840.10008.5.1.4.1.1.6.1"


@dataclass(frozen=True, eq=False)
class UltrasoundFrame:
    """A frame and its truth.

    Attributes
    ----------
    image : ndarray of uint8
        Rows downwards from the skin.
    pixel_mm : float
    fat_mm, muscle_mm : float
        Under the middle of the probe: of the fat under the skin, and from the fascia to the bone.
    top : int
        Row of the skin.
    """

    image: Bytes
    pixel_mm: float
    fat_mm: float
    muscle_mm: float
    top: int


def scan_ultrasound(
    legs: Legs,
    side: str = "right",
    *,
    height: float = 0.5,
    width_mm: float = 40.0,
    pixel_mm: float = 0.1,
    seed: int = 1,
) -> UltrasoundFrame:
    """Scan the front of a thigh across, at a share of the femur's length from the knee, above the bone.

    Speckle multiplies the echoes of tissues; behind bone lies shadow.
    """
    grid = legs.geometry
    settings = legs.settings
    level = settings.offset[2] - (1 - height) * settings.femur_length_mm
    layer = int(np.clip(np.rint(grid.to_index((0.0, 0.0, level))[0]), 0, grid.shape[0] - 1))
    tissue = legs.tissues.array[layer]
    cortex = legs.compartments.mask(f"{side}_bone_cortex")[layer]
    middle = float(np.argwhere(cortex)[:, 1].mean())
    column = tissue[:, round(middle)]
    first = int(np.flatnonzero(column)[0])
    row_mm, column_mm = grid.spacing[1], grid.spacing[2]
    depth_mm = (float(np.argwhere(cortex)[:, 0].mean()) - first) * row_mm + 8.0
    top = 20
    rows = (np.arange(int(depth_mm / pixel_mm)) * pixel_mm) / row_mm + first
    columns = middle + (np.arange(int(width_mm / pixel_mm)) * pixel_mm - width_mm / 2) / column_mm
    places = np.meshgrid(rows, columns, indexing="ij")
    seen = map_coordinates(tissue, places, order=0)
    echo = np.zeros(seen.shape)
    for name, level_of in _ECHOES.items():
        echo[seen == TISSUE[name]] = level_of
    bone = np.isin(seen, (TISSUE["bone_cortex"], TISSUE["bone_marrow"]))
    behind = np.cumsum(bone, axis=0) * pixel_mm > 1.0
    echo[behind] *= 0.05
    speckle = np.random.default_rng(seed).rayleigh(0.8, echo.shape)
    image = gaussian_filter(echo * (0.5 + 0.5 * speckle), (1.0, 2.0))
    image = np.pad(image, ((top, 0), (0, 0)))
    under = column[first:]
    fat = under == TISSUE["subcutaneous_fat"]
    to_bone = int(np.flatnonzero(under == TISSUE["bone_cortex"])[0])
    start = int(np.flatnonzero(np.isin(under, (TISSUE["muscle"], TISSUE["intermuscular_fat"])))[0])
    return UltrasoundFrame(
        np.clip(image, 0, 255).astype(np.uint8),
        pixel_mm,
        float(fat[:start].sum()) * row_mm,
        (to_bone - start) * row_mm,
        top,
    )


def write_ultrasound(frames: list[UltrasoundFrame], path: Path) -> None:
    """Write a still, or a cine of several frames of one size, with its region and scale."""
    from pydicom.dataset import Dataset, FileDataset, FileMetaDataset  # noqa: PLC0415
    from pydicom.uid import UID, generate_uid  # noqa: PLC0415

    first = frames[0]
    pixels = np.stack([frame.image for frame in frames])
    instance = generate_uid(prefix="2.25.", entropy_srcs=[pixels.tobytes().hex()])
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(_UID if len(frames) == 1 else "1.2.840.10008.5.1.4.1.1.3.1")
    meta.MediaStorageSOPInstanceUID, meta.TransferSyntaxUID = instance, UID("1.2.840.10008.1.2.1")
    data = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID, data.Modality = meta.MediaStorageSOPClassUID, instance, "US"
    data.PatientID, data.PatientName = "CTREVIEW-MUSCLE", "PHANTOM^MUSCLE"
    data.SeriesInstanceUID = generate_uid(prefix="2.25.", entropy_srcs=[str(instance), "series"])
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.Rows, data.Columns = first.image.shape
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 8, 8, 7, 0
    if len(frames) > 1:
        data.NumberOfFrames, data.FrameTime = len(frames), "40"
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 0, first.top
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = first.image.shape[1] - 1, first.image.shape[0] - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX = region.PhysicalDeltaY = first.pixel_mm / 10.0
    data.SequenceOfUltrasoundRegions = [region]
    data.PixelData = pixels.tobytes() + b"\0" * (pixels.size % 2)
    data["PixelData"].VR = "OB"
    data.save_as(path, enforce_file_format=True)

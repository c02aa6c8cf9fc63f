"""NIfTI, NRRD and MetaImage through SimpleITK."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813

from ctreview.dicom.acquisition import Acquisition
from ctreview.errors import UnreadableFile, UnsupportedSeries
from ctreview.volume.geometry import Geometry
from ctreview.volume.volume import Volume

__all__ = ["affine_of_image", "is_itk_file", "path_frame", "read_itk_file"]

_SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")


def is_itk_file(path: Path) -> bool:
    """Whether a path's name is that of a NIfTI, NRRD or MetaImage file."""
    return path.is_file() and path.name.lower().endswith(_SUFFIXES)


def path_frame(path: Path) -> str:
    """The frame of reference of a file that has none: made from where it lies."""
    return f"source:{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]}"


def read_itk_file(path: Path) -> Volume:
    """Read a volume of NIfTI, NRRD or MetaImage.

    Its values are taken as HU where they look like it (air below −900 in some voxel, nothing beyond ±32768), which
    these formats do not say; else as arbitrary.

    Raises
    ------
    UnreadableFile
        The file is broken.
    UnsupportedSeries
        It holds no single three-dimensional image.
    """
    try:
        image = sitk.ReadImage(str(path))
    except RuntimeError as error:
        raise UnreadableFile("the file does not read as an image", where=path, remedy="Export it again.") from error
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise UnsupportedSeries(
            f"an image of {image.GetDimension()} dimensions and {image.GetNumberOfComponentsPerPixel()} components is "
            "no volume",
            where=path,
        )
    array = sitk.GetArrayFromImage(image)
    geometry = Geometry((array.shape[0], array.shape[1], array.shape[2]), affine_of_image(image), path_frame(path))
    values = _tidied(array)
    unit = "HU" if float(values.min()) <= -900 else "arbitrary"
    volume = Volume(values, geometry, unit, Acquisition()).canonical()  # type: ignore[arg-type]
    return volume.with_array(np.ascontiguousarray(volume.array))


def affine_of_image(image: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The affine from array index (z, y, x) to LPS millimetres of a SimpleITK image."""
    affine = np.eye(4)
    direction = np.array(image.GetDirection()).reshape(3, 3)
    affine[:3, :3] = (direction * np.array(image.GetSpacing()))[:, ::-1]
    affine[:3, 3] = image.GetOrigin()
    return affine


def _tidied(array: Any) -> Any:
    """int16 where the values are whole numbers that fit, else float32."""
    if array.dtype == np.int16:
        return array
    low, high = float(array.min()), float(array.max())
    whole = array.dtype.kind in "iu" or (array.dtype.itemsize >= 4 and bool(np.all(array == np.round(array))))
    if whole and low >= -32768 and high <= 32767:
        return array.astype(np.int16)
    return array.astype(np.float32)

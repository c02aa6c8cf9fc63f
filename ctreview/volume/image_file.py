"""NIfTI, NRRD and MetaImage: header, place and voxels, read in Python, so that no path and no message is C++'s."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ctreview.dicom.acquisition import Acquisition
from ctreview.dicom.files import OTHER_FORMATS
from ctreview.dicom.sort import Stack
from ctreview.volume.geometry import Geometry
from ctreview.volume.meta_image import read_meta_header
from ctreview.volume.nifti import read_nifti_header
from ctreview.volume.nrrd_header import read_nrrd_header
from ctreview.volume.stored_image import StoredImage, header_fault
from ctreview.volume.straighten import shear_to_box
from ctreview.volume.values import AIR_HU, NOT_MEASURED_HU
from ctreview.volume.volume import Unit, Volume
from ctreview.volume.voxels import read_voxels

__all__ = ["format_name", "is_image_file", "path_frame", "read_image_file", "read_image_header"]

SQUARE_DEGREES = 0.1
"""Axes that leave a right angle by less than this are kept as they are: rounding, as in a DICOM series."""

LARGEST_TILT_DEGREES = 45.0
"""No gantry tilts by more; what is sheared further is no image of a scanner."""

AIR_BELOW_HU = -900.0
"""A CT of the chest in HU holds air, and air lies below this."""


def is_image_file(path: Path) -> bool:
    """Whether a path's name is that of a NIfTI, NRRD or MetaImage file."""
    return path.name.lower().endswith(OTHER_FORMATS) and path.is_file()


def format_name(path: Path) -> str:
    """What the format of a file is called, by its name."""
    name = path.name.lower()
    if name.endswith((".nii", ".nii.gz")):
        return "NIfTI"
    return "NRRD" if name.endswith((".nrrd", ".nhdr")) else "MetaImage"


def path_frame(path: Path) -> str:
    """The frame of reference of a file that has none: made from where it lies."""
    return f"source:{hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:16]}"


def read_image_header(path: Path) -> StoredImage:
    """What the header of a NIfTI, NRRD or MetaImage file says; no voxel is read.

    Raises
    ------
    UnreadableFile
        It is broken, does not say how large voxels are or which side is which, or contradicts itself.
    UnsupportedSeries
        It holds no single three-dimensional image.
    """
    name = path.name.lower()
    if name.endswith((".nii", ".nii.gz")):
        return read_nifti_header(path)
    return read_nrrd_header(path) if name.endswith((".nrrd", ".nhdr")) else read_meta_header(path)


def read_image_file(path: Path, *, padding: Literal["air", "keep"] = "keep") -> Volume:
    """Read a volume of NIfTI, NRRD or MetaImage.

    Its values are taken as HU where they look like it (air below −900 in some voxel), which these formats do not say;
    else as arbitrary.

    Parameters
    ----------
    path : path
    padding : {"air", "keep"}
        What becomes of HU that no matter has (below −1500), and of voxels without a number.

    Raises
    ------
    UnreadableFile
        The file is broken or cut off, does not say how large voxels are or which side is which, or contradicts itself.
    UnsupportedSeries
        It holds no single three-dimensional image.
    """
    image = read_image_header(path)
    tilt = _tilt_degrees(image, path)
    notes = list(image.notes)
    array, geometry = read_voxels(image, path_frame(path), notes)
    lowest = float(np.nanmin(array)) if array.dtype.kind == "f" else float(array.min())
    unit: Unit = "HU" if lowest <= AIR_BELOW_HU else "arbitrary"
    reason = None if unit == "HU" else f"no value lies below {AIR_BELOW_HU:.0f}".replace("-", "−")
    outside = _fill(array, lowest, padding) if unit == "HU" else None
    original = None
    if tilt > SQUARE_DEGREES:
        original = geometry
        outside = None
        array, geometry = _sheared(array, geometry, image, fill=float(AIR_HU) if unit == "HU" else 0.0)
        notes.append(f"The slices were shifted onto a right box: their axes are sheared by {tilt:.1f}°.")
    volume = Volume(array, geometry, unit, Acquisition(), tuple(notes), original, unit_reason=reason)
    volume = replace(volume, unmeasured=outside).canonical()
    return volume.with_array(np.ascontiguousarray(volume.array))


def _fill(array: npt.NDArray[Any], lowest: float, padding: Literal["air", "keep"]) -> npt.NDArray[np.bool_] | None:
    """Put air where there is no number, and where the number is no density; give where that was."""
    outside = None
    if array.dtype.kind == "f" and not np.isfinite(array.sum(dtype=np.float64)):
        outside = ~np.isfinite(array)
        array[outside] = AIR_HU
    if padding == "air" and lowest < NOT_MEASURED_HU:
        below = array < NOT_MEASURED_HU
        array[below] = AIR_HU
        outside = below if outside is None else outside | below
    return outside


def _tilt_degrees(image: StoredImage, path: Path) -> float:
    """How far the slice axis leaves the normal of the slices.

    Raises
    ------
    UnreadableFile
        The axes are sheared in another way, or too far.
    """
    axes = image.affine[:3, :3] / np.linalg.norm(image.affine[:3, :3], axis=0)
    normal = np.cross(axes[:, 1], axes[:, 2])
    inside = float(np.degrees(np.arcsin(min(abs(float(axes[:, 1] @ axes[:, 2])), 1.0))))
    sine = float(np.linalg.norm(normal))
    tilt = float(np.degrees(np.arccos(min(abs(float(normal @ axes[:, 0])) / sine, 1.0)))) if sine > 0 else 90.0
    if inside > SQUARE_DEGREES or tilt > LARGEST_TILT_DEGREES:
        raise header_fault(
            path,
            f"the axes of the image are sheared by {max(inside, tilt):.1f}°",
            "Convert the original DICOM series again.",
        )
    return tilt


def _sheared(
    array: npt.NDArray[Any], geometry: Geometry, image: StoredImage, *, fill: float
) -> tuple[npt.NDArray[Any], Geometry]:
    """Bring slices that follow each other along a tilted axis onto a right box."""
    order, _ = Geometry(image.shape, image.affine, geometry.frame_of_reference).canonical_steps()
    slices = order.index(0)
    first, second = (axis for axis in range(3) if axis != slices)
    if np.linalg.det(geometry.affine[:3, [second, first, slices]]) < 0:
        first, second = second, first
    turn = (slices, first, second)
    grid = geometry.permute(turn)
    normal = np.cross(grid.directions[:, 2], grid.directions[:, 1])
    step = float(grid.affine[:3, 0] @ normal / np.linalg.norm(normal))
    stack = Stack(tuple(range(grid.shape[0])), grid.affine, np.arange(grid.shape[0], dtype=np.float64) * step)
    return shear_to_box(array.transpose(turn), stack, geometry.frame_of_reference, fill=fill)

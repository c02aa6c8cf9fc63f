"""NIfTI headers: read by nibabel, and their several statements of place held against each other.

A NIfTI file says up to three times where its voxels lie: by ``pixdim`` (spacing alone), by the qform (rotation and
offset beside ``pixdim``) and by the sform (any affine). Programs differ in which they believe, so that a file whose
statements differ gives other millilitres in each. Here what agrees is read; what does not is refused with both
statements named (https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h).
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.errors import UnsupportedSeries
from ctreview.volume.stored_image import LONGEST_MM, SHORTEST_MM, StoredImage, VoxelFile, header_fault, sized
from ctreview.volume.unpacking import opened

__all__ = ["read_nifti_header"]

FloatArray = npt.NDArray[np.float64]

SAME_SPACING = 0.01
"""Share by which two statements of a spacing may differ: headers hold four bytes, programs round to 0.01 mm."""

SAME_PLACE_MM = 1.0
"""Corners of qform and sform may be this far apart: the rounding of headers, in images of half a metre."""

TEMPLATE_CODES = (3, 4)
"""An sform into a template (Talairach, MNI), by which nothing is measured in the patient."""

_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_MM = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
_NO_SIDES = "the file does not say which side is which: neither its qform nor its sform is set"
_NO_SPACING = "the file does not say how far its slices are apart"
_CONVERT = "Convert the original DICOM series again."


def read_nifti_header(path: Path) -> StoredImage:
    """What a NIfTI-1 or -2 file (``.nii``, ``.nii.gz``) says.

    Raises
    ------
    UnreadableFile
        The header is broken, says no spacing or no side, or contradicts itself.
    UnsupportedSeries
        It holds no single three-dimensional image of plain numbers.
    """
    packed = _is_gzip(path)
    with opened(path, "gzip" if packed else "raw") as reader:
        head = reader.read(540)
    header = _parsed(head, path)
    shape = sized(tuple(int(n) for n in header["dim"][1 : 1 + int(header["dim"][0])]), path)
    dtype = _dtype(header, path)
    notes: list[str] = []
    affine = _affine(header, shape, notes, path)
    offset = float(header["vox_offset"])
    least = 544 if int(header["sizeof_hdr"]) == 540 else 352
    if not np.isfinite(offset) or offset != int(offset) or offset < 0:
        raise header_fault(path, f"the header puts the voxels at byte {offset}")
    slope, intercept = _scaling(header, path)
    skip = max(int(offset), least)
    voxels = VoxelFile(path, 0, "gzip" if packed else "raw", skip)
    return StoredImage((shape[2], shape[1], shape[0]), _reversed(affine), dtype, voxels, slope, intercept, tuple(notes))


def _is_gzip(path: Path) -> bool:
    with opened(path, "raw") as reader:
        return reader.read(2) == b"\x1f\x8b"


def _parsed(head: bytes, path: Path) -> Any:
    """The header as nibabel reads it, of either version and byte order."""
    from nibabel.nifti1 import Nifti1Header  # noqa: PLC0415 - only where such a file is met
    from nibabel.nifti2 import Nifti2Header  # noqa: PLC0415

    size = {head[:4], head[3::-1]}
    kind = Nifti2Header if (540).to_bytes(4, "little") in size else Nifti1Header
    length = 540 if kind is Nifti2Header else 348
    if (348).to_bytes(4, "little") not in size and kind is Nifti1Header:
        raise header_fault(path, "this is no NIfTI file, whatever its name says", "Give an image.")
    if len(head) < length:
        raise header_fault(path, f"the file is cut off: {len(head)} bytes of a header of {length}", "Copy it again.")
    try:
        header = kind.from_fileobj(io.BytesIO(head[:length]), check=False)
    except Exception as error:
        raise header_fault(path, "the NIfTI header is broken") from error
    if bytes(header["magic"])[:2] not in (b"n+",):
        raise header_fault(
            path, "the voxels are said to lie in another file (.img), which is not read", "Save it as one .nii file."
        )
    if not 1 <= int(header["dim"][0]) <= 7:
        raise header_fault(path, f"the header claims {int(header['dim'][0])} dimensions")
    return header


def _dtype(header: Any, path: Path) -> np.dtype[Any]:
    try:
        dtype: np.dtype[Any] = np.dtype(header.get_data_dtype())
    except Exception as error:
        raise header_fault(path, f"the header names data type {int(header['datatype'])}, which is none") from error
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise UnsupportedSeries("voxels of colours or complex numbers are not read", where=path)
    if int(header["bitpix"]) not in (0, dtype.itemsize * 8):
        raise header_fault(path, f"the header gives {int(header['bitpix'])} bits to a voxel of type {dtype}")
    return dtype


def _scaling(header: Any, path: Path) -> tuple[float, float]:
    """Slope and intercept; a slope of 0 (or none) means that numbers are values."""
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if not np.isfinite(slope) or slope == 0:
        return 1.0, 0.0
    if not np.isfinite(intercept):
        raise header_fault(path, "the header gives a slope and no intercept for its values")
    return slope, intercept


def _affine(header: Any, shape: tuple[int, int, int], notes: list[str], path: Path) -> FloatArray:
    """From (x, y, z) index to LPS millimetres, out of what sform, qform and pixdim agree on."""
    unit = int(header["xyzt_units"]) & 7
    scale = _MM.get(unit, 1.0)
    spacing = np.array(header["pixdim"][1:4], dtype=np.float64) * scale
    sform, qform = _sform(header, scale), _qform(header, spacing, scale)
    said_sform, said_qform = int(header["sform_code"]) > 0, int(header["qform_code"]) > 0
    if not said_sform and not said_qform:
        _require_spacing(spacing, path)
        raise header_fault(path, _NO_SIDES, _CONVERT)
    if sform is not None and qform is not None:
        found = _agreed(header, sform, qform, shape, notes, path)
    elif sform is not None:
        found = sform
        if said_qform:
            notes.append("The file's qform makes no sense and was not used; its sform says where the voxels lie.")
        _compare_spacing(sform, spacing, notes, path)
    elif qform is not None:
        found = qform
        if said_sform:
            notes.append("The file's sform makes no sense and was not used; its qform says where the voxels lie.")
    else:
        _require_spacing(spacing, path)
        raise header_fault(path, "neither the qform nor the sform of the file makes sense", _CONVERT)
    _require_spacing(np.linalg.norm(found[:3, :3], axis=0), path)
    return np.asarray(_LPS @ found)


def _require_spacing(spacing: FloatArray, path: Path) -> None:
    if not np.isfinite(spacing).all() or (spacing <= 0).any():
        raise header_fault(path, f"{_NO_SPACING} (it gives {_mm(spacing)})", _CONVERT)
    if spacing.min() < SHORTEST_MM or spacing.max() > LONGEST_MM:
        raise header_fault(path, f"the file gives a spacing of {_mm(spacing)}, which no scan has", _CONVERT)


def _sform(header: Any, scale: float) -> FloatArray | None:
    if int(header["sform_code"]) <= 0:
        return None
    affine = np.eye(4)
    for row, name in enumerate(("srow_x", "srow_y", "srow_z")):
        affine[row] = header[name]
    affine[:3] *= scale
    return affine if _regular(affine) else None


def _qform(header: Any, spacing: FloatArray, scale: float) -> FloatArray | None:
    if int(header["qform_code"]) <= 0 or not np.isfinite(spacing).all() or (spacing <= 0).any():
        return None
    b, c, d = (float(header[f"quatern_{name}"]) for name in "bcd")
    square = b * b + c * c + d * d
    if not np.isfinite(square) or square > 1.01:
        return None
    rest = 1.0 - square
    a = np.sqrt(rest) if rest >= 1e-7 else 0.0  # half a turn: what is left is rounding, as nifti1_io has it
    a, b, c, d = np.array([a, b, c, d]) / np.sqrt(a * a + square)
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b],
        ]
    )
    affine = np.eye(4)
    affine[:3, :3] = rotation * spacing
    if float(header["pixdim"][0]) < 0:
        affine[:3, 2] *= -1
    affine[:3, 3] = [float(header[f"qoffset_{name}"]) * scale for name in "xyz"]
    return affine if _regular(affine) else None


def _regular(affine: FloatArray) -> bool:
    return bool(np.isfinite(affine).all()) and abs(float(np.linalg.det(affine[:3, :3]))) > 1e-9


def _agreed(
    header: Any, sform: FloatArray, qform: FloatArray, shape: tuple[int, int, int], notes: list[str], path: Path
) -> FloatArray:
    """The place that both statements give; that of the scanner where the sform leads into a template."""
    codes = int(header["qform_code"]), int(header["sform_code"])
    if codes[1] in TEMPLATE_CODES and codes[0] not in TEMPLATE_CODES:
        notes.append("The file's sform leads into a template; its qform says where the voxels lie in the patient.")
        return qform
    first, second = (np.linalg.norm(one[:3, :3], axis=0) for one in (qform, sform))
    if np.any(np.abs(first - second) > SAME_SPACING * np.maximum(first, second)):
        raise header_fault(
            path,
            f"its qform gives a spacing of {_mm(first)} and its sform one of {_mm(second)}, so that readers differ",
            _CONVERT,
        )
    ends = np.array([(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)], dtype=float) * (np.array(shape) - 1)
    turned = float(np.linalg.norm(ends @ (qform - sform)[:3, :3].T, axis=1).max())
    if turned > SAME_PLACE_MM:
        raise header_fault(
            path, f"its qform and its sform disagree on how the image is turned, by up to {turned:.1f} mm", _CONVERT
        )
    moved = float(np.linalg.norm((qform - sform)[:3, 3]))
    if moved > SAME_PLACE_MM:
        notes.append(f"The file's qform and sform disagree on its origin, by {moved:.1f} mm; that of the sform stands.")
    return sform


def _compare_spacing(sform: FloatArray, spacing: FloatArray, notes: list[str], path: Path) -> None:
    """Hold an sform that stands alone against ``pixdim``: lengths of its columns, or distances of its planes."""
    if not np.isfinite(spacing).all() or (spacing <= 0).any():
        notes.append("The file's pixdim gives no spacing; that of its sform was taken.")
        return
    along = np.linalg.norm(sform[:3, :3], axis=0)
    across = 1.0 / np.linalg.norm(np.linalg.inv(sform[:3, :3]), axis=1)
    apart = np.minimum(np.abs(along - spacing), np.abs(across - spacing))
    if np.any(apart > SAME_SPACING * spacing):
        raise header_fault(
            path,
            f"its pixdim gives a spacing of {_mm(spacing)} and its sform one of {_mm(along)}, so that readers differ",
            _CONVERT,
        )


def _mm(spacing: FloatArray) -> str:
    return " × ".join(f"{part:.4g}" for part in spacing) + " mm"


def _reversed(affine: FloatArray) -> FloatArray:
    """The affine for an index with the slowest axis first."""
    found = np.array(affine)
    found[:3, :3] = affine[:3, 2::-1]
    return found

"""Small files of NIfTI, NRRD and MetaImage for the tests, written by other programs or byte by byte."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from itertools import permutations, product
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813

SPACING = (0.7, 0.9, 2.5)
ORIGIN = (-31.5, 12.25, 700.125)


def directions() -> list[np.ndarray]:
    """Every way in which three axes may run along those of the patient, of both hands: 48."""
    ways = product(permutations(range(3)), product((1, -1), repeat=3))
    return [np.eye(3)[:, list(order)] * signs for order, signs in ways]


def values(shape: Sequence[int] = (4, 5, 6), seed: int = 0) -> np.ndarray:
    """Whole HU, indexed slowest first, air among them."""
    found = np.random.default_rng(seed).integers(-950, 1200, tuple(shape)).astype(np.int16)
    found.flat[0] = -1000
    return found


def image_of(array: np.ndarray, direction: np.ndarray | None = None) -> sitk.Image:
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(SPACING)
    image.SetOrigin(ORIGIN)
    if direction is not None:
        image.SetDirection([float(part) for part in np.asarray(direction).ravel()])
    return image


def nifti(path: Path, array: np.ndarray, **header: Any) -> Path:
    """A NIfTI-1 with header fields as given; ``array`` indexed slowest first."""
    import nibabel as nib

    made = nib.Nifti1Header()
    made.set_data_dtype(array.dtype)
    made["dim"] = [array.ndim, *array.shape[::-1], *([1] * (7 - array.ndim))]
    made["pixdim"] = [1] * 8
    made["vox_offset"], made["xyzt_units"], made["magic"] = 352, 2, b"n+1"
    made["scl_slope"], made["scl_inter"] = 1, 0
    for name, value in header.items():
        made[name] = value
    data = made.binaryblock + b"\0\0\0\0" + array.tobytes()
    path.write_bytes(gzip.compress(data) if path.name.endswith(".gz") else data)
    return path


def sform(spacing: Sequence[float] = SPACING, origin: Sequence[float] = (0, 0, 0), code: int = 1) -> dict[str, Any]:
    """Header fields of an sform whose axes run to the left, the back and the head (LPS, written in RAS)."""
    rows = np.zeros((3, 4))
    rows[[0, 1, 2], [0, 1, 2]] = np.array(spacing) * (-1, -1, 1)
    rows[:, 3] = origin
    return {"sform_code": code, "srow_x": rows[0], "srow_y": rows[1], "srow_z": rows[2]}


def qform(spacing: Sequence[float] = SPACING, code: int = 1) -> dict[str, Any]:
    """Header fields of a qform that says the same."""
    pixdim = [1, *spacing, 1, 1, 1, 1]
    return {"qform_code": code, "quatern_b": 0, "quatern_c": 0, "quatern_d": 1, "pixdim": pixdim}


def nrrd(path: Path, array: np.ndarray, *lines: str, data: bytes | None = None) -> Path:
    """An NRRD with these lines after type, dimension and sizes."""
    kind = {"i2": "short", "u1": "uchar", "f4": "float"}[array.dtype.str[1:]]
    head = [f"type: {kind}", f"dimension: {array.ndim}", f"sizes: {' '.join(str(n) for n in array.shape[::-1])}"]
    text = "\n".join(["NRRD0005", *head, *lines]) + "\n\n"
    path.write_bytes(text.encode() + (array.tobytes() if data is None else data))
    return path


PLACED = (
    "space: left-posterior-superior",
    "space directions: (0.7,0,0) (0,0.9,0) (0,0,2.5)",
    "space origin: (1,2,3)",
    "endian: little",
)


def meta(path: Path, array: np.ndarray, data: bytes | None = None, **fields: Any) -> Path:
    """A MetaImage; a field of ``None`` is left out."""
    said: dict[str, Any] = {
        "ObjectType": "Image",
        "NDims": array.ndim,
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": "False",
        "CompressedData": "False",
        "TransformMatrix": "1 0 0 0 1 0 0 0 1",
        "Offset": "1 2 3",
        "ElementSpacing": "0.7 0.9 2.5",
        "DimSize": " ".join(str(n) for n in array.shape[::-1]),
        "ElementType": {"i2": "MET_SHORT", "u1": "MET_UCHAR", "f4": "MET_FLOAT"}[array.dtype.str[1:]],
    }
    said |= fields
    last = said.pop("ElementDataFile", "LOCAL")
    lines = [f"{key} = {value}" for key, value in said.items() if value is not None] + [f"ElementDataFile = {last}"]
    path.write_bytes("\n".join(lines).encode() + b"\n" + (array.tobytes() if data is None else data))
    return path

"""MetaImage headers (``.mha``, ``.mhd``), as ITK's MetaIO writes them.

Data are read from behind the header (``LOCAL``) or from a file beside it; raw, or packed by zlib.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.errors import UnsupportedSeries
from ctreview.volume.nrrd_header import beside
from ctreview.volume.stored_image import LONGEST_MM, SHORTEST_MM, StoredImage, VoxelFile, header_fault, sized
from ctreview.volume.unpacking import opened

__all__ = ["read_meta_header"]

_MAX_HEADER_BYTES = 1 << 20
_TYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
"""``MET_LONG`` is left out: it has four bytes where one program writes it and eight where another does."""

UNIT_LENGTH = 0.01
"""How far an axis of the direction matrix may be from length 1."""

_SPACING = "the file does not say how far its slices are apart"
_SIDES = "the file does not say which side is which: it gives neither a matrix nor an anatomical orientation"
_SAVE = "Save it again with its spacing and orientation, for example in 3D Slicer."
_LETTERS = {"R": (0, 1), "L": (0, -1), "A": (1, 1), "P": (1, -1), "I": (2, 1), "S": (2, -1)}
"""``RAI`` runs from right to left, from anterior to posterior, from inferior to superior: the axes of LPS."""


def read_meta_header(path: Path) -> StoredImage:
    """What a MetaImage says.

    Raises
    ------
    UnreadableFile
        The header is broken, says no spacing or no side, or names data that do not lie beside it.
    UnsupportedSeries
        It holds no single three-dimensional image of plain numbers, or lies in several files.
    """
    fields, end = _fields(path)
    sizes = _whole(fields, "DimSize", path)
    if (len(sizes),) != _whole(fields, "NDims", path):
        raise header_fault(path, f"the header claims {fields.get('NDims')} dimensions and gives {len(sizes)} sizes")
    if _whole(fields, "ElementNumberOfChannels", path) not in ((), (1,)):
        raise UnsupportedSeries("an image of several channels is no volume", where=path)
    shape = sized(sizes, path)
    dtype = _dtype(fields, path)
    notes: list[str] = []
    affine = _affine(fields, len(sizes), notes, path)
    need = int(np.prod(shape, dtype=object)) * dtype.itemsize
    return StoredImage(
        (shape[2], shape[1], shape[0]), affine, dtype, _voxels(fields, end, path, need), notes=tuple(notes)
    )


def _fields(path: Path) -> tuple[Mapping[str, str], int]:
    """Key and value of each line up to the one that names the data, and where the header ends."""
    with opened(path, "raw") as reader:
        data = b""
        while len(data) < _MAX_HEADER_BYTES and (more := reader.read(1 << 16)):
            data += more
    fields: dict[str, str] = {}
    at = 0
    while (stop := data.find(b"\n", at)) >= 0 or at < len(data):
        stop = len(data) if stop < 0 else stop
        key, equals, value = data[at:stop].decode("utf-8", "surrogateescape").partition("=")
        at = stop + 1
        if not equals or len(key) > 80:
            break
        fields[key.strip()] = value.strip()
        if key.strip() == "ElementDataFile":
            return fields, at
    if not fields.keys() & {"ObjectType", "NDims"}:
        raise header_fault(path, "this is no MetaImage, whatever its name says", "Give an image.")
    raise header_fault(path, "the header names no data (ElementDataFile)")


def _numbers(fields: Mapping[str, str], key: str, path: Path) -> tuple[float, ...]:
    try:
        return tuple(float(word) for word in fields.get(key, "").split())
    except ValueError:
        raise header_fault(path, f"{key} of the header holds no numbers") from None


def _whole(fields: Mapping[str, str], key: str, path: Path) -> tuple[int, ...]:
    numbers = _numbers(fields, key, path)
    if not all(abs(number) < 1e15 and number == int(number) for number in numbers):
        raise header_fault(path, f"{key} of the header holds no whole numbers")
    return tuple(int(number) for number in numbers)


def _first(fields: Mapping[str, str], keys: tuple[str, ...], path: Path) -> tuple[float, ...]:
    """The numbers of the first key that is there; MetaIO knows several names for one thing."""
    return next((_numbers(fields, key, path) for key in keys if key in fields), ())


def _dtype(fields: Mapping[str, str], path: Path) -> np.dtype[Any]:
    kind = _TYPES.get(fields.get("ElementType", "").upper())
    if kind is None:
        raise UnsupportedSeries(f"voxels of type {fields.get('ElementType')} are not read", where=path)
    if fields.get("BinaryData", "True").lower() != "true":
        raise UnsupportedSeries("voxels written as text are not read", where=path, remedy="Save it in binary form.")
    big = fields.get("BinaryDataByteOrderMSB", fields.get("ElementByteOrderMSB", "False")).lower() == "true"
    return np.dtype(kind).newbyteorder(">" if big else "<")


def _affine(fields: Mapping[str, str], dimensions: int, notes: list[str], path: Path) -> npt.NDArray[np.float64]:
    """From an index, slowest axis first, to LPS millimetres."""
    spacing = np.array(_numbers(fields, "ElementSpacing", path)[:3])
    if len(spacing) < 3 or not np.isfinite(spacing).all() or (spacing <= 0).any():
        raise header_fault(path, _SPACING, _SAVE)
    if spacing.min() < SHORTEST_MM or spacing.max() > LONGEST_MM:
        words = " × ".join(f"{part:.4g}" for part in spacing)
        raise header_fault(path, f"the file gives a spacing of {words} mm, which no scan has", _SAVE)
    axes = _directions(fields, dimensions, notes, path)
    offset = np.array(_first(fields, ("Offset", "Position", "Origin"), path)[:3])
    if len(offset) < 3 or not np.isfinite(offset).all():
        notes.append("The file gives no origin; its first voxel was put at 0.")
        offset = np.zeros(3)
    affine = np.eye(4)
    affine[:3, :3] = (axes * spacing[:, None])[::-1].T
    affine[:3, 3] = offset
    return affine


def _directions(fields: Mapping[str, str], dimensions: int, notes: list[str], path: Path) -> npt.NDArray[np.float64]:
    """The way that each axis runs in LPS, one a row, as ITK reads ``TransformMatrix``."""
    matrix = np.array(_first(fields, ("TransformMatrix", "Orientation", "Rotation"), path))
    letters = fields.get("AnatomicalOrientation", "").upper()
    named = _named(letters)
    if matrix.size == 0:
        if named is None:
            raise header_fault(path, _SIDES, _SAVE)
        return named
    if matrix.size != dimensions**2 or not np.isfinite(matrix).all():
        raise header_fault(path, f"TransformMatrix holds {matrix.size} numbers instead of {dimensions**2}")
    axes = matrix.reshape(dimensions, dimensions)[:3, :3]
    lengths = np.linalg.norm(axes, axis=1)
    if np.any(np.abs(lengths - 1) > UNIT_LENGTH) or abs(float(np.linalg.det(axes))) < 1e-3:
        words = ", ".join(f"{length:.3g}" for length in lengths)
        raise header_fault(
            path, f"the axes of TransformMatrix have the lengths {words} instead of 1, against its spacing", _SAVE
        )
    if named is not None and np.any(np.sum(axes * named, axis=1) < 0.5):
        notes.append(f"The file's orientation {letters} contradicts its matrix; the matrix was used, as others do.")
    return axes


def _named(letters: str) -> npt.NDArray[np.float64] | None:
    """The axes that three letters name; None where they name none."""
    if len(letters) != 3 or any(letter not in _LETTERS for letter in letters):
        return None
    axes = np.zeros((3, 3))
    for row, letter in enumerate(letters):
        axis, sign = _LETTERS[letter]
        axes[row, axis] = sign
    return axes if abs(np.linalg.det(axes)) == 1 else None


def _voxels(fields: Mapping[str, str], end: int, path: Path, need: int) -> VoxelFile:
    named = fields["ElementDataFile"]
    local = named.upper() == "LOCAL"
    file = path if local else beside(path, named)
    start = end if local else 0
    packed = fields.get("CompressedData", "False").lower() == "true"
    skip = (*_whole(fields, "HeaderSize", path), 0)[0]
    if skip == -1 and not packed:
        return VoxelFile(file, max(start, file.stat().st_size - need))
    if skip < 0:
        raise header_fault(path, f"the header gives a HeaderSize of {skip}")
    return VoxelFile(file, start + skip, "zlib" if packed else "raw", exact=not local)

"""NRRD headers: read by pynrrd, which never opens a data file here.

The data file that a header names is only read from beside it (https://teem.sourceforge.net/nrrd/format.html).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.errors import UnsupportedSeries
from ctreview.volume.stored_image import LONGEST_MM, SHORTEST_MM, Encoding, StoredImage, VoxelFile, header_fault, sized
from ctreview.volume.unpacking import is_regular, opened

__all__ = ["beside", "read_nrrd_header"]

_MAX_HEADER_BYTES = 1 << 22
_ENCODINGS: dict[str, Encoding] = {"raw": "raw", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2"}
_TYPES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
_TO_LPS = {
    "left-posterior-superior": (1, 1, 1),
    "lps": (1, 1, 1),
    "right-anterior-superior": (-1, -1, 1),
    "ras": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1),
    "las": (1, -1, 1),
}
_MM = {"mm": 1.0, "millimeter": 1.0, "millimetre": 1.0, "cm": 10.0, "m": 1000.0, "um": 0.001, "µm": 0.001, "": 1.0}
_SPACING = "the file does not say how far its slices are apart"
_SIDES = "the file does not say which side is which: it names no space of the patient"
_SAVE = "Save it again with its spacing and orientation, for example in 3D Slicer."


def read_nrrd_header(path: Path, *, layered: bool = False) -> StoredImage:
    """What an NRRD file (``.nrrd``, or ``.nhdr`` with its data beside it) says.

    Parameters
    ----------
    path : path
    layered : bool
        Whether several numbers at each voxel are accepted, as layers of a segmentation.

    Raises
    ------
    UnreadableFile
        The header is broken, says no spacing or no side, or names data that do not lie beside it.
    UnsupportedSeries
        It holds no single three-dimensional image of plain numbers, or is of a kind that is not read.
    """
    lines, end = _header_lines(path)
    fields = _parsed(lines, path)
    space, along = _axes(fields, layered, path)
    sizes = tuple(int(size) for size in fields["sizes"])
    shape = sized(tuple(sizes[axis] for axis in space), path)
    dtype = _dtype(fields, path)
    notes: list[str] = []
    affine = _affine(fields, along, notes, path)
    voxels = _voxels(fields, end, path, int(np.prod(sizes, dtype=object)) * dtype.itemsize)
    own = tuple((str(key), str(value)) for key, value in fields.items() if key not in _STANDARD)
    layers = int(np.prod([size for axis, size in enumerate(sizes) if axis not in space], dtype=object))
    return StoredImage(
        (shape[2], shape[1], shape[0]), affine, dtype, voxels, notes=tuple(notes), fields=own, layers=layers
    )


_STANDARD = frozenset(("type", "dimension", "space", "sizes", "space directions", "kinds", "endian", "encoding"))


def _header_lines(path: Path) -> tuple[list[str], int]:
    """The header's lines, and where it ends."""
    with opened(path, "raw") as reader:
        data = b""
        while len(data) <= _MAX_HEADER_BYTES:
            more = reader.read(1 << 16)
            data += more
            if not data.startswith(b"NRRD"):
                raise header_fault(path, "this is no NRRD file, whatever its name says", "Give an image.")
            ends = [(at, len(mark)) for mark in (b"\n\n", b"\r\n\r\n") if (at := data.find(mark)) >= 0]
            if ends or not more:
                at, length = min(ends, default=(len(data), 0))
                return data[:at].decode("utf-8", "replace").splitlines(), at + length
    raise header_fault(path, "the NRRD header goes on for more than 4 MiB")


def _parsed(lines: list[str], path: Path) -> Mapping[str, Any]:
    import nrrd  # noqa: PLC0415 - only where such a file is met

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return dict(nrrd.read_header([f"{line}\n".encode() for line in lines]))
    except Exception as error:
        raise header_fault(path, "the NRRD header is broken") from error


def _axes(fields: Mapping[str, Any], layered: bool, path: Path) -> tuple[list[int], npt.NDArray[np.float64]]:
    """Which axes run through the patient, and the way that each goes from voxel to voxel, as the header has it."""
    dimension, sizes = int(fields.get("dimension", 0)), fields.get("sizes", ())
    if dimension != len(sizes):
        raise header_fault(path, f"the header claims {dimension} dimensions and gives {len(sizes)} sizes")
    if "space directions" not in fields:
        _refuse_placeless(fields, path)
    directions = np.asarray(fields["space directions"], dtype=np.float64)
    if directions.shape != (dimension, 3):
        raise header_fault(path, f"the header gives no three space directions ({_SPACING})", _SAVE)
    space = [axis for axis in range(dimension) if not np.isnan(directions[axis]).all()]
    others = [axis for axis in range(dimension) if axis not in space]
    if len(space) == 4 and int(sizes[3]) == 1:
        space = space[:3]
    several = any(int(sizes[axis]) != 1 for axis in others)
    if len(space) != 3 or (several and (not layered or others != [0])):
        words = " × ".join(str(int(size)) for size in sizes)
        raise UnsupportedSeries(
            f"an image of {words} ({len(space)} axes in space) is no single volume",
            where=path,
            remedy="Save one three-dimensional image.",
        )
    if not np.isfinite(directions[space]).all() or (np.linalg.norm(directions[space], axis=1) <= 0).any():
        raise header_fault(path, _SPACING, _SAVE)
    return space, directions[space]


def _refuse_placeless(fields: Mapping[str, Any], path: Path) -> None:
    spacings = np.asarray(fields.get("spacings", ()), dtype=np.float64)
    known = spacings.size and np.isfinite(spacings).sum() >= 3 and (spacings[np.isfinite(spacings)] > 0).all()
    raise header_fault(path, _SIDES if known else _SPACING, _SAVE)


def _affine(
    fields: Mapping[str, Any], along: npt.NDArray[np.float64], notes: list[str], path: Path
) -> npt.NDArray[np.float64]:
    """From an index, slowest axis first, to LPS millimetres."""
    signs = _TO_LPS.get(str(fields.get("space", "")).strip().lower())
    if signs is None:
        raise header_fault(path, _SIDES, _SAVE)
    units = {str(unit).strip().strip('"').lower() for unit in np.atleast_1d(fields.get("space units", ["mm"]))}
    scale = _MM.get(units.pop()) if len(units) == 1 else None
    if scale is None:
        raise header_fault(path, "the header gives its spacing in units that are not read", _SAVE)
    affine = np.eye(4)
    affine[:3, :3] = (along[::-1] * signs * scale).T
    origin = np.asarray(fields.get("space origin", (np.nan,) * 3), dtype=np.float64)
    if origin.shape == (3,) and np.isfinite(origin).all():
        affine[:3, 3] = origin * signs * scale
    else:
        notes.append("The file gives no origin; its first voxel was put at 0.")
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    if lengths.min() < SHORTEST_MM or lengths.max() > LONGEST_MM:
        words = " × ".join(f"{part:.4g}" for part in lengths[::-1])
        raise header_fault(path, f"the file gives a spacing of {words} mm, which no scan has", _SAVE)
    return affine


def _dtype(fields: Mapping[str, Any], path: Path) -> np.dtype[Any]:
    words = str(fields.get("type", "")).strip().lower()
    kind = next((kind for kind, names in _TYPES.items() if words in names), None)
    if kind is None:
        raise UnsupportedSeries(f"voxels of type {fields.get('type')} are not read", where=path)
    dtype: np.dtype[Any] = np.dtype(kind)
    endian = str(fields.get("endian", "")).strip().lower()
    if dtype.itemsize > 1 and endian not in ("little", "big"):
        raise header_fault(path, "the header does not give the order of bytes (endian)")
    return dtype.newbyteorder("<" if endian == "little" else ">")


def _voxels(fields: Mapping[str, Any], end: int, path: Path, need: int) -> VoxelFile:
    encoding = _ENCODINGS.get(str(fields.get("encoding", "")).strip().lower())
    if encoding is None:
        raise UnsupportedSeries(
            f"the encoding {fields.get('encoding')} is not read", where=path, remedy="Save it as raw or gzip."
        )
    skip = int(fields.get("byte skip", fields.get("byteskip", 0)) or 0)
    if int(fields.get("line skip", fields.get("lineskip", 0)) or 0):
        raise UnsupportedSeries("data behind lines of text (line skip) are not read", where=path)
    named = fields.get("data file", fields.get("datafile"))
    file = path if named is None else beside(path, str(named))
    start = end if named is None else 0
    if skip < 0:
        if skip < -1 or encoding != "raw":
            raise header_fault(path, f"the header gives a byte skip of {skip}")
        return VoxelFile(file, max(start, file.stat().st_size - need), "raw")
    return VoxelFile(file, start, encoding, skip, exact=named is not None)


def beside(path: Path, named: str) -> Path:
    """The file that a header names, if it is one that lies beside it.

    Raises
    ------
    UnreadableFile
        It lies elsewhere, is missing, or is no regular file (a link, a pipe, a device).
    UnsupportedSeries
        A list or a pattern of files is named.
    """
    name = named.strip()
    if name.upper().split(" ")[0] == "LIST" or "%" in name:
        raise UnsupportedSeries(
            "voxels that are spread over several files are not read", where=path, remedy="Save it as one file."
        )
    if not name or any(mark in name for mark in ("/", "\\", "\0", ":")) or name in (".", ".."):
        raise header_fault(
            path, "the header names a data file that does not lie beside it", "Put both into one folder."
        )
    file = path.parent / name
    if not is_regular(file):
        raise header_fault(
            path, "the data file that the header names is missing or is no regular file", "Put both into one folder."
        )
    return file

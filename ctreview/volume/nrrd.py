"""NRRD files, written here because a segmentation for 3D Slicer needs header fields that ITK does not write."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.volume.atomic import atomic_path
from ctreview.volume.geometry import Geometry

__all__ = ["write_nrrd_file"]

_TYPES = {"u1": "uint8", "i1": "int8", "u2": "uint16", "i2": "int16", "u4": "uint32", "i4": "int32"}
_TYPES |= {"f4": "float", "f8": "double"}


def write_nrrd_file(
    path: Path | str, layers: Sequence[npt.NDArray[Any]], geometry: Geometry, fields: Mapping[str, str]
) -> None:
    """Write one array, or several of the same grid as layers, gzip-compressed (http://teem.sourceforge.net/nrrd).

    Parameters
    ----------
    path : path
        The target; appears whole or not at all.
    layers : sequence of ndarray, each of shape ``geometry.shape``
        One makes a three-dimensional file; more stand in front as an axis of kind "list", as 3D Slicer has it.
    geometry : Geometry
        Where the voxels lie; may be sheared.
    fields : mapping
        Key/value pairs for the header.
    """
    kind = layers[0].dtype.str[1:]
    stacked = len(layers) > 1
    sizes = ([len(layers)] if stacked else []) + list(reversed(geometry.shape))
    vectors = [_vector(geometry.affine[:3, axis]) for axis in (2, 1, 0)]
    lines = [
        "NRRD0004",
        f"type: {_TYPES[kind]}",
        f"dimension: {len(sizes)}",
        "space: left-posterior-superior",
        f"sizes: {' '.join(str(size) for size in sizes)}",
        f"space directions: {' '.join((['none'] if stacked else []) + vectors)}",
        f"kinds: {' '.join((['list'] if stacked else []) + ['domain'] * 3)}",
        "endian: little",
        "encoding: gzip",
        f"space origin: {_vector(geometry.affine[:3, 3])}",
        *(f"{key}:={value}" for key, value in fields.items()),
    ]
    with atomic_path(path) as draft, draft.open("wb") as stream:
        stream.write(("\n".join(lines) + "\n\n").encode("ascii", "backslashreplace"))
        packer = zlib.compressobj(4, wbits=31)  # with gzip's header, and without its time stamp
        for number in range(geometry.shape[0]):
            planes = [layer[number] for layer in layers]
            plane = np.stack(planes, axis=-1) if stacked else np.asarray(planes[0])
            stream.write(packer.compress(np.ascontiguousarray(plane.astype(f"<{kind}", copy=False)).data))
        stream.write(packer.flush())


def _vector(numbers: npt.NDArray[np.float64]) -> str:
    return "(" + ",".join(repr(float(number) + 0.0) for number in numbers) + ")"

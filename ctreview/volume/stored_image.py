"""An image as a file of NIfTI, NRRD or MetaImage describes it, before a voxel is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ctreview.errors import UnreadableFile, UnsupportedSeries

__all__ = ["Encoding", "StoredImage", "VoxelFile", "header_fault", "sized"]

Encoding = Literal["raw", "gzip", "zlib", "bzip2"]

MAX_SIDE = 65_536
"""Voxels along one axis; more are not believed."""

MAX_VOXELS = 1 << 32
"""Voxels altogether: ten times a CT of 1024 × 1024 × 400."""

SHORTEST_MM, LONGEST_MM = 0.001, 1000.0
"""Distance of two voxels; what lies beyond is given in another unit than the file says, or is none."""


@dataclass(frozen=True)
class VoxelFile:
    """Where the voxels of an image lie.

    Attributes
    ----------
    path : Path
        The file, which may be another one than the header's.
    start : int
        Bytes to step over in the file.
    encoding : {"raw", "gzip", "zlib", "bzip2"}
        How the rest of it is packed.
    skip : int
        Bytes to step over in what comes out when it is unpacked.
    exact : bool
        Whether the file must end where the voxels do (a file that holds nothing else).
    """

    path: Path
    start: int
    encoding: Encoding = "raw"
    skip: int = 0
    exact: bool = False


@dataclass(frozen=True, eq=False)
class StoredImage:
    """What a header says.

    Attributes
    ----------
    shape : tuple of int
        Voxels along the slowest axis of the file first.
    affine : ndarray, shape (4, 4)
        From an index in the order of ``shape`` to LPS millimetres.
    dtype : numpy.dtype
        Of a stored number, with its byte order.
    slope, intercept : float
        From stored number to value.
    notes : tuple of str
        What is odd and was accepted.
    fields : mapping of str to str
        Key/value pairs of an NRRD file, such as those of a segmentation.
    layers : int
        Numbers stored at each voxel, one beside the other: layers of a segmentation; 1 for an image.
    """

    shape: tuple[int, int, int]
    affine: npt.NDArray[np.float64]
    dtype: np.dtype[Any]
    voxels: VoxelFile
    slope: float = 1.0
    intercept: float = 0.0
    notes: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    layers: int = 1

    @property
    def size(self) -> int:
        """Bytes that all voxels take."""
        return int(np.prod(self.shape, dtype=np.int64)) * self.layers * self.dtype.itemsize


def header_fault(path: Path, found: str, remedy: str = "Export it again.") -> UnreadableFile:
    """The error for a header that is broken or contradicts itself."""
    return UnreadableFile(found, where=path, remedy=remedy)


def sized(sizes: tuple[int, ...], path: Path) -> tuple[int, int, int]:
    """Three sizes out of those that a header gives, fastest first; trailing ones of 1 are left out.

    Raises
    ------
    UnsupportedSeries
        It is no single three-dimensional image.
    UnreadableFile
        No image is of that size.
    """
    if not sizes or min(sizes) < 1:
        raise header_fault(path, f"the header gives {' × '.join(str(n) for n in sizes) or 'no'} voxels")
    three = (*sizes, 1, 1)[:3] if len(sizes) < 3 else sizes
    if len(sizes) < 3 or any(size > 1 for size in three[3:]):
        words = " × ".join(str(size) for size in sizes)
        raise UnsupportedSeries(
            f"an image of {words} is no single volume", where=path, remedy="Save one three-dimensional image."
        )
    if max(three[:3]) > MAX_SIDE or int(np.prod(three[:3], dtype=object)) > MAX_VOXELS:
        raise header_fault(path, f"the header claims {' × '.join(str(n) for n in three[:3])} voxels")
    return three[0], three[1], three[2]

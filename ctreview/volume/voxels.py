"""Voxels of a file into canonical axes, some slices at a time: neither file nor a second array is held in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.volume.geometry import Geometry
from ctreview.volume.stored_image import StoredImage
from ctreview.volume.unpacking import Reader, cut_off, opened_voxels, read_rest

__all__ = ["read_layers", "read_voxels"]

_BLOCK_BYTES = 1 << 22
_INT16 = np.iinfo(np.int16)
Array = npt.NDArray[Any]


def read_voxels(image: StoredImage, frame_of_reference: str, notes: list[str]) -> tuple[Array, Geometry]:
    """Read an image.

    Returns
    -------
    ndarray
        ``int16`` where the values are whole numbers that fit, else ``float32``; canonical axes.
    Geometry
        Canonical.

    Raises
    ------
    UnreadableFile
        The file is cut off or damaged.
    """
    stored = Geometry(image.shape, image.affine, frame_of_reference)
    values = _Values(stored, image)
    with opened_voxels(image.voxels, image.size) as reader:
        for first, block in _blocks(reader, image):
            values.put(first, block)
        if read_rest(reader):
            notes.append("The file goes on behind its voxels; what follows was not read.")
    if values.missing:
        notes.append(f"{values.missing} voxels hold no number.")
    return values.array, stored.canonical()


def read_layers(image: StoredImage, frame_of_reference: str) -> tuple[list[Array], Geometry]:
    """Read the layers of a segmentation, each in canonical axes, as whole numbers of the type in which it is stored."""
    stored = Geometry(image.shape, image.affine, frame_of_reference)
    order, flips = stored.canonical_steps()
    kind = image.dtype.newbyteorder("=")
    layers = [np.empty([image.shape[axis] for axis in order], dtype=kind) for _ in range(image.layers)]
    views = [_as_stored(layer, order, flips) for layer in layers]
    with opened_voxels(image.voxels, image.size) as reader:
        for first, block in _blocks(reader, image):
            for number, view in enumerate(views):
                view[first : first + len(block)] = block[..., number] if image.layers > 1 else block
        read_rest(reader)
    return layers, stored.canonical()


def _as_stored(array: Array, order: tuple[int, ...], flips: tuple[int, ...]) -> Array:
    """A canonical array seen in the order in which the file stores it."""
    return (np.flip(array, flips) if flips else array).transpose(np.argsort(order))


class _Values:
    """The canonical array while it is filled: whole numbers as long as all are."""

    def __init__(self, stored: Geometry, image: StoredImage) -> None:
        self._order, self._flips = stored.canonical_steps()
        self._shape = [image.shape[axis] for axis in self._order]
        self._slope, self._intercept = image.slope, image.intercept
        self._scaled = image.slope != 1.0 or image.intercept != 0.0
        self.missing = 0
        self._become(np.empty(self._shape, dtype=np.int16))

    def _become(self, array: Array) -> None:
        self.array, self._view = array, _as_stored(array, self._order, self._flips)

    def put(self, first: int, block: Array) -> None:
        """Put slices in, from ``first`` on; stored numbers as they are in the file."""
        values = block.astype(np.float64) * self._slope + self._intercept if self._scaled else block
        if self.array.dtype == np.int16 and not _whole(values):
            wide = np.empty(self._shape, dtype=np.float32)
            before = self._view
            self._become(wide)
            self._view[:first] = before[:first]
        if values.dtype.kind == "f":
            self.missing += int(values.size - np.isfinite(values).sum())
        self._view[first : first + len(block)] = values


def _whole(values: Array) -> bool:
    if values.dtype.kind in "iu" and values.dtype.itemsize < 2:
        return True
    if values.dtype.kind == "i" and values.dtype.itemsize == 2:
        return True
    if values.dtype.kind == "f" and not np.array_equal(values, np.rint(values)):
        return False
    return bool(values.min() >= _INT16.min and values.max() <= _INT16.max)


def _blocks(reader: Reader, image: StoredImage) -> Iterator[tuple[int, Array]]:
    """Slices as stored, a few at a time, each with the number of its first."""
    slices, rows, columns = image.shape
    slice_bytes = image.size // slices
    step = max(1, _BLOCK_BYTES // slice_bytes)
    inside = (rows, columns, image.layers) if image.layers > 1 else (rows, columns)
    counts = [min(step, slices - first) for first in range(0, slices, step)]
    first = have = 0
    for count, data in zip(counts, _ahead(reader, [count * slice_bytes for count in counts]), strict=True):
        have += len(data)
        if len(data) < count * slice_bytes:
            raise cut_off(image.voxels.path, have, image.size)
        yield first, np.frombuffer(data, dtype=image.dtype).reshape(count, *inside)
        first += count


def _ahead(reader: Reader, sizes: Sequence[int]) -> Iterator[bytes]:
    """Pieces of these sizes; while one is used, the next is unpacked, which leaves Python's lock to others."""
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(_exactly, reader, sizes[0])
        for size in sizes[1:]:
            data = following.result()
            following = pool.submit(_exactly, reader, size)
            yield data
        yield following.result()


def _exactly(reader: Reader, count: int) -> bytes:
    """As many bytes, unless the data end before."""
    data = reader.read(count)
    while data and len(data) < count:
        more = reader.read(count - len(data))
        if not more:
            break
        data += more
    return data

"""A mask of a few voxels as it stands in a journal: its box, and its voxels as text."""

from __future__ import annotations

import binascii
import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ctreview.errors import EditDoesNotApply
from ctreview.volume.box import Box

__all__ = ["PackedMask"]

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PackedMask:
    """Voxels within a box of a grid.

    Attributes
    ----------
    start, shape : tuple of int
        The box.
    bits : str
        Its voxels, eight to a byte (`numpy.packbits`), compressed (zlib), in base 64.
    """

    start: tuple[int, int, int]
    shape: tuple[int, int, int]
    bits: str

    @classmethod
    def of(cls, box: Box, mask: Mask) -> Self:
        """Pack the voxels of a box."""
        a, b, c = mask.shape
        bits = b64encode(zlib.compress(np.packbits(mask).tobytes(), 9)).decode("ascii")
        return cls((int(box[0].start), int(box[1].start), int(box[2].start)), (a, b, c), bits)

    @property
    def box(self) -> Box:
        """Where its voxels lie in the grid."""
        a, b, c = (slice(begin, begin + size) for begin, size in zip(self.start, self.shape, strict=True))
        return a, b, c

    def to_json(self) -> dict[str, Any]:
        """Plain values, as they stand in a payload."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def unpacked(self, grid: Sequence[int]) -> Mask:
        """Its voxels within `box`.

        Parameters
        ----------
        grid : sequence of int
            Shape of the grid that it must lie in.

        Raises
        ------
        EditDoesNotApply
            It lies outside, holds no voxel, or its bits are damaged.
        """
        inside = all(0 <= s.start < s.stop <= size for s, size in zip(self.box, grid, strict=True))
        if not inside:
            raise EditDoesNotApply("its piece lies outside the image")
        count = int(np.prod(self.shape))
        size = -(-count // 8)
        try:
            data = zlib.decompressobj().decompress(b64decode(self.bits, validate=True), size + 1)
        except (binascii.Error, ValueError, zlib.error) as error:
            raise EditDoesNotApply("the voxels of its piece cannot be read") from error
        if len(data) != size:
            raise EditDoesNotApply("the voxels of its piece do not fill its box")
        bits = np.unpackbits(np.frombuffer(data, dtype=np.uint8), count=count)
        mask = np.asarray(bits.reshape(self.shape).astype(bool))
        if not mask.any():
            raise EditDoesNotApply("its piece holds no voxel")
        return mask

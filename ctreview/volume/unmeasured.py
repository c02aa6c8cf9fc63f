"""Voxels in which nothing was measured: what a scanner fills in around a round field of view."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["UnmeasuredSlices"]

Mask = npt.NDArray[np.bool_]


class UnmeasuredSlices:
    """Collects masks slice by slice; one that all slices share, as is usual, is kept once.

    Parameters
    ----------
    shape : tuple of int
        Slices, rows, columns, as stored.
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self._shape = shape
        self._packed: dict[int, bytes] = {}

    def add(self, number: int, outside: Mask | None) -> None:
        """Note where nothing was measured in a slice."""
        if outside is not None and outside.any():
            self._packed[number] = np.packbits(outside).tobytes()

    def canonical(self, order: Sequence[int], flips: Sequence[int]) -> Mask | None:
        """The mask in canonical axes, read-only; None where everything was measured."""
        if not self._packed:
            return None
        first = next(iter(self._packed.values()))
        if len(self._packed) == self._shape[0] and all(packed == first for packed in self._packed.values()):
            stored = np.broadcast_to(self._unpacked(first), self._shape)
        else:
            stored = np.zeros(self._shape, dtype=np.bool_)
            for number, packed in self._packed.items():
                stored[number] = self._unpacked(packed)
        turned = stored.transpose(order)
        return np.flip(turned, tuple(flips)) if flips else turned

    def _unpacked(self, packed: bytes) -> Mask:
        _, rows, columns = self._shape
        bits = np.unpackbits(np.frombuffer(packed, dtype=np.uint8), count=rows * columns)
        return bits.astype(np.bool_).reshape(rows, columns)

"""Dense lung that is counted, and pieces that are offered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from ctreview.anatomy.candidates import DenseClass
from ctreview.anatomy.coarse import Mask
from ctreview.volume.box import Box

__all__ = ["DenseLung", "DensePiece", "blocks_of"]

Labels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class DensePiece:
    """A piece that is offered: its blocks on the whole grid, side (1 right, 2 left), class and reason.

    ``fades`` says whether it fades into the lung, so that what lies between both belongs to it.
    """

    blocks: Mask
    side: int
    proposed: DenseClass
    reason: str
    fades: bool = False

    @classmethod
    def on_box(
        cls,
        mask: Mask,
        box: Box,
        shape: tuple[int, ...],
        side: int,
        proposed: DenseClass,
        reason: str,
        fades: bool = False,
    ) -> Self:
        """A piece of which the part of the grid is known that holds it."""
        whole = np.zeros(shape, dtype=bool)
        whole[box] = mask
        return cls(whole, side, proposed, reason, fades)


def blocks_of(pieces: Iterable[DensePiece], others: Mask) -> Mask:
    """The blocks of all pieces, and others."""
    for piece in pieces:
        others = others | piece.blocks
    return others


@dataclass(frozen=True)
class DenseLung:
    """What was found.

    Attributes
    ----------
    lung : ndarray of uint8
        Blocks of dense lung: 1 right, 2 left.
    offered : tuple of DensePiece
        What may be lung or fluid.
    fluid_ml : float
        How much lies between lung and ribs and has the density of fluid; no part of the lung.
    """

    lung: Labels
    offered: tuple[DensePiece, ...] = ()
    fluid_ml: float = 0.0

    @classmethod
    def none(cls, shape: tuple[int, ...]) -> Self:
        """Nothing was looked for."""
        return cls(np.zeros(shape, dtype=np.uint8))

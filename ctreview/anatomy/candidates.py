"""Dense tissue at the border of the lungs that may be lung: outlined and explained, in no number until accepted."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from ctreview.volume.box import Box, bounding_box
from ctreview.volume.geometry import Geometry

__all__ = ["DenseCandidate", "DenseClass", "Side"]

Mask = npt.NDArray[np.bool_]
DenseClass = Literal["consolidation", "collapse", "effusion"]
"""What a dense piece may be. An effusion is no lung, accepted or not."""

Side = Literal["right_lung", "left_lung"]


@dataclass(frozen=True)
class DenseCandidate:
    """One dense piece without enough evidence that it is lung.

    Attributes
    ----------
    id : str
        Derived from where the piece lies in the grid and which voxels it holds: the same piece has the same id.
    side : {"right_lung", "left_lung"}
        The lung that it borders on.
    region : str
        The third of that lung's height in which its centre lies: ``"right_lung/basal"``.
    ml : float
        Its volume.
    proposed : DenseClass
        What it most likely is, if it is disease.
    reason : str
        Why it is offered and not counted, in words.
    centre : tuple of float
        LPS millimetres.
    start, shape : tuple of int
        The box of voxels that holds it.
    packed : bytes
        Its voxels within the box, eight to a byte (`numpy.packbits`).
    """

    id: str
    side: Side
    region: str
    ml: float
    proposed: DenseClass
    reason: str
    centre: tuple[float, float, float]
    start: tuple[int, int, int]
    shape: tuple[int, int, int]
    packed: bytes

    @classmethod
    def from_mask(
        cls, mask: Mask, geometry: Geometry, *, side: Side, region: str, proposed: DenseClass, reason: str
    ) -> Self:
        """A candidate from its voxels on the whole grid, of which there is at least one."""
        box = bounding_box(mask)
        part = mask[box]
        start = box[0].start, box[1].start, box[2].start
        packed = np.packbits(part).tobytes()
        digest = hashlib.sha256(repr((start, part.shape)).encode() + packed).hexdigest()
        x, y, z = geometry.to_lps(np.argwhere(part).mean(axis=0) + np.array(start))
        return cls(
            id=f"{side[0]}{digest[:8]}",
            side=side,
            region=region,
            ml=round(float(np.count_nonzero(part)) * geometry.voxel_ml, 1),
            proposed=proposed,
            reason=reason,
            centre=(round(float(x), 1), round(float(y), 1), round(float(z), 1)),
            start=start,
            shape=(part.shape[0], part.shape[1], part.shape[2]),
            packed=packed,
        )

    @property
    def box(self) -> Box:
        """Where its voxels lie in the grid."""
        a, b, c = (slice(begin, begin + size) for begin, size in zip(self.start, self.shape, strict=True))
        return a, b, c

    @property
    def mask(self) -> Mask:
        """Its voxels within `box`."""
        count = int(np.prod(self.shape))
        bits = np.unpackbits(np.frombuffer(self.packed, dtype=np.uint8), count=count)
        return np.asarray(bits.reshape(self.shape).astype(bool))

"""The crests of sheets: points where a fissure may have been seen, with direction and weight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cc3d
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.lobes.evidence import SheetEvidence
from ctreview.anatomy.lobes.slab import FissureSlab
from ctreview.possible_values import require_possible
from ctreview.volume.geometry import FloatArray

__all__ = ["CrestSettings", "Crests", "crests", "sheet_votes", "sub_sample"]

Votes = npt.NDArray[np.float32]


@dataclass(frozen=True)
class CrestSettings:
    """Which sheets count, and for how much.

    Attributes
    ----------
    least_strength, full_strength : float
        What of a sheet counts at all and what counts in full, as ratios to what the strongest tenth of the lung around
        reaches.
    least_area_mm2, full_area_mm2 : float
        Pieces smaller than the first are dropped; those from the second on have full weight. In lungs of 5 L.
    thickness_mm : float
        How thick a sheet appears: volume over area.
    thin_mm : float
        Thicker slices leave less of a sheet, and draw vessels out to more of what looks like one; what speaks for a
        fissure goes with the square of both.
    """

    least_strength: float = 1.0
    full_strength: float = 3.0
    least_area_mm2: float = 40.0
    full_area_mm2: float = 250.0
    thickness_mm: float = 2.0
    thin_mm: float = 2.0

    def __post_init__(self) -> None:
        require_possible(self, least_area_mm2=(0.0, 1e6), full_area_mm2=(0.0, 1e6))


@dataclass(frozen=True, eq=False)
class Crests:
    """Points on crests.

    Attributes
    ----------
    coordinates : ndarray, shape (n, 3)
        In nodes and template millimetres, as `FissurePlane.coordinates` gives them.
    slope : ndarray, shape (n, 2)
        Rise of the sheet in template millimetres for one node along each axis.
    weight : ndarray, shape (n,)
        0 … 1, by the size of the piece and the thickness of slices.
    """

    coordinates: FloatArray
    slope: FloatArray
    weight: FloatArray


def sheet_votes(
    slab: FissureSlab, sheet: SheetEvidence, size: float, *, settings: CrestSettings | None = None
) -> tuple[Votes, Votes]:
    """What speaks for each sample of a slab, and the weight of the piece that it belongs to; both 0 … 1.

    ``size`` is that of the lung as a ratio of lengths, 1 in an adult.
    """
    settings = settings or CrestSettings()
    strong = sheet.strength >= settings.least_strength
    pieces, count = cc3d.connected_components(strong, connectivity=26, return_N=True)
    spacing = slab.spacing
    volume = np.bincount(pieces.ravel(), minlength=int(count) + 1) * (spacing[0] * spacing[1] * spacing[2])
    area = volume / settings.thickness_mm / size**2
    share = np.clip(area / settings.full_area_mm2, 0.0, 1.0)
    share *= min(1.0, settings.thin_mm / slab.thickest_mm) ** 4
    share[area < settings.least_area_mm2] = 0.0
    share[0] = 0.0
    weight = share[pieces].astype(np.float32)
    return weight * np.minimum(sheet.strength / settings.full_strength, 1.0), weight


def crests(slab: FissureSlab, sheet: SheetEvidence, weight: Votes) -> Crests:
    """The crests of the sheets that have weight."""
    crest = (weight > 0) & (sheet.strength >= ndimage.maximum_filter1d(sheet.strength, 3, axis=2))
    i, j, k = np.nonzero(crest)
    step = slab.step
    heights = slab.expected[i, j] + slab.heights[k] + step * sub_sample(sheet.strength, i, j, k)
    # the samples follow the expected surface, whose own rise is added
    rise = np.stack(np.gradient(slab.expected), axis=-1)[i, j] + sheet.slope[i, j, k] * step
    slope = rise / (slab.position[1, 1] - slab.position[0, 0])
    return Crests(np.column_stack([slab.position[i, j], heights]), slope, weight[i, j, k].astype(np.float64))


def sub_sample(values: npt.NDArray[Any], i: npt.NDArray[Any], j: npt.NDArray[Any], k: npt.NDArray[Any]) -> FloatArray:
    """Where between samples of the last axis a crest is highest, by a parabola; −½ … ½."""
    below, above = np.maximum(k - 1, 0), np.minimum(k + 1, values.shape[2] - 1)
    a, b, c = values[i, j, below], values[i, j, k], values[i, j, above]
    bend = np.maximum(2.0 * b - a - c, 1e-6)
    return np.asarray(np.clip(0.5 * (c - a) / bend, -0.5, 0.5), dtype=np.float64)

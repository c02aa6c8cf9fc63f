"""The tissue that muscle in STIR is set against: proposed by the program, confirmed by a reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import minimum_filter, uniform_filter

from ctreview.errors import WrongUse
from ctreview.muscle.morphology import distance_in_slices
from ctreview.volume.geometry import Geometry
from ctreview.volume.volume import Volume

__all__ = ["ReferenceBall", "StirReference", "measured_reference", "propose_reference"]

Mask = npt.NDArray[np.bool_]

PROPOSED_RADIUS_MM = 8.0
"""Holds a few hundred voxels, and fits into one muscle of a child's thigh."""


@dataclass(frozen=True)
class ReferenceBall:
    """Where a reader takes tissue to be healthy.

    Attributes
    ----------
    centre_mm : tuple of float
        In LPS.
    radius_mm : float
    """

    centre_mm: tuple[float, float, float]
    radius_mm: float = PROPOSED_RADIUS_MM

    def __post_init__(self) -> None:
        if not (np.isfinite((*self.centre_mm, self.radius_mm)).all() and 0 < self.radius_mm < 200):
            raise WrongUse("a reference is three millimetres of a place and a radius above 0")

    def mask(self, geometry: Geometry) -> Mask:
        """The voxels whose middle lies within it.

        Raises
        ------
        WrongUse
            There are none.
        """
        found = np.zeros(geometry.shape, bool)
        middle, reach = geometry.to_index(self.centre_mm), self.radius_mm / np.array(geometry.spacing) + 1
        start = np.maximum(np.floor(middle - reach), 0).astype(int)
        stop = np.minimum(np.ceil(middle + reach) + 1, geometry.shape).astype(int)
        if (stop > start).all():
            ranges = [np.arange(a, b) for a, b in zip(start, stop, strict=True)]
            index = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1)
            away = np.linalg.norm(geometry.to_lps(index) - np.array(self.centre_mm), axis=-1)
            found[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))] = away <= self.radius_mm
        if not found.any():
            raise WrongUse("the reference of STIR lies outside the image", remedy="Give a place in LPS millimetres.")
        return found

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {"centre_mm": [round(part, 1) for part in self.centre_mm], "radius_mm": self.radius_mm}


@dataclass(frozen=True)
class StirReference:
    """A reference that a reader confirmed, as it was measured.

    Attributes
    ----------
    ball : ReferenceBall
    level : float
        Median of its signal.
    error_share : float
        How far that may be off, as a share of it: two standard errors by the spread of the medians of its slices, or
        of its voxels where it has fewer than three slices.
    """

    ball: ReferenceBall
    level: float
    error_share: float

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {**self.ball.to_dict(), "level": self.level, "error_share": self.error_share}


def measured_reference(stir: Volume, ball: ReferenceBall) -> StirReference:
    """Measure the signal within it; errors are those of `ReferenceBall.mask`."""
    mask = ball.mask(stir.geometry)
    values = np.asarray(stir.array, np.float64)
    level = float(np.median(values[mask]))
    slices = [float(np.median(plane[there])) for plane, there in zip(values, mask, strict=True) if there.any()]
    if len(slices) >= 3:
        error = float(np.std(slices, ddof=1)) / len(slices) ** 0.5
    else:
        inside = values[mask]
        error = 1.4826 * float(np.median(np.abs(inside - level))) / max(1, int(mask.sum())) ** 0.5
    return StirReference(ball, level, min(1.0, 2.0 * error / level) if level > 0 else 1.0)


def propose_reference(
    stir: Volume, muscle: Mask, covered: Mask | None = None, *, radius_mm: float = PROPOSED_RADIUS_MM
) -> ReferenceBall | None:
    """The place within muscle where STIR is darkest and even, for a reader to look at; None where no ball fits.

    ``covered`` says where the image was acquired, if not everywhere: all of the ball lies there.
    """
    radius = radius_mm
    deep = distance_in_slices(muscle, stir.geometry.spacing) >= radius
    if covered is not None:
        deep &= minimum_filter(covered, [2 * int(np.ceil(radius / spacing)) + 1 for spacing in stir.geometry.spacing])
    if not deep.any():
        return None
    size = [max(1, round(2 * radius / spacing)) for spacing in stir.geometry.spacing]
    values = np.asarray(stir.array, np.float32)
    mean = uniform_filter(values, size)
    spread = np.sqrt(np.maximum(uniform_filter(values * values, size) - mean**2, 0.0))
    x, y, z = stir.geometry.to_lps(np.unravel_index(np.argmin(np.where(deep, mean + spread, np.inf)), values.shape))
    return ReferenceBall((float(x), float(y), float(z)), radius)

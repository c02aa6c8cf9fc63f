"""The small drawings beside numbers: bars with intervals, a density histogram, and a frontal view of the opacity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctreview.change.comparison import Interval
from ctreview.report.figures import data_uri
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

__all__ = ["Frontal", "IntervalBar", "Scale", "density_path", "density_shares", "frontal", "scale_of"]

HISTOGRAM_HU = (-1050, 150)
BIN_HU = 10


@dataclass(frozen=True)
class IntervalBar:
    """A change drawn from zero with its interval; all in per cent of the drawing's width."""

    zero: float
    start: float
    width: float
    low: float
    high: float


@dataclass(frozen=True)
class Scale:
    """One scale for several changes, zero included, in their own unit."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Where a value lies, in per cent from the left."""
        return round(100.0 * (value - self.low) / (self.high - self.low), 2)

    def bar(self, interval: Interval) -> IntervalBar:
        """A change as a bar on this scale."""
        zero, end = self.at(0.0), self.at(interval.value)
        return IntervalBar(
            zero=zero,
            start=min(zero, end),
            width=round(abs(end - zero), 2),
            low=self.at(interval.low),
            high=self.at(interval.high),
        )


def scale_of(intervals: Iterable[Interval | None]) -> Scale:
    """The narrowest scale that holds zero and every interval, with a little room at both ends."""
    ends = [0.0] + [end for one in intervals if one is not None for end in (one.low, one.high, one.value)]
    low, high = min(ends), max(ends)
    room = 0.04 * (high - low) or 1.0
    return Scale(low - room, high + room)


def density_shares(volume: Volume, organ: LabelMap, keys: Sequence[str]) -> npt.NDArray[np.float64]:
    """Share of an organ's voxels, in per cent, in each 10 HU from −1050 to 150.

    Parameters
    ----------
    volume, organ : Volume, LabelMap
        In one place.
    keys : sequence of str
        Labels of the organ that count.
    """
    values = volume.array[organ.mask(*keys)]
    low, high = HISTOGRAM_HU
    counts, _ = np.histogram(values, bins=(high - low) // BIN_HU, range=(low, high))
    return np.asarray(100.0 * counts / max(values.size, 1))


def density_path(shares: npt.NDArray[np.float64], top: float) -> str:
    """A histogram as an SVG path in a box of 100 × 100, whose upper edge stands for a little more than ``top``."""
    x = 100.0 * (np.arange(len(shares)) + 0.5) / len(shares)
    y = 100.0 - 96.0 * shares / (top or 1.0)
    return "M" + "L".join(f"{a:.2f} {b:.2f}" for a, b in zip(x, y, strict=True))


@dataclass(frozen=True)
class Frontal:
    """Opacity seen from the front, summed through the body.

    Attributes
    ----------
    uri : str
        Grey PNG: white where no organ is, light grey the organ, darker where more opacity lies behind one point.
    width_mm, height_mm : float
        Its size.
    """

    uri: str
    width_mm: float
    height_mm: float


def frontal(organ: LabelMap, opacity: LabelMap) -> Frontal:
    """Look at an organ from the front (array axis 1), the patient's right on the left.

    Parameters
    ----------
    organ, opacity : LabelMap
        In one place and canonical axes; what is counted of each is shown.
    """
    mask = organ.counted_mask()
    silhouette = np.asarray(mask.any(axis=1))
    rows, columns = (np.flatnonzero(np.asarray(silhouette.any(axis=axis))) for axis in (1, 0))
    if not rows.size:
        return Frontal(data_uri(np.full((2, 2), 255, np.uint8)), 2.0, 2.0)
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    spacing = organ.geometry.spacing
    depth = opacity.counted_mask().sum(axis=1)[box] * spacing[1]
    grey = np.where(silhouette[box], 222.0 - 190.0 * np.clip(depth / FRONTAL_FULL_MM, 0.0, 1.0), 255.0)
    height, width = (float(n) * s for n, s in zip(grey.shape, (spacing[0], spacing[2]), strict=True))
    return Frontal(data_uri(np.flipud(grey).astype(np.uint8)), width, height)


FRONTAL_FULL_MM = 40.0
"""Depth of opacity that is drawn darkest, the same for both scans."""

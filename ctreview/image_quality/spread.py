"""How sharp an image is: its point spread, measured at edges between air or lung and soft tissue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage as ndi

from ctreview.image_quality.slices import evenly_spaced
from ctreview.volume.volume import Volume

__all__ = ["PointSpread", "measure_spread"]

Floats = npt.NDArray[np.float64]

EDGE_HU = -450.0
"""About half way between lung or air and soft tissue."""
DARK_HU, BRIGHT_HU = (-1100.0, -600.0), (-150.0, 150.0)
"""What either side of an edge must measure: air or lung, and soft tissue without bone."""
FLAT_HU = 80.0
"""Either side may change by this much over its length; more is another edge nearby."""
REACH_MM, PLATEAU_MM, STEP_MM = 8.0, 4.0, 0.25
"""Length of a profile to either side, where its plateau begins, and its sampling."""
SLICES, EDGES = 24, 250
"""So many slices, and edges in each, are looked at."""
STEEPEST = 1.5
"""Edges that move further in the plane than this for each millimetre across it are curved, as a rule."""
LEAST_EDGES = 60
LEAST_THROUGH = 0.5
"""Slices are not thinner than half the spread in the plane: less is too little to be told from the scatter of edges."""
QUANTILE = 0.9
Z_QUANTILE = 1.2815515655446004
"""Edges are measured between 10 % and 90 % of their height: of a slice's box profile as of a Gaussian that width is
close to 2.56 standard deviations."""


@dataclass(frozen=True)
class PointSpread:
    """Standard deviations of the point spread.

    Attributes
    ----------
    in_plane_mm, through_plane_mm : float
        Within slices and across them.
    edges : int
        How many edges they were measured at; 0 where both follow from the voxels' size alone.
    """

    in_plane_mm: float
    through_plane_mm: float
    edges: int

    @property
    def measured(self) -> bool:
        """Whether there were edges to measure it at."""
        return self.edges > 0

    @property
    def by_axis(self) -> tuple[float, float, float]:
        """Along the three axes of a volume in canonical axes."""
        return self.through_plane_mm, self.in_plane_mm, self.in_plane_mm


def measure_spread(volume: Volume) -> PointSpread:
    """Measure the point spread of a scan in the image.

    Edges between lung or air on one side and soft tissue on the other (lung and chest wall, trachea, skin, dome) are
    measured within slices, where voxels are small. An edge that is oblique to the slice is blurred there by the slice
    profile too: if it moves in the plane by ``s`` from slice to slice for each millimetre, its variance is
    ``in_plane² + s² · through_plane²``. A robust line through all edges gives both, at any spacing and thickness.

    Parameters
    ----------
    volume : Volume
        CT in HU, in canonical axes.

    Returns
    -------
    PointSpread
        From the voxels' size (a standard deviation of 0.45 voxels) where fewer than `LEAST_EDGES` edges were found.

    Raises
    ------
    WrongUse
        The volume is not in HU.
    """
    volume.require_hu("sharpness is measured in")
    slopes, widths = _edges(volume)
    fallback = PointSpread(0.45 * volume.geometry.spacing[1], 0.45 * volume.geometry.spacing[0], 0)
    if len(slopes) < LEAST_EDGES:
        return fallback
    in_plane, through = (float(np.sqrt(variance)) for variance in _line(slopes**2, widths**2))
    # a voxel averages over itself: no image is sharper within slices than its voxels are wide; slices may lie apart
    in_plane = max(in_plane, 0.29 * volume.geometry.spacing[1])
    return PointSpread(in_plane, max(through, LEAST_THROUGH * in_plane), len(slopes))


def _edges(volume: Volume) -> tuple[Floats, Floats]:
    """Slope (millimetres in the plane for each across it) and standard deviation of each edge."""
    n = volume.array.shape[0]
    if n < 3:
        return np.zeros(0), np.zeros(0)
    found = [_edges_of_slice(volume, int(number)) for number in evenly_spaced(1, n - 2, SLICES)]
    slopes, widths = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return slopes, widths


def _edges_of_slice(volume: Volume, number: int) -> tuple[Floats, Floats]:
    pixel = np.array(volume.geometry.spacing[1:])
    height = volume.geometry.spacing[0]
    hu = np.clip(volume.array[number - 1 : number + 2], -1024, 300).astype(np.float32)
    at = _crossings(hu[1] > EDGE_HU)
    if not len(at):
        return np.zeros(0), np.zeros(0)
    normal = _gradients(ndi.gaussian_filter(hu[1], 1.5 / pixel, truncate=2.5), at) / pixel
    steep = np.linalg.norm(normal, axis=1)
    at, normal, steep = at[steep > 20.0], normal[steep > 20.0], steep[steep > 20.0]
    if not len(at):
        return np.zeros(0), np.zeros(0)
    normal = normal / steep[:, None]
    steps: Floats = np.arange(-REACH_MM, REACH_MM + STEP_MM / 2, STEP_MM, dtype=np.float64)
    own = _profiles(hu[1], at, normal, steps, pixel, order=3)
    dark, bright, flat = _plateaus(own, steps)
    at, normal = at[flat], normal[flat]
    own, dark, bright = (part[flat] for part in (own, dark, bright))
    middle = 0.5 * (dark + bright)
    here = _crossing(own, middle, steps)
    above, below = (_crossing(_profiles(hu[k], at, normal, steps, pixel, order=1), middle, steps) for k in (2, 0))
    low = _crossing(own, dark + (1 - QUANTILE) * (bright - dark), steps)
    high = _crossing(own, dark + QUANTILE * (bright - dark), steps)
    inclined = (above - below) / (2 * height)
    straight = np.abs(above + below - 2 * here) < 0.25 + 0.25 * np.abs(above - below)
    use = straight & (np.abs(inclined) <= STEEPEST) & np.isfinite(low + high + inclined) & (high > low)
    return inclined[use], (high - low)[use] / (2 * Z_QUANTILE)


def _crossings(bright: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Pixels, spread over the slice, on the bright side of an edge."""
    inner = np.zeros(bright.shape, dtype=bool)
    margin = 4
    part = bright[margin:-margin, margin:-margin]
    inner[margin:-margin, margin:-margin] = part & ~ndi.binary_erosion(part, border_value=1)
    at = np.argwhere(inner)
    return at[:: max(1, len(at) // EDGES)]


def _gradients(image: npt.NDArray[np.float32], at: npt.NDArray[np.int64]) -> Floats:
    """Differences per pixel at some pixels, none of them at the border."""
    row, column = at.T
    return 0.5 * np.stack(
        [
            image[row + 1, column].astype(float) - image[row - 1, column],
            image[row, column + 1].astype(float) - image[row, column - 1],
        ],
        axis=1,
    )


def _profiles(
    image: npt.NDArray[np.float32],
    at: npt.NDArray[np.int64],
    normal: Floats,
    steps: Floats,
    pixel: Floats,
    *,
    order: Literal[1, 3],
) -> Floats:
    """Values along the normals, each the mean of three lines a millimetre apart."""
    along = normal[:, None, :] * steps[None, :, None]
    beside = np.stack([-normal[:, 1], normal[:, 0]], axis=1)[:, None, :]
    coefficients = np.asarray(ndi.spline_filter(image, order=3, mode="nearest")) if order == 3 else image
    total = np.zeros(along.shape[:2])
    for shift in (-1.0, 0.0, 1.0):
        index = at[:, None, :] + (along + shift * beside) / pixel
        total += _interpolated(coefficients, np.moveaxis(index, -1, 0), order)
    return total / 3.0


def _interpolated(coefficients: npt.NDArray[np.floating], index: Floats, order: Literal[1, 3]) -> Floats:
    return np.asarray(ndi.map_coordinates(coefficients, index, order=order, mode="nearest", prefilter=False))


def _plateaus(profiles: Floats, steps: Floats) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Level of either side, and whether both are what they should be."""

    def mean(low: float, high: float) -> Floats:
        return np.asarray(profiles[:, (steps >= low) & (steps <= high)].mean(axis=1))

    half = 0.5 * (PLATEAU_MM + REACH_MM)
    dark, bright = mean(-REACH_MM, -PLATEAU_MM), mean(PLATEAU_MM, REACH_MM)
    flat = np.abs(mean(-REACH_MM, -half) - mean(-half, -PLATEAU_MM)) < FLAT_HU
    flat &= np.abs(mean(PLATEAU_MM, half) - mean(half, REACH_MM)) < FLAT_HU
    flat &= (dark > DARK_HU[0]) & (dark < DARK_HU[1]) & (bright > BRIGHT_HU[0]) & (bright < BRIGHT_HU[1])
    return dark, bright, flat


def _crossing(profiles: Floats, level: Floats, steps: Floats) -> Floats:
    """Where each profile rises through its level, nearest to the middle; not a number where it does not."""
    below = profiles < level[:, None]
    rising = below[:, :-1] & ~below[:, 1:]
    distance = np.where(rising, np.abs(steps[:-1] + STEP_MM / 2), np.inf)
    first = np.argmin(distance, axis=1)
    rows = np.arange(len(profiles))
    a, b = profiles[rows, first], profiles[rows, first + 1]
    place = steps[first] + STEP_MM * (level - a) / np.where(b > a, b - a, 1.0)
    return np.where(np.isfinite(distance[rows, first]), place, np.nan)


def _line(x: Floats, y: Floats) -> tuple[float, float]:
    """Intercept and slope of a line, both at least 0, by least absolute deviations (reweighted least squares)."""
    weight = np.ones(len(x))
    intercept, slope = float(np.median(y)), 0.0
    for _ in range(30):
        total, mx, my = weight.sum(), np.average(x, weights=weight), np.average(y, weights=weight)
        spread = float((weight * (x - mx) ** 2).sum()) / total
        slope = max(0.0, float((weight * (x - mx) * (y - my)).sum()) / total / max(spread, 1e-9))
        intercept = my - slope * mx
        # blur only ever adds: soft edges of the body itself lie above the line and count less
        weight = 1.0 / np.maximum(np.abs(y - intercept - slope * x), 0.02)
    return max(intercept, 0.0), slope

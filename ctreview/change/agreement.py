"""How well two readings of the same scans agree."""

from __future__ import annotations

from dataclasses import dataclass

import edt
import numpy as np
import numpy.typing as npt

from ctreview.errors import WrongUse
from ctreview.volume.box import bounding_box
from ctreview.volume.geometry import require_same_grid
from ctreview.volume.labels import LabelMap

__all__ = ["BlandAltman", "Overlap", "bland_altman", "intraclass_correlation", "overlap", "weighted_kappa"]

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Overlap:
    """How two masks of one scan lie on each other.

    Attributes
    ----------
    first_ml, second_ml : float
        Their volumes.
    dice : float or None
        Twice the common volume over the sum of both; None where both are empty.
    mean_mm, percentile_95_mm : float or None
        Distance from each surface to the other, over the surface voxels of both; None where one mask is empty.
    """

    first_ml: float
    second_ml: float
    dice: float | None
    mean_mm: float | None
    percentile_95_mm: float | None


@dataclass(frozen=True)
class BlandAltman:
    """Differences of paired measurements (Bland and Altman, Lancet 1986, doi 10.1016/S0140-6736(86)90837-8).

    Attributes
    ----------
    bias : float
        Mean of second − first.
    low, high : float
        Limits of agreement: bias ∓ 1.96 standard deviations.
    pairs : int
    """

    bias: float
    low: float
    high: float
    pairs: int


def overlap(first: LabelMap, second: LabelMap, *keys: str, within: Mask | None = None) -> Overlap:
    """Compare where two label maps have any of the named labels.

    Parameters
    ----------
    first, second : LabelMap
    *keys : str
        Labels that both schemes know.
    within : ndarray of bool, optional
        Only what lies here counts, such as one lung.

    Raises
    ------
    GridMismatch
        They do not lie on one grid.
    """
    geometry = require_same_grid(first, second)
    one, other = first.mask(*keys), second.mask(*keys)
    if within is not None:
        one, other = one & within, other & within
    either = one | other
    if either.any():  # distances run between the two surfaces, and nothing of them lies outside this box
        box = bounding_box(either)
        one, other = one[box], other[box]
    sizes = int(one.sum()), int(other.sum())
    both = int((one & other).sum())
    mean, far = _surface_distances(one, other, geometry.spacing) if min(sizes) else (None, None)
    return Overlap(
        first_ml=sizes[0] * geometry.voxel_ml,
        second_ml=sizes[1] * geometry.voxel_ml,
        dice=2 * both / sum(sizes) if sum(sizes) else None,
        mean_mm=mean,
        percentile_95_mm=far,
    )


def bland_altman(first: npt.ArrayLike, second: npt.ArrayLike) -> BlandAltman:
    """Bias and limits of agreement of paired values.

    Raises
    ------
    WrongUse
        Fewer than two pairs, or not in pairs.
    """
    one, other = _paired(first, second)
    apart = other - one
    bias, spread = float(apart.mean()), float(apart.std(ddof=1))
    return BlandAltman(bias, bias - 1.96 * spread, bias + 1.96 * spread, len(apart))


def intraclass_correlation(*readers: npt.ArrayLike) -> float | None:
    """ICC(2,1): two-way random effects, absolute agreement, single reader; None where nothing varies.

    Each argument holds one reader's values of the same cases, in the same order.

    Shrout and Fleiss, Psychol Bull 1979, doi 10.1037/0033-2909.86.2.420.

    Raises
    ------
    WrongUse
        Fewer than two pairs, or not in pairs.
    """
    table = np.stack([_paired(readers[0], values)[1] for values in readers], axis=1)
    cases, count = table.shape
    whole = table.mean()
    between_cases = count * float(((table.mean(axis=1) - whole) ** 2).sum()) / (cases - 1)
    between_readers = cases * float(((table.mean(axis=0) - whole) ** 2).sum()) / (count - 1)
    total = float(((table - whole) ** 2).sum())
    rest = total - between_cases * (cases - 1) - between_readers * (count - 1)
    error = max(rest, 0.0) / ((cases - 1) * (count - 1))
    below = between_cases + (count - 1) * error + count * (between_readers - error) / cases
    return None if total == 0 else (between_cases - error) / below


def weighted_kappa(first: npt.ArrayLike, second: npt.ArrayLike) -> float | None:
    """Cohen's kappa of ordinal grades with quadratic weights; None where neither reader's grades vary.

    Cohen, Psychol Bull 1968, doi 10.1037/h0026256. Disagreement counts with the square of the distance of two grades,
    relative to what two readers with the same frequencies would show by chance.

    Raises
    ------
    WrongUse
        Fewer than two pairs, or not in pairs.
    """
    one, other = _paired(first, second)
    seen = float(((one - other) ** 2).mean())
    by_chance = float(((one[:, None] - other[None, :]) ** 2).mean())
    return None if by_chance == 0 else 1.0 - seen / by_chance


def _paired(first: npt.ArrayLike, second: npt.ArrayLike) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.shape != other.shape or one.ndim != 1 or len(one) < 2:
        raise WrongUse("agreement needs at least two pairs of values")
    return one, other


def _surface_distances(one: Mask, other: Mask, spacing: tuple[float, float, float]) -> tuple[float, float]:
    """Mean and 95th percentile of the distances from each surface to the other, in millimetres."""
    found = np.concatenate([_to_surface(one, other, spacing), _to_surface(other, one, spacing)])
    return float(found.mean()), float(np.percentile(found, 95))


def _to_surface(one: Mask, other: Mask, spacing: tuple[float, float, float]) -> npt.NDArray[np.float32]:
    """For each surface voxel of ``one`` its distance to the nearest surface voxel of ``other``."""
    away = edt.edt(~_surface(other), anisotropy=spacing)
    return np.asarray(away[_surface(one)])


def _surface(mask: Mask) -> Mask:
    """Voxels of a mask with a neighbour outside it; the border of the image counts as outside."""
    padded = np.pad(mask, 1)
    core = padded[1:-1, 1:-1, 1:-1].copy()
    for axis in range(3):
        for step in (-1, 1):
            core &= np.roll(padded, step, axis=axis)[1:-1, 1:-1, 1:-1]
    return np.asarray(mask & ~core)

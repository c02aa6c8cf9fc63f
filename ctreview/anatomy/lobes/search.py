"""The surface among those that the prior allows which passes through the most sheet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.anatomy.lobes.gaps import VesselGap
from ctreview.anatomy.lobes.prior import FissurePrior, node_weights
from ctreview.anatomy.lobes.slab import FissureSlab
from ctreview.compiled import compiled
from ctreview.possible_values import require_possible
from ctreview.volume.geometry import FloatArray

__all__ = ["SearchSettings", "search_modes"]


@dataclass(frozen=True)
class SearchSettings:
    """How the search goes (cross-entropy method: Rubinstein, 1999).

    Attributes
    ----------
    widths_mm : tuple of float
        How far from a sheet a surface still gains from it, in each round; template millimetres.
    tries : int
        Surfaces in each round.
    kept : int
        The best, about which the next round tries.
    patch_mm : float
        Sheets within one patch of this size speak once for a place.
    gain : float
        Logarithm of how much more probable a place is where one patch of clear sheet speaks for it.
    seed : int
        Of the random surfaces, so that they are the same every time.
    """

    widths_mm: tuple[float, ...] = (9.0, 9.0, 7.0, 7.0, 5.0, 5.0, 4.0, 4.0)
    tries: int = 600
    kept: int = 40
    patch_mm: float = 12.0
    gain: float = 4.0
    seed: int = 7

    def __post_init__(self) -> None:
        require_possible(self, tries=(1, 1_000_000), kept=(1, 100_000), seed=(0, 2**32 - 1))


@dataclass(frozen=True, eq=False)
class _Columns:
    """Columns of samples, and how the height of a surface in each follows from its modes."""

    base: FloatArray
    modes: FloatArray
    step: float
    size: int

    @classmethod
    def of(cls, prior: FissurePrior, position: FloatArray, expected: FloatArray, heights: FloatArray) -> _Columns:
        weights = node_weights(prior.plane, position)
        base = weights @ prior.mean - expected - heights[0]
        return cls(base, (weights @ prior.modes.T).T, float(heights[1] - heights[0]), len(heights))

    def total(self, values: npt.NDArray[np.float32], tried: FloatArray) -> FloatArray:
        """The sum of what surfaces pass, of values of shape (columns, heights); nothing beyond their ends."""
        at = tried @ self.modes
        at += self.base
        at /= self.step
        found = np.zeros(at.shape, dtype=values.dtype)
        _take(values, at, found)
        return np.asarray(found.sum(axis=1))


@compiled()
def _take(values: Any, at: Any, found: Any) -> None:  # pragma: no cover - compiled
    """The value of each column at the nearest of its heights; 0 beyond them stays."""
    size = values.shape[1]
    for n in range(at.shape[0]):
        for column in range(at.shape[1]):
            place = np.rint(at[n, column])
            if 0.0 <= place < size:
                found[n, column] = values[column, int(place)]


def search_modes(
    slab: FissureSlab,
    votes: npt.NDArray[np.float32],
    gap: VesselGap,
    prior: FissurePrior,
    *,
    settings: SearchSettings | None = None,
) -> FloatArray:
    """Heights of nodes of the most probable combination of modes, in template millimetres."""
    settings = settings or SearchSettings()
    random = np.random.default_rng(settings.seed)
    stride = max(1, round(3.0 / slab.spacing[0]))
    columns = np.s_[::stride, ::stride]
    within = slab.lung[columns].any(axis=2)
    by_sheets = _Columns.of(prior, slab.position[columns][within], slab.expected[columns][within], slab.heights)
    patches = (stride * slab.spacing[0]) * (stride * slab.spacing[1]) / settings.patch_mm**2
    beside = (gap.gain != 0).any(axis=2)
    by_gaps = _Columns.of(prior, gap.position[beside], gap.expected[beside], gap.heights)
    gains = gap.patches * gap.gain[beside]
    own = votes[columns][within]
    seen_within = {
        width: settings.gain * patches * _widened(own, width / slab.step) for width in set(settings.widths_mm)
    }
    centre, spread = np.zeros(len(prior.modes)), np.eye(len(prior.modes))
    best = centre
    for width in settings.widths_mm:
        seen = seen_within[width]
        tried = random.multivariate_normal(centre, spread, settings.tries)
        tried[0], tried[1] = centre, best
        score = by_sheets.total(seen, tried) + by_gaps.total(gains, tried) - 0.5 * (tried**2).sum(axis=1)
        order = np.argsort(-score)[: settings.kept]
        elite = tried[order]
        centre = elite.mean(axis=0)
        spread = np.cov(elite.T) * 1.5 + 1e-3 * np.eye(len(prior.modes))
        best = elite[0]
    return np.asarray(prior.mean + best @ prior.modes)


def _widened(votes: npt.NDArray[np.float32], reach: float) -> npt.NDArray[np.float32]:
    """For each sample the best vote in its column, less the farther away it is."""
    found = votes.copy()
    for shift in range(1, int(reach) + 1):
        fall = np.float32(1.0 - shift / (reach + 1.0))
        np.maximum(found[..., shift:], fall * votes[..., :-shift], out=found[..., shift:])
        np.maximum(found[..., :-shift], fall * votes[..., shift:], out=found[..., :-shift])
    return found

"""Two scans of one patient judged side by side: where both show the same density, both are called the same.

A patch of a density just about the threshold would else be opacity in one scan and none in the other, because of
noise, blur or a vessel that one of them does not show, and would pass for change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy import ndimage as ndi

from ctreview.opacity.classify import classify, find_seeds, offset_hu
from ctreview.opacity.excess import Excess
from ctreview.opacity.settings import OpacitySettings
from ctreview.opacity.thresholds import Thresholds
from ctreview.progress import Progress, quiet
from ctreview.volume.correspondence import DIRECTIONS, corresponding_voxels
from ctreview.volume.labels import LabelMap
from ctreview.volume.transform import Transform

__all__ = ["JointClassification", "MatchedVoxels"]

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class MatchedVoxels:
    """Where a scan shows the density that the other one shows at the same place of the patient.

    Attributes
    ----------
    own, other : ndarray of int64, shape (n,)
        Flat positions in the scan's own working grid, and those of the same places in the other scan's.
    shape : tuple of int
        Of the scan's own working grid.
    """

    own: Indices
    other: Indices
    shape: tuple[int, ...]

    def transferred(self, there: Bools) -> Bools:
        """A mask on the other scan's working grid, brought to this one's; False where the two are not alike."""
        here = np.zeros(self.shape, dtype=bool)
        here.ravel()[self.own] = there.ravel()[self.other]
        return here


@dataclass(frozen=True, eq=False)
class JointClassification:
    """Baseline and follow-up, in this order, each with what the other one shows.

    Attributes
    ----------
    excess : pair of Excess
        Where both are alike, halfway between them.
    thresholds : pair of Thresholds
    matched : pair of MatchedVoxels
    settings : OpacitySettings
    """

    excess: tuple[Excess, Excess]
    thresholds: tuple[Thresholds, Thresholds]
    matched: tuple[MatchedVoxels, MatchedVoxels]
    settings: OpacitySettings

    @classmethod
    def of(
        cls,
        excess: tuple[Excess, Excess],
        thresholds: tuple[Thresholds, Thresholds],
        transform: Transform,
        *,
        settings: OpacitySettings | None = None,
    ) -> Self:
        """Find where two scans are alike.

        Parameters
        ----------
        excess : pair of Excess
            Of baseline and follow-up, each by itself.
        thresholds : pair of Thresholds
            By the rule for both.
        transform : Transform
            Baseline to follow-up points.
        settings : OpacitySettings, optional
            ``alike_hu`` and ``different_hu`` say what is alike.
        """
        settings = settings or OpacitySettings()
        first, second = _compared(excess, thresholds, transform, settings)
        return cls((first[0], second[0]), thresholds, (first[1], second[1]), settings)

    def classify(
        self, number: int, *, shift_hu: float = 0.0, with_streaks: bool = False, progress: Progress = quiet
    ) -> LabelMap:
        """Draw the borders of opacity in one of the scans; `classify` of one scan says how.

        What passes for the beginning of a patch in one of them also does in the other where they are alike.
        ``with_streaks`` leaves in what streaks may add.
        """
        other = 1 - number
        beside = find_seeds(self.excess[other], self.thresholds[other], shift_hu=shift_hu, settings=self.settings)
        return classify(
            self.excess[number].with_streaks() if with_streaks else self.excess[number],
            self.thresholds[number],
            shift_hu=shift_hu,
            extra_seeds=self.matched[number].transferred(beside),
            settings=self.settings,
            progress=progress,
        )


Compared = tuple[Excess, MatchedVoxels]


def _compared(
    excess: tuple[Excess, Excess],
    thresholds: tuple[Thresholds, Thresholds],
    transform: Transform,
    settings: OpacitySettings,
) -> tuple[Compared, Compared]:
    smoothed = [one.smoothed_hu - offset_hu(one, rule) for one, rule in zip(excess, thresholds, strict=True)]
    found = []
    for number, one in enumerate(excess):
        other = excess[1 - number]
        own = np.flatnonzero(one.parenchyma.known & (one.parenchyma.lung_fraction > 0))
        here, there = one.parenchyma.geometry, other.parenchyma.geometry
        at = corresponding_voxels(transform, DIRECTIONS[number], here, there, np.unravel_index(own, here.shape))
        inside = np.all((at > -0.5) & (at < np.array(there.shape) - 0.5), axis=1)
        own, at = own[inside], at[inside]
        nearest = np.rint(at).astype(np.int64)
        flat = np.ravel_multi_index(tuple(nearest.T), there.shape)
        others = ndi.map_coordinates(smoothed[1 - number], at.T, order=1, mode="nearest", prefilter=False)
        apart = others - smoothed[number].ravel()[own]
        ramp = (settings.different_hu - np.abs(apart)) / (settings.different_hu - settings.alike_hu)
        share = np.where(other.parenchyma.known.ravel()[flat], np.clip(ramp, 0.0, 1.0), 0.0)
        moved = np.zeros(one.smoothed_hu.shape, dtype=np.float32)
        moved.ravel()[own] = 0.5 * share * apart
        similar = share > 0.5
        found.append((one.moved(moved), MatchedVoxels(own[similar], flat[similar], one.smoothed_hu.shape)))
    return found[0], found[1]

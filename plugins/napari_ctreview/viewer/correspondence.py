"""Which place of one pane is which place of another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ctreview.volume.geometry import FloatArray, Geometry
from ctreview.volume.transform import Transform

__all__ = ["ROLES", "TITLES", "Correspondence", "PointMapping", "TimepointRole"]

PointMapping = Callable[[FloatArray], FloatArray]
"""From points (…, 3) of one image to those of another, in LPS millimetres."""

TimepointRole = Literal["baseline", "followup"]
"""Which of the two scans a pane shows."""

ROLES: tuple[TimepointRole, TimepointRole] = ("baseline", "followup")
"""By timepoint: a study's timepoint 1 is the baseline."""

TITLES = ("baseline", "follow-up")
"""What the timepoints are called, in the same order."""


@dataclass(frozen=True, eq=False)
class Correspondence:
    """How places of the baseline and of the follow-up scan belong together.

    Attributes
    ----------
    transform : Transform or None
        A registration from baseline to follow-up.
    offset : ndarray, shape (3,)
        Without one: what is added to a baseline point, in LPS millimetres.
    known_by : str
        For the reader: "registration", "frame of reference", "centres of the scans" or "hand".
    """

    transform: Transform | None
    offset: FloatArray
    known_by: str

    @classmethod
    def of(cls, baseline: Geometry, followup: Geometry, transform: Transform | None = None) -> Correspondence:
        """The best that is known: the registration, else one frame of reference, else the middles of both scans."""
        if transform is not None:
            return cls(transform, np.zeros(3), "registration")
        if baseline.frame_of_reference == followup.frame_of_reference:
            return cls(None, np.zeros(3), "frame of reference")
        return cls(None, _middle(followup) - _middle(baseline), "centres of the scans")

    def by_hand(self, baseline: FloatArray, followup: FloatArray) -> Correspondence:
        """The same places belong together from now on, as the reader has put them beside each other.

        A registration knows better and stays.
        """
        if self.transform is not None:
            return self
        return replace(self, offset=np.asarray(followup - baseline, dtype=float), known_by="hand")

    def between(self, here: TimepointRole, there: TimepointRole) -> PointMapping:
        """The mapping from the points of one pane to those of another."""
        if here == there:
            return np.asarray
        if self.transform is not None:
            return self.transform.to_moving if here == "baseline" else self.transform.to_fixed
        sign = 1.0 if here == "baseline" else -1.0
        return lambda points: np.asarray(points, dtype=float) + sign * self.offset


def _middle(grid: Geometry) -> FloatArray:
    return grid.to_lps((np.array(grid.shape) - 1) / 2)

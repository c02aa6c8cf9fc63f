"""A fissure of one scan: its surface, how sure that is, and where it was seen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.coarse import Mask
from ctreview.anatomy.lobes.frame import LungFrame
from ctreview.anatomy.lobes.surface import SurfacePosterior
from ctreview.volume.geometry import FloatArray

__all__ = ["Fissure"]

EVEN_MM = 4.0
"""Stretches that are known, or not, over less than this are not told apart from what is around them."""


@dataclass(frozen=True, eq=False)
class Fissure:
    """A fissure of one scan.

    Attributes
    ----------
    surface : SurfacePosterior
    frame : LungFrame
    position : ndarray, shape (n, m, 2)
        Columns across the surface at which was looked, in nodes.
    inside : ndarray of bool, shape (n, m)
        Where the surface lies in the lung.
    seen : ndarray of bool, shape (n, m)
        Where the fissure was seen there.
    by_chance : float
        Which share of a surface is taken for seen where there is no fissure, 0 … 1.
    places, place_deviation : ndarray, shapes (k, 3) and (k,)
        What the surface was fitted to, as `FissurePlane.coordinates` gives it, and how far each may lie off.
    carried : ndarray of bool, shape (n, m), or None
        Where the other scan of the same patient shows it, and this one does not.
    placed : ndarray of bool, shape (n, m), or None
        Where points that a reader placed on it make it known, and neither scan shows it.
    """

    surface: SurfacePosterior
    frame: LungFrame
    position: FloatArray
    inside: Mask
    seen: Mask
    by_chance: float
    places: FloatArray
    place_deviation: FloatArray
    carried: Mask | None = None
    placed: Mask | None = None

    @property
    def share_seen(self) -> float:
        """Which share of the surface within the lung is seen, less what chance explains; 0 … 1."""
        share = self._share(self.seen)
        return float(max(0.0, (share - self.by_chance) / max(1.0 - self.by_chance, 1e-6)))

    @property
    def share_carried(self) -> float:
        """Which share is seen in the other scan alone, 0 … 1."""
        return 0.0 if self.carried is None else self._share(self.carried)

    @property
    def share_placed(self) -> float:
        """Which share is known by a reader's points alone, 0 … 1."""
        return 0.0 if self.placed is None else self._share(self.placed)

    @property
    def known(self) -> Mask:
        """Where it was seen, in this scan or the other one, or is known by a reader's points."""
        found = self.seen.copy()
        for other in (self.carried, self.placed):
            if other is not None:
                found |= other
        return found

    @cached_property
    def known_evenly(self) -> Mask:
        """Where it is known, without specks and small gaps; near the outside of the lung as beside it."""
        if not self.inside.any():
            return np.zeros_like(self.inside)
        nearest = ndimage.distance_transform_edt(~self.inside, return_distances=False, return_indices=True)
        known = self.known[tuple(nearest)]
        step = np.abs(self.position[1, 1] - self.position[0, 0]) * self.surface.prior.plane.step
        reach = EVEN_MM / 2 * self.template_per_patient / step
        # what most of the neighbourhood is: ends stay where they are
        return np.asarray(ndimage.gaussian_filter(known.astype(np.float32), reach, mode="nearest") >= 0.5)

    def _share(self, where: Mask) -> float:
        return int(np.count_nonzero(where & self.inside)) / max(1, int(np.count_nonzero(self.inside)))

    @property
    def deviation_mm(self) -> float:
        """Mean standard deviation of its place within the lung, in millimetres of the patient."""
        _, deviation = self.surface.at(self.position[self.inside])
        return float(deviation.mean() / self.template_per_patient) if len(deviation) else 0.0

    @property
    def template_per_patient(self) -> float:
        """Template millimetres of height for one millimetre of the patient along the surface's normal."""
        return float(np.linalg.norm(self.frame.scale * self.surface.prior.plane.normal))

    def column_of(self, position: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """The columns nearest to positions in nodes (k, 2), also those that are none: beyond the first or the last."""
        spacing = self.position[1, 1] - self.position[0, 0]
        column = np.rint((np.asarray(position, dtype=np.float64) - self.position[0, 0]) / spacing)
        return np.asarray(column.astype(np.int64))

    def lies_above(self, points: npt.ArrayLike) -> Mask:
        """Which patient places (n, 3) lie above the surface wherever it may run, by two standard deviations."""
        places = self.surface.prior.plane.coordinates(self.frame.to_template(points))
        height, deviation = self.surface.at(places[:, :2])
        return np.asarray(places[:, 2] - height > 2.0 * deviation)

    def height_over(self, points: npt.ArrayLike) -> FloatArray:
        """How far patient places (…, 3) lie above the surface, in millimetres of the patient along its normal."""
        places = self.surface.prior.plane.coordinates(self.frame.to_template(points))
        flat = places.reshape(-1, 3)
        over = flat[:, 2] - self.surface.at(flat[:, :2])[0]
        return np.asarray(over.reshape(places.shape[:-1]) / self.template_per_patient)

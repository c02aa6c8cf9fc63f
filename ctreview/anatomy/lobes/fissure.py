"""A fissure of one scan: its surface, how sure that is, and where it was seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctreview.anatomy.coarse import Mask
from ctreview.anatomy.lobes.frame import LungFrame
from ctreview.anatomy.lobes.surface import SurfacePosterior
from ctreview.volume.geometry import FloatArray

__all__ = ["Fissure"]


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

    @property
    def share_seen(self) -> float:
        """Which share of the surface within the lung is seen, less what chance explains; 0 … 1."""
        share = self._share(self.seen)
        return float(max(0.0, (share - self.by_chance) / max(1.0 - self.by_chance, 1e-6)))

    @property
    def share_carried(self) -> float:
        """Which share is seen in the other scan alone, 0 … 1."""
        return 0.0 if self.carried is None else self._share(self.carried)

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

    def height_over(self, points: npt.ArrayLike) -> FloatArray:
        """How far patient places (…, 3) lie above the surface, in millimetres of the patient along its normal."""
        places = self.surface.prior.plane.coordinates(self.frame.to_template(points))
        flat = places.reshape(-1, 3)
        over = flat[:, 2] - self.surface.at(flat[:, :2])[0]
        return np.asarray(over.reshape(places.shape[:-1]) / self.template_per_patient)

"""The most probable surface of a fissure, given its prior and points where it was seen, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctreview.anatomy.lobes.prior import FissurePrior, node_weights
from ctreview.volume.geometry import FloatArray

__all__ = ["SurfacePosterior", "fit_surface"]


@dataclass(frozen=True, eq=False)
class SurfacePosterior:
    """Heights of a fissure's nodes, and their spread, in template millimetres.

    Attributes
    ----------
    prior : FissurePrior
    height : ndarray, shape (nodes,)
    deviation : ndarray, shape (nodes,)
        Standard deviation of each height.
    """

    prior: FissurePrior
    height: FloatArray
    deviation: FloatArray

    def at(self, position: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Height and its deviation at positions in nodes, shape (n, 2)."""
        weights = node_weights(self.prior.plane, position)
        return weights @ self.height, weights @ self.deviation


def fit_surface(prior: FissurePrior, coordinates: npt.ArrayLike, deviation_mm: npt.ArrayLike) -> SurfacePosterior:
    """The most probable surface given where it was seen.

    Parameters
    ----------
    prior : FissurePrior
    coordinates : array_like, shape (n, 3)
        Places on the surface as `FissurePlane.coordinates` gives them.
    deviation_mm : array_like, shape (n,)
        How far each may lie off the surface.
    """
    points = np.asarray(coordinates, dtype=np.float64).reshape(-1, 3)
    covariance = prior.covariance()
    if not len(points):
        return SurfacePosterior(prior, prior.mean, np.sqrt(np.diag(covariance)))
    weights = node_weights(prior.plane, points[:, :2])
    noise = np.broadcast_to(np.asarray(deviation_mm, dtype=np.float64), len(points)) ** 2
    # as many unknowns as nodes, however many points there are
    inverse = np.linalg.inv(covariance) + (weights.T @ weights.multiply(1.0 / noise[:, None])).toarray()
    spread = np.linalg.inv(inverse)
    height = prior.mean + spread @ (weights.T @ ((points[:, 2] - weights @ prior.mean) / noise))
    return SurfacePosterior(prior, height, np.sqrt(np.maximum(np.diag(spread), 0.0)))

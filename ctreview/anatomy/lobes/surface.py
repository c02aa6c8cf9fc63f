"""The most probable surface of a fissure, given its prior and points where it was seen, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctreview.anatomy.lobes.prior import FissurePrior, node_weights
from ctreview.volume.geometry import FloatArray

__all__ = ["SurfacePosterior", "fit_surface", "heights_and_covariance"]


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
    height, spread = heights_and_covariance(prior, coordinates, deviation_mm)
    return SurfacePosterior(prior, height, np.sqrt(np.maximum(np.diag(spread), 0.0)))


def heights_and_covariance(
    prior: FissurePrior, coordinates: npt.ArrayLike, deviation_mm: npt.ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """The most probable heights of nodes given where the surface was seen, and how their errors vary together.

    Parameters are those of `fit_surface`; millimetres of the template, shapes (nodes,) and (nodes, nodes).
    """
    points = np.asarray(coordinates, dtype=np.float64).reshape(-1, 3)
    covariance = prior.covariance()
    if not len(points):
        return prior.mean, covariance
    weights = node_weights(prior.plane, points[:, :2])
    noise = np.broadcast_to(np.asarray(deviation_mm, dtype=np.float64), len(points)) ** 2
    # as many unknowns as nodes, however many points there are
    inverse = np.linalg.inv(covariance) + (weights.T @ weights.multiply(1.0 / noise[:, None])).toarray()
    spread = np.linalg.inv(inverse)
    return prior.mean + spread @ (weights.T @ ((points[:, 2] - weights @ prior.mean) / noise)), np.asarray(spread)

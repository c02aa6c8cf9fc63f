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


UNLIKE = 1.5
"""By what factor a patient may be less like the 66 adults from whom a prior was learnt than those are like each other.

It widens the stated spread and moves no surface. Of the 66, each left out, the spread then holds more than it says; of
phantoms, whose bodies are built otherwise, what it says.
"""


def fit_surface(
    prior: FissurePrior, coordinates: npt.ArrayLike, deviation_mm: npt.ArrayLike, *, unlike: float = UNLIKE
) -> SurfacePosterior:
    """The most probable surface given where it was seen.

    Parameters
    ----------
    prior : FissurePrior
    coordinates : array_like, shape (n, 3)
        Places on the surface as `FissurePlane.coordinates` gives them.
    deviation_mm : array_like, shape (n,)
        How far each may lie off the surface.
    unlike : float
        By what factor the patient may differ more from the mean than the prior says, for the spread alone.
    """
    height, spread = heights_and_covariance(prior, coordinates, deviation_mm, unlike=unlike)
    return SurfacePosterior(prior, height, np.sqrt(np.maximum(np.diag(spread), 0.0)))


def heights_and_covariance(
    prior: FissurePrior, coordinates: npt.ArrayLike, deviation_mm: npt.ArrayLike, *, unlike: float = UNLIKE
) -> tuple[FloatArray, FloatArray]:
    """The most probable heights of nodes given where the surface was seen, and how their errors vary together.

    Parameters are those of `fit_surface`; millimetres of the template, shapes (nodes,) and (nodes, nodes).
    """
    points = np.asarray(coordinates, dtype=np.float64).reshape(-1, 3)
    covariance = prior.covariance()
    if not len(points):
        return prior.mean, np.asarray(unlike**2 * covariance)
    weights = node_weights(prior.plane, points[:, :2])
    noise = np.broadcast_to(np.asarray(deviation_mm, dtype=np.float64), len(points)) ** 2
    # as many unknowns as nodes, however many points there are
    rigid, seen = np.linalg.inv(covariance), (weights.T @ weights.multiply(1.0 / noise[:, None])).toarray()
    height = prior.mean + np.linalg.solve(rigid + seen, weights.T @ ((points[:, 2] - weights @ prior.mean) / noise))
    return height, np.asarray(np.linalg.inv(rigid / unlike**2 + seen))

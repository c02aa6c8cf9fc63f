"""A fissure that passes through points which a reader placed on it, whatever the computer took for it there."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.coarse import Mask
from ctreview.anatomy.lobes.fissure import Fissure
from ctreview.anatomy.lobes.prior import FissurePrior, node_weights, smooth_covariance
from ctreview.anatomy.lobes.surface import SurfacePosterior, fit_surface, heights_and_covariance
from ctreview.possible_values import require_possible
from ctreview.volume.geometry import FloatArray

__all__ = ["PlacedSettings", "copied_fissure", "place_points"]


@dataclass(frozen=True)
class PlacedSettings:
    """What points of a reader mean.

    Attributes
    ----------
    error_mm : float
        How far a point may lie off the fissure, in millimetres.
    mistaken_mm : float
        By how much the computer may have taken something else for the fissure, in millimetres of the template; alike
        over the length over which what the modes leave is alike.
    known_mm : float
        Where points alone tell the surface with this standard deviation, in millimetres of the template, they count as
        if it had been seen: with 40 % of a fissure seen, the least that verdicts of lobes rest on, the rest is off by 4
        to 6 mm on average, which is a standard deviation of at least 5 mm.
    """

    error_mm: float = 0.7
    mistaken_mm: float = 4.0
    known_mm: float = 5.0

    def __post_init__(self) -> None:
        require_possible(self, error_mm=(0.01, 100.0))


def place_points(found: Fissure, points: npt.ArrayLike, *, settings: PlacedSettings | None = None) -> Fissure:
    """A fissure through a reader's points.

    What was seen elsewhere keeps its say: the points move the surface as far around them as a mistake of the computer
    may reach, and where nothing was seen as far as people's fissures vary together.

    Parameters
    ----------
    found : Fissure
        As the computer found it, or as it was copied.
    points : array_like, shape (n, 3)
        LPS millimetres.
    settings : PlacedSettings, optional
    """
    settings = settings or PlacedSettings()
    prior = found.surface.prior
    places = prior.plane.coordinates(found.frame.to_template(np.asarray(points, dtype=np.float64).reshape(-1, 3)))
    if not len(places):
        return found
    error = settings.error_mm * found.template_per_patient
    height, spread = heights_and_covariance(prior, found.places, found.place_deviation)
    mistaken = smooth_covariance(prior.plane, settings.mistaken_mm, prior.rest_length_mm)
    height, _ = _passing(prior, height, spread + mistaken, places, error)
    _, left = _passing(prior, height, spread, places, error)
    surface = SurfacePosterior(prior, height, np.sqrt(np.maximum(np.diag(left), 0.0)))
    _, alone = _passing(prior, prior.mean, prior.covariance(), places, error)
    told = node_weights(prior.plane, found.position.reshape(-1, 2)) @ np.sqrt(np.maximum(np.diag(alone), 0.0))
    before = replace(found, placed=None).known
    return replace(found, surface=surface, placed=(told.reshape(before.shape) <= settings.known_mm) & ~before)


def copied_fissure(found: Fissure, points: npt.ArrayLike, *, error_mm: float) -> Fissure:
    """A fissure where that of the other timepoint lies, instead of where it was found.

    Parameters
    ----------
    found : Fissure
    points : array_like, shape (n, 3)
        Of the other one's surface where it is known, carried over; LPS millimetres of this scan.
    error_mm : float
        How far each may lie off.
    """
    prior = found.surface.prior
    places = prior.plane.coordinates(found.frame.to_template(np.asarray(points, dtype=np.float64).reshape(-1, 3)))
    deviation = np.full(len(places), error_mm * found.template_per_patient)
    carried = _around(found, places)
    return replace(
        found,
        surface=fit_surface(prior, places, deviation),
        places=places,
        place_deviation=deviation,
        seen=np.zeros_like(found.seen),
        carried=carried,
        placed=None,
    )


def _passing(
    prior: FissurePrior, height: FloatArray, covariance: FloatArray, places: FloatArray, error: float
) -> tuple[FloatArray, FloatArray]:
    """A random surface given that it passes by some places: its mean and its covariance."""
    weights = node_weights(prior.plane, places[:, :2])
    along = np.asarray(weights @ covariance)
    gain = np.linalg.solve(np.asarray(weights @ along.T).T + error**2 * np.eye(len(places)), along).T
    off = places[:, 2] - weights @ height
    return np.asarray(height + gain @ off), np.asarray(covariance - gain @ along)


def _around(found: Fissure, places: FloatArray) -> Mask:
    """The columns that lie between neighbouring places."""
    where = np.zeros(found.seen.shape, dtype=bool)
    column = found.column_of(places[:, :2])
    column = column[np.all((column >= 0) & (column < where.shape), axis=1)]
    where[tuple(column.T)] = True
    if len(column) < 2:
        return where
    apart = np.linalg.norm(column[:, None] - column[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    reach = 0.75 * float(np.median(apart.min(axis=1)))
    return np.asarray(ndimage.distance_transform_edt(~where) <= reach)

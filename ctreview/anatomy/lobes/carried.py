"""A fissure that the other timepoint shows, where this one does not: opacity hides it in one scan and not in both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.anatomy.coarse import Mask
from ctreview.anatomy.lobes.fissure import Fissure
from ctreview.anatomy.lobes.surface import fit_surface
from ctreview.volume.geometry import FloatArray

__all__ = ["CarrySettings", "carry_fissure", "known_places"]


@dataclass(frozen=True)
class CarrySettings:
    """How a fissure is carried over.

    Attributes
    ----------
    error_mm : float
        How far a carried place may lie off, by the registration and by the fissure in the other scan, in millimetres.
    every_mm : float
        Distance of carried places: a registration errs alike over about so much.
    """

    error_mm: float = 2.0
    every_mm: float = 12.0


def carry_fissure(
    own: Fissure, other: Fissure, to_own: Callable[[FloatArray], FloatArray], *, settings: CarrySettings | None = None
) -> Fissure:
    """A fissure with what another scan of the same patient shows of it.

    Parameters
    ----------
    own, other : Fissure
        The same fissure in both scans.
    to_own : callable
        Patient places of the other scan to those of this one, shape (n, 3) to (n, 3).
    settings : CarrySettings, optional

    Returns
    -------
    Fissure
        Its surface also passes by the places carried over where nothing was seen in this scan; those count as seen.
    """
    settings = settings or CarrySettings()
    plane = own.surface.prior.plane
    there = _shown(other, other.seen)
    if not len(there):
        return own
    places = plane.coordinates(own.frame.to_template(to_own(there)))
    column = own.column_of(places[:, :2])
    within = np.all((column >= 0) & (column < own.seen.shape), axis=1)
    places, column = places[within], column[within]
    new = ~own.seen[tuple(column.T)]
    places, column = places[new], column[new]
    if not len(places):
        return own
    first = _every(places, settings.every_mm * own.template_per_patient / plane.step)
    error = np.full(len(first), settings.error_mm * own.template_per_patient)
    used = np.vstack([own.places, places[first]])
    deviation = np.concatenate([own.place_deviation, error])
    carried = np.zeros(own.seen.shape, dtype=bool)
    carried[tuple(column.T)] = True
    carried = ndimage.binary_closing(carried, iterations=2) & ~own.seen
    surface = fit_surface(own.surface.prior, used, deviation)
    return replace(own, surface=surface, carried=carried, places=used, place_deviation=deviation)


def known_places(fissure: Fissure, *, settings: CarrySettings | None = None) -> FloatArray:
    """Places on a fissure where it is known, as far apart as carried ones are; patient millimetres, shape (n, 3)."""
    settings = settings or CarrySettings()
    shown = _shown(fissure, fissure.known)
    plane = fissure.surface.prior.plane
    cell = settings.every_mm * fissure.template_per_patient / plane.step
    return shown[_every(plane.coordinates(fissure.frame.to_template(shown)), cell)]


def _shown(fissure: Fissure, where: Mask) -> FloatArray:
    """The surface within the lung in some of its columns, patient millimetres."""
    position = fissure.position[where & fissure.inside]
    heights, _ = fissure.surface.at(position)
    return fissure.frame.to_patient(fissure.surface.prior.plane.points(np.column_stack([position, heights])))


def _every(places: FloatArray, cell: float) -> npt.NDArray[np.int64]:
    """One of the places in each cell of the plane, by their indices."""
    _, first = np.unique(np.floor(places[:, :2] / cell).astype(np.int64), axis=0, return_index=True)
    return first

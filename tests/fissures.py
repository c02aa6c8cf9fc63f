"""Fissures for tests: where the template has them, of which nothing was seen."""

from __future__ import annotations

import numpy as np

from ctreview.anatomy.lobes.fissure import Fissure
from ctreview.anatomy.lobes.frame import LungFrame
from ctreview.anatomy.lobes.prior import FissureName, known_fissures
from ctreview.anatomy.lobes.surface import fit_surface


def unseen_fissure(name: FissureName, frame: LungFrame | None = None) -> Fissure:
    """The most probable surface, all of it inside the lung; in the template, or laid into a lung by its frame."""
    prior = known_fissures()[name]
    axes = [np.linspace(0.0, size - 1.0, 8 * size) for size in prior.plane.shape]
    position = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    every = np.ones(position.shape[:2], dtype=bool)
    surface = fit_surface(prior, np.zeros((0, 3)), [])
    frame = frame or LungFrame(np.ones(3), np.zeros(3))
    return Fissure(surface, frame, position, every, ~every, 0.0, np.zeros((0, 3)), np.zeros(0))

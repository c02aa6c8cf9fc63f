"""Axial, coronal and sagittal views in radiological convention."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from ctreview.volume.geometry import Geometry

__all__ = ["OBLIQUE_DEGREES", "Plane", "centre_of", "centre_on", "letters", "obliqueness", "show", "view_of"]

OBLIQUE_DEGREES = 1.0
"""From this angle on an image is called oblique."""


@dataclass(frozen=True)
class _View:
    """How napari shows a plane: order of axes, which way the vertical one runs."""

    order: tuple[int, int, int]
    vertical: str


class Plane(Enum):
    """A plane of the body; the value is the array axis across it."""

    AXIAL = 0
    CORONAL = 1
    SAGITTAL = 2


# The patient's left is at the right of the screen and front is up (axial) or at the left (sagittal): as if seen from
# the feet, the front and the left.
_VIEWS = {
    Plane.AXIAL: _View((0, 1, 2), "down"),
    Plane.CORONAL: _View((1, 0, 2), "up"),
    Plane.SAGITTAL: _View((2, 0, 1), "up"),
}

_LETTERS = {
    Plane.AXIAL: ("A", "L", "P", "R"),
    Plane.CORONAL: ("H", "L", "F", "R"),
    Plane.SAGITTAL: ("H", "P", "F", "A"),
}


def letters(plane: Plane) -> tuple[str, str, str, str]:
    """What lies at the top, right, bottom and left edge of the screen."""
    return _LETTERS[plane]


def obliqueness(geometry: Geometry) -> float:
    """The largest angle, in degrees, between an axis of the image and the patient axis that its letter names.

    An oblique image is shown along its own axes, as it was acquired, so that a letter then means "mostly towards".
    """
    nearest = np.abs(geometry.directions).max(axis=0)
    return float(np.degrees(np.arccos(np.clip(nearest, 0.0, 1.0))).max())


def view_of(plane: Plane) -> tuple[tuple[int, int, int], tuple[str, str]]:
    """The order of the axes and the way up, as napari has them while it shows a plane."""
    view = _VIEWS[plane]
    return view.order, (view.vertical, "right")


def show(model: Any, plane: Plane) -> None:
    """Turn a viewer model to a plane; the place in the middle of the screen stays there."""
    view = _VIEWS[plane]
    centre = centre_of(model)
    model.dims.order = view.order
    model.scene.camera.orientation2d = (view.vertical, "right")
    centre_on(model, centre)


def centre_of(model: Any) -> tuple[float, float, float]:
    """World coordinates of the slice on screen and of the middle of the screen."""
    point = [float(v) for v in model.dims.point]
    # in 2-D the camera's centre is (0, vertical, horizontal) of the displayed axes
    for axis, value in zip(model.dims.displayed, model.scene.camera.center[-2:], strict=True):
        point[axis] = float(value)
    return point[0], point[1], point[2]


def centre_on(model: Any, world: tuple[float, float, float]) -> None:
    """Show the slice through a place and bring it to the middle of the screen."""
    (across,) = model.dims.not_displayed
    model.dims.set_point(across, world[across])
    vertical, horizontal = (world[axis] for axis in model.dims.displayed)
    model.scene.camera.center = (0.0, vertical, horizontal)

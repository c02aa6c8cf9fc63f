"""Thick slices: the brightest, the darkest or the mean of the slices around the one on screen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from ctreview.errors import WrongUse

__all__ = ["THIN", "Projection", "Slab", "apply", "next_kind", "next_thickness", "slab_named"]


class Projection(Enum):
    """What is done with the slices of a slab; the value is napari's word for it."""

    THIN = "none"
    MIP = "max"
    MINIP = "min"
    AVERAGE = "mean"


THICKNESSES_MM: dict[Projection, tuple[float, ...]] = {
    Projection.MIP: (5.0, 8.0, 10.0),  # vessels and nodules
    Projection.MINIP: (3.0, 4.0, 5.0),  # airways, air trapping and the edge of ground glass
    Projection.AVERAGE: (3.0, 5.0, 10.0),  # less noise
}
"""Thicknesses that are offered, in millimetres."""

_NAMES = {Projection.THIN: "", Projection.MIP: "MIP", Projection.MINIP: "MinIP", Projection.AVERAGE: "average"}
# A whole slice would be rounded up to two where the point lies on a slice's centre (napari adds one to a stop that is
# a whole number within 1e-5 of itself).
_NEARLY_A_SLICE = 0.98


@dataclass(frozen=True)
class Slab:
    """A way to show a slice.

    Attributes
    ----------
    kind : Projection
        `Projection.THIN` shows the slice alone.
    thickness_mm : float
        Across the plane; 0 where thin.
    """

    kind: Projection = Projection.THIN
    thickness_mm: float = 0.0

    def __post_init__(self) -> None:
        if (self.kind is Projection.THIN) != (self.thickness_mm <= 0):
            raise WrongUse(f"a slab of kind {self.kind.name} cannot be {self.thickness_mm} mm thick")

    @property
    def name(self) -> str:
        """The word for its kind; empty where thin."""
        return _NAMES[self.kind]

    def __str__(self) -> str:
        return "" if self.kind is Projection.THIN else f"{self.name} {self.thickness_mm:g} mm"

    def slices(self, spacing_mm: float) -> int:
        """How many slices are put together: an odd number, so that the slab lies around the slice on screen."""
        return 1 + 2 * round(max(self.thickness_mm / spacing_mm - 1, 0) / 2)

    def shown_mm(self, spacing_mm: float) -> float:
        """How thick the slab is in whole slices; what the screen has to say."""
        return self.slices(spacing_mm) * spacing_mm


THIN = Slab()


def next_kind(slab: Slab) -> Slab:
    """Thin, then MIP, MinIP, average, and thin again, each at its middle thickness."""
    kinds = list(Projection)
    kind = kinds[(kinds.index(slab.kind) + 1) % len(kinds)]
    return THIN if kind is Projection.THIN else Slab(kind, THICKNESSES_MM[kind][1])


def next_thickness(slab: Slab, steps: int) -> Slab:
    """The next thicker or thinner slab of its kind; the thickest and thinnest stay."""
    if slab.kind is Projection.THIN:
        return slab
    offered = THICKNESSES_MM[slab.kind]
    here = min(range(len(offered)), key=lambda number: abs(offered[number] - slab.thickness_mm))
    return Slab(slab.kind, offered[min(max(here + steps, 0), len(offered) - 1)])


def slab_named(name: str, thickness_mm: float) -> Slab:
    """The slab that a word and a thickness stand for; thin where the word is none."""
    return next((Slab(kind, thickness_mm) for kind, word in _NAMES.items() if word and word == name), THIN)


def apply(model: Any, image: Any, slab: Slab, spacing: tuple[float, float, float]) -> None:
    """Show an image layer of a viewer model as a slab across whichever plane it is turned to.

    napari takes the slices from ``round(point - left)`` up to, not including, ``round(point + right)``. With these
    margins that is an odd number of slices around the one that is shown where the slab is thin.
    """
    left, right = [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]
    if slab.kind is not Projection.THIN:
        for axis in model.dims.not_displayed:
            beside = slab.slices(spacing[axis]) // 2
            left[axis] = beside * spacing[axis]
            right[axis] = (beside + _NEARLY_A_SLICE) * spacing[axis]
    image.projection_mode = slab.kind.value
    model.dims.margin_left = tuple(left)
    model.dims.margin_right = tuple(right)

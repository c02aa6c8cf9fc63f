"""An image and its place as one value."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ctreview.dicom.acquisition import Acquisition
from ctreview.errors import WrongUse
from ctreview.volume.geometry import Geometry

__all__ = ["SliceNumbers", "Unit", "Volume"]

Unit = Literal["HU", "fraction", "ms", "arbitrary"]
"""What the numbers of a volume are measured in."""


@dataclass(frozen=True)
class SliceNumbers:
    """What an archive calls the slices of an image.

    Attributes
    ----------
    axis : int
        The array axis across the slices as they were acquired.
    numbers : tuple of int
        InstanceNumber of each, in the order of the array; of a multiframe file, the number of the frame.
    """

    axis: int
    numbers: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Volume:
    """An image in canonical axes, with its place and how it was acquired.

    Attributes
    ----------
    array : ndarray, shape ``geometry.shape``
        The values; read-only. Usually ``int16`` for CT and ``float32`` for the rest.
    geometry : Geometry
        Where the voxels lie.
    unit : {"HU", "fraction", "ms", "arbitrary"}
        What the values are.
    acquisition : Acquisition
        What the header says about patient, scanner and protocol.
    notes : tuple of str
        What was odd about the source and accepted all the same, one sentence each.
    original : Geometry or None
        The grid as acquired, where the voxels had to be brought onto another one (gantry tilt); canonical, sheared.
    unmeasured : ndarray of bool, shape ``geometry.shape``, or None
        Where nothing was measured (around a round field of view) and the values mean nothing; None where all was.
    unit_reason : str or None
        Why the values are no HU, as a clause, where they might have been.
    series_key : str or None
        The key of the series that it was loaded from, as ``ctreview info`` lists it; None for other files.
    slice_numbers : SliceNumbers or None
        What the archive calls its slices; None where they were made anew or have no numbers.
    """

    array: npt.NDArray[Any]
    geometry: Geometry
    unit: Unit = "HU"
    acquisition: Acquisition = field(default_factory=Acquisition)
    notes: tuple[str, ...] = ()
    original: Geometry | None = None
    unit_reason: str | None = None
    series_key: str | None = None
    slice_numbers: SliceNumbers | None = None
    unmeasured: npt.NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        if self.array.shape != self.geometry.shape:
            raise WrongUse(f"an array of {self.array.shape} does not fill a grid of {self.geometry.shape}")
        view = self.array.view()
        view.flags.writeable = False
        object.__setattr__(self, "array", view)

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of the values and the grid: what an edit names as the image it was drawn on."""
        digest = hashlib.sha256()
        digest.update(f"{self.array.dtype.str}{self.geometry.shape}{self.unit}".encode())
        digest.update(np.ascontiguousarray(np.round(self.geometry.affine, 6) + 0.0).tobytes())
        digest.update(np.ascontiguousarray(self.array).data)
        return digest.hexdigest()

    def require_hu(self, what: str, *, remedy: str | None = None) -> None:
        """Refuse what is no CT; ``what`` says in a few words what needs HU.

        Raises
        ------
        WrongUse
            The volume is not in HU.
        """
        if self.unit != "HU":
            raise WrongUse(f"{what} HU, and this volume is in {self.unit}", remedy=remedy)

    def with_array(self, array: npt.NDArray[Any], *, unit: Unit | None = None) -> Volume:
        """Other values in the same place."""
        return replace(self, array=array, unit=unit or self.unit)

    def crop(self, start: Sequence[int], stop: Sequence[int]) -> Volume:
        """The part from index ``start`` up to, not including, ``stop`` (a view; nothing is copied)."""
        box = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
        outside = None if self.unmeasured is None else self.unmeasured[box]
        return replace(self, array=self.array[box], geometry=self.geometry.crop(start, stop), unmeasured=outside)

    def canonical(self) -> Volume:
        """The same image with its axes permuted and flipped to run to head, posterior and left (a view)."""
        order, flips = self.geometry.canonical_steps()

        def turned(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
            return np.flip(array.transpose(order), flips) if flips else array.transpose(order)

        outside = None if self.unmeasured is None else turned(self.unmeasured)
        return replace(self, array=turned(self.array), geometry=self.geometry.canonical(), unmeasured=outside)

    def same_image(self, other: Volume) -> bool:
        """Whether another volume holds the same values on a grid of the same spacing and directions.

        Where they lie, and what the headers say, does not matter: a copy may have got other UIDs and another origin.
        """
        steps = self.geometry.affine[:3, :3] - other.geometry.affine[:3, :3]
        return (
            self.array.shape == other.array.shape
            and self.unit == other.unit
            and float(np.abs(steps).max()) < 1e-3
            and np.array_equal(self.array, other.array)
        )

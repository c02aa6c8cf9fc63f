"""Thickness and grey level of muscle in a region of an ultrasound frame: how far the border moves them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_dilation, binary_erosion

from ctreview.errors import UnreadableFile, WrongUse
from ctreview.muscle.ultrasound import Ultrasound, UltrasoundRegion

__all__ = [
    "BorderedNumber",
    "MeasuredUltrasound",
    "UltrasoundMeasures",
    "UltrasoundSide",
    "measure_ultrasound",
    "ultrasound_region",
]

Mask = npt.NDArray[np.bool_]
UltrasoundSide = Literal["right", "left"]

_ALIKE = 0.01
"""Scales of regions that lie over each other may differ by this share."""


@dataclass(frozen=True)
class BorderedNumber:
    """A number of a drawn region, and what it becomes where its border lies one pixel further in or out."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float, *others: float) -> BorderedNumber:
        """A number with what it becomes otherwise, in any order."""
        return cls(value, min((value, *others)), max((value, *others)))


@dataclass(frozen=True)
class UltrasoundMeasures:
    """What a region holds.

    Attributes
    ----------
    side : {"right", "left"} or None
    day : date or None
        Never written down; only days between two are.
    thickness_mm : BorderedNumber
        From its upper to its lower edge, mean of the columns of its middle half.
    area_cm2 : BorderedNumber
    grey_mean : BorderedNumber
    grey_sd : float
        0 to 255; grey levels compare only at the same gain, depth and probe.
    row_mm, column_mm : float
        The scale that the file states.
    caliper : tuple of int
        Column in the middle, and the first and last row of the region there.
    """

    side: UltrasoundSide | None
    day: date | None
    thickness_mm: BorderedNumber
    area_cm2: BorderedNumber
    grey_mean: BorderedNumber
    grey_sd: float
    row_mm: float
    column_mm: float
    caliper: tuple[int, int, int] = (0, 0, 0)

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON; without the date."""
        return {
            "side": self.side,
            "thickness_mm": self.thickness_mm.value,
            "thickness_border_mm": [self.thickness_mm.low, self.thickness_mm.high],
            "area_cm2": self.area_cm2.value,
            "area_border_cm2": [self.area_cm2.low, self.area_cm2.high],
            "grey_mean": self.grey_mean.value,
            "grey_border": [self.grey_mean.low, self.grey_mean.high],
            "grey_sd": self.grey_sd,
            "row_mm": self.row_mm,
            "column_mm": self.column_mm,
        }


@dataclass(frozen=True, eq=False)
class MeasuredUltrasound:
    """A region of a frame, and what it holds.

    Attributes
    ----------
    image : Ultrasound
    frame : int
        From 0.
    mask : ndarray of bool, shape (rows, columns)
    region : UltrasoundRegion
        The calibrated part of the picture that it lies in.
    measures : UltrasoundMeasures
    """

    image: Ultrasound
    frame: int
    mask: Mask
    region: UltrasoundRegion
    measures: UltrasoundMeasures


def ultrasound_region(image: Ultrasound, text: str) -> Mask:
    """The region that a reader gives for an image.

    Parameters
    ----------
    image : Ultrasound
    text : str
        ``LEFT,TOP,RIGHT,BOTTOM`` in pixels of the frame, the last ones included; or the path of a PNG as large as the
        frame, in which the region is not black.

    Raises
    ------
    WrongUse
        It is neither, is empty, does not fit the frame, or lies outside what is calibrated.
    UnreadableFile
        The PNG cannot be read.
    """
    shape = image.frames.shape[1:]
    mask = _painted(Path(text), shape) if text.lower().endswith(".png") else _box(text, shape)
    if not mask.any():
        raise WrongUse("the region of the ultrasound is empty", remedy="Give a box or a PNG that holds some muscle.")
    calibrated_region(image, mask)
    return mask


def calibrated_region(image: Ultrasound, mask: Mask) -> UltrasoundRegion:
    """The calibrated part of the picture that a drawn region lies in.

    Raises
    ------
    WrongUse
        It lies in none, or in two of unlike scale.
    """
    rows, columns = np.nonzero(mask)
    corners = ((rows.min(), columns.min()), (rows.max(), columns.max()))
    found = [one for one in image.regions if all(one.holds(*corner) for corner in corners)]
    if not found:
        image.region()  # says so where there is no scale at all
        raise WrongUse(
            "the region of the ultrasound lies outside what is calibrated in millimetres",
            remedy="Draw it inside the picture of tissue.",
        )
    scales = np.array([(one.row_mm, one.column_mm) for one in found])
    if (np.ptp(scales, axis=0) > _ALIKE * scales.min(axis=0)).any():
        raise WrongUse(
            "the region of the ultrasound lies in two pictures of unlike scale, one over the other",
            remedy="Export the frame without the inset.",
        )
    return found[0]


def _box(text: str, shape: tuple[int, ...]) -> Mask:
    try:
        left, top, right, bottom = (int(one) for one in text.split(","))
    except ValueError as error:
        raise WrongUse(f"a region is four whole numbers LEFT,TOP,RIGHT,BOTTOM or a PNG file, not {text!r}") from error
    if not (0 <= left <= right < shape[1] and 0 <= top <= bottom < shape[0]):
        raise WrongUse(f"the box {text} does not fit a frame of {shape[1]} columns and {shape[0]} rows")
    mask = np.zeros(shape, bool)
    mask[top : bottom + 1, left : right + 1] = True
    return mask


def _painted(path: Path, shape: tuple[int, ...]) -> Mask:
    from PIL import Image  # noqa: PLC0415 - only where a file is given

    try:
        with Image.open(path) as opened:
            painted = np.asarray(opened.convert("L")) > 0
    except OSError as error:
        raise UnreadableFile("this is no readable PNG", where=path) from error
    if painted.shape != shape:
        sizes = f"{painted.shape[1]} × {painted.shape[0]} pixels, and the frame {shape[1]} × {shape[0]}"
        raise WrongUse(f"the painted region has {sizes}")
    return painted


def measure_ultrasound(
    image: Ultrasound, mask: Mask, *, frame: int = 0, side: UltrasoundSide | None = None
) -> MeasuredUltrasound:
    """Measure a region of a frame, as drawn and with its border one pixel further in and out.

    Raises
    ------
    WrongUse
        There is no such frame, or the region lies in nothing that is calibrated.
    """
    if not 0 <= frame < len(image.frames):
        raise WrongUse(f"frame {frame + 1} is asked for, and there are {len(image.frames)}")
    scale, pixels = calibrated_region(image, mask), image.frames[frame]
    masks = mask, binary_erosion(mask), binary_dilation(mask)
    thickness = [_thickness_rows(one) * scale.row_mm for one in masks]
    area = [np.count_nonzero(one) * scale.row_mm * scale.column_mm / 100.0 for one in masks]
    grey = [float(pixels[one].mean(dtype=np.float64)) for one in masks if one.any()]
    when = image.acquisition.acquired
    measures = UltrasoundMeasures(
        side,
        None if when is None else when.date(),
        BorderedNumber.of(*thickness),
        BorderedNumber.of(*area),
        BorderedNumber.of(*grey),
        float(pixels[mask].std(dtype=np.float64)),
        scale.row_mm,
        scale.column_mm,
        _caliper(mask),
    )
    return MeasuredUltrasound(image, frame, mask, scale, measures)


def _thickness_rows(mask: Mask) -> float:
    """Rows of the region, mean of the columns of its middle half; 0 where nothing is left of it."""
    columns = np.flatnonzero(mask.any(axis=0))
    if not len(columns):
        return 0.0
    per_column = mask[:, columns[0] : columns[-1] + 1].sum(axis=0)
    quarter = len(per_column) // 4
    return float(per_column[quarter : len(per_column) - quarter].mean())


def _caliper(mask: Mask) -> tuple[int, int, int]:
    """A column that the region has, next to its middle, and the first and last row of the region there."""
    columns = np.flatnonzero(mask.any(axis=0))
    column = int(columns[len(columns) // 2])
    rows = np.flatnonzero(mask[:, column])
    return column, int(rows[0]), int(rows[-1])

"""Thickness and grey level of muscle in a region of an ultrasound frame, compared between sides and dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ctreview.errors import DifferentPatients, UnreadableFile, WrongUse
from ctreview.muscle.measures import asymmetry_percent
from ctreview.muscle.ultrasound import Ultrasound

__all__ = [
    "UltrasoundComparison",
    "UltrasoundMeasures",
    "compare_ultrasound",
    "measure_ultrasound",
    "ultrasound_region",
]

Mask = npt.NDArray[np.bool_]
UltrasoundSide = Literal["right", "left"]


@dataclass(frozen=True)
class UltrasoundMeasures:
    """What a region holds.

    Attributes
    ----------
    side : {"right", "left"} or None
    day : date or None
        Never written down; only days between two are.
    thickness_mm : float
        From its upper to its lower edge, mean of the columns of its middle half.
    area_cm2 : float
    grey_mean, grey_sd : float
        0 to 255; they compare only at the same gain, depth and probe.
    """

    side: UltrasoundSide | None
    day: date | None
    thickness_mm: float
    area_cm2: float
    grey_mean: float
    grey_sd: float

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON; without the date."""
        return {
            "side": self.side,
            "thickness_mm": self.thickness_mm,
            "area_cm2": self.area_cm2,
            "grey_mean": self.grey_mean,
            "grey_sd": self.grey_sd,
        }


@dataclass(frozen=True)
class UltrasoundComparison:
    """Two regions set against each other.

    Attributes
    ----------
    first, second : int
        Which ones, from 0; of dates the earlier one is the first.
    of : {"sides", "dates"}
    interval_days : int or None
        From the first to the second; None of sides of which it is not known that they are of one day.
    thickness_percent, grey_percent : float or None
        Of sides 2 (L − R) / (L + R); of dates the change over the first.
    """

    first: int
    second: int
    of: Literal["sides", "dates"]
    interval_days: int | None
    thickness_percent: float | None
    grey_percent: float | None

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return dict(vars(self))


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
    rows, columns = np.nonzero(mask)
    if not len(rows):
        raise WrongUse("the region of the ultrasound is empty", remedy="Give a box or a PNG that holds some muscle.")
    corners = ((rows.min(), columns.min()), (rows.max(), columns.max()))
    if not any(all(one.holds(*corner) for corner in corners) for one in image.regions):
        image.region()  # says so where there is no scale at all
        raise WrongUse(
            "the region of the ultrasound lies outside what is calibrated in millimetres",
            remedy="Draw it inside the picture of tissue.",
        )
    return mask


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
) -> UltrasoundMeasures:
    """Measure a region of a frame.

    Raises
    ------
    WrongUse
        There is no such frame, or nothing is calibrated.
    """
    if not 0 <= frame < len(image.frames):
        raise WrongUse(f"frame {frame + 1} is asked for, and there are {len(image.frames)}")
    rows, columns = np.nonzero(mask)
    scale = next(
        (one for one in image.regions if one.holds(rows.min(), columns.min()) and one.holds(rows.max(), columns.max())),
        image.region(),
    )
    per_column = mask[:, columns.min() : columns.max() + 1].sum(axis=0)
    quarter = len(per_column) // 4
    middle = per_column[quarter : len(per_column) - quarter]
    grey = image.frames[frame][mask].astype(np.float64)
    when = image.acquisition.acquired
    return UltrasoundMeasures(
        side,
        None if when is None else when.date(),
        float(middle.mean()) * scale.row_mm,
        int(mask.sum()) * scale.row_mm * scale.column_mm / 100.0,
        float(grey.mean()),
        float(grey.std()),
    )


def compare_ultrasound(
    images: Sequence[Ultrasound], measures: Sequence[UltrasoundMeasures]
) -> tuple[UltrasoundComparison, ...]:
    """Set sides of one date, and dates of one side, against each other.

    Dates are compared where side and day of both are known; sides also where a day is not known.

    Raises
    ------
    DifferentPatients
        Two headers name two patients.
    """
    for one, other in combinations(images, 2):
        conflicts = one.acquisition.patient.conflicts(other.acquisition.patient)
        if conflicts:
            raise DifferentPatients(
                f"the {' and '.join(conflicts)} of two ultrasound images differ",
                remedy="Give images of one patient.",
            )
    found = []
    for first, second in combinations(range(len(measures)), 2):
        a, b = measures[first], measures[second]
        if a.side is None or b.side is None:
            continue
        days = None if a.day is None or b.day is None else (b.day - a.day).days
        if a.side != b.side and not days:
            found.append(_of_sides(first, second, days, a, b))
        elif a.side == b.side and days:
            found.append(_of_dates(first, second, days, a, b) if days > 0 else _of_dates(second, first, -days, b, a))
    return tuple(found)


def _of_sides(
    first: int, second: int, days: int | None, a: UltrasoundMeasures, b: UltrasoundMeasures
) -> UltrasoundComparison:
    right, left = (a, b) if a.side == "right" else (b, a)
    return UltrasoundComparison(
        first,
        second,
        "sides",
        days,
        asymmetry_percent(right.thickness_mm, left.thickness_mm),
        asymmetry_percent(right.grey_mean, left.grey_mean),
    )


def _of_dates(
    first: int, second: int, days: int, early: UltrasoundMeasures, late: UltrasoundMeasures
) -> UltrasoundComparison:
    thickness = 100.0 * (late.thickness_mm / early.thickness_mm - 1.0)
    grey = None if early.grey_mean == 0 else 100.0 * (late.grey_mean / early.grey_mean - 1.0)
    return UltrasoundComparison(first, second, "dates", days, thickness, grey)
